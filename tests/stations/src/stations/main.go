// Stations is a service, a client of it, and both ends of the real cloud.google.com/go/rpcreplay.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

const usage = `usage: stations [FLAGS] COMMAND ARGUMENTS

  certificate CERT KEY          make a certificate of 127.0.0.1 and localhost
  listen ADDRFILE               serve Stations, health and reflection until SIGTERM; the address stands in ADDRFILE
  play ADDRESS CONVERSATION     make the calls of a conversation; a line of JSON for each
  health ADDRESS                ask for the server's health
  record ADDRESS CONVERSATION RECORDING
                                make the calls of a conversation through the real Recorder
  write ENTRIES RECORDING       write a recording of entries in ProtoJSON
  entries RECORDING             print the entries of a recording in ProtoJSON; a line for each
  replay RECORDING CONVERSATION
                                make the calls of a conversation, answered by the real Replayer

`

// No command takes nearly as long.
const limit = 2 * time.Minute

var (
	certificate = flag.String("tls", "", "connect with TLS, to a server with the certificate in this file; listen: use it")
	key         = flag.String("key", "", "listen: the key of the certificate")
	compress    = flag.Bool("gzip", false, "compress requests")
	atOnce      = flag.Bool("at-once", false, "play, record: make all calls at once")
	whole       = flag.Bool("whole", false, "record: also how calls end that are canceled or have a deadline, which have no end else")
	raw         = flag.Bool("raw", false, "entries: messages as bytes")
	maxAge      = flag.Duration("max-age", 0, "listen: end connections in order after this time, and a tenth more or less")
	maxStreams  = flag.Uint("max-streams", 0, "listen: take so many calls of a connection at once")
	unreflected = flag.Bool("unreflected", false, "listen: without reflection")
)

func main() {
	flag.Usage = func() {
		fmt.Fprint(os.Stderr, usage)
		flag.PrintDefaults()
		os.Exit(2)
	}
	flag.Parse()
	time.AfterFunc(limit, func() { fail(fmt.Errorf("still running after %v", limit)) })
	if err := run(flag.Arg(0), flag.Args()); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "stations: %v\n", err)
	os.Exit(1)
}

func run(command string, args []string) error {
	switch {
	case command == "certificate" && len(args) == 3:
		return makeCertificate(args[1], args[2])
	case command == "listen" && len(args) == 2:
		return listen(args[1])
	case command == "play" && len(args) == 3:
		return playAt(args[1], args[2])
	case command == "health" && len(args) == 2:
		return askHealth(args[1])
	case command == "record" && len(args) == 4:
		return record(args[1], args[2], args[3])
	case command == "write" && len(args) == 3:
		return writeRecording(args[1], args[2])
	case command == "entries" && len(args) == 2:
		return printEntries(args[1])
	case command == "replay" && len(args) == 3:
		return replay(args[1], args[2])
	default:
		flag.Usage()
		return nil
	}
}
