package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io/ioutil"
	"os"
	"strings"

	"cloud.google.com/go/rpcreplay"
	rpb "cloud.google.com/go/rpcreplay/proto/rpcreplay"
	"github.com/golang/protobuf/jsonpb"
	"github.com/golang/protobuf/proto"
)

func record(address, conversation, recording string) error {
	recorder, err := rpcreplay.NewRecorder(recording, []byte("stations"))
	if err != nil {
		return err
	}
	conn, err := dial(address, recorder.DialOptions()...)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := play(conn, conversation, true); err != nil {
		return err
	}
	return recorder.Close()
}

func replay(recording, conversation string) error {
	replayer, err := rpcreplay.NewReplayer(recording)
	if err != nil {
		return err
	}
	conn, err := replayer.Connection()
	if err != nil {
		return err
	}
	defer conn.Close()
	return play(conn, conversation, false)
}

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
	if _, err := file.WriteString("RPCReplay\x00\x00\x00\x00"); err != nil {
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
