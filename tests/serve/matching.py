"""Recordings, what is asked of each, and where `serve` deliberately answers otherwise than Go's Replayer does.

Entries and messages are ProtoJSON; a call is one of a conversation, see tests/stations/README.md.
"""

from dataclasses import dataclass, field

SERVICE = "serve.v1.Stations"


@dataclass
class Case:
    title: str
    entries: list
    calls: list
    # By the names of calls: the code with which they end otherwise than Go has it, and why.
    differs: dict = field(default_factory=dict)


def any_(name, **fields):
    return {"@type": f"type.googleapis.com/{name}", **fields}


def status(code, message):
    return any_("google.rpc.Status", code=code, message=message)


def request(station, method="Read", **fields):
    fields = fields if station is None else {"station": station, **fields}
    message = any_("serve.v1.Blob" if method == "Store" else "serve.v1.ReadRequest", **fields)
    return {"kind": "REQUEST", "method": f"/{SERVICE}/{method}", "message": message}


def response(ref, number):
    return {"kind": "RESPONSE", "refIndex": ref, "message": any_("serve.v1.Reading", number=number)}


def failed(kind, ref, code=None, message=""):
    """An error; without a code the end of a stream."""
    entry = {"kind": kind, "refIndex": ref, "isError": True}
    return entry if code is None else {**entry, "message": status(code, message)}


def create(method="Discuss", **more):
    return {"kind": "CREATE_STREAM", "method": f"/{SERVICE}/{method}", **more}


def send(ref, station):
    return {"kind": "SEND", "refIndex": ref, "message": any_("serve.v1.Reading", station=station)}


def watch(ref, station):
    return {"kind": "SEND", "refIndex": ref, "message": any_("serve.v1.WatchRequest", station=station)}


def recv(ref, number):
    return {"kind": "RECV", "refIndex": ref, "message": any_("serve.v1.Reading", number=number)}


def end(ref):
    return failed("RECV", ref)


def read(name, station, **fields):
    fields = fields if station is None else {"station": station, **fields}
    return {"call": name, "method": "Read", "steps": [fields]}


def stream(name, *steps, method="Discuss", **more):
    """Steps are "receive" or what is said of a station."""
    steps = [step if step == "receive" else {"station": step} for step in steps]
    return {"call": name, "method": method, "steps": steps, **more}


CASES = [
    # Unary calls.
    Case(
        "equal requests are answered in the order of the responses, each once",
        [request("a"), request("a"), response(2, 20), response(1, 10)],
        [read("first", "a"), read("second", "a"), read("third", "a")],
    ),
    Case(
        "between equal requests there may be others, and the order of asking is free",
        [request("a"), response(1, 1), request("b"), response(3, 2), request("a"), response(5, 3)],
        [read("b", "b"), read("a", "a"), read("a again", "a"), read("b again", "b")],
    ),
    Case(
        "a request that was not recorded has no answer, and uses none up",
        [request("a"), response(1, 1)],
        [read("other", "b"), read("more", "a", revision=1), read("a", "a")],
    ),
    Case(
        "the method counts",
        [request("a"), response(1, 1)],
        [{"call": "other method", "method": "Store", "steps": [{}]}, stream("a stream", "a"), read("a", "a")],
    ),
    Case(
        "an error is answered once, too",
        [request("a"), failed("RESPONSE", 1, 5, "gone"), request("a"), response(3, 2)],
        [read("error", "a"), read("answer", "a"), read("nothing", "a")],
    ),
    Case(
        "what is set to nothing differs from what is not set where that can be told",
        [
            *(request("a", within={}), response(1, 1), request("b", layer=""), response(3, 2)),
            *(request("c", unit="CELSIUS", hours=[], labels={}, token=""), response(5, 3)),
        ],
        [
            *(read("no message", "a"), read("an empty message", "a", within={})),
            *(read("no oneof", "b"), read("another oneof", "b", metres=0), read("an empty oneof", "b", layer="")),
            read("no fields", "c"),
        ],
    ),
    Case(
        "maps have no order, lists have",
        [request("a", labels={"x": "1", "y": "2", "z": "3"}), response(1, 1), request("b", hours=[1, 2]), response(3, 2)],
        [
            *(read("other value", "a", labels={"x": "1", "y": "2", "z": "4"}), read("map", "a", labels={"z": "3", "y": "2", "x": "1"})),
            *(read("list turned round", "b", hours=[2, 1]), read("list", "b", hours=[1, 2])),
        ],
    ),
    Case(
        "zero and minus zero",
        [request("a", metres=-0.0), response(1, 1)],
        [read("plus zero", "a", metres=0.0)],
        {"plus zero": (2, "for golang/protobuf 1.3 they are equal, for its successor only one of them is a value that was set")},
    ),
    Case(
        "what is no number",
        [request("a", metres="NaN"), response(1, 1)],
        [read("NaN", "a", metres="NaN")],
        {"NaN": (0, "for golang/protobuf 1.3 it does not equal itself, for its successor it does")},
    ),
    # Streams.
    Case(
        "streams are chosen by what is sent first",
        [
            *(create(), send(1, "a"), recv(1, 1), end(1)),
            *(create(), send(5, "b"), recv(5, 2), end(5)),
        ],
        [stream("b", "b"), stream("a", "a"), stream("a again", "a"), stream("never", "c")],
    ),
    Case(
        "equal streams are used in the order in which they were opened",
        [
            *(create(), create(), send(2, "a"), recv(2, 2), end(2)),
            *(send(1, "a"), recv(1, 1), end(1)),
        ],
        [stream("first", "a"), stream("second", "a"), stream("third", "a")],
    ),
    Case(
        "who receives before sending gets the first stream of the method",
        [
            *(create("Greet"), recv(1, 1), send(1, "a"), recv(1, 2), end(1)),
            *(create("Greet"), recv(6, 3), send(6, "b"), recv(6, 4), end(6)),
        ],
        [
            stream("says b", "receive", "b", "receive", method="Greet"),
            stream("says a", "receive", "a", "receive", method="Greet"),
            stream("third", "receive", method="Greet"),
        ],
    ),
    Case(
        "a stream that could not be opened answers with its error, once",
        [create(isError=True, message=status(14, "no route")), create(), send(2, "a"), recv(2, 1), end(2)],
        [stream("fails", "a"), stream("a", "a"), stream("none", "a")],
    ),
    Case(
        "a stream that could not be opened answers whoever only receives",
        [create("Greet", isError=True, message=status(16, "who are you?"))],
        [stream("fails", "receive", method="Greet")],
    ),
    Case(
        "what is sent later need not be what was recorded",
        [create(), send(1, "a"), send(1, "b"), recv(1, 1), end(1)],
        [stream("differs", "a", "c")],
    ),
    Case(
        "an error ends a stream",
        [create(), send(1, "a"), recv(1, 1), failed("RECV", 1, 10, "enough")],
        [stream("breaks", "a", "receive", "receive")],
    ),
    Case(
        "the end of a stream while sending: why is received",
        [create(), send(1, "a"), failed("SEND", 1), failed("RECV", 1, 9, "refused")],
        [stream("refused", "a", "b")],
    ),
    Case(
        "an error of sending",
        [create(), send(1, "a"), failed("SEND", 1, 8, "too much"), failed("RECV", 1, 8, "too much")],
        [stream("too much", "a", "b")],
    ),
    Case(
        "a stream on which only sending failed",
        [create(), failed("SEND", 1), failed("RECV", 1, 7, "not you")],
        [stream("refused at once", "a")],
    ),
    Case(
        "who sends fits a stream on which nothing was sent",
        [create(), recv(1, 1), end(1), create(), send(4, "a"), recv(4, 2), end(4)],
        [stream("first", "a"), stream("second", "a")],
        {"first": (0, "Go chooses the same stream and then refuses the message, which it has no send for")},
    ),
    Case(
        "more is sent than was recorded",
        [create(), send(1, "a"), recv(1, 1), end(1)],
        [stream("more", "a", "b")],
        {"more": (0, "Go refuses what it has no send for")},
    ),
    Case(
        "less is sent than was recorded",
        [create(), send(1, "a"), recv(1, 1), send(1, "b"), recv(1, 2), end(1)],
        [stream("less", "a")],
    ),
    Case(
        "more is received than was recorded",
        [create(), send(1, "a"), recv(1, 1)],
        [stream("held", "a", "receive", ends="deadline")],
        {"held": (4, "Go says that it has no more; the recording has no end, and neither has the stream")},
    ),
    Case(
        "more is received of a server's stream than was recorded",
        [create("Watch"), watch(1, "a"), recv(1, 1)],
        [stream("ended", "a", method="Watch")],
        {"ended": (0, "Go says that it has no more; the client has closed its side, and the recording has no more to say")},
    ),
    Case(
        "less is sent than was recorded, and the stream goes on",
        [create(), send(1, "a"), recv(1, 1), send(1, "b"), recv(1, 2), end(1)],
        [stream("held", "a", "receive", "receive", ends="deadline")],
        {"held": (4, "Go says that the stream has ended as soon as it is asked; a server waits for what comes")},
    ),
    Case(
        "a stream down",
        [create("Watch"), watch(1, "a"), recv(1, 1), recv(1, 2), end(1), create("Watch"), watch(6, "b"), end(6)],
        [stream("b", "b", method="Watch"), stream("a", "a", method="Watch"), stream("c", "c", method="Watch")],
    ),
    Case(
        "a stream up, whose end is not received",
        [
            *(create("Upload"), send(1, "a"), send(1, "b")),
            {"kind": "RECV", "refIndex": 1, "message": any_("serve.v1.Summary", readings=2)},
        ],
        [stream("up", "a", "b", method="Upload")],
    ),
    # Recordings.
    Case("nothing was recorded", [], [read("none", "a")]),
    Case("a response without a request", [request("a"), response(1, 1), response(1, 2)], []),
    Case("a response to what comes later", [response(2, 1), request("a")], []),
    Case("a request without a response", [request("a"), response(1, 1), request("b")], []),
    Case("a message on no stream", [create(), send(2, "a")], []),
    Case("an answer on no stream", [create(), recv(3, 1)], []),
    Case("an entry of no kind", [{"kind": "TYPE_UNSPECIFIED", "message": any_("serve.v1.Reading")}], []),
    Case("a response that says nothing", [request("a"), {"kind": "RESPONSE", "refIndex": 1}], []),
]
