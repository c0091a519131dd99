"""Recordings as Go reads them, and in what one of `record` may differ from one of Go's Recorder.

A call is a list of entries in ProtoJSON, in their order, without their references.
"""

import struct

from stations import STATIONS, lines


class Recording:
    """What Go reads of a recording, to its end; `may_fail`: `is_whole` says whether that can be read."""

    def __init__(self, path, *options, may_fail=False):
        read = lines([STATIONS, *options, "entries", path], may_fail=may_fail)
        self.is_whole = read is not None
        header, *entries = read or [{"initial": None}]
        self.initial, self.entry_count, calls = header["initial"], len(entries), {}
        for number, entry in enumerate(entries, 1):
            calls.setdefault(entry.pop("refIndex", number), []).append(entry)
        self.numbers, self.calls = list(calls), list(calls.values())

    def unanswered(self):
        return [call for call in self.calls if call[-1]["kind"] == "REQUEST"]


def records(path):
    """The records of a recording as bytes, that of the initial state, too."""
    content, at = path.read_bytes(), len("RPCReplay")
    found = []
    while at < len(content):
        [length] = struct.unpack_from("<I", content, at)
        found.append(content[at + 4 : at + 4 + length])
        at += 4 + length
    return found


# What may differ, by the names of calls.


def in_any_order(call):
    """A client that does not wait for an answer before it sends on receives later than the proxy."""
    return [entry for entry in call if entry["kind"] != "RECV"] + [entry for entry in call if entry["kind"] == "RECV"]


def without_words(call):
    """A client that gives up has its own words for that, the server, if it is quicker, others, and the proxy those of Go's client."""
    *others, last = call
    return [*others, {**last, "message": {**last.get("message", {}), "message": None}}]


DIFFERENCES = {
    "both, all sent before all is received": in_any_order,
    "both, unevenly": in_any_order,
    "both, canceled": without_words,
    "both, held until the deadline": without_words,
    "held, read": without_words,
    "held, up": without_words,
    "held, down": without_words,
    "held, both": without_words,
    "canceled, greeted": without_words,
}

# Node.js ends its side of a stream that it gives up, and resets it some milliseconds later: an empty DATA with END_STREAM, then
# RST_STREAM, each in a packet of its own. In between a server may answer what has ended, and so the recording says, while that client
# waits no longer.
END = {"kind": "RECV", "isError": True}
OVERTAKEN = {
    "Node.js": {
        "both, canceled": END,
        "both, held until the deadline": END,
        "held, up": {"kind": "RECV", "message": {"@type": "type.googleapis.com/serve.v1.Summary", "readings": 1}},
        "held, both": END,
        "canceled, greeted": END,
    }
}


def overtaken(client):
    return OVERTAKEN.get(client, {})


def alike(client, name, expected, found):
    """Whether a call of a client is recorded as Go's Recorder has it, but for what may differ."""
    if not expected or not found:
        return False
    if found == [*expected[:-1], overtaken(client).get(name)]:
        return True
    normal = DIFFERENCES.get(name, list)
    return normal(expected) == normal(found)


# What becomes of calls of which nothing is known.


def of_unknown_types(call, is_unary):
    """What a call is recorded as, with messages as bytes, if no descriptor has its method."""
    method, first, last = call[0]["method"], call[0]["kind"], call[-1]

    def unknown(entry):
        if "message" not in entry or entry.get("isError"):
            return entry
        end = "Request" if entry["kind"] in ("REQUEST", "SEND") else "Response"
        url = f"rpcreplay.unknown/{method[1:].replace('/', '.')}.{end}"
        return {**entry, "message": {**entry["message"], "typeUrl": url}}

    call = [unknown(entry) for entry in call]
    if first == "REQUEST" and is_unary:
        return call
    if first == "REQUEST":
        [request, response] = call
        sent = {"kind": "SEND", "message": request["message"]}
        call = [{"kind": "CREATE_STREAM", "method": method}, sent, {**response, "kind": "RECV"}]
    # Of one answer a client that knows that there is only one does not ask for the end.
    return call if last.get("isError") else [*call, {"kind": "RECV", "isError": True}]
