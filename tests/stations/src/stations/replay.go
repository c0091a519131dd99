package main

import "cloud.google.com/go/rpcreplay"

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
	if err := play(conn, conversation, !*whole); err != nil {
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
