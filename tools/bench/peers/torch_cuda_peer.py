"""What tools/bench/cuda runs beside rcar: the same works in PyTorch on the same GPU. Prints a line of JSON a figure.

    torch_cuda_peer.py device
    torch_cuda_peer.py networks NAME --precision fp32,bf16 --batch 1,20 --seconds 120     frames a second
    torch_cuda_peer.py heads --cell lstm,gru --seconds 60                                 seconds an epoch

Networks are torchvision's (else timm's) with random weights, channels last, their batch norms folded into the convolutions;
frames are bytes in the host's memory, features floats there, as rcar takes and gives them. Modes of a network: CUDA graph,
eager, autocast, compile (reduce-overhead), in this order, for what --seconds hold; `pinned` are the same figures with
frames that lie in pinned memory already. --device cpu is for trying this script out.
"""

import argparse
import contextlib
import gc
import json
import statistics
import sys
import time
import warnings

START = time.monotonic()
warnings.filterwarnings("ignore")
import torch
from torch import nn

# name: torchvision's, timm's, image dimension, mean, deviation (of bytes)
NETWORKS = {
    "InceptionV3": ("inception_v3", "tf_inception_v3", 224, (127.5, 127.5, 127.5), (127.5, 127.5, 127.5)),
    "EfficientNetB0": ("efficientnet_b0", "tf_efficientnet_b0", 224, (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
    "EfficientNetB7": ("efficientnet_b7", "tf_efficientnet_b7", 600, (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
}
DTYPES = {"fp32": torch.float32, "tf32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
WARMUP, RUNS, LEAST_S = 2, 3, 1.0
COMPILE_S = {"InceptionV3": 60, "EfficientNetB0": 60, "EfficientNetB7": 120}  # until one has told better
STEPS, FEATURES = 20, 2048


class Clock:
    def __init__(self, seconds):
        self.end = START + seconds

    def left(self):
        return self.end - time.monotonic()


def say(work, precision, batch, mode, **what):
    print(json.dumps({"work": work, "precision": precision, "batch": batch, "mode": mode, **what}), flush=True)


def synchronize(device):
    if device == "cuda":
        torch.cuda.synchronize()


def median_seconds(call, device, least_s=LEAST_S):
    """The median of several calls, as cuda_bench counts them."""
    for _ in range(WARMUP):
        call()
    synchronize(device)
    seconds, begin = [], time.perf_counter()
    while len(seconds) < RUNS or time.perf_counter() - begin < least_s:
        start = time.perf_counter()
        call()
        synchronize(device)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


# --- networks -----------------------------------------------------------------------------------------------------------


class Whole(nn.Module):
    """Bytes (N, D, D, 3) in, features (N, F) out."""

    def __init__(self, body, mean, deviation):
        super().__init__()
        self.body = body
        self.register_buffer("scale", (1 / torch.tensor(deviation)).view(1, 3, 1, 1))
        self.register_buffer("offset", (-torch.tensor(mean) / torch.tensor(deviation)).view(1, 3, 1, 1))

    def forward(self, frames):
        x = frames.permute(0, 3, 1, 2)  # which is channels last
        return self.body(x.to(self.scale.dtype) * self.scale + self.offset).float()


def body_of(name):
    torchvision_name, timm_name, *_ = NETWORKS[name]
    try:
        import torchvision
    except ImportError:
        import timm
        return timm.create_model(timm_name, pretrained=False, num_classes=0).eval()
    options = {"aux_logits": False, "transform_input": False, "init_weights": False} if name == "InceptionV3" else {}
    body = getattr(torchvision.models, torchvision_name)(weights=None, **options).eval()
    if name == "InceptionV3":
        body.fc = nn.Identity()
    else:
        body.classifier = nn.Identity()
    return body


def fold(body):
    """Batch norms folded into the convolutions before them, where PyTorch can."""
    try:
        from torch.fx.experimental.optimization import fuse
        return fuse(body)
    except Exception as error:  # an optimisation that a network does not admit
        print(f"warning: batch norms stay as they are: {error}", file=sys.stderr)
        return body


def model_of(name, precision, device):
    *_, mean, deviation = NETWORKS[name]
    model = Whole(fold(body_of(name)), mean, deviation).eval()
    return model.to(device=device, dtype=DTYPES[precision], memory_format=torch.channels_last)


class Batch:
    """Frames on the host, their place on the device, and the way between them."""

    def __init__(self, count, dim, device):
        few = torch.randint(0, 256, (min(count, 16), dim, dim, 3), dtype=torch.uint8)
        self.frames = few.repeat((count + 15) // 16, 1, 1, 1)[:count].contiguous()
        self.there = torch.empty_like(self.frames, device=device)
        self.device = device
        self.pinned = self.frames.pin_memory() if device == "cuda" else self.frames
        self.result = None
        copies = {"staged": self.copy_staged, "plain": self.copy_plain}
        self.copy = min(copies.values(), key=lambda copy: median_seconds(copy, device, 0))

    def copy_plain(self):
        self.there.copy_(self.frames)

    def copy_staged(self):
        self.pinned.copy_(self.frames)
        self.copy_pinned()

    def copy_pinned(self):
        self.there.copy_(self.pinned, non_blocking=True)

    def download(self, features):
        if self.result is None:
            self.result = torch.empty(features.shape, dtype=features.dtype, pin_memory=self.device == "cuda")
        self.result.copy_(features, non_blocking=True)


def graph_of(model, x):
    """Replays model(x) as a CUDA graph."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            model(x)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        y = model(x)

    def run(_):
        graph.replay()
        return y

    return run


def compiled(model, x):
    torch._dynamo.reset()
    with contextlib.suppress(Exception):
        torch._dynamo.mark_static_address(x)  # spares a copy of the frames
    return torch.compile(model, mode="reduce-overhead", fullgraph=True, dynamic=False)


def autocast(model, precision):
    def run(x):
        with torch.autocast("cuda", dtype=DTYPES[precision]):
            return model(x)

    return run


def out_of_memory(error):
    return isinstance(error, torch.cuda.OutOfMemoryError) or "out of memory" in str(error).lower()


def measure_mode(name, precision, count, mode, device):
    *_, dim, _, _ = NETWORKS[name]
    tf32 = precision == "tf32"
    torch.backends.cuda.matmul.allow_tf32 = tf32
    torch.backends.cudnn.allow_tf32 = tf32
    try:
        with torch.no_grad() if mode == "compile" else torch.inference_mode():
            model = model_of(name, "fp32" if mode == "autocast" else precision, device)
            batch = Batch(count, dim, device)
            make = {"eager": lambda: model, "autocast": lambda: autocast(model, precision),
                    "CUDA graph": lambda: graph_of(model, batch.there), "compile": lambda: compiled(model, batch.there)}
            run = make[mode]()

            def call(copy):
                copy()
                batch.download(run(batch.there))

            figure = count / median_seconds(lambda: call(batch.copy), device)
            what = {"figure": figure}
            if mode in ("CUDA graph", "compile"):
                what["pinned"] = count / median_seconds(lambda: call(batch.copy_pinned), device, LEAST_S / 3)
            say(name, precision, count, mode, **what)
            return True
    except Exception as error:  # the other modes are measured all the same
        why = "does not fit" if out_of_memory(error) else f"failed: {type(error).__name__}: {error}"
        say(name, precision, count, mode, missing=why.splitlines()[0][:300])
        return not out_of_memory(error)
    finally:
        model = batch = run = make = None  # their memory goes back
        if mode == "compile":
            torch._dynamo.reset()
        gc.collect()
        if device == "cuda":
            torch.cuda.empty_cache()


def measure_networks(options):
    clock, name, device = Clock(options.seconds), options.network, options.device
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.benchmark_limit = 4
    plan = [(mode, precision, count) for mode in ("CUDA graph", "eager") for precision in options.precision for count in options.batch]
    plan += [("autocast", precision, count) for precision in options.precision if precision in ("bf16", "fp16") for count in options.batch if count <= 20]
    plan += [("compile", precision, count) for count in sorted(options.batch, key=lambda count: (count not in (1, 20), count)) for precision in options.precision]
    if device == "cpu":
        plan = [item for item in plan if item[0] in ("eager", "compile")]
    too_many, needed = {}, {"compile": COMPILE_S[name]}
    for mode, precision, count in plan:
        if count >= too_many.get((mode, precision), count + 1):
            say(name, precision, count, mode, missing="does not fit")
        elif clock.left() < 1.2 * needed.get(mode, 5):
            say(name, precision, count, mode, missing="no time was left")
        else:
            start = time.monotonic()
            if not measure_mode(name, precision, count, mode, device):
                too_many[mode, precision] = count
            needed[mode] = time.monotonic() - start


# --- heads --------------------------------------------------------------------------------------------------------------


class Head(nn.Module):
    """As rcar::heads::Original."""

    def __init__(self, cell, classes):
        super().__init__()
        kind = {"lstm": nn.LSTM, "gru": nn.GRU}[cell]
        self.first, self.second = kind(FEATURES, 16, batch_first=True), kind(16, 8, batch_first=True)
        self.rest = nn.Sequential(nn.Dropout(0.4), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, classes))

    def forward(self, x):
        return self.rest(self.second(self.first(x)[0])[0][:, -1])


class Training:
    def __init__(self, cell, options, features, labels):
        self.features, self.labels, self.size, self.device = features, labels, options.batch_size, options.device
        torch.manual_seed(1)
        self.head = Head(cell, options.classes).to(self.device).train()
        cuda = self.device == "cuda"
        self.adam = torch.optim.Adam(self.head.parameters(), lr=1e-3, eps=1e-7, fused=cuda, capturable=cuda)
        self.loss = nn.CrossEntropyLoss()
        self.total = torch.zeros(2, device=self.device)  # losses, hits
        self.rows = torch.arange(self.size, device=self.device)
        self.graph = None

    def step(self, rows, keep_gradients=False):
        x, y = self.features[rows], self.labels[rows]
        self.adam.zero_grad(set_to_none=not keep_gradients)
        logits = self.head(x)
        loss = self.loss(logits, y)
        loss.backward()
        self.adam.step()
        with torch.no_grad():
            self.total += torch.stack((loss.detach() * len(rows), (logits.argmax(1) == y).sum().float()))

    def record(self):
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):
                self.step(self.rows)
        torch.cuda.current_stream().wait_stream(stream)
        self.adam.zero_grad(set_to_none=True)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.step(self.rows)

    def epoch(self):
        clips = len(self.labels)
        order = torch.randperm(clips, device=self.device)
        self.total.zero_()
        for first in range(0, clips, self.size):
            rows = order[first:first + self.size]
            if self.graph and len(rows) == self.size:
                self.rows.copy_(rows)
                self.graph.replay()
            else:
                self.step(rows, keep_gradients=self.graph is not None)
        loss, hits = (self.total / clips).tolist()
        if not loss == loss:
            raise ValueError("the loss is not a number")
        return loss, hits


def measure_heads(options):
    clock = Clock(options.seconds)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    features = torch.rand(options.clips, STEPS, FEATURES, device=options.device)
    labels = torch.arange(options.clips, device=options.device) % options.classes
    for cell in options.cell:
        for mode in ("eager", "CUDA graph") if options.device == "cuda" else ("eager",):
            work = f"head {cell}"
            if clock.left() < 5:
                say(work, "fp32", options.batch_size, mode, missing="no time was left")
                continue
            try:
                training = Training(cell, options, features, labels)
                if mode == "CUDA graph":
                    training.record()
                say(work, "fp32", options.batch_size, mode, figure=median_seconds(training.epoch, options.device))
            except Exception as error:
                say(work, "fp32", options.batch_size, mode, missing=f"failed: {type(error).__name__}: {error}".splitlines()[0][:300])


# --- command line -------------------------------------------------------------------------------------------------------


def describe():
    described = {"PyTorch": torch.__version__, "its CUDA": str(torch.version.cuda), "its cuDNN": str(torch.backends.cudnn.version())}
    for package in ("torchvision", "timm"):
        with contextlib.suppress(Exception):
            described[package] = __import__(package).__version__
            break
    if torch.cuda.is_available():
        described["its GPU"] = torch.cuda.get_device_name()
    print(json.dumps(described))


def words(kind=str, known=None):
    def parse(text):
        values = [kind(word) for word in text.split(",")]
        for value in values:
            if known and value not in known:
                raise argparse.ArgumentTypeError(f"{value} is none of {', '.join(known)}")
        return values

    return parse


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("device")
    networks, heads = commands.add_parser("networks"), commands.add_parser("heads")
    networks.add_argument("network", choices=list(NETWORKS))
    networks.add_argument("--precision", type=words(known=list(DTYPES)), default=["fp32", "tf32", "bf16"])
    networks.add_argument("--batch", type=words(int), default=[1, 20, 128, 512])
    heads.add_argument("--cell", type=words(known=["lstm", "gru"]), default=["lstm", "gru"])
    heads.add_argument("--clips", type=int, default=9537)
    heads.add_argument("--classes", type=int, default=101)
    heads.add_argument("--batch-size", type=int, default=64)
    for command in (networks, heads):
        command.add_argument("--seconds", type=float, default=240, help="for everything, PyTorch's start included")
        command.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    options = parser.parse_args()
    if options.command == "device":
        return describe()
    if options.device == "cuda" and not torch.cuda.is_available():
        sys.exit("error: PyTorch finds no GPU that it could use")
    return measure_networks(options) if options.command == "networks" else measure_heads(options)


if __name__ == "__main__":
    main()
