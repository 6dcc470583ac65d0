"""Features of every Keras backbone with weights drawn by formula, for tests/golden/backbone_features.cpp.

    python backbone_features.py [NAME ...]        needs requirements.txt; B7 at 600 takes 9 GB and a few minutes

Batch norm's statistics come from one pass in which each batch norm layer takes the mean and the variance of all its input
as its moving mean and variance, one number each. Without that, features of random weights vanish or explode. Residual
branches count a quarter, as they do in trained networks: at full weight 50 random blocks in a row amplify rounding errors
so far that Keras in single precision is 2e-4 of a deviation away from Keras in double precision.
Writes data/backbone_features.safetensors (images 75 for InceptionV3, 64 for the others, two frames) and
data/backbone_features_b7_600.safetensors (one frame). For each network:
  NAME/statistics   (L, 2)  mean and variance of each batch norm layer, layers by name in byte order
  NAME/float32      (N, F)  Keras's features
  NAME/float64_minus_float32 (N, F)  the same computed in double precision, as a difference
"""
import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
import keras
import numpy as np
from safetensors.numpy import load_file, save_file

import formula

DATA = Path(__file__).parent / "data"
STD = np.array([0.229, 0.224, 0.225])
MEAN = np.array([0.485, 0.456, 0.406])
PROJECTION_GAIN = 0.25
NAMES = ["inceptionv3"] + [f"efficientnetb{i}" for i in range(8)]


def build(name, dim, floatx):
    keras.backend.clear_session()
    keras.config.set_floatx(floatx)
    applications = {"inceptionv3": keras.applications.InceptionV3}
    for i in range(8):
        applications[f"efficientnetb{i}"] = getattr(keras.applications, f"EfficientNetB{i}")
    return applications[name](weights=None, include_top=False, pooling="avg", input_shape=(dim, dim, 3))


def draw_weights(model):
    for layer in model.layers:
        if isinstance(layer, keras.layers.Normalization):
            # Keras divides by sqrt(std) and its ImageNet weights come with a second layer that does it again; together
            # (x / 255 - mean) / std.
            layer.adapt_mean.assign(MEAN)
            layer.adapt_variance.assign(STD**2)
            layer.finalize_state()
            continue
        for weight in layer.weights:
            role = weight.path.split("/")[-1]
            if isinstance(layer, keras.layers.DepthwiseConv2D) and role == "kernel":
                role = "depthwise_kernel"
            if role not in ("moving_mean", "moving_variance"):
                weight.assign(formula.layer_weight(layer.name, role, tuple(weight.shape), PROJECTION_GAIN))


def norms(model):
    return sorted((l for l in model.layers if isinstance(l, keras.layers.BatchNormalization)), key=lambda l: l.name)


def calibrate(model, x):
    """One pass, layer by layer, in which every batch norm layer takes the statistics of what it is given."""
    known = {id(model.inputs[0]): keras.ops.convert_to_tensor(x)}
    readers = {}
    for layer in model.layers:
        for tensor in layer.input if isinstance(layer.input, list) else [layer.input]:
            readers[id(tensor)] = readers.get(id(tensor), 0) + 1
    pending = [l for l in model.layers if not isinstance(l, keras.layers.InputLayer)]
    while pending:
        for layer in list(pending):
            inputs = layer.input if isinstance(layer.input, list) else [layer.input]
            if not all(id(t) in known for t in inputs):
                continue
            given = [known[id(t)] for t in inputs]
            if isinstance(layer, keras.layers.BatchNormalization):
                all_values = np.asarray(given[0], np.float64)
                layer.moving_mean.assign(np.full(layer.moving_mean.shape, all_values.mean(), np.float32))
                layer.moving_variance.assign(np.full(layer.moving_variance.shape, all_values.var(), np.float32))
            known[id(layer.output)] = layer(given if isinstance(layer.input, list) else given[0], training=False)
            for t in inputs:
                readers[id(t)] -= 1
                if readers[id(t)] == 0:
                    del known[id(t)]
            pending.remove(layer)


def prepare(name, images, floatx):
    x = images.astype(floatx)
    return x / 127.5 - 1 if name == "inceptionv3" else x


def features(name, dim, count):
    images = formula.images(count, dim)
    model = build(name, dim, "float32")
    draw_weights(model)
    calibrate(model, prepare(name, images, "float32"))
    statistics = np.array([[float(l.moving_mean[0]), float(l.moving_variance[0])] for l in norms(model)], np.float32)
    single = np.concatenate([model(prepare(name, images[i : i + 1], "float32"), training=False) for i in range(count)])

    double_model = build(name, dim, "float64")
    draw_weights(double_model)
    for layer, (mean, variance) in zip(norms(double_model), statistics):
        layer.moving_mean.assign(np.full(layer.moving_mean.shape, mean))
        layer.moving_variance.assign(np.full(layer.moving_variance.shape, variance))
    double = np.concatenate(
        [double_model(prepare(name, images[i : i + 1], "float64"), training=False) for i in range(count)]
    )
    assert double.dtype == np.float64
    error = np.abs(double - single).max() / double.std()
    print(f"{name} {dim}: std {double.std():.3f}, Keras's float32 is off by {error:.2e} of it", flush=True)
    assert 0.1 < double.std() < 10
    return {
        "statistics": statistics,
        "float32": single,
        "float64_minus_float32": (double - single).astype(np.float32),
    }


def write(file, name, tensors):
    path = DATA / file
    everything = load_file(path) if path.exists() else {}
    everything.update({f"{name}/{key}": value for key, value in tensors.items()})
    save_file(everything, path, metadata={"keras": keras.__version__, "script": "backbone_features.py"})


if __name__ == "__main__":
    for chosen in sys.argv[1:] or NAMES + ["efficientnetb7_600"]:
        if chosen == "efficientnetb7_600":
            write("backbone_features_b7_600.safetensors", "efficientnetb7", features("efficientnetb7", 600, 1))
        else:
            write("backbone_features.safetensors", chosen, features(chosen, 75 if chosen == "inceptionv3" else 64, 2))
