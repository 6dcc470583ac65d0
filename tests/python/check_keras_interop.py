"""Keras and rcar read each other's files: every tensor of every style, by name and value. Needs requirements.txt.

    python check_keras_interop.py [CONVERT_KERAS_WEIGHTS]

Without an argument the tool of the build folder that this Python environment lies in is used. Nothing is fetched.
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np
from keras import layers
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

TOOL = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else Path(sys.executable).parents[2] / "tools/convert_keras_weights"
ROLES = {
    layers.DepthwiseConv2D: ["depthwise_kernel", "bias"],
    layers.Conv2D: ["kernel", "bias"],
    layers.Dense: ["kernel", "bias"],
    layers.GRU: ["kernel", "recurrent_kernel", "bias"],
    layers.LSTM: ["kernel", "recurrent_kernel", "bias"],
}
MEAN, STD = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
faults = []


def check(holds, what):
    if not holds:
        faults.append(what)
        print("FAULT:", what)


def convert(*arguments, fails=None):
    run = subprocess.run([TOOL, *map(str, arguments)], capture_output=True, text=True)
    command = " ".join(["convert_keras_weights", *map(str, arguments)])
    if fails is None:
        check(run.returncode == 0, f"{command}: {run.stderr.strip()}")
    else:
        line = run.stderr.strip()
        check(run.returncode == 1 and line.startswith("error: ") and "\n" not in line, f"{command}: {run.returncode} {line}")
        check(all(part in line for part in fails), f"{command}: {line} lacks one of {fails}")
    return run.stdout + run.stderr


def roles(layer):
    if isinstance(layer, layers.BatchNormalization):
        return (["gamma"] if layer.scale else []) + ["beta", "moving_mean", "moving_variance"]
    return ROLES[type(layer)]


def canonical(model):
    """rcar's names: the layer's name in a fresh Keras session, and Keras's name of the weight."""
    return {
        f"{layer.name}/{role}": np.asarray(value, np.float32)
        for layer in model.layers
        if layer.weights and not isinstance(layer, layers.Normalization)
        for role, value in zip(roles(layer), layer.get_weights())
    }


def randomize(model, seed):
    draw = np.random.default_rng(seed)
    for layer in model.layers:
        if isinstance(layer, layers.Normalization):
            layer.set_weights([MEAN, STD, np.int64(0)])
        elif layer.weights:
            layer.set_weights([draw.normal(0, 0.3, w.shape).astype(np.float32) for w in layer.weights])


def same(path, expected, what):
    found = load_file(path)
    check(sorted(found) == sorted(expected), f"{what}: other names than Keras's")
    for name in sorted(set(found) & set(expected)):
        check(np.array_equal(found[name], expected[name]), f"{what}: {name} differs")
    with safe_open(path, "np") as file:
        return file.metadata()


def check_backbone(folder, name, build, preprocess, has_rescaling):
    keras.utils.clear_session()
    model = build(weights=None, include_top=False, pooling="avg", input_shape=(96, 96, 3))
    randomize(model, 1)
    expected = canonical(model)
    image = keras.Input((96, 96, 3))
    extractor = keras.Model(image, model(preprocess(image)))
    native = folder / f"{name}.safetensors"
    for what, saved in (("plain", model), ("nested", extractor)):
        for style in (".h5", ".weights.h5", ".keras"):
            path = folder / f"{name}_{what}{style}"
            saved.save_weights(path) if style == ".weights.h5" else saved.save(path)
            convert(path, native)
            metadata = same(native, expected, path.name)
            check(metadata["backbone"] == name, f"{path.name}: taken for {metadata['backbone']}")
            check(metadata["rescaling"] == ("off" if has_rescaling else "none"), f"{path.name}: {metadata['rescaling']}")
            if style == ".weights.h5" and what == "plain":
                other = "inceptionv3" if name != "inceptionv3" else "efficientnetb0"
                convert(path, folder / "wrong", "--model", other, fails=[f"is not {other}", "(", "/layers/"])
                cut = folder / "cut.h5"
                cut.write_bytes(path.read_bytes()[:-1000])
                convert(cut, folder / "wrong", fails=["truncated"])
                check(not (folder / "wrong").exists(), "a refused file left output behind")
            path.unlink()
    print(f"{name}: {len(expected)} tensors equal in 6 files")


def check_frozen(folder):
    """A frozen backbone in an extractor: a legacy .h5 then lists its weights layer by layer."""
    keras.utils.clear_session()
    model = keras.applications.EfficientNetB0(weights=None, include_top=False, pooling="avg", input_shape=(64, 64, 3))
    randomize(model, 2)
    model.trainable = False
    image = keras.Input((64, 64, 3))
    extractor = keras.Sequential([image, layers.Rescaling(1.0), model])
    for style in (".h5", ".weights.h5", ".keras"):
        path = folder / f"frozen{style}"
        extractor.save_weights(path) if style == ".weights.h5" else extractor.save(path)
        convert(path, folder / "frozen.safetensors")
        same(folder / "frozen.safetensors", canonical(model), path.name)
    print("frozen extractor: equal in 3 files")


def check_rescaling(folder):
    """Built as weights="imagenet" builds it, with the second rescaling, from a file of our own."""
    keras.utils.clear_session()
    first = keras.applications.EfficientNetB0(weights=None, include_top=False, input_shape=(64, 64, 3))
    randomize(first, 3)
    first.save_weights(folder / "imagenet.weights.h5")
    module = sys.modules[keras.applications.EfficientNetB0.__module__]
    kept, module.file_utils.get_file = module.file_utils.get_file, lambda *a, **k: str(folder / "imagenet.weights.h5")
    try:
        scaled = keras.applications.EfficientNetB0(weights="imagenet", include_top=False, input_shape=(64, 64, 3))
    except ValueError as error:  # the layer counters of the two differ for load_weights of this style
        print("skipped: second rescaling by weights='imagenet':", str(error)[:80])
        return
    finally:
        module.file_utils.get_file = kept
    for style in (".h5", ".weights.h5", ".keras"):
        path = folder / f"scaled{style}"
        scaled.save_weights(path) if style == ".weights.h5" else scaled.save(path)
        convert(path, folder / "scaled.safetensors")
        metadata = same(folder / "scaled.safetensors", canonical(first), path.name)
        check(metadata["rescaling"] == "on", f"{path.name}: rescaling {metadata['rescaling']}")
    print("second rescaling: seen in 3 files")


def check_head(folder, name, cell, features, classes):
    def build():
        keras.utils.clear_session()
        frames, mask = keras.Input((20, features)), keras.Input((20,), dtype="bool")
        x = cell(16, return_sequences=True)(frames, mask=mask)
        x = layers.Dropout(0.4)(cell(8)(x))
        x = layers.Dense(8, activation="relu")(x)
        model = keras.Model([frames, mask], layers.Dense(classes, activation="softmax")(x))
        model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    model = build()
    randomize(model, 4)
    expected = canonical(model)
    native, back = folder / f"{name}.safetensors", folder / f"{name}_back.weights.h5"
    for style in (".h5", ".weights.h5", ".keras"):
        path = folder / f"{name}{style}"
        model.save_weights(path) if style == ".weights.h5" else model.save(path)
        convert(path, native)
        same(native, expected, path.name)
        options = ["--classes", ",".join(f"class{i}" for i in range(classes)), "--backbone", "efficientnetb0"]
        convert(path, folder / "model.rcar", *options)
        metadata = same(folder / "model.rcar", expected, f"{path.name} as a model")
        check(metadata["cell"] == name and metadata["sequence_length"] == "20", f"{path.name}: {metadata}")
    for source in (native, folder / "model.rcar"):
        convert("--to-keras", source, back)
        again = build()
        again.load_weights(back)
        for ours, theirs in zip(again.get_weights(), model.get_weights()):
            check(np.array_equal(ours, theirs), f"{source.name}: Keras loads other weights from our file")
    draw = np.random.default_rng(5)
    clips = [draw.normal(0, 1, (3, 20, features)).astype(np.float32), draw.random((3, 20)) < 0.7]
    check(np.array_equal(model.predict(clips, verbose=0), again.predict(clips, verbose=0)), f"{name}: other predictions")
    print(f"{name} head: equal in 3 files and back in Keras")


def check_resaved(folder):
    """A native file that Python's safetensors package writes again, in its own order, is read by rcar."""
    tensors = load_file(folder / "gru.safetensors")
    save_file(tensors, folder / "resaved.safetensors", metadata={"format": "rcar-head"})
    convert("--to-keras", folder / "resaved.safetensors", folder / "resaved.weights.h5")
    check((folder / "resaved.weights.h5").read_bytes() == (folder / "gru_back.weights.h5").read_bytes(), "resaved file")


def main():
    a = keras.applications
    with tempfile.TemporaryDirectory(prefix="rcar-interop-") as name:
        folder = Path(name)
        check_backbone(folder, "efficientnetb0", a.EfficientNetB0, a.efficientnet.preprocess_input, True)
        check_backbone(folder, "efficientnetb3", a.EfficientNetB3, a.efficientnet.preprocess_input, True)
        check_backbone(folder, "inceptionv3", a.InceptionV3, a.inception_v3.preprocess_input, False)
        check_frozen(folder)
        check_rescaling(folder)
        check_head(folder, "gru", layers.GRU, 1280, 5)
        check_head(folder, "lstm", layers.LSTM, 1280, 5)
        check_resaved(folder)
    print(f"{len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
