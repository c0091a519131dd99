"""What is measured: generated recordings, real ones one behind the other, and the same entries in other forms."""

import os
import re
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from measure import OUT, TARGET, run

MIXES = ["documents", "pubsub", "streams", "blobs", "vectors"]
SEED = "1"
MAGIC = b"RPCReplay"

# The message that protoc and buf are given: every payload in a field of its own type, where a recording has an Any.
SCHEMA = """syntax = "proto3";
package peers;
{imports}
message Entries {{
  repeated Entry entries = 1;
}}
message Entry {{
  Kind kind = 1;
  string method = 2;
  bool is_error = 4;
  int32 ref_index = 5;
  oneof message {{
{payloads}
  }}
  enum Kind {{
    TYPE_UNSPECIFIED = 0;
    REQUEST = 1;
    RESPONSE = 2;
    CREATE_STREAM = 3;
    SEND = 4;
    RECV = 5;
  }}
}}
"""
# The numbers of Entry's own fields, and the first that a payload may have.
MESSAGE, REF_INDEX, FIRST_PAYLOAD = 3, 5, 16

# What stands around the message in a line of JSON Lines and in an entry of a text recording, as rpcreplay writes them.
JSON_BEFORE = re.compile(rb'"message":\{"@type":"[^"]*?([^"/]+)",?')
JSON_BEHIND = re.compile(rb'(?:,"isError":true)?(?:,"refIndex":\d+)?\}\n')
JSON_BEHIND_BYTES = 64
TEXT_BEFORE = re.compile(rb"^message: \{\n  \[[^\]]*?([^\]/]+)\]: \{", re.MULTILINE)
TEXT_BEHIND = b"\n  }\n}\n"

# Types of this package have a JSON of their own, which stands in a "value" beside "@type".
WELL_KNOWN = b"google.protobuf."


@dataclass
class Recording:
    """A recording, and where the same entries lie in other forms."""

    path: Path

    @property
    def size(self):
        return self.path.stat().st_size

    def input(self, form):
        """What is read: the recording itself, or its other format for "from-jsonl" and "from-text"."""
        return self.path.with_suffix("." + form.removeprefix("from-")) if form.startswith("from-") else self.path

    def messages(self, form):
        """The messages alone out of what a conversion reads, for peers that read no recordings."""
        return self.path.with_suffix(f".{form}-messages")

    @property
    def message(self):
        """Its entries as one message, for peers that read neither recordings nor several messages."""
        return self.path.with_suffix(".binpb")

    @property
    def message_json(self):
        return self.path.with_suffix(".binpb.json")

    @property
    def message_text(self):
        return self.path.with_suffix(".binpb.txtpb")

    @property
    def image(self):
        """The descriptors of that message and of all types in it."""
        return self.path.with_suffix(".protoset")

    def entries(self):
        """The entries as the records they are, without the header."""
        with self.path.open("rb") as file:
            file.seek(len(MAGIC))
            next(records(file))
            yield from records(file)


@dataclass
class Pair:
    """Two recordings that are to be compared."""

    old: Recording
    new: Recording
    # What the generator says was changed; nothing where that is not what the pair is about.
    changes: str = ""

    @property
    def size(self):
        return self.old.size + self.new.size


def generated(mix, size):
    """A recording of benches/generate."""
    generator = TARGET / "release/examples/generate"

    return Recording(written(OUT / f"{mix}-{size}.replay", [generator], [generator, mix, size, SEED]))


def pair(name, entries):
    """A pair of benches/generate."""
    generator = TARGET / "release/examples/generate"
    changes = OUT / f"{name}-{entries}.changes"

    def path(side):
        return OUT / f"{name}-{entries}-{side}.replay"

    def write_new(part):
        with part.open("wb") as out:
            command = [generator, name, entries, SEED, "new"]
            changes.write_text(run(command, stdout=out, stderr=subprocess.PIPE, text=True).stderr)

    old = written(path("old"), [generator], [generator, name, entries, SEED, "old"])
    new = made(path("new"), [generator], write_new)
    return Pair(Recording(old), Recording(new), changes.read_text().strip())


def real(corpus, size, suits):
    """All recordings in a folder that `suits` accepts one behind the other, as often as gives that size."""
    folder = Path(corpus, "recordings")
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    recordings = [recording for recording in (rewritten(file, folder) for file in files) if suits(recording.path)]
    print(f"real: {len(recordings)} of {len(files)} recordings; the peers don't know all types and fields of the others")

    def write(part):
        with part.open("wb") as out:
            join([list(recording.entries()) for recording in recordings], size, out)

    path = OUT / f"real-{len(recordings)}-{size}.replay"
    return Recording(made(path, [recording.path for recording in recordings], write))


def rewritten(file, folder):
    """A recording of any format as a binary one."""
    rewrite = TARGET / "release/examples/rewrite"
    path = OUT / "real" / ("+".join(file.relative_to(folder).parts) + ".replay")
    path.parent.mkdir(exist_ok=True)
    return Recording(made(path, [rewrite, file], lambda part: run([rewrite, file, part])))


def copied(file):
    """A recording that something may be written beside."""
    return Recording(made(OUT / file.name, [file], lambda part: shutil.copy(file, part)))


def join(recordings, size, out):
    """Writes lists of entries one behind the other, with references that count from the new beginning."""
    out.write(MAGIC + bytes(4))
    before = 0
    while out.tell() < size:
        for entries in recordings:
            for record in entries:
                parts = [(number, value + before if number == REF_INDEX else value) for number, value in fields(record)]
                record = b"".join(field(*part) for part in parts)
                out.write(struct.pack("<I", len(record)) + record)
            before += len(entries)


def written(path, sources, command):
    """The path of a file that a command writes to its standard output."""

    def write(part):
        with part.open("wb") as out:
            run(command, stdout=out)

    return made(path, sources, write)


def as_messages(form, recording):
    """Writes, by turns, the name of a type and what is to be parsed as a message of it, each behind its length."""
    messages = {"from-jsonl": json_messages, "from-text": text_messages}[form]

    def write(part):
        with recording.input(form).open("rb") as file, part.open("wb") as out:
            for name, text in messages(file):
                out.write(struct.pack("<I", len(name)) + name + struct.pack("<I", len(text)) + text)

    made(recording.messages(form), [recording.input(form)], write)


def json_messages(file):
    """The type and the JSON of each message in JSON Lines, cut out of its line."""
    for line in file:
        if before := JSON_BEFORE.search(line):
            behind = JSON_BEHIND.search(line, max(before.end(), len(line) - JSON_BEHIND_BYTES))
            json = line[before.end() : behind.start()]
            if before[1].startswith(WELL_KNOWN):
                yield before[1], json.removeprefix(b'"value":').removesuffix(b"}")
            else:
                yield before[1], b"{" + json


def text_messages(file):
    """The type and the text of each message in a text recording, with the indentation that it has there."""
    file.readline(), file.readline()
    while count := file.readline():
        text = file.read(int(count))
        if before := TEXT_BEFORE.search(text):
            # An empty message has its brackets on one line, and no other can end there.
            behind = before.end() if text[before.end() :].startswith(b"}") else text.index(TEXT_BEHIND, before.end())
            yield before[1], text[before.end() : behind]


def as_message(recording, protoset):
    """Writes the recording's entries as one message, and the descriptors it needs, beside the recording."""

    def write(part):
        known = files_by_type(protoset)
        numbers = {}
        with part.open("wb") as out:
            for record in recording.entries():
                out.write(field(1, b"".join(field(*typed(*part, numbers)) for part in fields(record))))
        payloads = [f"    .{name} payload_{number} = {number};" for name, number in numbers.items()]
        imports = [f'import "{file}";' for file in sorted({known[name] for name in numbers})]
        schema = part.with_name("peers.proto")
        schema.write_text(SCHEMA.format(imports="\n".join(imports), payloads="\n".join(payloads)))
        own = part.with_name("peers.protoset")
        run(["protoc", f"--descriptor_set_in={protoset}", f"-I{OUT}", f"--descriptor_set_out={own}", schema])
        # Sets of descriptors that stand one behind the other are one set.
        recording.image.write_bytes(protoset.read_bytes() + own.read_bytes())

    made(recording.message, [recording.path, protoset], write)


def typed(number, value, numbers):
    """A field of an entry; an Any becomes the payload it holds, in a field with the number of its type."""
    if number != MESSAGE:
        return number, value
    opened = dict(fields(value))
    name = opened[1].decode().rpartition("/")[2]
    return numbers.setdefault(name, FIRST_PAYLOAD + len(numbers)), opened.get(2, b"")


def files_by_type(protoset):
    """The name of each message type in a set of descriptors to the file that defines it."""
    known = {}
    for _, file in fields(protoset.read_bytes()):
        file = list(fields(file))
        name, package = (next((value.decode() for number, value in file if number == wanted), "") for wanted in (1, 2))
        for message in (value for number, value in file if number == 4):
            known[f"{package}.{dict(fields(message))[1].decode()}"] = name
    return known


def records(file):
    """What stands behind lengths."""
    while length := file.read(4):
        yield file.read(struct.unpack("<I", length)[0])


def fields(message):
    """Number and value of each field: an integer, or bytes."""
    at = 0
    while at < len(message):
        tag, at = varint(message, at)
        if tag & 7 == 0:
            value, at = varint(message, at)
        else:
            length, at = varint(message, at) if tag & 7 == 2 else ({1: 8, 5: 4}[tag & 7], at)
            value, at = message[at : at + length], at + length
        yield tag >> 3, value


def varint(message, at):
    value = shift = 0
    while message[at] > 127:
        value |= (message[at] & 127) << shift
        at, shift = at + 1, shift + 7
    return value | message[at] << shift, at + 1


def field(number, value):
    if isinstance(value, int):
        return encoded(number << 3) + encoded(value)
    return encoded(number << 3 | 2) + encoded(len(value)) + value


def encoded(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def made(path, sources, write):
    """The path of a file that is written if it is absent or older than what it is made of."""
    if not path.exists() or any(path.stat().st_mtime < source.stat().st_mtime for source in sources):
        part = path.with_suffix(".part")
        write(part)
        os.replace(part, path)
    return path
