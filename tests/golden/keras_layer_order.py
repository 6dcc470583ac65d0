"""Writes what Keras says of its networks: layers in the order of model.layers, output shapes, weight shapes.

One line a layer, as tests/unit/backbones_keras.cpp writes rcar's:
    block1a_dwconv 112x112x32 depthwise_kernel:3x3x32x1
Layers that rcar merges into others (padding, reshape, dropout, preprocessing) are left out. Of the networks that are
not written out, keras_layers.sha256 holds the hash of the text.

usage: keras_layer_order.py [FOLDER]      (default: data beside this script; needs requirements.txt)
"""

import hashlib
import pathlib
import sys

import keras

MERGED = ("ZeroPadding2D", "Reshape", "Rescaling", "Normalization", "Dropout")
WRITTEN_OUT = [("InceptionV3", 224), ("InceptionV3", 75), ("EfficientNetB0", 224), ("EfficientNetB0", 65), ("EfficientNetB7", 600)]
HASHED = [("EfficientNetB1", 240), ("EfficientNetB2", 260), ("EfficientNetB3", 300), ("EfficientNetB4", 380),
          ("EfficientNetB5", 456), ("EfficientNetB6", 528)]


def line(layer):
    shape = layer.output.shape[1:]
    words = [layer.name, "x".join(map(str, (1, 1, *shape) if len(shape) == 1 else shape))]
    for weight in layer.weights:
        role = "depthwise_kernel" if type(layer).__name__ == "DepthwiseConv2D" and weight.name == "kernel" else weight.name
        words.append(f"{role}:{'x'.join(map(str, weight.shape))}")
    return " ".join(words) + "\n"


def text(network, image_dim):
    keras.utils.clear_session()  # names count from the start
    model = getattr(keras.applications, network)(
        include_top=False, weights=None, pooling="avg", input_shape=(image_dim, image_dim, 3))
    return "".join(line(layer) for layer in model.layers if type(layer).__name__ not in MERGED)


def main():
    assert keras.__version__ == "3.15.0", keras.__version__
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "data"
    for network, image_dim in WRITTEN_OUT:
        (folder / f"keras_layers_{network.lower()}_{image_dim}.txt").write_text(text(network, image_dim))
    hashes = [f"{hashlib.sha256(text(network, image_dim).encode()).hexdigest()}  {network.lower()}_{image_dim}\n"
              for network, image_dim in HASHED]
    (folder / "keras_layers.sha256").write_text("".join(hashes))


if __name__ == "__main__":
    main()
