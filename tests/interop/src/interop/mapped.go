//go:build apiv2

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"github.com/golang/protobuf/proto"
	"google.golang.org/protobuf/reflect/protopath"
	"google.golang.org/protobuf/reflect/protorange"
)

func init() {
	moreCommands["absent"] = func(args []string) error { return absentMapped(args[0], args[1:]) }
}

// Checks that of the values which a map says were replaced none is left in recordings; says how many there are.
//
// What stands within a longer word is another value, and may.
func absentMapped(mapName string, files []string) error {
	values, err := mappedValues(mapName)
	if err != nil {
		return err
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		texts, err := allTexts(file)
		if err != nil {
			return err
		}
		if err := absentFrom(data, values, func(value []byte) int { return countWithinWords(texts, value) }); err != nil {
			return fmt.Errorf("%s: %v", file, err)
		}
		fmt.Printf("%s: %d\n", file, len(values))
	}
	return nil
}

// The strings and bytes that a map says were replaced, each once.
func mappedValues(name string) ([][]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	decoder := json.NewDecoder(bufio.NewReader(file))
	seen := map[string]bool{}
	var values [][]byte
	for {
		var line struct {
			Values []struct {
				Kind     string
				Original []byte
			}
		}
		if err := decoder.Decode(&line); err == io.EOF {
			return values, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s: %v", name, err)
		}
		for _, value := range line.Values {
			if (value.Kind == "string" || value.Kind == "bytes") && !seen[string(value.Original)] {
				seen[string(value.Original)] = true
				values = append(values, value.Original)
			}
		}
	}
}

// The initial state and all strings and bytes of all messages, keys of maps and fields that nobody knows among them.
func allTexts(file string) ([][]byte, error) {
	rec, err := readRecording(file)
	if err != nil {
		return nil, err
	}
	texts := [][]byte{rec.initial}
	for i, entry := range rec.entries {
		message, err := open(entry)
		if err != nil {
			return nil, fmt.Errorf("%s: entry %d: %v", file, i+1, err)
		}
		if message == nil {
			continue
		}
		err = protorange.Range(proto.MessageV2(message).ProtoReflect(), func(path protopath.Values) error {
			last := path.Index(-1)
			if last.Step.Kind() == protopath.MapIndexStep {
				texts = append(texts, []byte(last.Step.MapIndex().String()))
			}
			switch value := last.Value.Interface().(type) {
			case string:
				texts = append(texts, []byte(value))
			case []byte:
				texts = append(texts, value)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return texts, nil
}

// Counts how often a value stands in texts with more letters, digits, "-" or "_" before or behind it.
func countWithinWords(texts [][]byte, value []byte) int {
	count := 0
	for _, text := range texts {
		if !utf8.Valid(text) {
			continue
		}
		for at := 0; ; {
			next := bytes.Index(text[at:], value)
			if next < 0 {
				break
			}
			begin, end := at+next, at+next+len(value)
			if begin > 0 && isOfWord(text[begin-1]) || end < len(text) && isOfWord(text[end]) {
				count++
			}
			at = end
		}
	}
	return count
}

func isOfWord(b byte) bool {
	return '0' <= b && b <= '9' || 'A' <= b && b <= 'Z' || 'a' <= b && b <= 'z' || b == '-' || b == '_' || b >= utf8.RuneSelf
}
