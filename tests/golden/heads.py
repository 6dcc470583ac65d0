"""Makes tests/golden/data/heads_{gru,lstm}.safetensors: what Keras computes for the original's head.

Four batches of four clips, whose masks are full, partial (the end is padding), scattered (also at the start and the
end) and empty; for each the probabilities without dropout, and with a given dropout mask the loss, the gradients and
the weights after 20 Adam steps. All weights, biases too, are drawn at random, so that no term is zero by chance.

usage: heads.py [OUT_FOLDER]     (versions: requirements.txt beside this script)
"""

import os
import pathlib
import sys

os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import keras
import numpy as np
import tensorflow as tf
from safetensors.numpy import save_file

CLIPS, STEPS, FEATURES, CLASSES, ADAM_STEPS, RATE = 4, 7, 12, 3, 20, 0.4
MASKS = {
    "full": ["1111111"] * 4,
    "partial": ["1111000", "1111110", "1000000", "1100000"],
    "scattered": ["0010110", "1010101", "0111110", "0000001"],
    "empty": ["0000000"] * 4,
}
LABELS = np.array([0, 2, 1, 2], "int32")


def build(cell):
    """The original's sequence model, with the dropout mask as a third input in place of Keras's random one."""
    layer = {"gru": keras.layers.GRU, "lstm": keras.layers.LSTM}[cell]
    features = keras.Input((STEPS, FEATURES), name="features")
    mask = keras.Input((STEPS,), dtype="bool", name="mask")
    keep = keras.Input((8,), name="keep")
    x = layer(16, return_sequences=True)(features, mask=mask)
    x = layer(8)(x)
    x = keras.layers.Lambda(lambda a: a[0] * a[1])([x, keep])
    x = keras.layers.Dense(8, activation="relu")(x)
    return keras.Model([features, mask, keep], keras.layers.Dense(CLASSES, activation="softmax")(x))


def names(cell):
    recurrent = [f"{layer}/{role}" for layer in (cell, cell + "_1") for role in ("kernel", "recurrent_kernel", "bias")]
    return recurrent + [f"{layer}/{role}" for layer in ("dense", "dense_1") for role in ("kernel", "bias")]


def make(cell):
    random = np.random.default_rng(20)
    model = build(cell)
    weights = [random.normal(0, 0.4, w.shape).astype("float32") for w in model.get_weights()]
    features = random.normal(0, 1, (CLIPS, STEPS, FEATURES)).astype("float32")
    keep = (random.random((ADAM_STEPS, CLIPS, 8)) >= RATE).astype("float32")
    loss_of = keras.losses.SparseCategoricalCrossentropy()
    out = {"features": features, "labels": LABELS.astype("float32"), "keep": keep}
    out |= {f"initial/{name}": value for name, value in zip(names(cell), weights)}

    for case, rows in MASKS.items():
        mask = np.array([[c == "1" for c in row] for row in rows])
        out[f"{case}/mask"] = mask.astype("float32")
        model.set_weights(weights)
        everything = np.ones((CLIPS, 8), "float32")
        out[f"{case}/probabilities"] = model([features, mask, everything]).numpy()
        optimizer = keras.optimizers.Adam()
        for step in range(ADAM_STEPS):
            with tf.GradientTape() as tape:
                loss = loss_of(LABELS, model([features, mask, keep[step] / (1 - RATE)], training=True))
            gradients = tape.gradient(loss, model.trainable_variables)
            if step == 0:
                out[f"{case}/loss"] = np.array([loss.numpy()], "float32")
                out |= {f"{case}/gradient/{n}": g.numpy() for n, g in zip(names(cell), gradients)}
            optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        out |= {f"{case}/trained/{name}": value for name, value in zip(names(cell), model.get_weights())}
    return {name: np.ascontiguousarray(value, "float32") for name, value in out.items()}


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "data")
    for cell in ("gru", "lstm"):
        save_file(make(cell), folder / f"heads_{cell}.safetensors", {"made_by": f"heads.py, Keras {keras.__version__}"})


if __name__ == "__main__":
    main()
