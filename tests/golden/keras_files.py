"""Small files as Keras writes them, for tests/unit/keras_*.cpp. Needs requirements.txt.

    python keras_files.py

Writes data/keras_small*: a small network with what tells orders apart (branches of unequal depth and equal shapes),
EfficientNet's normalisation and both kinds of batch normalisation, saved in every style, alone and nested in another
model; and data/keras_head_*: the sequence models of the Keras pipeline with 12 features, 5 frames and 3 classes. The
tensors under their canonical names, and the heads' probabilities on a few clips, lie beside them as safetensors.
"""
import os
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import h5py
import keras
import numpy as np
from keras import layers
from safetensors.numpy import save_file

DATA = Path(__file__).resolve().parent / "data"
MEAN, STD = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
ROLES = {
    "Conv2D": ["kernel", "bias"],
    "DepthwiseConv2D": ["depthwise_kernel", "bias"],
    "Dense": ["kernel", "bias"],
    "GRU": ["kernel", "recurrent_kernel", "bias"],
    "LSTM": ["kernel", "recurrent_kernel", "bias"],
    "Normalization": ["mean", "variance", "count"],
}


def roles(layer):
    if isinstance(layer, layers.BatchNormalization):
        return (["gamma"] if layer.scale else []) + ["beta", "moving_mean", "moving_variance"]
    return ROLES[type(layer).__name__]


def randomize(model, seed):
    draw = np.random.default_rng(seed)
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            continue
        values = [draw.normal(0, 0.5, w.shape).astype(w.dtype) for w in layer.weights]
        if isinstance(layer, layers.BatchNormalization):
            values[-1] = np.abs(values[-1]) + np.float32(0.5)
        if isinstance(layer, layers.Normalization):
            values = [MEAN, STD, np.int64(0)]
        if layer.weights:
            layer.set_weights(values)


def small(second_rescaling):
    keras.utils.clear_session()
    image = x = keras.Input((8, 8, 3))
    x = layers.Rescaling(1 / 255)(x)
    x = layers.Normalization(axis=-1)(x)
    if second_rescaling:
        x = layers.Rescaling((1 / np.sqrt(STD)).tolist())(x)
    x = layers.Conv2D(4, 3, padding="same", use_bias=False, name="stem_conv")(x)
    x = layers.BatchNormalization(name="stem_bn")(x)
    x = layers.Activation("relu", name="stem_activation")(x)
    a = layers.Conv2D(4, 1, name="branch_a")(x)
    b = layers.Conv2D(4, 1, name="branch_b1")(x)
    b = layers.Conv2D(4, 1, name="branch_b2")(b)
    c = layers.DepthwiseConv2D(3, padding="same", use_bias=False, name="branch_c_dwconv")(x)
    c = layers.Conv2D(4, 1, name="branch_c")(c)
    x = layers.Concatenate(name="mixed")([a, b, c])
    x = layers.BatchNormalization(scale=False, name="mixed_bn")(x)
    model = keras.Model(image, layers.GlobalAveragePooling2D(name="avg_pool")(x), name="small")
    randomize(model, 1)
    return model


def nested(backbone):
    image = keras.Input((8, 8, 3))
    return keras.Model(image, backbone(layers.Dropout(0.0)(image)))


def head(cell):
    keras.utils.clear_session()
    features, mask = keras.Input((5, 12)), keras.Input((5,), dtype="bool")
    x = cell(16, return_sequences=True)(features, mask=mask)
    x = cell(8)(x)
    x = layers.Dropout(0.4)(x)
    x = layers.Dense(8, activation="relu")(x)
    model = keras.Model([features, mask], layers.Dense(3, activation="softmax")(x))
    randomize(model, 2)
    return model


def canonical(model):
    return {
        f"{layer.name}/{role}": np.ascontiguousarray(w, np.float32)
        for layer in model.layers
        if layer.weights and not isinstance(layer, layers.Normalization)
        for role, w in zip(roles(layer), layer.get_weights())
    }


def save_keras2(path, model, rename, inner="", compression=None):
    """As Keras 2 and tf.keras saved weights: only layers with weights, names ending in :0."""
    with h5py.File(path, "w") as file:
        names = []
        for layer in (l for l in model.layers if l.weights):
            name = rename(layer)
            group = file.create_group(name)
            path_in_group = name + (inner if isinstance(layer, layers.RNN) else "")
            weights = [f"{path_in_group}/{role}:0" for role, _ in zip(roles(layer), layer.weights)]
            group.attrs["weight_names"] = [w.encode() for w in weights]
            for weight, value in zip(weights, layer.get_weights()):
                value = np.asarray(value)
                group.create_dataset(weight, data=value, compression=compression if value.shape else None)
            names.append(name.encode())
        file.attrs["layer_names"] = names
        file.attrs["backend"], file.attrs["keras_version"] = b"tensorflow", b"2.2.4"


def counter():
    """Keras 2's names: counted from 1 by class."""
    seen = {}

    def rename(layer):
        kind = keras.src.utils.naming.to_snake_case(type(layer).__name__)
        seen[kind] = seen.get(kind, 0) + 1
        return f"{kind}_{seen[kind]}"

    return rename


def main():
    model = small(second_rescaling=True)
    save_file(canonical(model), DATA / "keras_small_expected.safetensors")
    model.save_weights(DATA / "keras_small.weights.h5")
    model.save(DATA / "keras_small.keras")
    model.save(DATA / "keras_small_full.h5")
    save_keras2(DATA / "keras_small_keras2_gzip.h5", model, counter(), compression="gzip")
    outer = nested(model)
    outer.save(DATA / "keras_small_nested.keras")
    outer.save(DATA / "keras_small_nested.h5")
    small(second_rescaling=False).save_weights(DATA / "keras_small_unscaled.weights.h5")

    draw = np.random.default_rng(3)
    features = draw.normal(0, 1, (4, 5, 12)).astype(np.float32)
    mask = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [0, 1, 0, 1, 1], [0, 0, 0, 0, 0]], bool)
    for name, cell in (("gru", layers.GRU), ("lstm", layers.LSTM)):
        model = head(cell)
        expected = canonical(model)
        expected["features"], expected["mask"] = features, mask.astype(np.float32)
        expected["probabilities"] = model.predict([features, mask], verbose=0)
        save_file(expected, DATA / f"keras_head_{name}_expected.safetensors")
        model.save(DATA / f"keras_head_{name}.keras")
        model.save_weights(DATA / f"keras_head_{name}.weights.h5")
        model.save(DATA / f"keras_head_{name}.h5")
        save_keras2(DATA / f"keras_head_{name}_keras2.h5", model, counter())
        save_keras2(DATA / f"keras_head_{name}_tf.h5", model, lambda l: l.name, inner=f"/{name}_cell", compression="gzip")


if __name__ == "__main__":
    main()
