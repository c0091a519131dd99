package main

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	"cloud.google.com/go/rpcreplay"
	"github.com/golang/protobuf/proto"
	"github.com/golang/protobuf/ptypes"
	"github.com/golang/protobuf/ptypes/any"
	"github.com/golang/protobuf/ptypes/duration"
	"github.com/golang/protobuf/ptypes/empty"
	structpb "github.com/golang/protobuf/ptypes/struct"
	"github.com/golang/protobuf/ptypes/wrappers"
	"google.golang.org/genproto/googleapis/bytestream"
	"google.golang.org/genproto/googleapis/cloud/secretmanager/v1"
	"google.golang.org/genproto/googleapis/firestore/v1"
	"google.golang.org/genproto/googleapis/pubsub/v1"
	"google.golang.org/genproto/googleapis/type/latlng"
	"google.golang.org/genproto/protobuf/field_mask"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"interop.example/ledger"
)

// A scenario is one recording: what stands in its header, and the calls made while it is recorded.
//
// The calls return an error only if the world is not as the scenario wants it; errors that are to be recorded are
// asked for with wantCode.
type scenario struct {
	name    string
	initial []byte
	calls   func(ctx context.Context, conn *grpc.ClientConn, set setting) error
	setting setting
}

// What the calls of a scenario are made with.
type setting struct {
	// The values that its client brings along: other ones make the same calls with them. Everything else that stands
	// in requests it makes of these or takes out of responses.
	values map[string]string
	// Whether messages have fields that are newer than Debian's Go packages. Go keeps them as unknown ones, so most of
	// what is done with other recordings can't be done with this one, and it is made only if it is asked for by name.
	newer bool
	// The gate in the world of the recorder.
	slow gate
}

var secretValues = map[string]string{
	"parent": "projects/demo", "id": "weather-api-key", "team": "forecasts", "data": "not a real key",
}

var pubsubValues = map[string]string{
	"topic": "projects/demo/topics/weather", "subscription": "projects/demo/subscriptions/weather-archive",
	"warm": "15.5 °C", "warmer": "16 °C", "binary": "\xff\xfe\x00\x10", "station": "berlin-dahlem",
}

var firestoreValues = map[string]string{"database": "projects/demo/databases/(default)", "river": "Rhein"}

var scenarios = []scenario{
	{"secrets", []byte(`{"project":"demo"}`), secretCalls, setting{values: secretValues}},
	{"pubsub", []byte(`{"project":"demo"}`), pubsubCalls, setting{values: pubsubValues}},
	{"firestore", nil, firestoreCalls, setting{values: firestoreValues}},
	{"bytestream", []byte{}, bytestreamCalls, setting{}},
	{"ledger", []byte("\x01\x00\x00\x00\x0e\xe0\x8f\xbc\x00\x0b\xeb\xc2\x00\xff\xff"), ledgerCalls, setting{}},
	{"overlapping", []byte("two calls and two streams at once\n"), overlappingCalls, setting{}},
	{"nothing", []byte("no call was made"), noCalls, setting{}},
	{"crowd", nil, crowdCalls, setting{}},
	{"copies", []byte("a secret in many forms"), copiesCalls, setting{values: map[string]string{"secret": "Ünlike/most~secrets?>+1"}}},
	{"checksums", []byte(`{"project":"demo"}`), secretCalls, setting{values: secretValues, newer: true}},
}

func record(dir string, names []string) error {
	wanted := map[string]bool{}
	for _, name := range names {
		wanted[name] = true
	}
	for _, s := range scenarios {
		if !wanted[s.name] && (len(names) > 0 || s.setting.newer) {
			continue
		}
		delete(wanted, s.name)
		if err := recordScenario(filepath.Join(dir, s.name+".replay"), s); err != nil {
			return fmt.Errorf("%s: %v", s.name, err)
		}
	}
	for name := range wanted {
		return fmt.Errorf("no scenario %s", name)
	}
	return nil
}

func recordScenario(file string, s scenario) error {
	world, err := startServers()
	if err != nil {
		return err
	}
	defer world.server.Stop()
	recorder, err := rpcreplay.NewRecorder(file, s.initial)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := grpc.DialContext(ctx, world.address, append(recorder.DialOptions(), grpc.WithInsecure(), grpc.WithBlock())...)
	if err != nil {
		return err
	}
	defer conn.Close()
	s.setting.slow = world.slow
	if err := s.calls(ctx, conn, s.setting); err != nil {
		return err
	}
	return recorder.Close()
}

// Turns an error that is part of the scenario into none, and any other outcome into an error.
func wantCode(code codes.Code, err error) error {
	if status.Code(err) != code {
		return fmt.Errorf("wanted %v, got %v", code, err)
	}
	return nil
}

// The first error of a list of steps already taken.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Receives until the stream ends and returns how it ended, nil for a clean end.
func drain(stream grpc.ClientStream, message proto.Message) error {
	for {
		message.Reset()
		if err := stream.RecvMsg(message); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func noCalls(context.Context, *grpc.ClientConn, setting) error { return nil }

func secretCalls(ctx context.Context, conn *grpc.ClientConn, set setting) error {
	client := secretmanager.NewSecretManagerServiceClient(conn)
	secret, err := client.CreateSecret(ctx, &secretmanager.CreateSecretRequest{
		Parent:   set.values["parent"],
		SecretId: set.values["id"],
		Secret: &secretmanager.Secret{
			Replication: &secretmanager.Replication{Replication: &secretmanager.Replication_UserManaged_{
				UserManaged: &secretmanager.Replication_UserManaged{
					Replicas: []*secretmanager.Replication_UserManaged_Replica{
						{Location: "europe-west3"}, {Location: "us-east1"},
					},
				},
			}},
			Labels: map[string]string{"team": set.values["team"]},
		},
	})
	if err != nil {
		return err
	}
	payload := &secretmanager.SecretPayload{Data: []byte(set.values["data"])}
	if set.newer {
		putChecksum(payload)
	}
	_, added := client.AddSecretVersion(ctx, &secretmanager.AddSecretVersionRequest{Parent: secret.Name, Payload: payload})
	accessed, err := client.AccessSecretVersion(ctx, &secretmanager.AccessSecretVersionRequest{
		Name: secret.Name + "/versions/1",
	})
	if err := firstError(added, err, checkPayload(accessed.GetPayload(), payload, set.newer)); err != nil {
		return err
	}
	_, deleted := client.DeleteSecret(ctx, &secretmanager.DeleteSecretRequest{Name: secret.Name})
	_, got := client.GetSecret(ctx, &secretmanager.GetSecretRequest{Name: secret.Name})
	return firstError(deleted, wantCode(codes.NotFound, got))
}

// Adds the field data_crc32c, as Google's own clients do.
//
// Source: google/cloud/secretmanager/v1/resources.proto of 2021, where it is field 2, an optional int64.
func putChecksum(payload *secretmanager.SecretPayload) {
	checksum := crc32.Checksum(payload.Data, crc32.MakeTable(crc32.Castagnoli))
	varint := make([]byte, binary.MaxVarintLen64)
	payload.XXX_unrecognized = append([]byte{2 << 3}, varint[:binary.PutUvarint(varint, uint64(checksum))]...)
}

// Checks that a payload came back as it was sent, and that the checksum in it, if there is to be one, is that of its data.
func checkPayload(got, sent *secretmanager.SecretPayload, checksum bool) error {
	want := &secretmanager.SecretPayload{Data: got.GetData()}
	if checksum {
		putChecksum(want)
	}
	if !proto.Equal(got, want) || !proto.Equal(got, sent) {
		return fmt.Errorf("payload %v came back for %v", got, sent)
	}
	return nil
}

func pubsubCalls(ctx context.Context, conn *grpc.ClientConn, set setting) error {
	publisher := pubsub.NewPublisherClient(conn)
	topic := set.values["topic"]
	_, created := publisher.CreateTopic(ctx, &pubsub.Topic{
		Name:   topic,
		Labels: map[string]string{"team": "forecasts"},
	})
	_, again := publisher.CreateTopic(ctx, &pubsub.Topic{Name: topic})
	_, published := publisher.Publish(ctx, &pubsub.PublishRequest{
		Topic: topic,
		Messages: []*pubsub.PubsubMessage{
			{Data: []byte(set.values["warm"]), Attributes: map[string]string{"station": set.values["station"]}},
			{Data: []byte(set.values["warmer"]), OrderingKey: "berlin"},
			{Data: []byte(set.values["binary"])},
		},
	})
	if err := firstError(created, wantCode(codes.AlreadyExists, again), published); err != nil {
		return err
	}
	stream, err := pubsub.NewSubscriberClient(conn).StreamingPull(ctx)
	if err != nil {
		return err
	}
	opened := stream.Send(&pubsub.StreamingPullRequest{
		Subscription:             set.values["subscription"],
		StreamAckDeadlineSeconds: 60,
	})
	delivered, err := stream.Recv()
	if err := firstError(opened, err); err != nil {
		return err
	}
	ack := &pubsub.StreamingPullRequest{}
	for _, message := range delivered.ReceivedMessages {
		ack.AckIds = append(ack.AckIds, message.AckId)
	}
	acknowledged := stream.Send(ack)
	return firstError(acknowledged, wantCode(codes.Unavailable, drain(stream, &pubsub.StreamingPullResponse{})))
}

func firestoreCalls(ctx context.Context, conn *grpc.ClientConn, set setting) error {
	client := firestore.NewFirestoreClient(conn)
	database := set.values["database"]
	documents := database + "/documents"
	text := func(s string) *firestore.Value {
		return &firestore.Value{ValueType: &firestore.Value_StringValue{StringValue: s}}
	}
	city := func(name string, population int64, fields map[string]*firestore.Value) *firestore.Write {
		fields["population"] = &firestore.Value{ValueType: &firestore.Value_IntegerValue{IntegerValue: population}}
		return &firestore.Write{Operation: &firestore.Write_Update{Update: &firestore.Document{
			Name: documents + "/cities/" + name, Fields: fields,
		}}}
	}
	_, committed := client.Commit(ctx, &firestore.CommitRequest{
		Database: database,
		Writes: []*firestore.Write{
			city("köln", 1087353, map[string]*firestore.Value{
				"river": text(set.values["river"]),
				"location": {ValueType: &firestore.Value_GeoPointValue{
					GeoPointValue: &latlng.LatLng{Latitude: 50.938361, Longitude: 6.959974},
				}},
				"founded": {ValueType: &firestore.Value_NullValue{}},
				"twins": {ValueType: &firestore.Value_ArrayValue{ArrayValue: &firestore.ArrayValue{
					Values: []*firestore.Value{text("Liverpool"), text("京都"), text("Tel Aviv–יפו")},
				}}},
				"cathedral": {ValueType: &firestore.Value_MapValue{MapValue: &firestore.MapValue{
					Fields: map[string]*firestore.Value{
						"height": {ValueType: &firestore.Value_DoubleValue{DoubleValue: 157.22}},
						"done":   {ValueType: &firestore.Value_BooleanValue{BooleanValue: true}},
					},
				}}},
			}),
			city("bonn", 335975, map[string]*firestore.Value{"river": text(set.values["river"])}),
		},
	})
	gets, err := client.BatchGetDocuments(ctx, &firestore.BatchGetDocumentsRequest{
		Database:  database,
		Documents: []string{documents + "/cities/köln", documents + "/cities/atlantis"},
	})
	if err := firstError(committed, err, drain(gets, &firestore.BatchGetDocumentsResponse{})); err != nil {
		return err
	}
	query := func(order ...*firestore.StructuredQuery_Order) error {
		stream, err := client.RunQuery(ctx, &firestore.RunQueryRequest{
			Parent: documents,
			QueryType: &firestore.RunQueryRequest_StructuredQuery{StructuredQuery: &firestore.StructuredQuery{
				From:    []*firestore.StructuredQuery_CollectionSelector{{CollectionId: "cities"}},
				OrderBy: order,
				Limit:   &wrappers.Int32Value{Value: 2},
			}},
		})
		if err != nil {
			return err
		}
		return drain(stream, &firestore.RunQueryResponse{})
	}
	return firstError(query(), wantCode(codes.FailedPrecondition, query(&firestore.StructuredQuery_Order{
		Field:     &firestore.StructuredQuery_FieldReference{FieldPath: "population"},
		Direction: firestore.StructuredQuery_DESCENDING,
	})))
}

func bytestreamCalls(ctx context.Context, conn *grpc.ClientConn, _ setting) error {
	client := bytestream.NewByteStreamClient(conn)
	const name = "demo/uploads/a1c7/blobs/9f86d081/100"
	blob := make([]byte, 100)
	for i := range blob {
		blob[i] = byte(i * 37)
	}
	upload, err := client.Write(ctx)
	if err != nil {
		return err
	}
	first := upload.Send(&bytestream.WriteRequest{ResourceName: name, Data: blob[:64]})
	second := upload.Send(&bytestream.WriteRequest{WriteOffset: 64, Data: blob[64:], FinishWrite: true})
	_, written := upload.CloseAndRecv()

	read := func(name string) error {
		stream, err := client.Read(ctx, &bytestream.ReadRequest{ResourceName: name, ReadOffset: 4})
		if err != nil {
			return err
		}
		return drain(stream, &bytestream.ReadResponse{})
	}
	gap, err := client.Write(ctx)
	if err != nil {
		return err
	}
	skipped := gap.Send(&bytestream.WriteRequest{ResourceName: name, WriteOffset: 7})
	_, refused := gap.CloseAndRecv()
	return firstError(first, second, written, read(name), wantCode(codes.NotFound, read("demo/nowhere")),
		skipped, wantCode(codes.OutOfRange, refused))
}

func ledgerCalls(ctx context.Context, conn *grpc.ClientConn, _ setting) error {
	client := ledger.NewLedgerClient(conn)
	_, pinged := client.Ping(ctx, &empty.Empty{})
	_, echoedNothing := client.Echo(ctx, &ledger.Everything{})
	everything, err := everything()
	if err != nil {
		return err
	}
	_, echoed := client.Echo(ctx, everything)
	_, posted := client.Post(ctx, &ledger.PostRequest{Account: "anna", Cents: 1250, Note: "\x1b[31mred\x1b[0m \"quoted\"\t\u202e"})
	_, twice := client.Post(ctx, &ledger.PostRequest{Account: "anna", Cents: 1250, Note: "\x1b[31mred\x1b[0m \"quoted\"\t\u202e"})
	_, nameless := client.Post(ctx, &ledger.PostRequest{Cents: 1})
	_, overdrawn := client.Post(ctx, &ledger.PostRequest{Account: "bob", Cents: -1})
	late, cancel := context.WithTimeout(ctx, 0)
	defer cancel()
	_, tooLate := client.Ping(late, &empty.Empty{})
	if err := firstError(pinged, echoedNothing, echoed, posted, twice, wantCode(codes.InvalidArgument, nameless),
		wantCode(codes.Code(77), overdrawn), wantCode(codes.DeadlineExceeded, tooLate)); err != nil {
		return err
	}
	return firstError(ledgerImport(ctx, client), ledgerWatch(ctx, client), ledgerTrade(ctx, client))
}

func ledgerImport(ctx context.Context, client ledger.LedgerClient) error {
	for _, amounts := range [][]int64{{5, 6, 7}, {}} {
		stream, err := client.Import(ctx)
		if err != nil {
			return err
		}
		for _, cents := range amounts {
			if err := stream.Send(&ledger.PostRequest{Account: "carla", Cents: cents}); err != nil {
				return err
			}
		}
		if _, err := stream.CloseAndRecv(); err != nil {
			return err
		}
	}
	return nil
}

func ledgerWatch(ctx context.Context, client ledger.LedgerClient) error {
	watch := func(account string, limit int32) error {
		stream, err := client.Watch(ctx, &ledger.WatchRequest{Account: account, Limit: limit})
		if err != nil {
			return err
		}
		return drain(stream, &ledger.Posting{})
	}
	return firstError(watch("anna", 3), watch("anna", 0), wantCode(codes.Aborted, watch("closing", 2)))
}

func ledgerTrade(ctx context.Context, client ledger.LedgerClient) error {
	stream, err := client.Trade(ctx)
	if err != nil {
		return err
	}
	sent := stream.Send(&ledger.PostRequest{Account: "dora", Cents: 10})
	_, received := stream.Recv()
	sentAgain := stream.Send(&ledger.PostRequest{})
	_, ended := stream.Recv()
	if err := firstError(sent, received, sentAgain, wantCode(codes.InvalidArgument, ended)); err != nil {
		return err
	}
	// The server has gone, so gRPC answers this one with io.EOF.
	if err := stream.Send(&ledger.PostRequest{Account: "dora"}); err != io.EOF {
		return fmt.Errorf("wanted io.EOF, got %v", err)
	}
	// A stream that cannot be created.
	_, refused := client.Trade(ctx, grpc.PerRPCCredentials(noCredentials{}))
	return wantCode(codes.Unauthenticated, refused)
}

// Credentials that gRPC refuses over a connection without TLS.
type noCredentials struct{}

func (noCredentials) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return nil, nil
}

func (noCredentials) RequireTransportSecurity() bool { return true }

// A message with every kind of field, and values at the edges of their types. Maps have one key, so that the
// bytes are always the same.
func everything() (*ledger.Everything, error) {
	packed, err := ptypes.MarshalAny(&ledger.Posting{Account: "inside an Any", BalanceCents: math.MinInt64})
	if err != nil {
		return nil, err
	}
	// An Any inside an Any, of a type that nobody knows.
	unknown, err := ptypes.MarshalAny(packed)
	if err != nil {
		return nil, err
	}
	nested := &ledger.Everything_Nested{
		Name:   "outer",
		Child:  &ledger.Everything_Nested{Name: "inner", Child: &ledger.Everything_Nested{}},
		Colors: []ledger.Color{ledger.Color_RED, ledger.Color_INFRARED, 1234},
	}
	return &ledger.Everything{
		Text:             "tab\tquote\" 한국어 👩‍🚀 \u0000\u0085\ufeff",
		Data:             []byte("\x00\x01\xfe\xffü"),
		DoubleValue:      math.SmallestNonzeroFloat64,
		FloatValue:       math.MaxFloat32,
		Int32Value:       math.MinInt32,
		Int64Value:       math.MinInt64,
		Uint32Value:      math.MaxUint32,
		Uint64Value:      math.MaxUint64,
		Sint32Value:      math.MinInt32,
		Sint64Value:      math.MaxInt64,
		Fixed32Value:     math.MaxUint32,
		Fixed64Value:     math.MaxUint64,
		Sfixed32Value:    -1,
		Sfixed64Value:    math.MinInt64,
		BoolValue:        true,
		Color:            ledger.Color_INFRARED,
		Nested:           nested,
		Doubles:          []float64{0, math.Copysign(0, -1), 0.1, 1e21, 123456789, math.Inf(1), math.Inf(-1), 5e-7},
		PackedIntegers:   []int32{0, -1, 1, math.MaxInt32},
		UnpackedIntegers: []int32{0, -1, 1, math.MinInt32},
		Texts:            []string{"", "one", "zwei"},
		Nesteds:          []*ledger.Everything_Nested{{}, {Name: "second"}},
		ByText:           map[string]string{"ключ": "значення"},
		ByNumber:         map[int64]*ledger.Everything_Nested{-42: {Name: "minus forty-two"}},
		ByBool:           map[bool]ledger.Color{false: ledger.Color_GREEN},
		Choice:           &ledger.Everything_ChosenText{},
		Any:              unknown,
		Duration:         &duration.Duration{Seconds: -1, Nanos: -500000000},
		Mask:             &field_mask.FieldMask{Paths: []string{"nested.child_name", "by_text"}},
		Struct: &structpb.Struct{Fields: map[string]*structpb.Value{
			"list": {Kind: &structpb.Value_ListValue{ListValue: &structpb.ListValue{Values: []*structpb.Value{
				{Kind: &structpb.Value_NullValue{}},
				{Kind: &structpb.Value_BoolValue{BoolValue: true}},
				{Kind: &structpb.Value_NumberValue{NumberValue: 1.5}},
				{Kind: &structpb.Value_StringValue{StringValue: "<a href=\"#\">"}},
			}}}},
		}},
		Timestamp:     moment(0, 1),
		BoolWrapper:   &wrappers.BoolValue{},
		BytesWrapper:  &wrappers.BytesValue{Value: []byte("wrapped")},
		DoubleWrapper: &wrappers.DoubleValue{Value: math.Inf(-1)},
		Int64Wrapper:  &wrappers.Int64Value{Value: math.MaxInt64},
		StringWrapper: &wrappers.StringValue{Value: ""},
		Uint32Wrapper: &wrappers.UInt32Value{Value: math.MaxUint32},
	}, nil
}

// Two calls of which the first is answered last, and two streams in turns. The order is always the same: the
// server holds the first call until the second was answered.
func overlappingCalls(ctx context.Context, conn *grpc.ClientConn, set setting) error {
	client := ledger.NewLedgerClient(conn)
	first := make(chan error)
	go func() {
		_, err := client.Post(ctx, &ledger.PostRequest{Account: "slow", Cents: 1})
		first <- err
	}()
	<-set.slow.arrived
	_, second := client.Post(ctx, &ledger.PostRequest{Account: "quick", Cents: 2})
	close(set.slow.released)
	if err := firstError(second, <-first); err != nil {
		return err
	}

	left, err := client.Trade(ctx)
	if err != nil {
		return err
	}
	right, err := client.Trade(ctx)
	if err != nil {
		return err
	}
	for cents := int64(1); cents <= 2; cents++ {
		sentLeft := left.Send(&ledger.PostRequest{Account: "left", Cents: cents})
		sentRight := right.Send(&ledger.PostRequest{Account: "right", Cents: cents})
		_, gotRight := right.Recv()
		_, gotLeft := left.Recv()
		if err := firstError(sentLeft, sentRight, gotRight, gotLeft); err != nil {
			return err
		}
	}
	return firstError(left.CloseSend(), right.CloseSend(),
		drain(right, &ledger.Posting{}), drain(left, &ledger.Posting{}))
}

// Many callers at once; their order in the recording is that of chance.
func crowdCalls(ctx context.Context, conn *grpc.ClientConn, _ setting) error {
	client := ledger.NewLedgerClient(conn)
	const callers = 8
	errs := make(chan error, callers)
	var wait sync.WaitGroup
	for caller := 0; caller < callers; caller++ {
		wait.Add(1)
		go func(account string) {
			defer wait.Done()
			errs <- crowdCaller(ctx, client, account)
		}(fmt.Sprintf("caller-%d", caller))
	}
	wait.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func crowdCaller(ctx context.Context, client ledger.LedgerClient, account string) error {
	for i := int64(1); i <= 20; i++ {
		if _, err := client.Post(ctx, &ledger.PostRequest{Account: account, Cents: i}); err != nil {
			return err
		}
		hint := &any.Any{TypeUrl: "type.googleapis.com/interop.v1.PostRequest", Value: []byte("\x0a\x01x")}
		message := &ledger.Everything{Any: hint, ByText: map[string]string{"a": account, "b": "2", "c": "3"}}
		if _, err := client.Echo(ctx, message); err != nil {
			return err
		}
		stream, err := client.Trade(ctx)
		if err != nil {
			return err
		}
		if err := firstError(stream.Send(&ledger.PostRequest{Account: account}), stream.CloseSend(),
			drain(stream, &ledger.Posting{})); err != nil {
			return err
		}
	}
	return nil
}

// A secret, and copies of it as programs write them into texts and bytes: encoded, and next to other things.
func copiesCalls(ctx context.Context, conn *grpc.ClientConn, set setting) error {
	client := ledger.NewLedgerClient(conn)
	secret := set.values["secret"]
	standard := base64.StdEncoding.EncodeToString
	urlSafe := base64.RawURLEncoding.EncodeToString
	message := &ledger.Everything{
		Text: `{"password":"` + secret + `","attempts":3}`,
		Data: []byte("\x00\x0a\xff" + secret + "\xfe\x01"),
		Texts: []string{
			standard([]byte(secret)), standard([]byte("anna:" + secret)), standard([]byte("bob:" + secret + "\n")),
			urlSafe([]byte(secret)), urlSafe([]byte("anna:" + secret)), urlSafe([]byte("bob:" + secret + "\n")),
			"Authorization: Basic " + standard([]byte("carla:"+secret)),
			"https://example.com/login?password=" + url.QueryEscape(secret) + "&lang=de",
			"https://example.com/secrets/" + url.PathEscape(secret) + "/edit",
		},
		ByText: map[string]string{"the key of " + secret: "is a value"},
	}
	_, posted := client.Post(ctx, &ledger.PostRequest{Account: secret, Cents: 1})
	_, echoed := client.Echo(ctx, message)
	return firstError(posted, echoed)
}
