"""The programs that are measured: how each is built, and what its command line is."""

import importlib.util
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from measure import OUT, ROOT, TARGET, opens, output, run
from recordings import Recording

BUF = "1.75.0"
PROTOBUF = "7.36.2"

# Which descriptors the peers are given: those of the types that the Go program knows.
PROTOSET = OUT / "types.protoset"
INTEROP = TARGET / "interop"


@dataclass
class Program:
    """A peer. It is compared with rpcreplay's JSON Lines or Fprint's layout, whichever it does itself."""

    name: str
    form: str
    # A recording to the command that prints it.
    command: Callable
    # What its output has once per entry, or once per message, where that can be counted.
    entry: bytes | None = None
    message: bytes | None = None
    # It is too slow for whole recordings: it, and rpcreplay beside it, are measured on a tenth.
    slow: bool = False


@dataclass
class Own:
    """rpcreplay itself."""

    program: Path

    def command(self, layout, recording, threads=1):
        return [self.program, "print", "--to", layout, "--threads", str(threads), recording.path]


def build(names):
    """Builds the peers of these names and returns their programs; says which can't be built here, and why."""
    if not names:
        return []
    if not shutil.which("apt-get"):
        return skipped("all peers", "their message types come from Debian's Go packages, and apt-get is missing")
    INTEROP.mkdir(exist_ok=True)
    script = 'root=$1 out=$2; source tests/interop/build; "$interop_apiv2" descriptors "$3"'
    run(["bash", "-euc", script, "build", ROOT, INTEROP, PROTOSET])
    peers = {"go": go, "rust": prost_reflect, "protoc": protoc, "buf": buf, "upb": upb}
    return [program for name in names for program in peers[name]()]


def skipped(name, reason):
    print(f"skipped: {name}: {reason}")
    return []


def go():
    protojson, fprint = INTEROP / "interop-apiv2", INTEROP / "interop"
    return [
        Program("Go protojson", "jsonl", lambda r: [protojson, "protojson", r.path], message=rb"^\{"),
        Program("Go Fprint", "fprint", lambda r: [fprint, "fprint", r.path], entry=rb"^#\d+: kind: "),
    ]


def prost_reflect():
    run(
        ["cargo", "build", "--quiet", "--release", "--locked", "--target-dir", TARGET / "peers"]
        + ["--manifest-path", "benches/peers/prost-reflect/Cargo.toml"]
    )
    peer = TARGET / "peers/release/peer-prost-reflect"
    return [
        Program("prost-reflect JSON", "jsonl", lambda r: [peer, "json", PROTOSET, r.path], message=rb"^\{"),
        Program("prost-reflect text", "fprint", lambda r: [peer, "text", PROTOSET, r.path]),
    ]


def protoc():
    def command(recording):
        # protoc reads standard input only.
        decode = ["protoc", f"--descriptor_set_in={recording.image}", "--decode=peers.Entries", "peers.proto"]
        return ["sh", "-c", 'exec "$@" <"$0"', recording.message, *decode]

    return [Program("protoc --decode", "fprint", command, entry=rb"^entries \{")]


def buf():
    if not shutil.which("npm"):
        return skipped("buf", "npm is missing")
    folder = TARGET / "peers" / f"buf-{BUF}"
    if not folder.exists():
        run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, f"@bufbuild/buf@{BUF}"])
    # The program itself: what npm starts is a script for Node, which takes longer to start than to do its work.
    (program,) = folder.glob("node_modules/@bufbuild/buf-*/bin/buf")

    def convert(form):
        return lambda r: (
            [program, "convert", f"{r.image}#format=binpb", "--type", "peers.Entries"]
            + ["--from", f"{r.message}#format=binpb", "--to", f"-#format={form}"]
        )

    return [
        Program("buf convert JSON", "jsonl", convert("json")),
        Program("buf convert text", "fprint", convert("txtpb"), entry=rb"^entries: \{"),
    ]


def upb():
    if not importlib.util.find_spec("pip"):
        return skipped("upb", "pip is missing")
    folder = TARGET / "peers" / f"protobuf-{PROTOBUF}"
    if not folder.exists():
        run([sys.executable, "-m", "pip", "install", "-qq", "--target", folder, f"protobuf=={PROTOBUF}"])
    printer = ["env", f"PYTHONPATH={folder}", sys.executable, ROOT / "benches/peers/upb/peer.py"]
    return [
        Program("Python upb JSON", "jsonl", lambda r: [*printer, "json", PROTOSET, r.path], message=rb"^\{", slow=True),
        Program("Python upb text", "fprint", lambda r: [*printer, "text", PROTOSET, r.path], slow=True),
    ]


def all_open(programs, path):
    """Whether all of them know the message types in a recording: their descriptors are those of Go."""
    go = [program for program in programs if program.name.startswith("Go ")]
    return all(opens(program.command(Recording(path))) for program in go)


def check(programs, own, recording):
    """Makes sure that all see the same number of entries and messages in a recording."""
    lines = output(own.command("jsonl", recording)).splitlines()[1:]
    entries, messages = len(lines), sum(b'"message":' in line for line in lines)
    for program in programs:
        for what, mark, wanted in [("entries", program.entry, entries), ("messages", program.message, messages)]:
            if mark is not None:
                count = len(re.findall(mark, output(program.command(recording)), re.MULTILINE))
                if count != wanted:
                    sys.exit(f"{program.name} shows {count} {what} of {recording.path}, rpcreplay {wanted}")
