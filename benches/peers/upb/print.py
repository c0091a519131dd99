"""Prints every message of a binary recording with Python's protobuf: `print.py json|text PROTOSET FILE`.

It holds one record in memory and reads the framing itself, so that only messages make the difference.
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

    def display(message):
        if manner == "json":
            return json_format.MessageToJson(message, indent=None, descriptor_pool=pool)
        return text_format.MessageToString(message, descriptor_pool=pool)

    entry_type = message_type("rpcreplay.Entry")
    with open(name, "rb", buffering=1 << 18) as file, open(1, "w", buffering=1 << 18, encoding="utf-8") as out:
        for record in records(file):
            entry = entry_type.FromString(record)
            if entry.HasField("message"):
                message = message_type(entry.message.type_url.rpartition("/")[2]).FromString(entry.message.value)
                out.write(display(message) + "\n")


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
    file.seek(len("RPCReplay"))
    header = True
    while length := file.read(4):
        record = file.read(struct.unpack("<I", length)[0])
        if not header:
            yield record
        header = False


main()
