"""Calls that are made of servers: starting these, loading them, and what they need for it."""

import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from measure import OUT, ROOT, TARGET, output, run
from recordings import written

# How long a server may take until it listens.
START_LIMIT_SECONDS = 120
# How often one looks whether it does.
START_PAUSE_SECONDS = 0.002

# The place of utime in /proc/PID/stat, behind the name of the process; stime is the next one. Both count ticks.
UTIME = 11
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Went:
    """How calls went."""

    calls_per_second: float
    p50_us: int
    p99_us: int
    # The server's CPU time for each call, in µs.
    cpu_us: float


@dataclass
class Start:
    """How a server came up, and what it needed."""

    seconds: float
    # The peak of its memory in bytes when it listens, and when calls were made.
    listening: int
    peak: int


def build(rpcreplay):
    """Builds what is needed, and returns the path of the program to measure."""
    cargo = ["cargo", "build", "--quiet", "--release", "--locked"]
    run(cargo + ["--example", "generate"])
    if rpcreplay is None:
        run(cargo + ["--bin", "rpcreplay"])
        rpcreplay = TARGET / "release/rpcreplay"
    return rpcreplay.resolve()


def recorded(calls):
    """A recording of so many calls."""
    generator = TARGET / "release/examples/generate"
    return written(OUT / f"lookups-{calls}.replay", [generator], [generator, "lookups", calls])


def address_file():
    return OUT / "serve.address"


def started(command):
    """A server that listens, where it does, and how many seconds it took until then."""
    says_so = address_file() in command
    address_file().unlink(missing_ok=True)
    begun = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL if says_so else subprocess.PIPE,
        stderr=subprocess.DEVNULL if says_so else None,
    )
    if not says_so:
        return process, process.stdout.readline().decode().strip(), time.perf_counter() - begun
    while not address_file().exists():
        if process.poll() is not None or time.perf_counter() - begun > START_LIMIT_SECONDS:
            process.kill()
            sys.exit(f"{command[0]} serve does not listen: exit status {process.poll()}")
        time.sleep(START_PAUSE_SECONDS)
    return process, address_file().read_text().strip(), time.perf_counter() - begun


def loaded(peer, process, address, recording, answers, load, calls):
    """Makes the calls of a recording, and says how they went, and what CPU time a process needed for them."""
    before = cpu_seconds(process)
    result = json.loads(output([peer, "load", address, recording, answers, *load, calls]))
    cpu = cpu_seconds(process) - before
    if result["errors"]:
        sys.exit(f"{result['errors']} of {calls} calls were not answered as they should be")
    made = result["warmed_up"] + result["calls"]
    return Went(result["calls_per_second"], result["p50_us"], result["p99_us"], 1e6 * cpu / made)


def cpu_seconds(process):
    """User and system time of a process that runs."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[UTIME]) + int(fields[UTIME + 1])) / TICKS


def peak(process):
    """The peak of a running process's memory in bytes."""
    status = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    (line,) = (line for line in status if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def median(results, what):
    return statistics.median(getattr(result, what) for result in results)


def ratio(results, base, what):
    """The median over the rounds of one server's figure / another's."""
    return statistics.median(getattr(r, what) / max(getattr(b, what), 1e-3) for r, b in zip(results, base))


def load_average():
    return ", ".join(f"{load:.1f}" for load in os.getloadavg())
