// Interop exercises the real cloud.google.com/go/rpcreplay: it records calls against servers of its own on
// loopback, prints and replays recordings, and judges what another program printed of a recording.
package main

import (
	"bufio"
	"fmt"
	"os"

	"cloud.google.com/go/rpcreplay"
)

const usage = `usage: interop COMMAND ARGUMENTS

  record DIR [NAME...]          record every scenario but checksums, or those named, as DIR/NAME.replay
  fprint FILE                   print a recording with rpcreplay's own Fprint
  replay FILE...                open recordings with the real Replayer and play every call; a line of JSON for each
  again NAME WAS IS FILE        make the calls of a scenario again, answered by the Replayer of its redacted recording FILE,
                                with the values that stand in IS where its own stand in WAS: FILE and the recording that
                                was redacted, as JSON Lines
  compare FILE fprint PRINTED   check what was printed of FILE in Fprint's layout
  compare FILE jsonl PRINTED    check what was printed of FILE as JSON Lines (apiv2)
  same FILE FILE                check that two recordings have equal entries, byte order of maps aside; they may be in
                                the text format (apiv2)

Built with -tags apiv2, against a golang/protobuf that stands on google.golang.org/protobuf, it also knows

  absent MAP FILE...            check that of the values which MAP says were redacted none is left, in any form
  descriptors FILE              write the descriptors of all types it knows, a protoset
  protojson FILE                every message as protojson writes it, one a line
  prototext FILE                every message as prototext writes it, over several lines
  fromjson FILE                 parse messages with protojson and write their bytes; FILE holds, behind its length each,
                                the name of a type and the JSON of a message, by turns, and written is in the same way
  fromtext FILE                 as fromjson, with prototext
  redact FILE OUT               write a recording without what the ten rules of benches/redact select
`

// Commands of one build only.
var moreCommands = map[string]func(args []string) error{}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "interop: %v\n", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	command, args := args[0], args[1:]
	switch {
	case command == "record":
		return record(args[0], args[1:])
	case command == "fprint" && len(args) == 1:
		out := bufio.NewWriterSize(os.Stdout, 1<<16)
		if err := rpcreplay.Fprint(out, args[0]); err != nil {
			return err
		}
		return out.Flush()
	case command == "replay":
		return replayAll(args)
	case command == "again" && len(args) == 4:
		return again(args[0], args[1], args[2], args[3])
	case command == "compare" && len(args) == 3:
		return compare(args[0], args[1], args[2])
	case command == "same" && len(args) == 2:
		return same(args[0], args[1])
	case moreCommands[command] != nil:
		return moreCommands[command](args)
	default:
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
		return nil
	}
}
