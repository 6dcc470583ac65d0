"""Runs tools/compare_backends as a user does: what it prints, and its exit codes.

usage: compare_backends.py PROGRAM host|cuda

cuda: on a GPU; without one the test is skipped.
"""

import subprocess
import sys

SKIPPED = 77


def run(program, *arguments):
    done = subprocess.run([program, *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def expect(what, condition, output):
    if not condition:
        sys.exit(f"{what} does not hold:\n{output}")


def compare(program, first, second, most, network="EfficientNetB0"):
    code, out, err = run(program, first, second, "--network", network, "--most", most)
    print(out.splitlines()[0], out.splitlines()[-3])
    expect(f"{first} and {second} agree on {network}", code == 0, out + err)
    expect("both runs repeat", out.count("a second run has the same bits") == 2, out)
    expect("every layer is in the table", sum(line[:4].strip().isdigit() for line in out.splitlines()) > 90, out)


def main():
    program, place = sys.argv[1:]
    if place == "cuda":
        code, out, err = run(program, "native", "cuda", "--frames", "1")
        if code != 0 and ("no GPU" in err or "without CUDA" in err):
            print(f"skipped: {err.strip()}")
            return SKIPPED
        compare(program, "native", "cuda", "2e-4")
        compare(program, "native", "cuda", "2e-4", "InceptionV3")
        for shorter, most in (("cuda-tf32", "0.05"), ("cuda-bf16", "0.5"), ("cuda-fp16", "0.05")):
            compare(program, "native", shorter, most)
        return 0

    compare(program, "native", "portable", "2e-4")
    compare(program, "native-exact", "portable", "2e-4", "InceptionV3")
    compare(program, "blas", "portable-bf16", "0.5")
    code, out, err = run(program, "native", "portable-bf16", "--most", "1e-6")
    expect("a difference above --most is exit code 1", code == 1 and "more than --most" in err, out + err)
    code, out, err = run(program, "native", "portable", "--csv")
    rows = out.splitlines()
    expect("the CSV is whole", code == 0 and rows[0].startswith("step,layer,") and rows[-1].startswith("features,"), out)
    for arguments, message in (
        (["native", "gpu"], "no back end 'gpu'"),
        (["native"], "SECOND is required"),
        (["native", "portable", "--network", "VGG"], "VGG"),
        (["native", "portable", "--frames", "0"], "--frames"),
        (["native", "portable", "--most", "nan"], "--most"),
    ):
        code, out, err = run(program, *arguments)
        expect(f"{arguments} is wrong usage", code == 2 and message in err and err.count("\n") == 1, out + err)
    code, out, err = run(program, "native", "portable", "--weights", "/nowhere.safetensors")
    expect("a missing file is exit code 1", code == 1 and "/nowhere.safetensors" in err, out + err)
    print("compare_backends does what it says.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
