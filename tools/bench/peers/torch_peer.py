"""What tools/bench/compare --torch runs in the environment of PyTorch. Prints CSV: mode,ms.

    torch_peer.py prepare FOLDER                  exports NAME.onnx for ONNX Runtime
    torch_peer.py network NAME DIM BATCH RUNS     milliseconds a frame, channels last
"""

import os
import pathlib
import statistics
import sys
import time
import warnings

warnings.filterwarnings("ignore")
import timm
import torch

NETWORKS = {
    "InceptionV3": ("inception_v3", 224),
    "EfficientNetB0": ("tf_efficientnet_b0", 224),
    "EfficientNetB7": ("tf_efficientnet_b7", 600),
}


def network(name):
    options = {"aux_logits": False} if name == "InceptionV3" else {}
    return timm.create_model(NETWORKS[name][0], pretrained=False, num_classes=0, **options).eval()


def prepare(folder):
    for name, (_, dim) in NETWORKS.items():
        path = str(pathlib.Path(folder) / f"{name}.onnx")
        torch.onnx.export(network(name), torch.rand(1, 3, dim, dim), path, opset_version=17, dynamo=False,
                          input_names=["x"], dynamic_axes={"x": {0: "batch"}})


def measure(name, dim, batch, runs):
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    model = network(name).to(memory_format=torch.channels_last)
    x = torch.rand(batch, 3, dim, dim).contiguous(memory_format=torch.channels_last)
    seconds = []
    with torch.inference_mode():
        for _ in range(runs + 2):
            start = time.perf_counter()
            model(x)
            seconds.append(time.perf_counter() - start)
    print("mode,ms")
    print(f"channels last,{1e3 * statistics.median(seconds[2:]) / batch:.4f}")


if __name__ == "__main__":
    command, *rest = sys.argv[1:] or sys.exit(__doc__)
    if command == "prepare":
        prepare(*rest)
    elif command == "network":
        measure(rest[0], *map(int, rest[1:]))
    else:
        sys.exit(__doc__)
