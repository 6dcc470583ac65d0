"""Does rcar's training reach what Keras's reaches? Mean test accuracy over many seeds a side, same clips, same head,
same validation clips; the difference must stay within two standard errors.

    python tools/bench/keras_seeds.py --shared SHARED --rcar build/tools/rcar --out OUT [--seeds 20]

Needs tests/golden/requirements.txt. EfficientNetB0 at 224, first 20 frames, LSTM 16-8, UCF101 split 1 of SHARED's
clips. Each side decodes and extracts for itself. Writes OUT/seeds.csv and prints the verdict; exit code 1 when the
means differ by more.
"""
import argparse
import csv
import json
import os
import subprocess
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests/golden"))
import keras_replay


def rcar_run(options, seed):
    out = options.out / f"rcar-{seed}"
    command = [options.rcar, "train", options.shared / "data/UCF-101", "--lists", options.shared / "data/ucfTrainTestlist"]
    command += ["--weights", options.shared / "weights/efficientnetb0_notop.h5", "--backbone", "efficientnetb0", "--cell", "lstm"]
    command += ["--seed", str(seed), "--cache", options.out / "cache", "--out", out]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    with open(out / "split.csv") as table:
        validation = {row["clip"] for row in csv.DictReader(table) if row["part"] == "validation"}
    return json.loads((out / "metrics.json").read_text())["test_accuracy"], validation


def keras_run(data, seed, validation):
    keras.utils.set_random_seed(seed)
    x_in = keras.Input((keras_replay.SEQUENCE, keras_replay.FEATURES))
    mask_in = keras.Input((keras_replay.SEQUENCE,), dtype="bool")
    x = keras.layers.LSTM(16, return_sequences=True)(x_in, mask=mask_in)
    x = keras.layers.LSTM(8)(x)
    x = keras.layers.Dropout(0.4)(x)
    x = keras.layers.Dense(8, activation="relu")(x)
    x = keras.layers.Dense(int(data["y"].max()) + 1, activation="softmax")(x)
    model = keras.Model([x_in, mask_in], x)
    model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    held_out = np.array([name in validation for name in data["names"]])
    assert held_out.sum() == len(validation)
    model.fit(
        [data["x"][~held_out], data["mask"][~held_out]],
        data["y"][~held_out],
        validation_data=([data["x"][held_out], data["mask"][held_out]], data["y"][held_out]),
        epochs=60,
        batch_size=64,
        callbacks=[keras.callbacks.EarlyStopping(patience=15, restore_best_weights=True)],
        verbose=0,
    )
    return model.evaluate([data["x_test"], data["mask_test"]], data["y_test"], verbose=0)[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--rcar", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=20)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    features = options.out / "keras_features.npz"
    if not features.exists():
        keras_replay.save_features(options.shared, features)
    data = dict(np.load(features))
    rows = []
    for seed in range(1, options.seeds + 1):
        ours, validation = rcar_run(options, seed)
        theirs = keras_run(data, seed, validation)
        rows.append((ours, theirs))
        print(f"seed {seed}: rcar {ours:.4f}, Keras {theirs:.4f}", flush=True)
    with open(options.out / "seeds.csv", "w", newline="") as table:
        writer = csv.writer(table)
        writer.writerow(["seed", "rcar", "keras"])
        writer.writerows((i + 1, *row) for i, row in enumerate(rows))
    ours, theirs = np.array(rows).T
    difference = ours.mean() - theirs.mean()
    error = np.sqrt((ours.var(ddof=1) + theirs.var(ddof=1)) / len(rows))
    print(
        f"rcar {ours.mean():.4f} (sd {ours.std(ddof=1):.4f}), Keras {theirs.mean():.4f} (sd {theirs.std(ddof=1):.4f}), "
        f"difference {difference:+.4f} = {abs(difference) / error:.2f} standard errors over {len(rows)} seeds a side"
    )
    return 0 if abs(difference) < 2 * error else 1


if __name__ == "__main__":
    sys.exit(main())
