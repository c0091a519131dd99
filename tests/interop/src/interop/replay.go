package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"cloud.google.com/go/rpcreplay"
	pb "cloud.google.com/go/rpcreplay/proto/rpcreplay"
	"github.com/golang/protobuf/proto"
	"github.com/golang/protobuf/ptypes/empty"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
)

// What Go's Replayer says of a recording. Error is its own; Played counts calls and streams that it answered as
// recorded, and Wrong says where it did not.
type verdict struct {
	File    string `json:"file"`
	Error   string `json:"error,omitempty"`
	Initial string `json:"initial"`
	Entries int    `json:"entries"`
	Played  int    `json:"played"`
	Wrong   string `json:"wrong,omitempty"`
}

func replayAll(files []string) error {
	out := json.NewEncoder(os.Stdout)
	failed := 0
	for _, file := range files {
		v := replay(file)
		if v.Error != "" || v.Wrong != "" {
			failed++
		}
		if err := out.Encode(v); err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d recordings do not replay", failed, len(files))
	}
	return nil
}

func replay(file string) verdict {
	v := verdict{File: file}
	replayer, err := rpcreplay.NewReplayer(file)
	if err != nil {
		v.Error = err.Error()
		return v
	}
	v.Initial = base64.StdEncoding.EncodeToString(replayer.Initial())
	rec, err := readRecording(file)
	if err != nil {
		v.Wrong = err.Error()
		return v
	}
	v.Entries = len(rec.entries)
	conn, err := replayer.Connection()
	if err != nil {
		v.Wrong = err.Error()
		return v
	}
	defer conn.Close()
	for i, entry := range rec.entries {
		err = nil
		switch entry.Kind {
		// The Replayer looks for an equal request in the order of the responses, so that is the order to ask in.
		case pb.Entry_RESPONSE:
			err = playCall(conn, rec.entries[entry.RefIndex-1], entry)
			v.Played++
		case pb.Entry_CREATE_STREAM:
			err = playStream(conn, rec.entries, i)
			v.Played++
		}
		if err != nil {
			v.Played--
			v.Wrong = fmt.Sprintf("entry %d: %v", i+1, err)
			break
		}
	}
	return v
}

func playCall(conn *grpc.ClientConn, request, response *pb.Entry) error {
	message, err := open(request)
	if err != nil {
		return err
	}
	answer, err := blankAnswer(response)
	if err != nil {
		return err
	}
	callErr := conn.Invoke(context.Background(), request.Method, message, answer)
	return checkAnswer(response, answer, callErr)
}

func playStream(conn *grpc.ClientConn, entries []*pb.Entry, created int) error {
	create := entries[created]
	desc := &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}
	stream, err := conn.NewStream(context.Background(), desc, create.Method)
	if err != nil {
		return err
	}
	if create.IsError {
		return checkAnswer(create, nil, stream.RecvMsg(&empty.Empty{}))
	}
	for i := created + 1; i < len(entries); i++ {
		entry := entries[i]
		if int(entry.RefIndex) != created+1 {
			continue
		}
		switch entry.Kind {
		case pb.Entry_SEND:
			err = playSend(stream, entry)
		case pb.Entry_RECV:
			var answer proto.Message
			if answer, err = blankAnswer(entry); err == nil {
				err = checkAnswer(entry, answer, stream.RecvMsg(answer))
			}
		}
		if err != nil {
			return fmt.Errorf("its entry %d: %v", i+1, err)
		}
	}
	return nil
}

// Sends what was recorded. Of a failed send only the error was recorded, so any message will do.
func playSend(stream grpc.ClientStream, entry *pb.Entry) error {
	if entry.IsError {
		return checkAnswer(entry, nil, stream.SendMsg(&empty.Empty{}))
	}
	message, err := open(entry)
	if err != nil {
		return err
	}
	return stream.SendMsg(message)
}

// An empty message of the type that the entry answers with.
func blankAnswer(entry *pb.Entry) (proto.Message, error) {
	if entry.IsError {
		return &empty.Empty{}, nil
	}
	message, err := open(entry)
	if err != nil {
		return nil, err
	}
	message.Reset()
	return message, nil
}

// Checks that the Replayer answered what the entry recorded.
func checkAnswer(entry *pb.Entry, answer proto.Message, answerErr error) error {
	switch {
	case entry.IsError && entry.Message == nil:
		if answerErr != io.EOF {
			return fmt.Errorf("end of stream recorded, %v played", answerErr)
		}
	case entry.IsError:
		want, err := openStatus(entry)
		if err != nil {
			return err
		}
		got, ok := status.FromError(answerErr)
		if !ok || !proto.Equal(got.Proto(), want) {
			return fmt.Errorf("status %v recorded, %v played", want, answerErr)
		}
	case answerErr != nil:
		return answerErr
	default:
		want, err := open(entry)
		if err != nil {
			return err
		}
		if !proto.Equal(answer, want) {
			return fmt.Errorf("message %v recorded, %v played", want, answer)
		}
	}
	return nil
}
