package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"sort"
	"strconv"
	"sync"

	"github.com/golang/protobuf/proto"
	"github.com/golang/protobuf/ptypes"
	"github.com/golang/protobuf/ptypes/any"
	"github.com/golang/protobuf/ptypes/empty"
	"github.com/golang/protobuf/ptypes/timestamp"
	"google.golang.org/genproto/googleapis/bytestream"
	"google.golang.org/genproto/googleapis/cloud/secretmanager/v1"
	"google.golang.org/genproto/googleapis/firestore/v1"
	"google.golang.org/genproto/googleapis/pubsub/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"interop.example/ledger"
)

// The servers know no clock and no chance, so that a scenario is recorded the same every time: times come from
// counters, ids too.

// All services on a port of loopback, and the gate before the ledger's account "slow".
type world struct {
	server  *grpc.Server
	address string
	slow    gate
}

// A gate that stops one call: it tells of its arrival and waits for its release.
type gate struct {
	arrived, released chan struct{}
}

func startServers() (*world, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	server := grpc.NewServer()
	slow := gate{make(chan struct{}), make(chan struct{})}
	secretmanager.RegisterSecretManagerServiceServer(server, &secretServer{secrets: map[string][]*secretmanager.SecretPayload{}})
	pubsub.RegisterPublisherServer(server, &topicServer{topics: map[string]bool{}})
	pubsub.RegisterSubscriberServer(server, &subscriptionServer{})
	firestore.RegisterFirestoreServer(server, &documentServer{documents: map[string]*firestore.Document{}})
	bytestream.RegisterByteStreamServer(server, &blobServer{blobs: map[string][]byte{}})
	ledger.RegisterLedgerServer(server, &ledgerServer{balance: map[string]int64{}, slow: slow, ahead: make(chan struct{}, 16)})
	go server.Serve(listener)
	return &world{server, listener.Addr().String(), slow}, nil
}

// A moment on the morning of 21 November 2026, in UTC.
func moment(second int64, nanos int32) *timestamp.Timestamp {
	return &timestamp.Timestamp{Seconds: 1795248000 + second, Nanos: nanos}
}

// An error with details. A detail that is an Any already is kept as it is, even if nobody knows its type.
func failure(code codes.Code, message string, details ...proto.Message) error {
	result := &spb.Status{Code: int32(code), Message: message}
	for _, detail := range details {
		packed, ok := detail.(*any.Any)
		if !ok {
			var err error
			if packed, err = ptypes.MarshalAny(detail); err != nil {
				return err
			}
		}
		result.Details = append(result.Details, packed)
	}
	return status.ErrorProto(result)
}

type secretServer struct {
	secretmanager.UnimplementedSecretManagerServiceServer
	mu      sync.Mutex
	secrets map[string][]*secretmanager.SecretPayload
}

func (s *secretServer) CreateSecret(_ context.Context, req *secretmanager.CreateSecretRequest) (*secretmanager.Secret, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	secret := proto.Clone(req.Secret).(*secretmanager.Secret)
	secret.Name = req.Parent + "/secrets/" + req.SecretId
	secret.CreateTime = moment(1, 250000000)
	if _, ok := s.secrets[secret.Name]; ok {
		return nil, failure(codes.AlreadyExists, "Secret ["+secret.Name+"] already exists.")
	}
	s.secrets[secret.Name] = nil
	return secret, nil
}

func (s *secretServer) GetSecret(_ context.Context, req *secretmanager.GetSecretRequest) (*secretmanager.Secret, error) {
	return nil, failure(codes.NotFound, "Secret ["+req.Name+"] not found.",
		&errdetails.ResourceInfo{
			ResourceType: "secretmanager.googleapis.com/Secret",
			ResourceName: req.Name,
			Description:  "No such secret, or it was deleted.",
		},
		&errdetails.Help{Links: []*errdetails.Help_Link{{
			Description: "How to create a secret",
			Url:         "https://cloud.google.com/secret-manager/docs/creating-and-accessing-secrets",
		}}},
	)
}

func (s *secretServer) AddSecretVersion(_ context.Context, req *secretmanager.AddSecretVersionRequest) (*secretmanager.SecretVersion, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secrets[req.Parent] = append(s.secrets[req.Parent], req.Payload)
	return &secretmanager.SecretVersion{
		Name:       fmt.Sprintf("%s/versions/%d", req.Parent, len(s.secrets[req.Parent])),
		CreateTime: moment(2, 500000000),
		State:      secretmanager.SecretVersion_ENABLED,
	}, nil
}

func (s *secretServer) AccessSecretVersion(_ context.Context, req *secretmanager.AccessSecretVersionRequest) (*secretmanager.AccessSecretVersionResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for secret, versions := range s.secrets {
		for i, payload := range versions {
			if req.Name == fmt.Sprintf("%s/versions/%d", secret, i+1) {
				return &secretmanager.AccessSecretVersionResponse{Name: req.Name, Payload: payload}, nil
			}
		}
	}
	return nil, failure(codes.PermissionDenied, "Permission 'secretmanager.versions.access' denied.")
}

func (s *secretServer) DeleteSecret(_ context.Context, req *secretmanager.DeleteSecretRequest) (*empty.Empty, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.secrets, req.Name)
	return &empty.Empty{}, nil
}

type topicServer struct {
	pubsub.UnimplementedPublisherServer
	mu        sync.Mutex
	topics    map[string]bool
	published int
}

func (s *topicServer) CreateTopic(_ context.Context, req *pubsub.Topic) (*pubsub.Topic, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.topics[req.Name] {
		return nil, failure(codes.AlreadyExists, "Resource already exists in the project (resource=weather).")
	}
	s.topics[req.Name] = true
	return req, nil
}

func (s *topicServer) Publish(_ context.Context, req *pubsub.PublishRequest) (*pubsub.PublishResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.topics[req.Topic] {
		return nil, failure(codes.NotFound, "Resource not found (resource=climate).")
	}
	response := &pubsub.PublishResponse{}
	for range req.Messages {
		s.published++
		response.MessageIds = append(response.MessageIds, strconv.Itoa(8134120000+s.published))
	}
	return response, nil
}

type subscriptionServer struct {
	pubsub.UnimplementedSubscriberServer
}

// Delivers two messages, waits for their acknowledgement, delivers one more and goes away.
func (s *subscriptionServer) StreamingPull(stream pubsub.Subscriber_StreamingPullServer) error {
	if _, err := stream.Recv(); err != nil {
		return err
	}
	if err := stream.Send(&pubsub.StreamingPullResponse{ReceivedMessages: []*pubsub.ReceivedMessage{
		delivery(1, "15.5 °C"), delivery(2, "16 °C"),
	}}); err != nil {
		return err
	}
	if _, err := stream.Recv(); err != nil {
		return err
	}
	if err := stream.Send(&pubsub.StreamingPullResponse{ReceivedMessages: []*pubsub.ReceivedMessage{
		delivery(3, "невідомо 🌡"),
	}}); err != nil {
		return err
	}
	return failure(codes.Unavailable, "The service was unable to fulfill your request. Please try again. [code=8a75]",
		&errdetails.RetryInfo{RetryDelay: ptypes.DurationProto(1500000000)})
}

func delivery(number int, text string) *pubsub.ReceivedMessage {
	return &pubsub.ReceivedMessage{
		AckId: fmt.Sprintf("RkhRNxkIaFE-%04d", number),
		Message: &pubsub.PubsubMessage{
			Data:        []byte(text),
			Attributes:  map[string]string{"station": "berlin-dahlem"},
			MessageId:   strconv.Itoa(8134120000 + number),
			PublishTime: moment(int64(number), 125000000),
		},
	}
}

type documentServer struct {
	firestore.UnimplementedFirestoreServer
	mu        sync.Mutex
	documents map[string]*firestore.Document
}

func (s *documentServer) Commit(_ context.Context, req *firestore.CommitRequest) (*firestore.CommitResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	response := &firestore.CommitResponse{CommitTime: moment(3, 52000)}
	for _, write := range req.Writes {
		if document := write.GetUpdate(); document != nil {
			document.CreateTime, document.UpdateTime = moment(3, 52000), moment(3, 52000)
			s.documents[document.Name] = document
		}
		response.WriteResults = append(response.WriteResults, &firestore.WriteResult{UpdateTime: moment(3, 52000)})
	}
	return response, nil
}

func (s *documentServer) BatchGetDocuments(req *firestore.BatchGetDocumentsRequest, stream firestore.Firestore_BatchGetDocumentsServer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range req.Documents {
		response := &firestore.BatchGetDocumentsResponse{ReadTime: moment(4, 7000)}
		if document, ok := s.documents[name]; ok {
			response.Result = &firestore.BatchGetDocumentsResponse_Found{Found: document}
		} else {
			response.Result = &firestore.BatchGetDocumentsResponse_Missing{Missing: name}
		}
		if err := stream.Send(response); err != nil {
			return err
		}
	}
	return nil
}

func (s *documentServer) RunQuery(req *firestore.RunQueryRequest, stream firestore.Firestore_RunQueryServer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(req.GetStructuredQuery().GetOrderBy()) > 0 {
		return failure(codes.FailedPrecondition, "The query requires an index.",
			&errdetails.PreconditionFailure{Violations: []*errdetails.PreconditionFailure_Violation{{
				Type: "INDEX", Subject: "cities", Description: "needs a composite index on (country, population)",
			}}})
	}
	var names []string
	for name := range s.documents {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if err := stream.Send(&firestore.RunQueryResponse{Document: s.documents[name], ReadTime: moment(5, 0)}); err != nil {
			return err
		}
	}
	return nil
}

type blobServer struct {
	bytestream.UnimplementedByteStreamServer
	mu    sync.Mutex
	blobs map[string][]byte
}

func (s *blobServer) Read(req *bytestream.ReadRequest, stream bytestream.ByteStream_ReadServer) error {
	s.mu.Lock()
	blob, ok := s.blobs[req.ResourceName]
	s.mu.Unlock()
	if !ok {
		return failure(codes.NotFound, "no blob "+req.ResourceName)
	}
	blob = blob[req.ReadOffset:]
	for len(blob) > 0 {
		n := len(blob)
		if n > 48 {
			n = 48
		}
		if err := stream.Send(&bytestream.ReadResponse{Data: blob[:n]}); err != nil {
			return err
		}
		blob = blob[n:]
	}
	return nil
}

func (s *blobServer) Write(stream bytestream.ByteStream_WriteServer) error {
	var name string
	var blob []byte
	for {
		req, err := stream.Recv()
		if err == io.EOF {
			return failure(codes.DataLoss, "write ended before finish_write")
		}
		if err != nil {
			return err
		}
		if name == "" {
			name = req.ResourceName
		}
		if req.WriteOffset != int64(len(blob)) {
			return failure(codes.OutOfRange, fmt.Sprintf("offset %d, want %d", req.WriteOffset, len(blob)))
		}
		blob = append(blob, req.Data...)
		if req.FinishWrite {
			s.mu.Lock()
			s.blobs[name] = blob
			s.mu.Unlock()
			return stream.SendAndClose(&bytestream.WriteResponse{CommittedSize: int64(len(blob))})
		}
	}
}

type ledgerServer struct {
	mu       sync.Mutex
	balance  map[string]int64
	postings int64
	slow     gate
	// How many postings of the account "right" were not followed by one of "left" yet, which waits for them: two streams
	// at once would otherwise come to the counter in the order of chance.
	ahead chan struct{}
}

func (s *ledgerServer) Ping(context.Context, *empty.Empty) (*empty.Empty, error) {
	return &empty.Empty{}, nil
}

func (s *ledgerServer) Echo(_ context.Context, req *ledger.Everything) (*ledger.Everything, error) {
	return req, nil
}

func (s *ledgerServer) Post(_ context.Context, req *ledger.PostRequest) (*ledger.Posting, error) {
	if req.Account == "slow" {
		close(s.slow.arrived)
		<-s.slow.released
	}
	return s.post(req)
}

func (s *ledgerServer) post(req *ledger.PostRequest) (*ledger.Posting, error) {
	switch req.Account {
	case "left":
		<-s.ahead
	case "right":
		defer func() { s.ahead <- struct{}{} }()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if req.Account == "" {
		return nil, failure(codes.InvalidArgument, "Konto fehlt – 科目がありません",
			&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{
				Field: "account", Description: "must not be empty",
			}}},
			&any.Any{TypeUrl: "type.example.com/acme.ledger.v9.Hint", Value: []byte("\x08\x96\x01\x12\x04nope")})
	}
	if s.balance[req.Account]+req.Cents < 0 {
		return nil, failure(codes.Code(77), "overdrawn\nby "+req.Account, &ledger.PostRequest{Account: req.Account})
	}
	s.balance[req.Account] += req.Cents
	s.postings++
	return &ledger.Posting{
		Account:      req.Account,
		BalanceCents: s.balance[req.Account],
		Posted:       moment(s.postings, 0),
	}, nil
}

func (s *ledgerServer) Import(stream ledger.Ledger_ImportServer) error {
	summary := &ledger.ImportSummary{}
	for {
		req, err := stream.Recv()
		if err == io.EOF {
			return stream.SendAndClose(summary)
		}
		if err != nil {
			return err
		}
		if _, err := s.post(req); err != nil {
			return err
		}
		summary.Postings++
		summary.TotalCents += req.Cents
	}
}

func (s *ledgerServer) Watch(req *ledger.WatchRequest, stream ledger.Ledger_WatchServer) error {
	for i := int32(0); i < req.Limit; i++ {
		posting := &ledger.Posting{Account: req.Account, BalanceCents: -int64(i), Posted: moment(int64(i), 0)}
		if i == 0 {
			posting = &ledger.Posting{}
		}
		if err := stream.Send(posting); err != nil {
			return err
		}
	}
	if req.Account == "closing" {
		return failure(codes.Aborted, "")
	}
	return nil
}

func (s *ledgerServer) Trade(stream ledger.Ledger_TradeServer) error {
	for {
		req, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		posting, err := s.post(req)
		if err != nil {
			return err
		}
		if err := stream.Send(posting); err != nil {
			return err
		}
	}
}
