//go:build apiv2

package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"strconv"
	"strings"

	pb "cloud.google.com/go/rpcreplay/proto/rpcreplay"
	"github.com/golang/protobuf/proto"
	"github.com/golang/protobuf/ptypes"
	"github.com/golang/protobuf/ptypes/any"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/prototext"
	protov2 "google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

func init() {
	compareLines = compareJSONLines
	readText = readTextRecording
	moreCommands["descriptors"] = func(args []string) error { return writeDescriptors(args[0]) }
	moreCommands["protojson"] = func(args []string) error {
		return printMessages(args[0], protojson.MarshalOptions{}.Marshal)
	}
	moreCommands["prototext"] = func(args []string) error {
		return printMessages(args[0], prototext.MarshalOptions{Multiline: true, EmitUnknown: true, Indent: "  "}.Marshal)
	}
	moreCommands["fromjson"] = func(args []string) error { return encodeMessages(args[0], protojson.Unmarshal) }
	moreCommands["fromtext"] = func(args []string) error { return encodeMessages(args[0], prototext.Unmarshal) }
}

// Writes the descriptors of all linked-in files as a FileDescriptorSet.
func writeDescriptors(name string) error {
	set := &descriptorpb.FileDescriptorSet{}
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		set.File = append(set.File, protodesc.ToFileDescriptorProto(file))
		return true
	})
	sort.Slice(set.File, func(i, j int) bool { return set.File[i].GetName() < set.File[j].GetName() })
	data, err := proto.Marshal(set)
	if err != nil {
		return err
	}
	return os.WriteFile(name, data, 0o666)
}

// Prints every message of a recording, holding one record in memory.
func printMessages(name string, marshal func(protoreflect.ProtoMessage) ([]byte, error)) error {
	out := bufio.NewWriterSize(os.Stdout, 1<<16)
	err := eachRecord(name, func(number int, record []byte) error {
		if number == 0 {
			return nil
		}
		if err := printMessage(out, record, marshal); err != nil {
			return fmt.Errorf("entry %d: %v", number, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return out.Flush()
}

// Reads the records of a recording one by one into the same memory; the first, number 0, is its header.
func eachRecord(name string, on func(number int, record []byte) error) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	in := bufio.NewReaderSize(file, 1<<18)
	if _, err := in.Discard(len(magic)); err != nil {
		return err
	}
	var record []byte
	for number := 0; ; number++ {
		if record, err = readChunk(in, record); err == io.EOF && number > 0 {
			return nil
		} else if err != nil {
			return err
		}
		if err := on(number, record); err != nil {
			return err
		}
	}
}

func printMessage(out *bufio.Writer, record []byte, marshal func(protoreflect.ProtoMessage) ([]byte, error)) error {
	entry := &pb.Entry{}
	if err := proto.Unmarshal(record, entry); err != nil {
		return err
	}
	message, err := open(entry)
	if err != nil || message == nil {
		return err
	}
	printed, err := marshal(proto.MessageV2(message))
	if err != nil {
		return err
	}
	out.Write(printed)
	return out.WriteByte('\n')
}

// Reads a recording in the text format with Go's own parsers of numbers, quoted strings and prototext.
func readTextRecording(data []byte) (*recording, error) {
	lines := bufio.NewReader(bytes.NewReader(data))
	line := func() (string, error) {
		text, err := lines.ReadString('\n')
		return strings.TrimSuffix(text, "\n"), err
	}
	if _, err := line(); err != nil {
		return nil, err
	}
	quoted, err := line()
	if err != nil {
		return nil, err
	}
	initial, err := strconv.Unquote(quoted)
	if err != nil {
		return nil, fmt.Errorf("initial state %s: %v", quoted, err)
	}
	rec := &recording{initial: []byte(initial)}
	for {
		count, err := line()
		if err == io.EOF && count == "" {
			return rec, nil
		} else if err != nil {
			return nil, err
		}
		length, err := strconv.Atoi(count)
		if err != nil {
			return nil, err
		}
		text := make([]byte, length)
		if _, err := io.ReadFull(lines, text); err != nil {
			return nil, err
		}
		entry := &pb.Entry{}
		if err := prototext.Unmarshal(text, proto.MessageV2(entry)); err != nil {
			return nil, fmt.Errorf("entry %d: %v", len(rec.entries)+1, err)
		}
		rec.entries = append(rec.entries, entry)
	}
}

// Parses every message of a file of names and texts, and writes its bytes behind their length; holds one message in
// memory.
func encodeMessages(name string, unmarshal func([]byte, protoreflect.ProtoMessage) error) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	in := bufio.NewReaderSize(file, 1<<18)
	out := bufio.NewWriterSize(os.Stdout, 1<<16)
	var typeName, text, encoded []byte
	for number := 1; ; number++ {
		if typeName, err = readChunk(in, typeName); err == io.EOF {
			return out.Flush()
		} else if err != nil {
			return err
		}
		if text, err = readChunk(in, text); err != nil {
			return err
		}
		messageType, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(typeName))
		if err != nil {
			return fmt.Errorf("message %d: %s: %v", number, typeName, err)
		}
		message := messageType.New().Interface()
		if err := unmarshal(text, message); err != nil {
			return fmt.Errorf("message %d: %v", number, err)
		}
		if encoded, err = (protov2.MarshalOptions{}).MarshalAppend(encoded[:0], message); err != nil {
			return fmt.Errorf("message %d: %v", number, err)
		}
		if err := binary.Write(out, binary.LittleEndian, uint32(len(encoded))); err != nil {
			return err
		}
		out.Write(encoded)
	}
}

// Reads a length and that many bytes, into the buffer if they fit.
func readChunk(in *bufio.Reader, buffer []byte) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return nil, err
	}
	length := binary.LittleEndian.Uint32(head[:])
	if uint64(cap(buffer)) < uint64(length) {
		buffer = make([]byte, length)
	}
	buffer = buffer[:length]
	_, err := io.ReadFull(in, buffer)
	return buffer, err
}

// One line of JSON Lines; the first has Format, Initial and Canonical, the others the rest.
type line struct {
	Format    string
	Initial   string
	Canonical bool
	Index     int
	Kind      string
	Method    string
	Message   json.RawMessage
	IsError   bool
	RefIndex  int32
}

func compareJSONLines(rec *recording, printed []byte) error {
	lines := bytes.Split(bytes.TrimSuffix(printed, []byte("\n")), []byte("\n"))
	if len(lines) != 1+len(rec.entries) {
		return fmt.Errorf("%d lines printed for %d entries", len(lines), len(rec.entries))
	}
	for i, text := range lines {
		var got line
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&got); err != nil {
			return fmt.Errorf("line %d: %v", i+1, err)
		}
		if i == 0 {
			if got.Format != magic || got.Initial != base64.StdEncoding.EncodeToString(rec.initial) {
				return fmt.Errorf("header %s does not hold %q", text, rec.initial)
			}
			continue
		}
		if err := compareLine(rec.entries[i-1], i, &got); err != nil {
			return fmt.Errorf("line %d: %v", i+1, err)
		}
	}
	return nil
}

func compareLine(entry *pb.Entry, index int, got *line) error {
	if got.Index != index || got.Kind != entry.Kind.String() || got.Method != entry.Method ||
		got.IsError != entry.IsError || got.RefIndex != entry.RefIndex {
		return fmt.Errorf("%+v is not %v", got, entry)
	}
	if entry.Message == nil || got.Message == nil {
		if entry.Message != nil || got.Message != nil {
			return errors.New("a message on one side only")
		}
		return nil
	}
	printed, err := markWire(got.Message)
	if err != nil {
		return err
	}
	message := &any.Any{}
	if err := protojson.Unmarshal(printed, proto.MessageV2(message)); err != nil {
		return err
	}
	if message.TypeUrl != entry.Message.TypeUrl {
		return fmt.Errorf("@type is %s, not %s", message.TypeUrl, entry.Message.TypeUrl)
	}
	was, err := open(&pb.Entry{Message: message})
	if err != nil {
		return err
	}
	want, err := open(entry)
	if err != nil {
		return err
	}
	if status, ok := want.(*spb.Status); ok {
		if err := markUnknownDetails(status); err != nil {
			return err
		}
	}
	return compareMessages(was, want)
}

// An Any of a type without descriptor has no ProtoJSON; it is printed with its bytes as "@wire". A message of a
// known type stands in for it, on both sides.
func standIn(typeURL, wire string) *errdetails.ResourceInfo {
	return &errdetails.ResourceInfo{ResourceType: typeURL, ResourceName: wire}
}

func markWire(printed []byte) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(printed))
	decoder.UseNumber()
	var value interface{}
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	return json.Marshal(replaceWire(value))
}

func replaceWire(value interface{}) interface{} {
	switch value := value.(type) {
	case []interface{}:
		for i := range value {
			value[i] = replaceWire(value[i])
		}
	case map[string]interface{}:
		if wire, ok := value["@wire"].(string); ok {
			typeURL, _ := value["@type"].(string)
			mark := standIn(typeURL, wire)
			return map[string]interface{}{
				"@type":        "type.googleapis.com/google.rpc.ResourceInfo",
				"resourceType": mark.ResourceType,
				"resourceName": mark.ResourceName,
			}
		}
		for key := range value {
			value[key] = replaceWire(value[key])
		}
	}
	return value
}

func markUnknownDetails(status *spb.Status) error {
	for i, detail := range status.Details {
		name := detail.TypeUrl[strings.LastIndex(detail.TypeUrl, "/")+1:]
		if proto.MessageType(name) != nil {
			continue
		}
		mark, err := ptypes.MarshalAny(standIn(detail.TypeUrl, base64.StdEncoding.EncodeToString(detail.Value)))
		if err != nil {
			return err
		}
		status.Details[i] = mark
	}
	return nil
}
