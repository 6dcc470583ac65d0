"""The GPU of this machine, its libraries, and the Python that has PyTorch."""

import ctypes
import os
import pathlib
import shutil
import subprocess
import sys

from comparison.works import CompareError

LIBRARIES = ["libcublasLt.so.13", "libcudnn.so.9"]  # what the programs are linked to
ADVICE = "; run this where there is one, or make a folder to carry there: tools/bench/cuda --pack FOLDER"


def find_card():
    """{what: which} of the first GPU, with "architecture" ("90"). Throws CompareError, in one sentence, when there is none."""
    try:
        cuda = ctypes.CDLL("libcuda.so.1")
    except OSError as error:
        raise CompareError(f"there is no NVIDIA GPU here that could be used, for its driver (libcuda.so.1) is not installed{ADVICE}") from error
    count, device = ctypes.c_int(0), ctypes.c_int(0)
    status = cuda.cuInit(0) or cuda.cuDeviceGetCount(ctypes.byref(count))
    if status != 0 or count.value == 0:
        text = ctypes.c_char_p()
        cuda.cuGetErrorString(status, ctypes.byref(text))
        why = text.value.decode() if status != 0 and text.value else "none is visible"
        raise CompareError(f"there is no NVIDIA GPU here that could be used ({why}){ADVICE}")
    name, memory, version, numbers = ctypes.create_string_buffer(128), ctypes.c_size_t(0), ctypes.c_int(0), []
    cuda.cuDeviceGet(ctypes.byref(device), 0)
    cuda.cuDeviceGetName(name, 128, device)
    cuda.cuDeviceTotalMem_v2(ctypes.byref(memory), device)
    cuda.cuDriverGetVersion(ctypes.byref(version))
    for attribute in (75, 76):  # compute capability: major, minor
        value = ctypes.c_int(0)
        cuda.cuDeviceGetAttribute(ctypes.byref(value), attribute, device)
        numbers.append(value.value)
    return {
        "GPU": f"{name.value.decode()}, {memory.value / 2**30:.0f} GiB",
        "architecture": f"{numbers[0]}{numbers[1]}",
        "driver": f"{_driver_version()}, CUDA {version.value // 1000}.{version.value % 1000 // 10}",
    }


def _driver_version():
    query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(query, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=30)
        return done.stdout.split()[0]
    except (OSError, IndexError, subprocess.TimeoutExpired):
        return "unknown version"


def find_torch(python=None):
    """The Python that has PyTorch, or None; `python`: the one to take."""
    for each in [python] if python else [sys.executable, "python3", "python"]:
        try:
            look = [str(each), "-c", "import importlib.util, sys; sys.exit(importlib.util.find_spec('torch') is None)"]
            if subprocess.run(look, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60).returncode == 0:
                return str(each)
        except (OSError, subprocess.TimeoutExpired):
            continue
    if python:
        raise CompareError(f"{python} has no PyTorch")
    return None


def find_nvcc():
    """nvcc's path, or None."""
    found = os.environ.get("CUDACXX") or shutil.which("nvcc") or shutil.which("/usr/local/cuda/bin/nvcc")
    return pathlib.Path(found).resolve() if found else None


def find_tool(name):
    """A program of NVIDIA's toolkit, or None."""
    nvcc = find_nvcc()
    found = shutil.which(name) or shutil.which(f"/usr/local/cuda/bin/{name}") or (nvcc and shutil.which(str(nvcc.parent / name)))
    return pathlib.Path(found) if found else None


def package_folders(python, kind):
    """nvidia/*/lib, or include, of the packages that PyTorch brings."""
    if not python:
        return []
    ask = "import sysconfig, site, sys; print(*{sysconfig.get_path('purelib'), *site.getsitepackages(), site.getusersitepackages()}, sep='\\n')"
    try:
        done = subprocess.run([python, "-c", ask], text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return sorted(folder for place in done.stdout.splitlines() for folder in pathlib.Path(place).glob(f"nvidia/*/{kind}") if folder.is_dir())


def library_folders(python):
    """Where rcar's programs find their libraries: nvcc's toolkit before PyTorch's packages; those that hold LIBRARIES first."""
    folders, nvcc = [], find_nvcc()
    roots = ([nvcc.parent.parent] if nvcc else []) + [pathlib.Path("/usr/local/cuda")]
    folders += [root / name for root in roots for name in ("lib64", "lib", "targets/x86_64-linux/lib") if (root / name).is_dir()]
    folders += package_folders(python, "lib")
    first = [folder for library in LIBRARIES for folder in folders if (folder / library).exists()]
    ordered = []
    for folder in first + [folder for folder in folders if folder not in first]:
        if folder not in ordered:
            ordered.append(folder)
    return ordered


def environment_of(python):
    """For rcar's programs; PyTorch finds its libraries itself."""
    old = os.environ.get("LD_LIBRARY_PATH")
    return {**os.environ, "LD_LIBRARY_PATH": ":".join([*map(str, library_folders(python)), *([old] if old else [])])}
