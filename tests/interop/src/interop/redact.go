//go:build apiv2

package main

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"

	pb "cloud.google.com/go/rpcreplay/proto/rpcreplay"
	"github.com/golang/protobuf/proto"
	"github.com/golang/protobuf/ptypes/any"
	protov2 "google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

func init() {
	moreCommands["redact"] = func(args []string) error {
		if len(args) != 2 {
			return fmt.Errorf("redact takes two files")
		}
		return redact(args[0], args[1], os.Getenv("RPCREPLAY_KEY"))
	}
}

// The fields that are redacted wherever they stand.
var secretFields = map[protoreflect.Name]bool{
	"token": true, "access_token": true, "refresh_token": true, "password": true, "client_secret": true, "api_key": true,
	"email": true, "etag": true,
}

const (
	secretMessage = "google.rpc.DebugInfo"
	pull          = "/google.pubsub.v1.Subscriber/Pull"
)

// Writes a recording without what ten rules select, as one would write a program for it by hand: every message is
// decoded, walked and encoded. They are those of benches/redact.
func redact(from, to, key string) error {
	file, err := os.Create(to)
	if err != nil {
		return err
	}
	defer file.Close()
	out := bufio.NewWriterSize(file, 1<<18)
	out.WriteString(magic)
	err = eachRecord(from, func(number int, record []byte) error {
		if number > 0 {
			if record, err = redactEntry(record, key); err != nil {
				return fmt.Errorf("entry %d: %v", number, err)
			}
		}
		if err := binary.Write(out, binary.LittleEndian, uint32(len(record))); err != nil {
			return err
		}
		_, err := out.Write(record)
		return err
	})
	if err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return file.Close()
}

func redactEntry(record []byte, key string) ([]byte, error) {
	entry := &pb.Entry{}
	if err := proto.Unmarshal(record, entry); err != nil {
		return nil, err
	}
	if entry.Message != nil {
		subscription := ""
		if entry.Kind == pb.Entry_REQUEST && entry.Method == pull {
			subscription = key
		}
		if err := redactAny(entry.Message, subscription); err != nil {
			return nil, err
		}
	}
	return proto.Marshal(entry)
}

// Redacts a message inside an Any; with a key, of a request its subscription, too.
func redactAny(packed *any.Any, key string) error {
	message, err := packed.UnmarshalNew()
	if err != nil {
		return err
	}
	if err := redactMessage(message.ProtoReflect()); err != nil {
		return err
	}
	if key != "" {
		field := message.ProtoReflect().Descriptor().Fields().ByName("subscription")
		value := message.ProtoReflect().Get(field).String()
		message.ProtoReflect().Set(field, protoreflect.ValueOfString(pseudonym(value, key)))
	}
	packed.Value, err = protov2.Marshal(message)
	return err
}

func redactMessage(message protoreflect.Message) (err error) {
	switch message.Descriptor().FullName() {
	case secretMessage:
		protov2.Reset(message.Interface())
		return nil
	case "google.protobuf.Any":
		if packed, ok := message.Interface().(*any.Any); ok {
			return redactAny(packed, "")
		}
	}
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.IsMap():
			if field.MapValue().Message() != nil {
				value.Map().Range(func(_ protoreflect.MapKey, value protoreflect.Value) bool {
					err = redactMessage(value.Message())
					return err == nil
				})
			}
		case field.IsList() && field.Message() != nil:
			for i := 0; i < value.List().Len() && err == nil; i++ {
				err = redactMessage(value.List().Get(i).Message())
			}
		case field.Message() != nil:
			err = redactMessage(value.Message())
		case secretFields[field.Name()]:
			redactField(message, field, value)
		}
		return err == nil
	})
	return err
}

func redactField(message protoreflect.Message, field protoreflect.FieldDescriptor, value protoreflect.Value) {
	redacted := protoreflect.ValueOfString("REDACTED")
	switch field.Kind() {
	case protoreflect.BytesKind:
		redacted = protoreflect.ValueOfBytes([]byte("REDACTED"))
	case protoreflect.StringKind:
	default:
		return
	}
	if !field.IsList() {
		message.Set(field, redacted)
		return
	}
	for i := 0; i < value.List().Len(); i++ {
		value.List().Set(i, redacted)
	}
}

// What rpcreplay makes of a value with a key: twelve characters that tell the value, and four that tell that it is one.
func pseudonym(value, key string) string {
	const alphabet = "abcdefghijklmnopqrstuvwxyz234567"
	text := "redacted-"
	add := func(use byte, of string, count int) {
		hash := hmac.New(sha256.New, []byte(key))
		hash.Write([]byte{use})
		binary.Write(hash, binary.LittleEndian, uint64(len(of)))
		hash.Write([]byte(of))
		for _, b := range hash.Sum(nil)[:count] {
			text += alphabet[b&31 : b&31+1]
		}
	}
	add(1, value, 12)
	add(2, text, 4)
	return text
}
