package main

import (
	"flag"
	"testing"
)

var recordDir = flag.String("record", "", "the folder to record in")

// TestRecord makes recordings as tests do, so that a test binary can be asked for the types in its own recordings.
func TestRecord(t *testing.T) {
	if *recordDir == "" {
		t.Fatal("-record names no folder")
	}
	if err := record(*recordDir, nil); err != nil {
		t.Fatal(err)
	}
}
