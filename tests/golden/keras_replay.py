"""The Keras pipeline on the real clips, recorded so that rcar can replay it, for tests/shared/keras_replay.cpp.

    python keras_replay.py SHARED_FOLDER

EfficientNetB0 at 224, the first 20 frames, LSTM 16-8 head, UCF101 split 1 of the clips in the shared folder. Needs
requirements.txt. Frames are decoded and features computed here, by OpenCV and Keras alone. Five epochs are trained from
recorded initial weights, in a recorded batch order, with recorded dropout masks. Writes data/keras_replay.safetensors:
initial/* and final/* head weights, order (epochs, clips), dropout (epochs, clips, 8; zero or 1/0.6), test probabilities;
clip names and labels in the metadata.
"""
import json
import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import cv2
import keras
import numpy as np
from safetensors.numpy import save_file

SEQUENCE, FEATURES, IMAGE, UNITS, RATE = 20, 1280, 224, 8, 0.4
EPOCHS, BATCH, SEED = 5, 64, 20240501


def frames(path):
    capture = cv2.VideoCapture(str(path))
    taken = []
    while len(taken) < SEQUENCE:
        ok, frame = capture.read()
        if not ok:
            break
        y, x = frame.shape[:2]
        m = min(y, x)
        top, left = y // 2 - m // 2, x // 2 - m // 2
        taken.append(cv2.resize(frame[top : top + m, left : left + m], (IMAGE, IMAGE))[:, :, [2, 1, 0]])
    return np.stack(taken)


def backbone(weights):
    # Built as weights="imagenet" builds it, with the second rescaling; the file is the shared folder's.
    keras.src.applications.efficientnet.file_utils.get_file = lambda *args, **kwargs: str(weights)
    return keras.applications.EfficientNetB0(
        weights="imagenet", include_top=False, pooling="avg", input_shape=(IMAGE, IMAGE, 3)
    )


def extract(network, root, rows):
    features = np.zeros((len(rows), SEQUENCE, FEATURES), np.float32)
    mask = np.zeros((len(rows), SEQUENCE), bool)
    for i, row in enumerate(rows):
        taken = frames(root / row)
        features[i, : len(taken)] = network.predict(taken.astype(np.float32), batch_size=SEQUENCE, verbose=0)
        mask[i, : len(taken)] = True
    return features, mask


def listed(shared, name):
    root = shared / "data/UCF-101"  # holds a part of UCF101: what it lacks is left out
    lines = (shared / "data/ucfTrainTestlist" / name).read_text().split()
    return [line for line in lines if line.endswith(".avi") and (root / line).exists()]


def load(shared):
    """Clips, labels and Keras's features of both parts."""
    train, test = listed(shared, "trainlist01.txt"), listed(shared, "testlist01.txt")
    classes = sorted({row.split("/")[0] for row in train})
    y, y_test = (np.array([classes.index(row.split("/")[0]) for row in rows]) for rows in (train, test))
    network = backbone(shared / "weights/efficientnetb0_notop.h5")
    x, mask = extract(network, shared / "data/UCF-101", train)
    x_test, mask_test = extract(network, shared / "data/UCF-101", test)
    return dict(classes=classes, names=train, x=x, mask=mask, y=y, names_test=test, x_test=x_test, mask_test=mask_test, y_test=y_test)


def save_features(shared, path):
    np.savez(path, **load(shared))


def head(classes):
    x_in = keras.Input((SEQUENCE, FEATURES))
    mask_in = keras.Input((SEQUENCE,), dtype="bool")
    dropout_in = keras.Input((UNITS,))  # stands for Dropout(0.4): zero, or 1 / 0.6
    x = keras.layers.LSTM(16, return_sequences=True)(x_in, mask=mask_in)
    x = keras.layers.LSTM(UNITS)(x)
    x = keras.layers.Multiply()([x, dropout_in])
    x = keras.layers.Dense(8, activation="relu")(x)
    x = keras.layers.Dense(classes, activation="softmax")(x)
    model = keras.Model([x_in, mask_in, dropout_in], x)
    model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


NAMES = [f"{layer}/{part}" for layer in ("lstm", "lstm_1") for part in ("kernel", "recurrent_kernel", "bias")] + [
    f"{layer}/{part}" for layer in ("dense", "dense_1") for part in ("kernel", "bias")
]


def weights_of(model, prefix):
    return {f"{prefix}/{name}": np.ascontiguousarray(value, np.float32) for name, value in zip(NAMES, model.get_weights(), strict=True)}


def main(shared):
    data = load(shared)
    x, mask, y = data["x"], data["mask"], data["y"]
    keras.utils.set_random_seed(SEED)
    random = np.random.default_rng(SEED)
    model = head(len(data["classes"]))
    out = weights_of(model, "initial")
    order = np.stack([random.permutation(len(y)) for _ in range(EPOCHS)])
    dropout = ((random.random((EPOCHS, len(y), UNITS)) >= RATE) / (1 - RATE)).astype(np.float32)
    for epoch in range(EPOCHS):
        for start in range(0, len(y), BATCH):
            rows = order[epoch, start : start + BATCH]
            model.train_on_batch([x[rows], mask[rows], dropout[epoch, start : start + BATCH]], y[rows])
    out |= weights_of(model, "final")
    out["order"] = order.astype(np.float32)
    out["dropout"] = dropout
    everything = np.ones((len(data["y_test"]), UNITS), np.float32)
    out["probabilities"] = model.predict([data["x_test"], data["mask_test"], everything], verbose=0)
    accuracy = (out["probabilities"].argmax(1) == data["y_test"]).mean()
    top = np.sort(out["probabilities"], 1)
    print(f"{len(y)} training and {len(data['y_test'])} test clips, accuracy after {EPOCHS} epochs {accuracy:.3f}")
    print(f"closest two classes of a test clip: {(top[:, -1] - top[:, -2]).min():.2e}")
    save_file(
        out,
        Path(__file__).parent / "data" / "keras_replay.safetensors",
        {key: json.dumps(list(data[part])) for key, part in (("train", "names"), ("test", "names_test"), ("classes", "classes"))}
        | {"keras": keras.__version__},
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
