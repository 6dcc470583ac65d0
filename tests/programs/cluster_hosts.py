"""Ranks on two hosts: network namespaces with a cable between them, over which mpirun starts ranks and MPI sends by TCP.

usage: cluster_hosts.py BUILD_FOLDER [WORD]     as root, with iproute2
"""

import contextlib
import json
import os
import shutil
import stat
import subprocess
import sys

from cluster_harness import FEATURES, MPIRUN, NETWORK, environment, errors, expect_same, main_with_mpi, rcar, training
from harness import SKIP_EXIT_CODE, Result, case, expect

NAMESPACES = [f"rcar{os.getpid()}a", f"rcar{os.getpid()}b"]
ADDRESSES = ["10.77.0.1", "10.77.0.2"]


def ip(*words, check=True):
    return subprocess.run(["ip", *words], check=check, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


@contextlib.contextmanager
def two_hosts(place):
    """Two network namespaces with a cable between them, and what mpirun calls in place of ssh."""
    try:
        for name in NAMESPACES:
            ip("netns", "add", name)
        ip("link", "add", "veth-a", "netns", NAMESPACES[0], "type", "veth", "peer", "name", "veth-b", "netns", NAMESPACES[1])
        for name, end, address in zip(NAMESPACES, ("veth-a", "veth-b"), ADDRESSES):
            ip("-n", name, "addr", "add", f"{address}/24", "dev", end)
            ip("-n", name, "link", "set", end, "up")
            ip("-n", name, "link", "set", "lo", "up")
        agent = place.write("agent", "#!/bin/sh\n# HOST COMMAND...: what ssh would do\n"
                            f"case $1 in {ADDRESSES[0]}) host={NAMESPACES[0]} ;; *) host={NAMESPACES[1]} ;; esac\n"
                            'shift\nexec ip netns exec "$host" sh -c "$*"\n')
        agent.chmod(agent.stat().st_mode | stat.S_IXUSR)
        yield ["--mca", "plm_rsh_agent", str(agent), "--mca", "btl", "tcp,self", "--mca", "pml", "ob1", "--mca",
               "btl_tcp_if_include", "10.77.0.0/24", "--mca", "oob_tcp_if_include", "10.77.0.0/24"]
    finally:
        for name in NAMESPACES:
            ip("netns", "del", name, check=False)


def on_hosts(place, options, ranks_each, *command):
    """mpirun on the first host, with ranks on both."""
    words = ["ip", "netns", "exec", NAMESPACES[0], *MPIRUN, *options, "--host",
             ",".join(f"{address}:{ranks_each}" for address in ADDRESSES), "-n", str(2 * ranks_each),
             *(str(word) for word in command)]
    run = subprocess.run(words, cwd=place.folder, env=environment(place), stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", timeout=240)
    return Result(words, run)


@case("ranks on two hosts, which know one another by TCP only, give the files of one process")
def _(place):
    with two_hosts(place) as options:
        for ranks_each in (1, 2):
            out = f"hosts{ranks_each}"
            where = on_hosts(place, options, ranks_each, "sh", "-c", "ip -o -4 addr show scope global")
            for address in ADDRESSES:
                expect(where.out.count(address) == ranks_each, "the ranks are not on two hosts:", where)
            result = on_hosts(place, options, ranks_each, *rcar(place, "extract", "clips", *NETWORK, "--out", out, "--json"))
            expect(result.code == 3 and not errors(result), result)
            said = json.loads(result.out)
            expect(min(said["clips_of_rank"]) > 0 and said["clips"] == 24, said)
            expect_same(place, "alone", out, FEATURES)
        one = on_hosts(place, options, 2, training(place), "hosts.bin", "ordered", 70, 64)
        expect(one.code == 0, one)
        subprocess.run([training(place), "host.bin", "ordered", "70", "64"], cwd=place.folder, check=True,
                       env=environment(place))
        expect((place / "host.bin").read_bytes() == (place / "hosts.bin").read_bytes(), "the heads differ")
        failed = on_hosts(place, options, 1, training(place), "none", "fail", 1)
        expect(errors(failed) == ["error: There is no clip."] and failed.code == 1, failed)


def hosts_can_be():
    if not shutil.which("ip"):
        return False
    there = ip("netns", "add", NAMESPACES[0], check=False) and ip("-n", NAMESPACES[0], "link", "add", "veth-a", "type", "veth",
                                                                  "peer", "name", "veth-b", check=False)
    ip("netns", "del", NAMESPACES[0], check=False)
    return there


if __name__ == "__main__":
    if not hosts_can_be():
        print("skipped: network namespaces take root and iproute2 (apt install iproute2)")
        sys.exit(SKIP_EXIT_CODE)
    sys.exit(main_with_mpi("checks what ranks on two hosts give"))
