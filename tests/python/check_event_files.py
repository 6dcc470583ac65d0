"""TensorBoard itself reads the event files that rcar writes: by its reader and by its server.

usage: check_event_files.py [WRITE_REPORT]

Without an argument the program of the build folder that this Python environment lies in is used. Nothing is fetched.
"""

import csv
import json
import math
import pathlib
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request

from tensorboard import program
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.hparams import plugin_data_pb2
from tensorboard.util import tensor_util

PROGRAM = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else pathlib.Path(sys.executable).parents[2] / "tests/write_report"
faults = []


def check(condition, *what):
    if not condition:
        faults.append(what)
        print("FAULT:", *what)


def write(folder, kind):
    subprocess.run([PROGRAM, folder, kind], check=True)
    with open(folder / "history.csv", newline="") as file:
        history = list(csv.DictReader(file))
    accumulator = EventAccumulator(str(folder / "events"), size_guidance={"scalars": 0, "tensors": 0})
    accumulator.Reload()
    return history, accumulator


def check_scalars(history, accumulator, what):
    """Each epoch once, with the numbers of history.csv."""
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        events = accumulator.Scalars(name)
        check([event.step for event in events] == [int(row["epoch"]) for row in history], what, name, "steps", [event.step for event in events])
        check(all(math.isclose(event.value, float(row[name]), rel_tol=1e-6) for event, row in zip(events, history)), what, name)
    rates = accumulator.Scalars("learning_rate")
    check(len(rates) == len(history) and all(math.isclose(rate.value, 0.01, rel_tol=1e-6) for rate in rates), what, "learning_rate")


def check_test(folder, accumulator):
    with open(folder / "predictions.csv", newline="") as file:
        rows = list(csv.reader(file))[1:]
    accuracy = sum(row[1] == row[2] for row in rows) / len(rows)
    events = accumulator.Scalars("test_accuracy")
    check(len(events) == 1 and math.isclose(events[0].value, accuracy, rel_tol=1e-6), "test_accuracy", events, accuracy)


def check_pictures(accumulator):
    names = [name for name in accumulator.Tags()["tensors"] if accumulator.SummaryMetadata(name).plugin_data.plugin_name == "images"]
    check("confusion_matrix" in names and "mistakes/1" in names, "pictures", names)
    for name in names:
        width, height, *encoded = tensor_util.make_ndarray(accumulator.Tensors(name)[0].tensor_proto)
        check(int(width) > 100 and int(height) > 100 and len(encoded) == 1, name, "has", width, height)
        kind = encoded[0][:3]
        check(kind == (b"\x89PN" if name == "confusion_matrix" else b"\xff\xd8\xff"), name, "begins with", kind)
    check(" taken for " in accumulator.SummaryMetadata("mistakes/1").summary_description, "the mistake's description")


def check_hparams(accumulator, backbone):
    def content(tag):
        metadata = accumulator.SummaryMetadata(tag)
        check(metadata.plugin_data.plugin_name == "hparams", tag, "belongs to", metadata.plugin_data.plugin_name)
        return plugin_data_pb2.HParamsPluginData.FromString(metadata.plugin_data.content)

    experiment = content("_hparams_/experiment").experiment
    check({info.name: info.type for info in experiment.hparam_infos} == {"backbone": 1, "epochs": 3, "learning_rate": 3, "grouped": 2}, "settings' types")
    check("test_accuracy" in [info.name.tag for info in experiment.metric_infos], "metrics")
    start = content("_hparams_/session_start_info").session_start_info
    values = {name: getattr(value, value.WhichOneof("kind")) for name, value in start.hparams.items()}
    check(values == {"backbone": backbone, "epochs": 45.0, "learning_rate": 0.01, "grouped": True}, "settings", values)
    end = content("_hparams_/session_end_info").session_end_info
    check(end.status == 1 and end.end_time_secs >= start.start_time_secs, "the end of the session", end)


def check_layout(accumulator):
    layout = layout_pb2.Layout.FromString(tensor_util.make_ndarray(accumulator.Tensors("custom_scalars__config__")[0].tensor_proto).item())
    charts = {chart.title: list(chart.multiline.tag) for category in layout.category for chart in category.chart}
    check(charts == {"loss": ["^loss$", "^val_loss$"], "accuracy": ["^accuracy$", "^val_accuracy$"]}, "charts", charts)


def check_server(folder, history):
    """What TensorBoard's pages ask their server for."""
    server = program.TensorBoard()
    server.configure(argv=["tensorboard", "--logdir", str(folder), "--host", "127.0.0.1", "--port", "0", "--load_fast", "false"])
    address = server.launch()

    def ask(path, data=None, **arguments):
        request = urllib.request.Request(address + path + "?" + urllib.parse.urlencode(arguments), data and json.dumps(data).encode(), {"Content-Type": "application/json"} if data else {})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    for _ in range(100):
        if "events" in ask("data/runs"):
            break
    points = ask("data/plugin/scalars/scalars", run="events", tag="val_loss")
    check(len(points) == len(history) and math.isclose(points[-1][2], float(history[-1]["val_loss"]), rel_tol=1e-6), "the server's val_loss", points[-1:])
    tags = ask("data/plugin/images/tags")["events"]
    check("confusion_matrix" in tags, "the server's images", tags)
    charts = ask("data/plugin/custom_scalars/layout")
    check("Training" in json.dumps(charts), "the server's charts", charts)
    groups = ask("data/plugin/hparams/session_groups", {"experimentName": "", "allowedStatuses": ["STATUS_SUCCESS", "STATUS_FAILURE"], "colParams": [{"hparam": "epochs"}, {"metric": {"group": "", "tag": "test_accuracy"}}], "startIndex": 0, "sliceSize": 9})
    group = groups["sessionGroups"][0]
    check(group["hparams"]["epochs"] == 45.0 and group["hparams"]["backbone"] == "made up", "the server's settings", group["hparams"])
    check(any(metric["name"]["tag"] == "test_accuracy" for metric in group["metricValues"]), "the server's metrics", group["metricValues"])


def main():
    with tempfile.TemporaryDirectory(prefix="rcar-events-") as name:
        folder = pathlib.Path(name)
        history, accumulator = write(folder / "plain", "plain")
        check(len(history) == 45, len(history), "epochs")
        check_scalars(history, accumulator, "a run")
        check_test(folder / "plain", accumulator)
        check_pictures(accumulator)
        check_hparams(accumulator, "made up")
        check_layout(accumulator)
        print(f"a run: {len(history)} epochs, {len(accumulator.Tags()['tensors'])} pictures and settings")
        check_scalars(*write(folder / "resumed", "resumed"), "a run that was killed in a record and gone on with")
        check_scalars(*write(folder / "plain", "plain"), "a run into the folder of an earlier one")
        print("resumed, and run again: every epoch once")
        _, accumulator = write(folder / "hostile", "hostile")
        check_pictures(accumulator)
        check_hparams(accumulator, "\ufffd\ufffd no UTF-8")
        check_server(folder / "resumed", history)
        print("TensorBoard's server shows scalars, images, charts and settings")
    print(f"{len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
