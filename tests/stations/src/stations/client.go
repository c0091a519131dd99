package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/ioutil"
	"os"
	"strings"
	"time"

	"github.com/golang/protobuf/jsonpb"
	"github.com/golang/protobuf/proto"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	pb "serve.example/stations"
)

// How long a call may take that has no deadline of its own, and how long one has that has: a conversation is played in
// less, and waits for the deadline.
const (
	callLimit    = 20 * time.Second
	callDeadline = 500 * time.Millisecond
)

// A call of a conversation, see the README.
type call struct {
	Call   string
	Method string
	Steps  []json.RawMessage
	Ends   string
}

// What came of it.
type line struct {
	Call     string    `json:"call"`
	Method   string    `json:"method"`
	Code     uint32    `json:"code"`
	Message  *string   `json:"message,omitempty"`
	Details  string    `json:"details,omitempty"`
	InTime   *bool     `json:"inTime,omitempty"`
	Messages []content `json:"messages"`
	// What the Replayer said that had no answer.
	Missed string `json:"missed,omitempty"`
}

type content struct {
	Bytes  int    `json:"bytes"`
	Sha256 string `json:"sha256"`
}

// A method's shape, and empty messages that it takes and answers with.
type method struct {
	desc          grpc.StreamDesc
	asks, answers proto.Message
}

var methods = map[string]method{
	"Read":    {grpc.StreamDesc{}, &pb.ReadRequest{}, &pb.Reading{}},
	"Store":   {grpc.StreamDesc{}, &pb.Blob{}, &pb.Blob{}},
	"Upload":  {grpc.StreamDesc{ClientStreams: true}, &pb.Reading{}, &pb.Summary{}},
	"Watch":   {grpc.StreamDesc{ServerStreams: true}, &pb.WatchRequest{}, &pb.Reading{}},
	"Discuss": {grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, &pb.Reading{}, &pb.Reading{}},
	"Greet":   {grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, &pb.Reading{}, &pb.Reading{}},
}

func dial(address string, options ...grpc.DialOption) (*grpc.ClientConn, error) {
	security := grpc.WithInsecure()
	if *certificate != "" {
		tls, err := credentials.NewClientTLSFromFile(*certificate, "")
		if err != nil {
			return nil, err
		}
		security = grpc.WithTransportCredentials(tls)
	}
	callOptions := []grpc.CallOption{grpc.MaxCallRecvMsgSize(maxMessage), grpc.MaxCallSendMsgSize(maxMessage)}
	if *compress {
		callOptions = append(callOptions, grpc.UseCompressor("gzip"))
	}
	ctx, cancel := context.WithTimeout(context.Background(), callLimit)
	defer cancel()
	options = append(options, security, grpc.WithBlock(), grpc.WithDefaultCallOptions(callOptions...))
	return grpc.DialContext(ctx, address, options...)
}

func playAt(address, conversation string) error {
	conn, err := dial(address)
	if err != nil {
		return err
	}
	defer conn.Close()
	return play(conn, conversation, false)
}

func askHealth(address string) error {
	conn, err := dial(address)
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), callLimit)
	defer cancel()
	client := grpc_health_v1.NewHealthClient(conn)
	for _, name := range []string{"", service, "no.such.Service"} {
		answer, err := client.Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: name})
		printed := map[string]interface{}{"service": name, "code": status.Code(err), "status": answer.GetStatus()}
		if err := json.NewEncoder(os.Stdout).Encode(printed); err != nil {
			return err
		}
	}
	return nil
}

// Makes the calls of a conversation, one after the other if nothing else is asked for. With isEndless, nobody asks how calls end that are
// canceled or have a deadline, so that a recording of them has no end.
func play(conn *grpc.ClientConn, conversation string, isEndless bool) error {
	data, err := ioutil.ReadFile(conversation)
	if err != nil {
		return err
	}
	var calls []call
	if err := json.Unmarshal(data, &calls); err != nil {
		return fmt.Errorf("%s: %v", conversation, err)
	}
	answers := make([]chan error, len(calls))
	lines := make([]*line, len(calls))
	begin := func(i int) {
		var err error
		lines[i], err = calls[i].play(conn, isEndless)
		answers[i] <- err
	}
	for i := range calls {
		answers[i] = make(chan error, 1)
		if *atOnce {
			go begin(i)
		}
	}
	for i, c := range calls {
		if !*atOnce {
			begin(i)
		}
		if err := <-answers[i]; err != nil {
			return fmt.Errorf("%s: %v", c.Call, err)
		}
		if err := json.NewEncoder(os.Stdout).Encode(lines[i]); err != nil {
			return err
		}
	}
	return nil
}

func (c *call) play(conn *grpc.ClientConn, isEndless bool) (*line, error) {
	m, ok := methods[c.Method]
	if !ok {
		return nil, fmt.Errorf("no method %s", c.Method)
	}
	wait := callLimit
	if c.Ends == "deadline" && !isEndless {
		wait = callDeadline
	}
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	begun := time.Now()
	result := &line{Call: c.Call, Method: c.Method, Messages: []content{}}
	var callErr error
	if !m.desc.ClientStreams && !m.desc.ServerStreams {
		callErr = c.playUnary(ctx, conn, m, result)
	} else {
		callErr = c.playStream(ctx, cancel, conn, m, result, isEndless)
	}
	var wrong malformed
	if errors.As(callErr, &wrong) {
		return nil, wrong
	}
	answer, ok := status.FromError(callErr)
	if !ok {
		result.Missed = callErr.Error()
	}
	result.Code = uint32(answer.Code())
	if len(answer.Proto().GetDetails()) > 0 {
		details, err := proto.Marshal(answer.Proto())
		if err != nil {
			return nil, err
		}
		result.Details = hex.EncodeToString(details)
	}
	switch c.Ends {
	case "deadline":
		// Another client words it differently.
		took := time.Since(begun)
		inTime := took >= callDeadline*9/10 && took < callDeadline*6
		result.InTime = &inTime
	case "cancel":
	default:
		message := answer.Message()
		result.Message = &message
	}
	return result, nil
}

func (c *call) playUnary(ctx context.Context, conn *grpc.ClientConn, m method, result *line) error {
	request, err := message(m.asks, c.Steps[0])
	if err != nil {
		return err
	}
	answer := blank(m.answers)
	if err := conn.Invoke(ctx, "/"+service+"/"+c.Method, request, answer); err != nil {
		return err
	}
	return result.add(answer)
}

func (c *call) playStream(ctx context.Context, cancel func(), conn *grpc.ClientConn, m method, result *line, isEndless bool) error {
	stream, err := conn.NewStream(ctx, &m.desc, "/"+service+"/"+c.Method)
	if err != nil {
		return err
	}
	receive := func() error {
		answer := blank(m.answers)
		if err := stream.RecvMsg(answer); err != nil {
			return err
		}
		return result.add(answer)
	}
	for _, step := range c.Steps {
		if string(step) == `"receive"` {
			err = receive()
		} else {
			var sent proto.Message
			if sent, err = message(m.asks, step); err == nil {
				err = stream.SendMsg(sent)
			}
			// Why it ended is what is received next.
			if err == io.EOF {
				break
			}
		}
		if err != nil {
			return notTheEnd(err)
		}
	}
	if c.Ends == "" || !m.desc.ClientStreams {
		if err := stream.CloseSend(); err != nil {
			return err
		}
	}
	switch {
	case c.Ends == "cancel" || c.Ends == "deadline" && isEndless:
		cancel()
		if isEndless {
			return nil
		}
		// What still comes is a matter of chance.
		for err == nil {
			err = stream.RecvMsg(blank(m.answers))
		}
		return notTheEnd(err)
	case !m.desc.ServerStreams:
		return notTheEnd(receive())
	}
	for {
		if err := receive(); err != nil {
			return notTheEnd(err)
		}
	}
}

// The end of a stream is no error.
func notTheEnd(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

func (l *line) add(message proto.Message) error {
	encoded, err := proto.Marshal(message)
	if err != nil {
		return malformed{err}
	}
	sum := sha256.Sum256(encoded)
	l.Messages = append(l.Messages, content{len(encoded), hex.EncodeToString(sum[:])})
	return nil
}

// An error of the conversation, not of a call.
type malformed struct{ error }

func blank(message proto.Message) proto.Message {
	message = proto.Clone(message)
	message.Reset()
	return message
}

// A message of ProtoJSON. A number in the place of data stands for so many bytes.
func message(kind proto.Message, step json.RawMessage) (proto.Message, error) {
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(step, &fields); err != nil {
		return nil, malformed{err}
	}
	var size int
	if json.Unmarshal(fields["data"], &size) == nil {
		data := make([]byte, size)
		for i := range data {
			data[i] = byte(i % 251)
		}
		fields["data"], _ = json.Marshal(data)
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return nil, malformed{err}
	}
	result := blank(kind)
	if err := jsonpb.Unmarshal(strings.NewReader(string(text)), result); err != nil {
		return nil, malformed{err}
	}
	return result, nil
}
