package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/ioutil"
	"os"
	"reflect"

	"cloud.google.com/go/rpcreplay"
)

// Makes the calls of a scenario again, answered by the Replayer of a redacted recording. The scenario's values are
// replaced by those that stand in the redacted recording where its own stand in the original one; both are given as
// JSON Lines, too. Everything else the calls make of these values and of responses, as a program would whose
// recording was redacted.
//
// The Replayer must have answered with everything it has, and of the values that were replaced none may be left.
func again(name, original, redacted, file string) error {
	for _, s := range scenarios {
		if s.name == name {
			if err := scenarioAgain(s, original, redacted, file); err != nil {
				return fmt.Errorf("%s: %v", file, err)
			}
			return nil
		}
	}
	return fmt.Errorf("no scenario %s", name)
}

func scenarioAgain(s scenario, original, redacted, file string) error {
	values, err := redactedValues(s.setting.values, original, redacted)
	if err != nil {
		return err
	}
	var replaced [][]byte
	for key, value := range s.setting.values {
		if values[key] != value {
			replaced = append(replaced, []byte(value))
		}
	}
	if len(replaced) == 0 {
		return fmt.Errorf("no value of the scenario was redacted")
	}
	s.setting.values = values

	replayer, err := rpcreplay.NewReplayer(file)
	if err != nil {
		return err
	}
	conn, err := replayer.Connection()
	if err != nil {
		return err
	}
	defer conn.Close()
	left := leftOf(replayer)
	if err := s.calls(context.Background(), conn, s.setting); err != nil {
		return err
	}
	if err := left(); err != nil {
		return err
	}
	data, err := ioutil.ReadFile(file)
	if err != nil {
		return err
	}
	return absentFrom(data, replaced, never)
}

// What a Replayer did not answer with, when that is asked for. It doesn't say, so this looks into its fields.
func leftOf(replayer *rpcreplay.Replayer) func() error {
	fields := reflect.ValueOf(replayer).Elem()
	calls, streams := fields.FieldByName("calls"), fields.FieldByName("streams")
	// The Replayer forgets a stream when it begins.
	var begun []reflect.Value
	for i := 0; i < streams.Len(); i++ {
		begun = append(begun, streams.Index(i).Elem())
	}
	return func() error {
		for i := 0; i < calls.Len(); i++ {
			if !calls.Index(i).IsNil() {
				return fmt.Errorf("call %d of %d was not made", i+1, calls.Len())
			}
		}
		for i, stream := range begun {
			sends, recvs := stream.FieldByName("sends").Len(), stream.FieldByName("recvs").Len()
			if !streams.Index(i).IsNil() || sends > 0 || recvs > 0 {
				return fmt.Errorf("of stream %d of %d, %d sends and %d receives are left", i+1, len(begun), sends, recvs)
			}
		}
		return nil
	}
}

// The values as they stand in the redacted recording where these stand in the original one. Each must have become the
// same everywhere in requests, where the scenario puts it.
func redactedValues(values map[string]string, original, redacted string) (map[string]string, error) {
	was, err := requests(original)
	if err != nil {
		return nil, err
	}
	is, err := requests(redacted)
	if err != nil {
		return nil, err
	}
	became := map[string]map[string]bool{}
	add := func(was, is string) {
		if became[was] == nil {
			became[was] = map[string]bool{}
		}
		became[was][is] = true
	}
	pairTexts(was, is, func(was, is string) {
		add(was, is)
		// It may be what JSON has for bytes.
		wasBytes, wasErr := base64.StdEncoding.DecodeString(was)
		isBytes, isErr := base64.StdEncoding.DecodeString(is)
		if wasErr == nil && isErr == nil {
			add(string(wasBytes), string(isBytes))
		}
	})
	found := map[string]string{}
	for key, value := range values {
		if len(became[value]) != 1 {
			return nil, fmt.Errorf("%s %q became %d different values", key, value, len(became[value]))
		}
		for is := range became[value] {
			found[key] = is
		}
	}
	return found, nil
}

// The messages of requests and sends in JSON Lines.
func requests(name string) ([]interface{}, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	decoder := json.NewDecoder(bufio.NewReader(file))
	var messages []interface{}
	for {
		var line struct {
			Kind    string
			Message interface{}
		}
		if err := decoder.Decode(&line); err == io.EOF {
			return messages, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s: %v", name, err)
		}
		if line.Kind == "REQUEST" || line.Kind == "SEND" {
			messages = append(messages, line.Message)
		}
	}
}

// Calls on for all texts that stand at the same place of two values.
func pairTexts(left, right interface{}, on func(left, right string)) {
	switch left := left.(type) {
	case string:
		if right, ok := right.(string); ok {
			on(left, right)
		}
	case []interface{}:
		if right, ok := right.([]interface{}); ok && len(left) == len(right) {
			for i := range left {
				pairTexts(left[i], right[i], on)
			}
		}
	case map[string]interface{}:
		if right, ok := right.(map[string]interface{}); ok {
			for key := range left {
				pairTexts(left[key], right[key], on)
			}
		}
	}
}
