"""The programs that are measured: how each is built, and what its command line is."""

import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path

import recordings
from measure import OUT, ROOT, TARGET, output, run
from recordings import Recording
from report import CONVERSIONS

BUF = "1.75.0"
PROTOBUF = "7.36.2"

# Which descriptors the peers are given: those of the types that the Go program knows.
PROTOSET = OUT / "types.protoset"
INTEROP = TARGET / "interop"


@dataclass
class Program:
    """A peer. It is compared with that layout or conversion of rpcreplay's which it does itself."""

    name: str
    form: str
    # A recording to the command that prints or converts it.
    command: Callable
    # Makes what the command reads besides the recording.
    prepare: Callable = lambda recording: None
    # Its output to the number of entries, or of messages, where they can be counted.
    entries: Callable | None = None
    messages: Callable | None = None
    # It is too slow for whole recordings: it, and rpcreplay beside it, are measured on a tenth.
    slow: bool = False


@dataclass
class Own:
    """rpcreplay itself."""

    program: Path

    def command(self, form, recording, threads=1):
        # The peers do not verify what they have written either.
        manner = ["convert", "--no-verify", "--to", "binary"] if form in CONVERSIONS else ["print", "--to", form]
        return [self.program, *manner, "--threads", str(threads), recording.input(form)]

    def diff(self, pair):
        return [self.program, "diff", "--threads", "1", pair.old.path, pair.new.path]

    def prepare(self, form, recording):
        """Writes what a conversion reads."""
        if form in CONVERSIONS:
            command = [self.program, "convert", "--to", form.removeprefix("from-"), recording.path]
            recordings.written(recording.input(form), [recording.path], command)


def build(names):
    """Builds the peers of these names and returns their programs; says which can't be built here, and why."""
    if not names:
        return []
    if not shutil.which("apt-get"):
        return skipped("all peers", "their message types come from Debian's Go packages, and apt-get is missing")
    build_interop()
    peers = {"go": go, "rust": prost_reflect, "protoc": protoc, "buf": buf, "upb": upb}
    return [program for name in names for program in peers[name]()]


def build_interop():
    """Builds the Go program, and writes the descriptors of the types that it knows."""
    INTEROP.mkdir(exist_ok=True)
    script = 'root=$1 out=$2; source tests/interop/build; "$interop_apiv2" descriptors "$3"'
    run(["bash", "-euc", script, "build", ROOT, INTEROP, PROTOSET])


@dataclass
class Redactor:
    """The peer of `rpcreplay redact`."""

    program: Path

    def redact(self, recording, out):
        return [self.program, "redact", recording, out]

    def same(self, left, right):
        return [self.program, "same", left, right]


def redactor():
    """Builds the peer of `rpcreplay redact`; nothing, if it can't be built here."""
    if not shutil.which("apt-get"):
        skipped("Go", "its message types come from Debian's Go packages, and apt-get is missing")
        return None
    build_interop()
    return Redactor(INTEROP / "interop-apiv2")


def skipped(name, reason):
    print(f"skipped: {name}: {reason}")
    return []


def go():
    apiv2, fprint = INTEROP / "interop-apiv2", INTEROP / "interop"
    return [
        Program("Go protojson", "jsonl", lambda r: [apiv2, "protojson", r.path], messages=matches(rb"^\{")),
        Program("Go Fprint", "fprint", lambda r: [fprint, "fprint", r.path], entries=matches(rb"^#\d+: kind: ")),
        encoder("Go protojson.Unmarshal", "from-jsonl", [apiv2, "fromjson"]),
        encoder("Go prototext.Unmarshal", "from-text", [apiv2, "fromtext"]),
    ]


def prost_reflect():
    run(
        ["cargo", "build", "--quiet", "--release", "--locked", "--target-dir", TARGET / "peers"]
        + ["--manifest-path", "benches/peers/prost-reflect/Cargo.toml"]
    )
    peer = TARGET / "peers/release/peer-prost-reflect"
    return [
        Program("prost-reflect JSON", "jsonl", lambda r: [peer, "json", PROTOSET, r.path], messages=matches(rb"^\{")),
        Program("prost-reflect text", "fprint", lambda r: [peer, "text", PROTOSET, r.path]),
        encoder("prost-reflect from JSON", "from-jsonl", [peer, "from-json", PROTOSET]),
        encoder("prost-reflect from text", "from-text", [peer, "from-text", PROTOSET]),
    ]


def tonic():
    """A server that is written with tonic, and the client that makes calls of it and of rpcreplay."""
    run(
        ["cargo", "build", "--quiet", "--release", "--locked", "--target-dir", TARGET / "peers"]
        + ["--manifest-path", "benches/peers/tonic/Cargo.toml"]
    )
    return TARGET / "peers/release/peer-tonic"


def protoc():
    def prepare_text(recording):
        as_message(recording)
        made_of = [recording.message, recording.image]
        recordings.written(recording.message_text, made_of, protoc_command("--decode", recording, recording.message))

    return [
        Program(
            "protoc --decode",
            "fprint",
            lambda r: protoc_command("--decode", r, r.message),
            prepare=as_message,
            entries=matches(rb"^entries \{"),
        ),
        Program(
            "protoc --encode",
            "from-text",
            lambda r: protoc_command("--encode", r, r.message_text),
            prepare=prepare_text,
            entries=fields,
        ),
    ]


def protoc_command(manner, recording, file):
    # protoc reads standard input only.
    command = ["protoc", f"--descriptor_set_in={recording.image}", f"{manner}=peers.Entries", "peers.proto"]
    return ["sh", "-c", 'exec "$@" <"$0"', file, *command]


def buf():
    if not shutil.which("npm"):
        return skipped("buf", "npm is missing")
    folder = TARGET / "peers" / f"buf-{BUF}"
    if not folder.exists():
        run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, f"@bufbuild/buf@{BUF}"])
    # The program itself: what npm starts is a script for Node, which takes longer to start than to do its work.
    (program,) = folder.glob("node_modules/@bufbuild/buf-*/bin/buf")

    def convert(recording, file, form, to):
        return (
            [program, "convert", f"{recording.image}#format=binpb", "--type", "peers.Entries"]
            + ["--from", f"{file}#format={form}", "--to", f"-#format={to}"]
        )

    def prepare(form, file, recording):
        as_message(recording)
        command = convert(recording, recording.message, "binpb", form)
        recordings.written(file(recording), [recording.message, recording.image], command)

    return [
        Program("buf convert JSON", "jsonl", lambda r: convert(r, r.message, "binpb", "json"), prepare=as_message),
        Program(
            "buf convert text",
            "fprint",
            lambda r: convert(r, r.message, "binpb", "txtpb"),
            prepare=as_message,
            entries=matches(rb"^entries: \{"),
        ),
        Program(
            "buf convert from JSON",
            "from-jsonl",
            lambda r: convert(r, r.message_json, "json", "binpb"),
            prepare=partial(prepare, "json", lambda r: r.message_json),
            entries=fields,
        ),
        Program(
            "buf convert from text",
            "from-text",
            lambda r: convert(r, r.message_text, "txtpb", "binpb"),
            prepare=partial(prepare, "txtpb", lambda r: r.message_text),
            entries=fields,
        ),
    ]


def upb():
    if not importlib.util.find_spec("pip"):
        return skipped("upb", "pip is missing")
    folder = TARGET / "peers" / f"protobuf-{PROTOBUF}"
    if not folder.exists():
        run([sys.executable, "-m", "pip", "install", "-qq", "--target", folder, f"protobuf=={PROTOBUF}"])
    peer = ["env", f"PYTHONPATH={folder}", sys.executable, ROOT / "benches/peers/upb/peer.py"]

    def printer(manner):
        return lambda r: [*peer, manner, PROTOSET, r.path]

    return [
        Program("Python upb JSON", "jsonl", printer("json"), messages=matches(rb"^\{"), slow=True),
        Program("Python upb text", "fprint", printer("text"), slow=True),
        encoder("Python upb from JSON", "from-jsonl", [*peer, "from-json", PROTOSET], slow=True),
        encoder("Python upb from text", "from-text", [*peer, "from-text", PROTOSET], slow=True),
    ]


def encoder(name, form, command, slow=False):
    """A peer that parses messages and writes the bytes of each behind their length."""
    return Program(
        name,
        form,
        lambda r: [*command, r.messages(form)],
        prepare=partial(recordings.as_messages, form),
        messages=lambda out: sum(1 for _ in recordings.records(BytesIO(out))),
        slow=slow,
    )


def as_message(recording):
    recordings.as_message(recording, PROTOSET)


def matches(mark):
    """Counts what stands once in an output for everything that is shown."""
    return lambda out: len(re.findall(mark, out, re.MULTILINE))


def fields(out):
    """Counts the fields of a message: of all entries as one message, the entries."""
    return sum(1 for _ in recordings.fields(out))


def all_known(own, path):
    """Whether the peers' descriptors have every type and field in a recording: nobody parses what it doesn't know."""
    descriptors = ["--no-builtin-protos", "--protoset", PROTOSET]
    printed = output([*own.command("jsonl", Recording(path)), *descriptors], stderr=subprocess.DEVNULL)
    return b'"@wire"' not in printed and b'"@unknown"' not in printed


def check(programs, own, forms, recording):
    """Makes sure that all see the same number of entries and messages in a recording."""
    lines = output(own.command("jsonl", recording)).splitlines()[1:]
    entries, messages = len(lines), sum(b'"message":' in line for line in lines)
    if "from-jsonl" in forms and output(own.command("from-jsonl", recording)) != recording.path.read_bytes():
        sys.exit(f"{recording.path} is another one after the way to JSON Lines and back")
    if "from-text" in forms:
        back = BytesIO(output(own.command("from-text", recording)).removeprefix(recordings.MAGIC))
        if (count := sum(1 for _ in recordings.records(back)) - 1) != entries:
            sys.exit(f"{recording.path} has {entries} entries, and {count} after the way to text and back")
    for program in programs:
        for what, counted, wanted in [("entries", program.entries, entries), ("messages", program.messages, messages)]:
            if counted is not None:
                count = counted(output(program.command(recording)))
                if count != wanted:
                    sys.exit(f"{program.name} shows {count} {what} of {recording.path}, rpcreplay {wanted}")
