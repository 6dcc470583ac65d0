"""What tools/bench/compare runs in the environment of OpenVINO and ONNX Runtime. Prints CSV: mode,ms.

    openvino_peer.py prepare FOLDER                          converts what keras_peer.py prepare exported
    openvino_peer.py network FOLDER NAME DIM BATCH RUNS      milliseconds a frame, every mode
    openvino_peer.py onnx FOLDER NAME DIM BATCH RUNS         the same by ONNX Runtime (torch_peer.py exports)

Modes of OpenVINO, all in float32: `latency` runs a batch a call; `throughput` and `streams` keep one request a core
under way, of a quarter of the batch or of the whole of it. At batch 1 only `latency`, with and without its hint.
"""

import os
import pathlib
import statistics
import sys
import time

import numpy as np

THREADS = len(os.sched_getaffinity(0))
NETWORKS = ["InceptionV3", "EfficientNetB0", "EfficientNetB7"]


def median_ms(call, frames, runs):
    call()
    call()
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return 1e3 * statistics.median(seconds) / frames


def prepare(folder):
    import openvino as ov

    for name in NETWORKS:
        model = ov.convert_model(str(pathlib.Path(folder) / name))
        ov.save_model(model, str(pathlib.Path(folder) / f"{name}.xml"), compress_to_fp16=False)


def measure_openvino(folder, name, dim, batch, runs):
    import openvino as ov

    core = ov.Core()
    base = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": THREADS}
    x = np.random.rand(batch, dim, dim, 3).astype("float32")

    def compiled(frames, **options):
        model = core.read_model(str(pathlib.Path(folder) / f"{name}.xml"))
        model.reshape([frames, dim, dim, 3])
        return core.compile_model(model, "CPU", {**base, **options})

    def one_request(**options):
        request = compiled(batch, **options).create_infer_request()
        return median_ms(lambda: request.infer({0: x}), batch, runs)

    def queue(frames, requests, jobs, **options):
        import openvino as ov

        waiting = ov.AsyncInferQueue(compiled(frames, **options), requests)
        part = np.ascontiguousarray(x[:frames])

        def go():
            for _ in range(jobs):
                waiting.start_async({0: part})
            waiting.wait_all()

        return median_ms(go, jobs * frames, runs)

    modes = {"latency": lambda: one_request(PERFORMANCE_HINT="LATENCY")}
    if batch == 1:
        modes["no hint"] = one_request
    else:
        part = max(1, batch // 4)
        modes["throughput"] = lambda: queue(part, THREADS, 4, PERFORMANCE_HINT="THROUGHPUT")
        modes["streams"] = lambda: queue(batch, THREADS, THREADS, NUM_STREAMS=THREADS)
    print("mode,ms")
    for mode, measure in modes.items():
        print(f"{mode},{measure():.4f}", flush=True)


def measure_onnx(folder, name, dim, batch, runs):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    path = str(pathlib.Path(folder) / f"{name}.onnx")
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    x = np.random.rand(batch, 3, dim, dim).astype("float32")
    name = session.get_inputs()[0].name
    print("mode,ms")
    print(f"session,{median_ms(lambda: session.run(None, {name: x}), batch, runs):.4f}")


if __name__ == "__main__":
    command, *rest = sys.argv[1:] or sys.exit(__doc__)
    if command == "prepare":
        prepare(*rest)
    elif command in ("network", "onnx"):
        measure = measure_openvino if command == "network" else measure_onnx
        measure(rest[0], rest[1], *map(int, rest[2:]))
    else:
        sys.exit(__doc__)
