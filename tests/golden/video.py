"""Writes data/video_resize.npy: what the Keras pipeline makes of a frame, with cv2.

Each row is (height, width, size, size * size * 3 RGB bytes, zeros to the end). The frame is a formula, so that the test
can make it too.
"""

import pathlib

import cv2
import numpy as np

CASES = [(24, 33, 16), (33, 24, 16), (31, 48, 20), (7, 5, 20), (60, 81, 28), (1, 1, 4), (16, 16, 16), (49, 50, 28)]


def formula_frame(height, width):
    """(H, W, 3) uint8, BGR."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(3), indexing="ij")
    return ((x * x * 3 + y * 7 * x + y * y * 5 + c * 91) % 256).astype(np.uint8)


def center_crop_frame(frame):
    """The original's rule."""
    height, width = frame.shape[:2]
    side = min(height, width)
    top, left = height // 2 - side // 2, width // 2 - side // 2
    return frame[top : top + side, left : left + side]


def main():
    longest = max(size for _, _, size in CASES) ** 2 * 3
    rows = np.zeros((len(CASES), 3 + longest), np.uint8)
    for row, (height, width, size) in zip(rows, CASES):
        frame = cv2.resize(center_crop_frame(formula_frame(height, width)), (size, size))
        row[:3] = height, width, size
        row[3 : 3 + size * size * 3] = frame[:, :, [2, 1, 0]].ravel()
    folder = pathlib.Path(__file__).parent / "data"
    folder.mkdir(exist_ok=True)
    np.save(folder / "video_resize.npy", rows)


if __name__ == "__main__":
    main()
