"""What tools/bench/compare runs in the environment of Keras. Prints CSV: mode,ms.

    keras_peer.py prepare FOLDER               exports the networks and weights that other peers and keras_clip.py read
    keras_peer.py network NAME DIM BATCH RUNS  milliseconds a frame
    keras_peer.py head CLIPS CLASSES EPOCHS    milliseconds an epoch of fit
"""

import os
import pathlib
import statistics
import sys
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
import keras
import numpy as np
import tensorflow as tf

NETWORKS = {"InceptionV3": 224, "EfficientNetB0": 224, "EfficientNetB7": 600}
STEPS, FEATURES = 20, 2048


def network(name, dim):
    make = getattr(keras.applications, name)
    return make(weights=None, include_top=False, pooling="avg", input_shape=(dim, dim, 3))


def sequence_model(classes):
    x_in = keras.Input((STEPS, FEATURES))
    mask_in = keras.Input((STEPS,), dtype="bool")
    x = keras.layers.GRU(16, return_sequences=True)(x_in, mask=mask_in)
    x = keras.layers.GRU(8)(x)
    x = keras.layers.Dropout(0.4)(x)
    x = keras.layers.Dense(8, activation="relu")(x)
    x = keras.layers.Dense(classes, activation="softmax")(x)
    model = keras.Model([x_in, mask_in], x)
    model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


def prepare(folder):
    folder = pathlib.Path(folder)
    for name, dim in NETWORKS.items():
        network(name, dim).export(folder / name, verbose=False)
    network("InceptionV3", 224).save_weights(folder / "inceptionv3.weights.h5")
    sequence_model(6).save_weights(folder / "sequence.weights.h5")


def measure_network(name, dim, batch, runs):
    model = network(name, dim)
    call = tf.function(lambda x: model(x, training=False))
    x = tf.constant(np.random.rand(batch, dim, dim, 3).astype("float32"))
    seconds = []
    for run in range(runs + 2):
        start = time.perf_counter()
        call(x).numpy()
        seconds.append(time.perf_counter() - start)
    print("mode,ms")
    print(f"graph,{1e3 * statistics.median(seconds[2:]) / batch:.4f}")


class EpochTimes(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.start)


def measure_head(clips, classes, epochs):
    x = np.random.default_rng(1).random((clips, STEPS, FEATURES), dtype="float32")
    mask = np.ones((clips, STEPS), dtype=bool)
    y = np.arange(clips) % classes
    times = EpochTimes()
    sequence_model(classes).fit([x, mask], y, epochs=epochs + 2, batch_size=64, verbose=0, callbacks=[times])
    print("mode,ms")
    print(f"fit,{1e3 * statistics.median(times.seconds[2:]):.4f}")


if __name__ == "__main__":
    command, *rest = sys.argv[1:] or sys.exit(__doc__)
    if command == "prepare":
        prepare(*rest)
    elif command == "network":
        measure_network(rest[0], *map(int, rest[1:]))
    elif command == "head":
        measure_head(*map(int, rest))
    else:
        sys.exit(__doc__)
