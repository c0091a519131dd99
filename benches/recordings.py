"""What is measured: generated recordings, real ones one behind the other, and the same entries as one message."""

import os
import shutil
import struct
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


@dataclass
class Recording:
    """A recording, and where the same entries lie as one message with the descriptors of all types in it."""

    path: Path

    @property
    def size(self):
        return self.path.stat().st_size

    @property
    def message(self):
        return self.path.with_suffix(".binpb")

    @property
    def image(self):
        return self.path.with_suffix(".protoset")

    def entries(self):
        """The entries as the records they are, without the header."""
        with self.path.open("rb") as file:
            file.seek(len(MAGIC))
            number = 0
            while length := file.read(4):
                record = file.read(struct.unpack("<I", length)[0])
                if number > 0:
                    yield record
                number += 1


def generated(mix, size):
    """A recording of benches/generate."""
    generator = TARGET / "release/examples/generate"

    def write(part):
        with part.open("wb") as out:
            run([generator, mix, str(size), SEED], stdout=out)

    return Recording(made(OUT / f"{mix}-{size}.replay", [generator], write))


def real(corpus, size, opens):
    """All recordings in a folder that `opens` accepts one behind the other, as often as gives that size."""
    folder = Path(corpus, "recordings")
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    recordings = [recording for recording in (rewritten(file, folder) for file in files) if opens(recording.path)]
    print(f"real: {len(recordings)} of {len(files)} recordings; the peers don't know the types of the others")

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
