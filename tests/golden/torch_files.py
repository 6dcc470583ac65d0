"""Makes the small PyTorch checkpoints that tests/unit/torch_checkpoint.cpp reads: data/torch_*.

Needs requirements_torch.txt. The legacy files differ from run to run in their storage keys, which are memory addresses.
"""

import collections
import io
import pathlib
import zipfile

import torch
from safetensors.torch import save_file

DATA = pathlib.Path(__file__).parent / "data"


def values(*shape):
    """Distinct multiples of 1/8, exact in every float type here."""
    count = torch.Size(shape).numel()
    return (torch.arange(count, dtype=torch.float32) - 5).reshape(shape) / 8


def state_dict():
    block = values(12)
    out = collections.OrderedDict()
    out["contiguous.weight"] = values(2, 3)
    out["permuted.weight"] = values(2, 2, 3, 4).permute(3, 2, 0, 1)  # as in files converted from TensorFlow
    out["slice.first"] = block[:4].view(2, 2)  # two tensors in one storage
    out["slice.second"] = block[5:11:2]
    out["half.weight"] = torch.tensor([0.0, -0.0, 1.5, -65504.0, 2.0**-24, 2.0**-14, float("inf")], dtype=torch.float16)
    out["bfloat16.weight"] = values(5).to(torch.bfloat16)
    out["double.weight"] = values(3).to(torch.float64)
    out["scalar"] = torch.tensor(0.375)
    out["empty"] = torch.zeros(0, 3)
    out["bn.num_batches_tracked"] = torch.tensor(7)
    return out


def main():
    tensors = state_dict()
    module = torch.nn.BatchNorm2d(3)  # its state dict carries _metadata, which pickles as an attribute of the dict
    torch.save(tensors, DATA / "torch_zip.pth")
    torch.save(tensors, DATA / "torch_legacy.pth", _use_new_zipfile_serialization=False)
    torch.save(tensors, DATA / "torch_protocol4.pth", pickle_protocol=4)
    torch.save({"epoch": 3, "optimizer": {"lr": 0.1}, "state_dict": module.state_dict()}, DATA / "torch_training.pth")
    torch.save({"weight": torch.nn.Parameter(values(2, 2))}, DATA / "torch_parameter.pth")
    torch.save(torch.nn.Linear(2, 2), DATA / "torch_module.pth")  # a whole module: refused
    with zipfile.ZipFile(DATA / "torch_wheel.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
        content = io.BytesIO()
        torch.save(tensors, content, _use_new_zipfile_serialization=False)
        for name, text in (("model/__init__.py", b"import os\n"), ("model/weights.pth", content.getvalue())):
            wheel.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), text, zipfile.ZIP_DEFLATED)
    floats = {name: tensor.float().contiguous().clone() for name, tensor in tensors.items() if tensor.is_floating_point()}
    save_file(floats, DATA / "torch_expected.safetensors")


if __name__ == "__main__":
    main()
