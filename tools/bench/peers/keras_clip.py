"""One clip by the Keras pipeline as its users write it: load, decode, one predict a frame, the head, print.

    keras_clip.py FOLDER CLIP      FOLDER is what keras_peer.py prepare wrote
"""

import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
import cv2
import keras
import numpy as np

IMAGE_DIMENSION, SEQUENCE_LENGTH, FEATURES = 224, 20, 2048
CLASSES = ["CircleThenSquare", "DotsThenStripes", "Growing", "Shrinking", "SquareThenCircle", "StripesThenDots"]


def center_crop_frame(frame):
    height, width = frame.shape[:2]
    side = min(height, width)
    y, x = (height - side) // 2, (width - side) // 2
    return frame[y : y + side, x : x + side]


def process_video(path, max_frame_count):
    frames = []
    capture = cv2.VideoCapture(path)
    while len(frames) < max_frame_count:
        good, frame = capture.read()
        if not good:
            break
        frame = cv2.resize(center_crop_frame(frame), (IMAGE_DIMENSION, IMAGE_DIMENSION))
        frames.append(frame[:, :, [2, 1, 0]])
    capture.release()
    return np.array(frames)


def feature_extraction_model(weights):
    extractor = keras.applications.InceptionV3(
        weights=None, include_top=False, pooling="avg", input_shape=(IMAGE_DIMENSION, IMAGE_DIMENSION, 3)
    )
    extractor.load_weights(weights)
    inputs = keras.Input((IMAGE_DIMENSION, IMAGE_DIMENSION, 3))
    return keras.Model(inputs, extractor(keras.applications.inception_v3.preprocess_input(inputs)))


def sequence_model(weights):
    x_in = keras.Input((SEQUENCE_LENGTH, FEATURES))
    mask_in = keras.Input((SEQUENCE_LENGTH,), dtype="bool")
    x = keras.layers.GRU(16, return_sequences=True)(x_in, mask=mask_in)
    x = keras.layers.GRU(8)(x)
    x = keras.layers.Dropout(0.4)(x)
    x = keras.layers.Dense(8, activation="relu")(x)
    x = keras.layers.Dense(len(CLASSES), activation="softmax")(x)
    model = keras.Model([x_in, mask_in], x)
    model.load_weights(weights)
    return model


folder, clip = sys.argv[1:]
extractor = feature_extraction_model(os.path.join(folder, "inceptionv3.weights.h5"))
model = sequence_model(os.path.join(folder, "sequence.weights.h5"))
frames = process_video(clip, SEQUENCE_LENGTH)
assert len(frames) > 0, clip
features = np.zeros((1, SEQUENCE_LENGTH, FEATURES), dtype="float32")
mask = np.zeros((1, SEQUENCE_LENGTH), dtype="bool")
for i, frame in enumerate(frames):
    features[0, i] = extractor.predict(frame[None, ...], verbose=0)
    mask[0, i] = True
probabilities = model.predict([features, mask], verbose=0)[0]
for i in np.argsort(probabilities)[::-1]:
    print(f"  {CLASSES[i]}: {probabilities[i] * 100:5.2f}%")
