"""What was measured on."""

import os
import platform
import resource
import subprocess

SETS = ["avx2", "fma", "avx512f", "avx512_bf16", "amx_bf16"]


def describe_machine():
    model, flags = platform.processor() or "unknown", set()
    try:
        with open("/proc/cpuinfo") as cpuinfo:
            for line in cpuinfo:
                name, _, value = line.partition(":")
                if name.strip() == "model name":
                    model = value.strip()
                elif name.strip() == "flags":
                    flags = set(value.split())
                    break
    except OSError:
        pass
    return {
        "processor": model,
        "cores": len(os.sched_getaffinity(0)),
        "instruction sets": ", ".join(each for each in SETS if each in flags) or "baseline",
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
    }


def describe_rcar(root):
    """Version and commit of the sources."""
    version = {}
    for line in (root / "include/rcar/core/version.hpp").read_text().splitlines():
        words = line.split()
        if len(words) == 3 and words[0] == "#define" and words[1].startswith("RCAR_VERSION_") and words[2].isdigit():
            version[words[1].rsplit("_", 1)[1]] = words[2]
    text = ".".join(version.get(part, "?") for part in ("MAJOR", "MINOR", "PATCH"))
    git = subprocess.run(["git", "-C", str(root), "rev-parse", "--short", "HEAD"], text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return f"{text} ({git.stdout.strip()})" if git.returncode == 0 else text


class OtherWork:
    """How much of the cores' time went to what is no child of this process, since it was made."""

    def __init__(self):
        self.start = self._now()

    @staticmethod
    def _now():
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        own = children.ru_utime + children.ru_stime
        try:
            with open("/proc/stat") as stat:
                ticks = [int(word) for word in stat.readline().split()[1:9]]  # user nice system idle iowait irq softirq steal
        except (OSError, ValueError):
            return None
        all_s = sum(ticks) / os.sysconf("SC_CLK_TCK")
        idle_s = (ticks[3] + ticks[4]) / os.sysconf("SC_CLK_TCK")
        return all_s, all_s - idle_s, own

    def share(self):
        """0 to 1; 0 where the system does not say."""
        now = self._now()
        if self.start is None or now is None or now[0] <= self.start[0]:
            return 0.0
        all_s, busy_s, own_s = (after - before for after, before in zip(now, self.start))
        return min(1.0, max(0.0, (busy_s - own_s) / all_s))
