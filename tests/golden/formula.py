"""Weights and images drawn by a formula that tests/support/formula_weights.hpp computes too, bit for bit."""
import numpy as np


def name_hash(name):
    """FNV-1a, 64 bits."""
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


def bits(seed, index):
    """64 bits of values `index` of a stream (splitmix64's step)."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + (index.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def values(name, shape, low, high):
    """Uniform in [low, high), 24 bits, float32."""
    unit = (bits(name_hash(name), np.arange(np.prod(shape, dtype=np.int64))) >> np.uint64(40)).astype(np.float64)
    return (low + (high - low) * (unit * 2.0**-24)).astype(np.float32).reshape(shape)


def images(count, dim):
    """RGB images (N, D, D, 3) uint8: squares of eight pixels with noise on them."""
    n, y, x, c = np.meshgrid(np.arange(count), np.arange(dim), np.arange(dim), np.arange(3), indexing="ij")
    squares = (dim + 7) // 8
    square = bits(name_hash("coarse"), ((n * squares + y // 8) * squares + x // 8) * 3 + c) >> np.uint64(57)
    noise = bits(name_hash("fine"), ((n * dim + y) * dim + x) * 3 + c) >> np.uint64(57)
    return (square + noise).astype(np.uint8)


def layer_weight(layer, role, shape, projection_gain=1.0):
    """The weight `role` of a layer, as rcar's tensor names have it; batch norm's statistics are not drawn.

    `projection_gain` multiplies gamma of the batch norm layers that end a residual branch (`block1b_project_bn`; the
    first block of a stage, `block1a`, has no residual).
    """
    name = f"{layer}/{role}"
    if role in ("kernel", "depthwise_kernel"):
        fan_in = shape[0] * shape[1] * (1 if role == "depthwise_kernel" else shape[2])
        limit = np.sqrt(6.0 / fan_in)
        return values(name, shape, -limit, limit)
    if role == "gamma":
        residual = layer.endswith("project_bn") and layer[6] != "a"
        gain = projection_gain if residual else 1.0
        return values(name, shape, 0.8 * gain, 1.2 * gain)
    return values(name, shape, -0.1, 0.1)  # bias, beta
