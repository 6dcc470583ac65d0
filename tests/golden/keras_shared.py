"""What Keras makes of the weight files in the shared folder, for tests/shared/keras_weights.cpp. Needs requirements.txt.

    python keras_shared.py SHARED_FOLDER

Loads each file by load_weights and writes data/keras_shared_checksums.json: for every tensor, under rcar's name, the
first 16 hexadecimal digits of the SHA-256 of its float32 bytes.
"""
import hashlib
import json
import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np
from keras import layers


def roles(layer):
    if isinstance(layer, layers.BatchNormalization):
        return (["gamma"] if layer.scale else []) + ["beta", "moving_mean", "moving_variance"]
    return ["depthwise_kernel" if isinstance(layer, layers.DepthwiseConv2D) else "kernel", "bias"]


def checksums(build, weights):
    keras.utils.clear_session()
    model = build(weights=None, include_top=False, pooling="avg")
    model.load_weights(weights)
    return {
        f"{layer.name}/{role}": hashlib.sha256(np.asarray(value, np.float32).tobytes()).hexdigest()[:16]
        for layer in model.layers
        if layer.weights and not isinstance(layer, layers.Normalization)
        for role, value in zip(roles(layer), layer.get_weights())
    }


def main():
    folder = Path(sys.argv[1]) / "weights"
    found = {
        "efficientnetb0_notop.h5": checksums(keras.applications.EfficientNetB0, folder / "efficientnetb0_notop.h5"),
        "inception_v3_notop.h5": checksums(keras.applications.InceptionV3, folder / "inception_v3_notop.h5"),
    }
    out = Path(__file__).resolve().parent / "data" / "keras_shared_checksums.json"
    out.write_text(json.dumps(found, indent=0) + "\n")


if __name__ == "__main__":
    main()
