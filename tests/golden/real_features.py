"""Features of real frames by Keras, for tests/shared/features_golden.cpp.

    python real_features.py SHARED_FOLDER

Needs requirements.txt. Writes data/real_features_<backbone>.safetensors: for each frame the SHA-256 of its RGB array
(in the metadata), its features by Keras in float32, and by Keras in float64 (rounded to float32). A test decodes the
same frames and compares only where the RGB arrays are the same, bit for bit: FFmpeg's versions differ by one or two levels
in some pixels of some frames (Debian's 5.1.9 and the one in this opencv-python: in one frame of nine).
"""
import hashlib
import json
import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import cv2
import keras
import numpy as np
from safetensors.numpy import save_file

CLIPS = 20
FRAMES = (0, 5, 10, 15)
IMAGE = 224
BACKBONES = {
    "efficientnetb0": ("EfficientNetB0", "efficientnetb0_notop.h5", keras.src.applications.efficientnet),
    "inceptionv3": ("InceptionV3", "inception_v3_notop.h5", keras.src.applications.inception_v3),
}


def frames_of(path):
    capture = cv2.VideoCapture(str(path))
    for index in range(max(FRAMES) + 1):
        ok, frame = capture.read()
        assert ok, path
        if index in FRAMES:
            y, x = frame.shape[:2]
            m = min(y, x)
            top, left = y // 2 - m // 2, x // 2 - m // 2
            square = cv2.resize(frame[top : top + m, left : left + m], (IMAGE, IMAGE))
            yield np.ascontiguousarray(square[:, :, [2, 1, 0]])


def features(name, weights, module, images):
    # weights="imagenet" builds the network as its users have it (with EfficientNet's second rescaling); the file that
    # Keras would download for it is the one in the shared folder.
    module.file_utils.get_file = lambda *args, **kwargs: str(weights)
    network = getattr(keras.applications, name)(
        weights="imagenet", include_top=False, pooling="avg", input_shape=(IMAGE, IMAGE, 3)
    )
    x = images.astype(keras.config.floatx())
    if name == "InceptionV3":
        x = module.preprocess_input(x)
    return network.predict(x, batch_size=16, verbose=0)


def main(shared):
    clips = sorted((shared / "data/UCF-101").glob("*/*.avi"))
    clips = clips[:: len(clips) // CLIPS][:CLIPS]
    images = np.stack([frame for clip in clips for frame in frames_of(clip)])
    listing = [
        {
            "clip": f"{clips[i // len(FRAMES)].parent.name}/{clips[i // len(FRAMES)].name}",
            "frame": FRAMES[i % len(FRAMES)],
            "sha256": hashlib.sha256(image.tobytes()).hexdigest(),
        }
        for i, image in enumerate(images)
    ]
    for backbone, (name, file, module) in BACKBONES.items():
        result = {}
        for floatx in ("float32", "float64"):
            keras.backend.clear_session()
            keras.config.set_floatx(floatx)
            keras.config.set_dtype_policy(floatx)
            result[floatx] = features(name, shared / "weights" / file, module, images)
        deviation = result["float64"].std()
        worst = np.abs(result["float32"] - result["float64"]).max() / deviation
        print(f"{backbone}: {images.shape[0]} frames, standard deviation {deviation:.4f}, Keras float32 is {worst:.2e} of it off")
        save_file(
            {key: value.astype(np.float32) for key, value in result.items()},
            Path(__file__).parent / "data" / f"real_features_{backbone}.safetensors",
            {"frames": json.dumps(listing), "keras": keras.__version__},
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
