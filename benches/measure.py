"""What a process costs: CPU time, wall time, peak memory."""

import os
import shlex
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "target"
OUT = TARGET / "bench"


@dataclass
class Cost:
    """Seconds: user and system time of a process, and how long one waits for it."""

    cpu: float
    wall: float
    # The exit status.
    status: int = 0

    def __add__(self, other):
        """The cost of one behind the other."""
        return Cost(self.cpu + other.cpu, self.wall + other.wall, max(self.status, other.status))


def cost(command, reader=None, fine=(0,)):
    """Runs a program with its output thrown away, or read by another program through a pipe.

    The reader's CPU time is not counted, but what the pipe costs the program is, and so is waiting for the reader.
    An exit status that is not `fine` ends everything.
    """
    started = time.perf_counter()
    if reader is None:
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    else:
        reading = subprocess.Popen(reader, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=reading.stdin)
        reading.stdin.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if reader is not None:
        reading.wait()
    if process.returncode not in fine:
        sys.exit(f"{shlex.join(map(str, command))}: exit status {process.returncode}")
    return Cost(usage.ru_utime + usage.ru_stime, time.perf_counter() - started, process.returncode)


def rounds(measurements, number):
    """Name to the costs of its runs: in each round every measurement once, in turn forwards and backwards."""
    costs = {name: [] for name in measurements}
    for turn in range(number):
        for name in list(measurements) if turn % 2 == 0 else reversed(measurements):
            costs[name].append(measurements[name]())
    return costs


def ratio(costs, base, what):
    """The median over the rounds of one program's CPU or wall time / another's."""
    return statistics.median(getattr(c, what) / max(getattr(b, what), 1e-3) for c, b in zip(costs, base))


def median(costs, what):
    return statistics.median(getattr(cost, what) for cost in costs)


def peak(command, fine=(0,)):
    """Runs a program with its output thrown away, and returns its peak of memory in bytes.

    A program that Python starts is charged with Python's own memory; time(1) is small enough not to matter.
    """
    report = OUT / "peak"
    time = ["/usr/bin/time", "--quiet", "-f", "%M", "-o", report]
    run([*time, *command], fine, stdout=subprocess.DEVNULL)
    return int(report.read_text()) * 1024


def install_time():
    """Debian has time(1) in a package of its own, which may be missing."""
    if not Path("/usr/bin/time").exists():
        run([*([] if os.getuid() == 0 else ["sudo"]), "apt-get", "install", "-qq", "time"])


def output(command, **more):
    """What a program writes to standard output."""
    return run(command, stdout=subprocess.PIPE, **more).stdout


def run(command, fine=(0,), **more):
    """Runs a step without which nothing can be measured."""
    command = list(map(str, command))
    done = subprocess.run(command, cwd=ROOT, **more)
    if done.returncode not in fine:
        sys.exit(f"{shlex.join(command)}: exit status {done.returncode}")
    return done
