"""Prints every message of a binary recording with Python's protobuf, or encodes every message of a file of texts:
`peer.py json|text|from-json|from-text PROTOSET FILE`.

It holds one message in memory and reads the framing itself, so that only messages make the difference.
"""

import struct
import sys

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory, text_format
from google.protobuf.internal import api_implementation


def main():
    manner, protoset, name = sys.argv[1:]
    if api_implementation.Type() != "upb":
        sys.exit(f"this protobuf is built upon {api_implementation.Type()}, not upb")
    pool = load(protoset)
    types = {}

    def message_type(name):
        if name not in types:
            types[name] = message_factory.GetMessageClass(pool.FindMessageTypeByName(name))
        return types[name]

    with open(name, "rb", buffering=1 << 18) as file:
        if manner == "json":
            show(file, message_type, lambda m: json_format.MessageToJson(m, indent=None, descriptor_pool=pool))
        elif manner == "text":
            show(file, message_type, lambda m: text_format.MessageToString(m, descriptor_pool=pool))
        elif manner == "from-json":
            encode(file, message_type, lambda text, m: json_format.Parse(text, m, descriptor_pool=pool))
        elif manner == "from-text":
            encode(file, message_type, lambda text, m: text_format.Parse(text, m, descriptor_pool=pool))
        else:
            sys.exit(f"no manner {manner}")


def show(file, message_type, display):
    """Prints every message of a recording."""
    file.seek(len("RPCReplay"))
    next(records(file))
    entry_type = message_type("rpcreplay.Entry")
    with open(1, "w", buffering=1 << 18, encoding="utf-8") as out:
        for record in records(file):
            entry = entry_type.FromString(record)
            if entry.HasField("message"):
                message = message_type(entry.message.type_url.rpartition("/")[2]).FromString(entry.message.value)
                out.write(display(message) + "\n")


def encode(file, message_type, parse):
    """Parses every message of a file of names and texts by turns, and writes its bytes behind their length."""
    with open(1, "wb", buffering=1 << 18) as out:
        for name, text in zip(*2 * [records(file)]):
            encoded = parse(text, message_type(name.decode())()).SerializeToString()
            out.write(struct.pack("<I", len(encoded)) + encoded)


def load(protoset):
    """A pool of the descriptors in a set, each added after those that it imports."""
    with open(protoset, "rb") as file:
        files = {file.name: file for file in descriptor_pb2.FileDescriptorSet.FromString(file.read()).file}
    pool = descriptor_pool.DescriptorPool()

    def add(name):
        file = files.pop(name, None)
        if file is not None:
            for dependency in file.dependency:
                add(dependency)
            pool.Add(file)

    while files:
        add(next(iter(files)))
    return pool


def records(file):
    """What stands behind lengths."""
    while length := file.read(4):
        yield file.read(struct.unpack("<I", length)[0])


if __name__ == "__main__":
    main()
