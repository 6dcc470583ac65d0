"""What is compared: each work with its goal, and the sides that do it."""

from dataclasses import dataclass, field


class CompareError(Exception):
    """What ends compare with one line."""


@dataclass(frozen=True)
class Side:
    """One program that does a work. `command` gives its words; its CSV gives one figure a mode, a process its time."""

    name: str  # "rcar", "OpenVINO", ...
    environment: str  # "rcar", "keras", "openvino", "torch"
    command: tuple
    reads: str = "csv"  # "csv": a figure a line; "process": the seconds of the whole process are the figure
    column: str = "ms"
    expected_s: float = 30  # for the time left, until a round has told better


@dataclass(frozen=True)
class Work:
    key: str
    title: str
    unit: str
    goal: float
    measure: str = "ratio"  # "ratio": the best peer's figure over rcar's; "points": percent, at most `goal` below ideal
    sides: tuple = field(default=())

    @property
    def goal_text(self):
        return f"{self.goal:.1f}x" if self.measure == "ratio" else f"{self.goal:g} points"


NETWORKS = {"InceptionV3": (224, 20, 1.6), "EfficientNetB0": (224, 20, 1.5), "EfficientNetB7": (600, 4, 1.3)}
RUNS = "7"
IDEAL = "ideal"


def _network_sides(name, dim, batch, rcar_options, with_torch):
    arguments = (name, str(dim), str(batch), RUNS)
    slow = 8 if name == "EfficientNetB7" else 1
    sides = [
        Side("rcar", "rcar", ("networks", "--csv", "--network", name, "--runs", RUNS, *rcar_options), column="ms_per_frame", expected_s=8 * slow),
        Side("OpenVINO", "openvino", ("openvino_peer.py", "network", "{models}", *arguments), expected_s=20 * slow),
        Side("Keras", "keras", ("keras_peer.py", "network", *arguments), expected_s=20 * slow),
    ]
    if with_torch:
        sides.append(Side("ONNX Runtime", "openvino", ("openvino_peer.py", "onnx", "{models}", *arguments), expected_s=10 * slow))
        sides.append(Side("PyTorch", "torch", ("torch_peer.py", "network", *arguments), expected_s=15 * slow))
    return tuple(sides)


def all_works(rcar_options=(), with_torch=False):
    """`rcar_options` go to every program of rcar (--backend, --numerics)."""
    works = []
    for name, (dim, batch, goal) in NETWORKS.items():
        sides = _network_sides(name, dim, batch, ("--mode", "throughput", "--batch", str(batch), *rcar_options), with_torch)
        works.append(Work(f"{name.lower()}_batch", f"{name} {dim}, batch {batch}", "ms a frame", goal, sides=sides))
    for name, (dim, _, _) in NETWORKS.items():
        sides = _network_sides(name, dim, 1, ("--mode", "latency", *rcar_options), with_torch)
        works.append(Work(f"{name.lower()}_latency", f"{name} {dim}, one frame", "ms", 1.0, sides=sides))
    clip = (
        Side("rcar", "rcar", ("predict_video", "{models}/model.rcar", "{clip}", "--weights", "{models}/inceptionv3.safetensors"), reads="process", expected_s=2),
        Side("Keras", "keras", ("keras_clip.py", "{models}", "{clip}"), reads="process", expected_s=15),
    )
    works.append(Work("clip_to_label", "One clip, process start to label", "ms", 15, sides=clip))
    for clips, classes, epochs, goal in ((156, 5, 13, 10), (9537, 101, 5, 3)):
        sides = (
            Side("rcar", "rcar", ("heads", "--csv", "--clips", str(clips), "--classes", str(classes), "--epochs", str(epochs), *rcar_options), column="ms_per_epoch", expected_s=clips / 600 + 1),
            Side("Keras", "keras", ("keras_peer.py", "head", str(clips), str(classes), str(epochs)), expected_s=clips / 200 + 12),
        )
        works.append(Work(f"head_{clips}", f"Head training, {clips:,} clips", "ms an epoch", goal, sides=sides))
    for name, seconds in (("EfficientNetB0", 35), ("InceptionV3", 70)):
        for sampler in ("first", "uniform"):
            command = ("extraction", "--csv", "--clips", "{clips}", "--network", name, "--sampler", sampler, *rcar_options)
            sides = (Side("rcar", "rcar", command, reads="shares", expected_s=seconds),)
            works.append(Work(f"extraction_{name.lower()}_{sampler}", f"Extraction, {name}, sampler {sampler}", "% of core time in the network", 3, measure="points", sides=sides))
    return works


def choose(works, words):
    """The works whose key holds one of the words; all without words."""
    if not words:
        return works
    for word in words:
        if not any(word in work.key for work in works):
            raise CompareError(f"no work is called {word!r}; choose of {', '.join(work.key for work in works)}")
    return [work for work in works if any(word in work.key for word in words)]
