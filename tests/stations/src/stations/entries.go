package main

import (
	"bufio"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"io/ioutil"
	"os"
	"strings"

	rpb "cloud.google.com/go/rpcreplay/proto/rpcreplay"
	"github.com/golang/protobuf/jsonpb"
	"github.com/golang/protobuf/proto"
	"github.com/golang/protobuf/ptypes"
)

// What a recording begins with.
const magic = "RPCReplay"

// Writes what the Recorder might have written, but need not have.
func writeRecording(entries, recording string) error {
	data, err := ioutil.ReadFile(entries)
	if err != nil {
		return err
	}
	var texts []json.RawMessage
	if err := json.Unmarshal(data, &texts); err != nil {
		return err
	}
	file, err := os.Create(recording)
	if err != nil {
		return err
	}
	if _, err := file.WriteString(magic + "\x00\x00\x00\x00"); err != nil {
		return err
	}
	for i, text := range texts {
		entry := &rpb.Entry{}
		if err := jsonpb.Unmarshal(strings.NewReader(string(text)), entry); err != nil {
			return fmt.Errorf("entry %d: %v", i+1, err)
		}
		encoded, err := proto.Marshal(entry)
		if err != nil {
			return err
		}
		if err := binary.Write(file, binary.LittleEndian, uint32(len(encoded))); err != nil {
			return err
		}
		if _, err := file.Write(encoded); err != nil {
			return err
		}
	}
	return file.Close()
}

// An entry as jsonpb reads it. Messages of types that are unknown, or all of them with -raw, are their bytes.
type printed struct {
	Kind     string      `json:"kind"`
	Method   string      `json:"method,omitempty"`
	Message  interface{} `json:"message,omitempty"`
	IsError  bool        `json:"isError,omitempty"`
	RefIndex int32       `json:"refIndex,omitempty"`
}

// Prints entries until the recording ends as a whole; what is cut off is an error.
func printEntries(recording string) error {
	file, err := os.Open(recording)
	if err != nil {
		return err
	}
	defer file.Close()
	in, out := bufio.NewReader(file), bufio.NewWriter(os.Stdout)
	begin := make([]byte, len(magic))
	if _, err := io.ReadFull(in, begin); err != nil || string(begin) != magic {
		return fmt.Errorf("%s: begins with %q: %v", recording, begin, err)
	}
	initial, err := readRecord(in)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(out).Encode(map[string]string{"initial": string(initial)}); err != nil {
		return err
	}
	for {
		record, err := readRecord(in)
		if err == io.EOF {
			return out.Flush()
		}
		if err != nil {
			return err
		}
		entry := &rpb.Entry{}
		if err := proto.Unmarshal(record, entry); err != nil {
			return err
		}
		line := printed{Kind: entry.Kind.String(), Method: entry.Method, IsError: entry.IsError, RefIndex: entry.RefIndex}
		if message := entry.Message; message != nil {
			if _, err := ptypes.Empty(message); err != nil || *raw {
				line.Message = map[string]string{
					"typeUrl": message.TypeUrl, "value": base64.StdEncoding.EncodeToString(message.Value),
				}
			} else {
				text, err := (&jsonpb.Marshaler{}).MarshalToString(message)
				if err != nil {
					return err
				}
				line.Message = json.RawMessage(text)
			}
		}
		if err := json.NewEncoder(out).Encode(line); err != nil {
			return err
		}
	}
}

func readRecord(in io.Reader) ([]byte, error) {
	var length uint32
	if err := binary.Read(in, binary.LittleEndian, &length); err != nil {
		return nil, err
	}
	record := make([]byte, length)
	if _, err := io.ReadFull(in, record); err != nil {
		return nil, fmt.Errorf("a record of %d bytes: %v", length, err)
	}
	return record, nil
}
