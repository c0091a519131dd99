package main

import (
	"fmt"
	"io/ioutil"
	"regexp"
	"strings"

	pb "cloud.google.com/go/rpcreplay/proto/rpcreplay"
	"github.com/golang/protobuf/proto"
	"google.golang.org/grpc/status"
)

// Checks the lines of JSON that somebody printed. Set where protojson is linked in.
var compareLines func(rec *recording, printed []byte) error

// Checks what somebody printed of a recording: parsed with Go's own parsers, it must say what the recording says.
func compare(file, layout, printed string) error {
	rec, err := readRecording(file)
	if err != nil {
		return err
	}
	data, err := ioutil.ReadFile(printed)
	if err != nil {
		return err
	}
	switch {
	case layout == "fprint":
		err = compareFprint(rec, string(data))
	case layout == "jsonl" && compareLines != nil:
		err = compareLines(rec, data)
	default:
		err = fmt.Errorf("this build does not know the layout %q", layout)
	}
	if err != nil {
		return fmt.Errorf("%s: %v", printed, err)
	}
	return nil
}

var entryHeader = regexp.MustCompile(`(?m)^#(\d+): kind: (\w+), method: (.*), ref index: (-?\d+)`)

// Both layouts of Fprint are taken: this package's, and that of go-replayers, which differs in the line ends, in
// the text format's brackets and in how an Any is shown.
func compareFprint(rec *recording, printed string) error {
	heads := entryHeader.FindAllStringSubmatchIndex(printed, -1)
	if len(heads) != len(rec.entries) {
		return fmt.Errorf("%d entries printed, %d recorded", len(heads), len(rec.entries))
	}
	first := len(printed)
	if len(heads) > 0 {
		first = heads[0][0]
	}
	if want := fmt.Sprintf("initial state: %q\n", rec.initial); printed[:first] != want {
		return fmt.Errorf("%q is not %q", printed[:first], want)
	}
	for i, entry := range rec.entries {
		head := heads[i]
		end := len(printed)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		group := func(n int) string { return printed[head[2*n]:head[2*n+1]] }
		got := strings.Join([]string{group(1), group(2), group(3), group(4)}, " ")
		if want := fmt.Sprintf("%d %s %s %d", i+1, entry.Kind, entry.Method, entry.RefIndex); got != want {
			return fmt.Errorf("entry %q is not %q", got, want)
		}
		if err := compareBody(entry, printed[head[1]:end]); err != nil {
			return fmt.Errorf("entry %d: %v", i+1, err)
		}
	}
	return nil
}

func compareBody(entry *pb.Entry, body string) error {
	switch {
	case entry.IsError:
		want := "EOF"
		if entry.Message != nil {
			recorded, err := openStatus(entry)
			if err != nil {
				return err
			}
			want = status.ErrorProto(recorded).Error()
		}
		if body != ", error: "+want+"\n" && body != ", error:\n"+want+"\n" {
			return fmt.Errorf("%q is not error %q", body, want)
		}
		return nil
	case entry.Message == nil:
		if strings.TrimSpace(body) != "" {
			return fmt.Errorf("%q where nothing was recorded", body)
		}
		return nil
	}
	want, err := open(entry)
	if err != nil {
		return err
	}
	got := proto.Clone(want)
	got.Reset()
	if !strings.HasPrefix(body, ", message:") {
		return fmt.Errorf("no message in %q", body)
	}
	if err := proto.UnmarshalText(strings.TrimPrefix(body, ", message:"), got); err != nil {
		return err
	}
	return compareMessages(got, want)
}

func compareMessages(got, want proto.Message) error {
	if !proto.Equal(got, want) {
		return fmt.Errorf("%v\nis not\n%v", got, want)
	}
	return nil
}
