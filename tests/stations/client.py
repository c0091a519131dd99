"""Plays a conversation with Python's gRPC, and asks for health and reflection; prints lines of JSON.

    client.py [--gzip] [--tls CERT] [--at-once] PROTOSET play ADDRESS CONVERSATION
    client.py [--gzip] [--tls CERT] PROTOSET health|reflection|reflection-v1 ADDRESS
"""

import argparse
import hashlib
import json
import queue
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2 as reflection

SERVICE = "serve.v1.Stations"
# In seconds, see client.go.
CALL_LIMIT = 20
CALL_DEADLINE = 0.5


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gzip", action="store_true")
    parser.add_argument("--tls")
    parser.add_argument("--at-once", action="store_true")
    parser.add_argument("protoset")
    parser.add_argument("command", choices=["play", "health", "reflection", "reflection-v1"])
    parser.add_argument("address")
    parser.add_argument("conversation", nargs="?")
    arguments = parser.parse_args()
    with connect(arguments) as channel:
        if arguments.command == "play":
            methods = load(arguments.protoset).methods_by_name
            with open(arguments.conversation, encoding="utf-8") as file:
                calls = json.load(file)
            with ThreadPoolExecutor(len(calls) if arguments.at_once else 1) as pool:
                for line in pool.map(lambda call: play(channel, methods[call["method"]], call), calls):
                    show(line)
        elif arguments.command == "health":
            ask_health(channel)
        else:
            reflect(channel, arguments.command.removeprefix("reflection-"))


def connect(arguments):
    options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    compression = grpc.Compression.Gzip if arguments.gzip else None
    if arguments.tls is None:
        return grpc.insecure_channel(arguments.address, options, compression)
    with open(arguments.tls, "rb") as file:
        credentials = grpc.ssl_channel_credentials(file.read())
    return grpc.secure_channel(arguments.address, credentials, options, compression)


def load(protoset):
    pool = descriptor_pool.DescriptorPool()
    with open(protoset, "rb") as file:
        for proto in descriptor_pb2.FileDescriptorSet.FromString(file.read()).file:
            pool.Add(proto)
    return pool.FindServiceByName(SERVICE)


def play(channel, method, call):
    """What comes of a call: its steps, and then its end, see the README."""
    steps, ends = call["steps"], call.get("ends")
    timeout = CALL_DEADLINE if ends == "deadline" else CALL_LIMIT
    begun = time.monotonic()
    running, send = start(channel, method, steps, timeout)
    received = []
    try:
        for step in steps:
            if step == "receive":
                received.append(next(running))
            elif method.client_streaming:
                send(message(method, step))
        if ends is None:
            send(None)
        if ends == "cancel":
            running.cancel()
        if method.server_streaming:
            for one in running:
                # What still comes is a matter of chance.
                if ends != "cancel":
                    received.append(one)
        else:
            received.append(running.result())
    except grpc.RpcError:
        pass
    finally:
        # Ends the thread that sends.
        send(None)
    line = {"call": call["call"], "method": call["method"], "code": running.code().value[0]}
    if ends not in ("deadline", "cancel"):
        line["message"] = running.details() or ""
    for key, value in running.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            line["details"] = value.hex()
    if ends == "deadline":
        line["inTime"] = CALL_DEADLINE * 0.9 <= time.monotonic() - begun < CALL_DEADLINE * 6
    line["messages"] = [{"bytes": len(one), "sha256": hashlib.sha256(one).hexdigest()} for one in received]
    return line


def start(channel, method, steps, timeout):
    """A call that runs, and what sends in it; None is the end. Received are bytes as they come."""
    shape = "_".join("stream" if is_stream else "unary" for is_stream in (method.client_streaming, method.server_streaming))
    callable_ = getattr(channel, shape)(
        f"/{SERVICE}/{method.name}", request_serializer=lambda message: message.SerializeToString()
    )
    requests = queue.Queue()
    request = iter(requests.get, None) if method.client_streaming else message(method, steps[0])
    begin = callable_ if method.server_streaming else callable_.future
    return begin(request, timeout=timeout), requests.put


def message(method, step):
    """A message of ProtoJSON. A number in the place of data stands for so many bytes."""
    empty = message_factory.GetMessageClass(method.input_type)()
    if not isinstance(size := step.get("data"), int):
        return json_format.ParseDict(step, empty)
    result = json_format.ParseDict({name: value for name, value in step.items() if name != "data"}, empty)
    result.data = (bytes(range(251)) * (size // 251 + 1))[:size]
    return result


def ask_health(channel):
    stub = health_pb2_grpc.HealthStub(channel)
    for service in ("", SERVICE, "no.such.Service"):
        line = {"service": service, "code": 0, "status": 0}
        try:
            line["status"] = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=CALL_LIMIT).status
        except grpc.RpcError as error:
            line["code"] = error.code().value[0]
        show(line)


def reflect(channel, version):
    """What reflection tells of the service, whichever version of it is asked; their messages are the same."""
    version = "v1" if version == "v1" else "v1alpha"
    ask = channel.stream_stream(
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=reflection.ServerReflectionResponse.FromString,
    )
    questions = [
        reflection.ServerReflectionRequest(list_services=""),
        reflection.ServerReflectionRequest(file_containing_symbol=SERVICE),
        reflection.ServerReflectionRequest(file_containing_symbol=f"{SERVICE}.Watch"),
        reflection.ServerReflectionRequest(file_containing_symbol="serve.v1.Reading"),
        reflection.ServerReflectionRequest(file_containing_symbol="serve.v1.Nothing"),
    ]
    try:
        listed, *found, missed = ask(iter(questions), timeout=CALL_LIMIT)
    except grpc.RpcError as error:
        sys.exit(f"{error.code()}: {error.details()}")
    names = [service.name for service in listed.list_services_response.service]
    # A server may offer its other services, too.
    show({"services": [name for name in names if not name.startswith("grpc.")]})
    for answer in found:
        [file] = map(descriptor_pb2.FileDescriptorProto.FromString, answer.file_descriptor_response.file_descriptor_proto)
        show({"package": file.package, "messages": sorted(message.name for message in file.message_type)})
        for service in file.service:
            show({"service": service.name, "methods": [json_format.MessageToDict(method) for method in service.method]})
    show({"missed": missed.error_response.error_code})


def show(line):
    print(json.dumps(line, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
