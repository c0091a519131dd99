package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io/ioutil"

	pb "cloud.google.com/go/rpcreplay/proto/rpcreplay"
	"github.com/golang/protobuf/proto"
	"github.com/golang/protobuf/ptypes"
	spb "google.golang.org/genproto/googleapis/rpc/status"
)

const (
	magic     = "RPCReplay"
	textMagic = "RPCReTxt1"
)

// Reads a recording in the text format. Set where prototext is linked in.
var readText func(data []byte) (*recording, error)

// A recording read without rpcreplay's reader, so that what that reader says can be checked against it.
type recording struct {
	initial []byte
	entries []*pb.Entry
}

func readRecording(name string) (*recording, error) {
	data, err := ioutil.ReadFile(name)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(data, []byte(textMagic)) && readText != nil {
		rec, err := readText(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %v", name, err)
		}
		return rec, nil
	}
	if len(data) < len(magic) || string(data[:len(magic)]) != magic {
		return nil, fmt.Errorf("%s: no %s", name, magic)
	}
	data = data[len(magic):]
	var rec recording
	for number := 0; number == 0 || len(data) > 0; number++ {
		if len(data) < 4 || uint64(len(data)-4) < uint64(binary.LittleEndian.Uint32(data)) {
			return nil, fmt.Errorf("%s: cut in record %d", name, number)
		}
		length := binary.LittleEndian.Uint32(data)
		record := data[4 : 4+length]
		data = data[4+length:]
		if number == 0 {
			rec.initial = record
			continue
		}
		entry := &pb.Entry{}
		if err := proto.Unmarshal(record, entry); err != nil {
			return nil, fmt.Errorf("%s: entry %d: %v", name, number, err)
		}
		rec.entries = append(rec.entries, entry)
	}
	return &rec, nil
}

// Opens the entry's message; nil without an error if there is none.
func open(entry *pb.Entry) (proto.Message, error) {
	if entry.Message == nil {
		return nil, nil
	}
	message, err := ptypes.Empty(entry.Message)
	if err != nil {
		return nil, err
	}
	return message, ptypes.UnmarshalAny(entry.Message, message)
}

// Opens the status of an entry that is an error.
func openStatus(entry *pb.Entry) (*spb.Status, error) {
	message, err := open(entry)
	if err != nil {
		return nil, err
	}
	status, ok := message.(*spb.Status)
	if !ok {
		return nil, fmt.Errorf("an error holds a %T", message)
	}
	return status, nil
}

// Checks that two recordings say the same, whatever the order in which maps were written.
func same(left, right string) error {
	a, err := readRecording(left)
	if err != nil {
		return err
	}
	b, err := readRecording(right)
	if err != nil {
		return err
	}
	if string(a.initial) != string(b.initial) {
		return fmt.Errorf("%s and %s: initial states differ: %q, %q", left, right, a.initial, b.initial)
	}
	if len(a.entries) != len(b.entries) {
		return fmt.Errorf("%s has %d entries, %s has %d", left, len(a.entries), right, len(b.entries))
	}
	for i, entry := range a.entries {
		if err := sameEntry(entry, b.entries[i]); err != nil {
			return fmt.Errorf("%s and %s: entry %d: %v", left, right, i+1, err)
		}
	}
	return nil
}

func sameEntry(a, b *pb.Entry) error {
	am, err := open(a)
	if err != nil {
		return err
	}
	bm, err := open(b)
	if err != nil {
		return err
	}
	a, b = proto.Clone(a).(*pb.Entry), proto.Clone(b).(*pb.Entry)
	if a.Message != nil && b.Message != nil {
		a.Message.Value, b.Message.Value = nil, nil
	}
	if !proto.Equal(a, b) || !proto.Equal(am, bm) {
		return fmt.Errorf("%v %v differs from %v %v", a, am, b, bm)
	}
	return nil
}
