"""The service Stations, as scripts need it: its server and clients, what is fetched and built for them, and answers that are counted."""

import json
import os
import shutil
import subprocess
import sys
import time
from itertools import zip_longest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
HERE = ROOT / "tests/stations"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
OUT = TARGET / "stations"
PACKAGES = {
    "packages": ["grpcio==1.85.1", "grpcio-health-checking==1.85.1", "grpcio-reflection==1.85.1", "protobuf==7.36.2"],
    "node": ["@grpc/grpc-js@1.14.7", "@grpc/proto-loader@0.8.1"],
}

CONVERSATION = HERE / "conversation.json"
PROTOSET = OUT / "stations.protoset"
STATIONS = OUT / "stations"
CERTIFICATE, KEY = OUT / "certificate.pem", OUT / "key.pem"

# In seconds: for a server to begin or end, and for a client to play a conversation.
SERVER_LIMIT, CLIENT_LIMIT = 20, 100

# What reads descriptions of messages takes them before the command.
CLIENTS = {
    "Go": ([STATIONS], []),
    "Python": ([sys.executable, HERE / "client.py"], [PROTOSET]),
    "Node.js": (["node", HERE / "client.js"], [HERE / "stations.proto"]),
}


class Results:
    def __init__(self):
        self.right = self.wrong = 0

    def compare(self, title, expected, found):
        for one, other in zip_longest(expected, found):
            self.check(one == other, f"{title}\n  expected {brief(one)}\n  found    {brief(other)}")

    def check(self, is_right, words):
        if is_right:
            self.right += 1
        else:
            self.wrong += 1
            print(words)

    def end(self):
        print(f"{self.right} answers are right, {self.wrong} are wrong")
        if self.wrong or not self.right:
            sys.exit(1)


def brief(line):
    text = json.dumps(line, ensure_ascii=False)
    return text if len(text) < 300 else f"{text[:300]}…"


def certain(name, answers):
    """What a client says of answers without what it does not know."""
    unsure = {
        # It makes UNKNOWN of codes that it doesn't know.
        "Python": ("a code that is none", "code"),
        # It may forget messages when an error comes right behind them: grpc-node, issue 2764.
        "Node.js": ("down, breaks in the middle", "messages"),
    }
    call, member = unsure.get(name, (None, None))
    return [{**answer, member: None} if answer["call"] == call else answer for answer in answers]


# Conversations.


def crowd():
    for number in range(40):
        station = f"station {number}"
        yield {"call": f"read {number}", "method": "Read", "steps": [{"station": station, "labels": {"river": str(number)}}]}
        yield {"call": f"watch {number}", "method": "Watch", "steps": [{"station": station, "count": number}]}
        turn = [{"station": station}, "receive"]
        yield {"call": f"discuss {number}", "method": "Discuss", "steps": turn * 5}


def altered(name, alter):
    """Another conversation, made of the one that there is."""
    return conversation_of(name, alter(json.loads(CONVERSATION.read_text())))


def conversation_of(name, calls):
    path = OUT / f"{name}.json"
    path.write_text(json.dumps(list(calls)))
    return path


# Servers and clients.


# Stands in the command of a server for the file that it is to write its address to.
ADDRESS = object()


class NotBegun(Exception):
    pass


class Server:
    """A server that runs while it is used in a `with`; afterwards there are its exit code, what it printed and what it said."""

    def __init__(self, name, command):
        self.address_file, self.outputs = OUT / f"{name}.address", [OUT / f"{name}.{stream}" for stream in ("out", "err")]
        self.command = [str(self.address_file) if part == ADDRESS else str(part) for part in command]

    def __enter__(self):
        self.address_file.unlink(missing_ok=True)
        printed, said = self.outputs
        with open(printed, "w") as out, open(said, "w") as err:
            self.process = subprocess.Popen(self.command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        try:
            self.address = self.wait_for_address()
        except BaseException:
            self.__exit__()
            raise
        return self

    def wait_for_address(self):
        until = time.monotonic() + SERVER_LIMIT
        while time.monotonic() < until and self.process.poll() is None:
            if self.address_file.exists() and (address := self.address_file.read_text().strip()):
                return address
            time.sleep(0.02)
        raise NotBegun(f"{' '.join(self.command)}: exit code {self.process.poll()}\n{self.outputs[1].read_text()}")

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.code = self.process.wait(SERVER_LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.code = self.process.wait()
        self.printed, self.said = (path.read_text() for path in self.outputs)


def go_server(*options, tls=False):
    if tls:
        options = [*options, "-tls", CERTIFICATE, "-key", KEY]
    return Server("stations", [STATIONS, *options, "listen", ADDRESS])


def rpcreplay_server(rpcreplay, command, *options, tls=False):
    """What listens of rpcreplay."""
    options = [*options, "--listen", "127.0.0.1:0", "--addr-file", ADDRESS]
    if tls:
        options += ["--tls-cert", CERTIFICATE, "--tls-key", KEY]
    return Server(command, [rpcreplay, command, *options])


def client(name, *arguments, gzip=False, tls=False, at_once=False):
    program, descriptions = CLIENTS[name]
    options = ["--gzip"] * gzip + ["--at-once"] * at_once
    if tls:
        options += ["--tls", CERTIFICATE if tls is True else tls]
    environment = os.environ | {"PYTHONPATH": str(OUT / "packages"), "NODE_PATH": str(OUT / "node/node_modules")}
    return lines([*program, *options, *descriptions, *arguments], environment)


def lines(command, environment=None, may_fail=False):
    """The lines of JSON that a command prints; None if it fails and may."""
    try:
        done = subprocess.run(list(map(str, command)), cwd=ROOT, env=environment, capture_output=True, text=True, timeout=CLIENT_LIMIT)
        code, printed, said = done.returncode, done.stdout, done.stderr
    except subprocess.TimeoutExpired as error:
        code, printed, said = "none", (error.stdout or b"").decode(), f"still running after {CLIENT_LIMIT} seconds"
    if code != 0 and may_fail:
        return None
    if code != 0:
        # What it printed before is compared, and what is missing is seen there.
        print(f"{' '.join(map(str, command))}: exit code {code}\n{said}")
    return [json.loads(line) for line in printed.splitlines()]


def recorded_by_go(conversation, *options):
    """What Go's Recorder in a client makes of a conversation."""
    recording = OUT / f"{conversation.stem}.replay"
    with go_server() as server:
        run([STATIONS, *options, "record", server.address, conversation, recording])
    return recording


# What is needed.


def prepare(command):
    """Fetches and builds all of it, and says where rpcreplay is; None stands for one that has no such command."""
    install()
    run([HERE / "build"])
    run([STATIONS, "certificate", CERTIFICATE, KEY])
    rpcreplay = os.environ.get("RPCREPLAY")
    if rpcreplay is None:
        run(["cargo", "build", "--quiet", "--release", "--locked", "--bin", "rpcreplay"])
        rpcreplay = TARGET / "release/rpcreplay"
    if subprocess.run([rpcreplay, command, "--help"], capture_output=True).returncode == 0:
        return rpcreplay
    print(f"rpcreplay has no {command}")
    return None


def install():
    OUT.mkdir(parents=True, exist_ok=True)
    pip = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--root-user-action", "ignore"]
    npm = ["npm", "install", "--silent", "--no-audit", "--no-fund"]
    for folder, command in {"packages": [*pip, "--target"], "node": [*npm, "--prefix"]}.items():
        # What is there may be of other versions.
        mark = OUT / f"{folder}.installed"
        if mark.exists() and mark.read_text().split() == PACKAGES[folder]:
            continue
        print("installing", *PACKAGES[folder])
        shutil.rmtree(OUT / folder, ignore_errors=True)
        run([*command, OUT / folder, *PACKAGES[folder]])
        mark.write_text("\n".join(PACKAGES[folder]))


def run(command):
    done = subprocess.run(list(map(str, command)), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stderr}")
