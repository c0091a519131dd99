package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"io/ioutil"
	"math/big"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/golang/protobuf/proto"
	"github.com/golang/protobuf/ptypes"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	_ "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/status"

	pb "serve.example/stations"
)

const service = "serve.v1.Stations"

// More than any message of the conversation.
const maxMessage = 64 << 20

func listen(addressFile string) error {
	options := []grpc.ServerOption{grpc.MaxRecvMsgSize(maxMessage)}
	if *certificate != "" {
		tls, err := credentials.NewServerTLSFromFile(*certificate, *key)
		if err != nil {
			return err
		}
		options = append(options, grpc.Creds(tls))
	}
	if *maxAge > 0 {
		options = append(options, grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionAge: *maxAge}))
	}
	if *maxStreams > 0 {
		options = append(options, grpc.MaxConcurrentStreams(uint32(*maxStreams)))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := grpc.NewServer(options...)
	pb.RegisterStationsServer(server, &stations{})
	healthServer := health.NewServer()
	healthServer.SetServingStatus(service, grpc_health_v1.HealthCheckResponse_SERVING)
	grpc_health_v1.RegisterHealthServer(server, healthServer)
	if !*unreflected {
		reflection.Register(server)
	}
	if err := ioutil.WriteFile(addressFile+".part", []byte(listener.Addr().String()+"\n"), 0o644); err != nil {
		return err
	}
	if err := os.Rename(addressFile+".part", addressFile); err != nil {
		return err
	}
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	go func() {
		<-terminated
		server.Stop()
	}()
	return server.Serve(listener)
}

func makeCertificate(certificateFile, keyFile string) error {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "stations"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		DNSNames:              []string{"localhost"},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	if err := ioutil.WriteFile(certificateFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}), 0o644); err != nil {
		return err
	}
	return ioutil.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), 0o600)
}

// The server knows no clock and no chance: the same calls in the same order have the same answers.
type stations struct {
	pb.UnimplementedStationsServer
	mu sync.Mutex
	// How often the station "clock" was read.
	ticks int64
}

func failure(code codes.Code, message string, details ...proto.Message) error {
	result := &spb.Status{Code: int32(code), Message: message}
	for _, detail := range details {
		packed, err := ptypes.MarshalAny(detail)
		if err != nil {
			return err
		}
		result.Details = append(result.Details, packed)
	}
	return status.ErrorProto(result)
}

// Waits until the client waits no longer.
func leave(ctx context.Context) error {
	<-ctx.Done()
	return status.FromContextError(ctx.Err()).Err()
}

func (s *stations) Read(ctx context.Context, req *pb.ReadRequest) (*pb.Reading, error) {
	if req.Station == "held" {
		return nil, leave(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case req.Station == "clock":
		s.ticks++
		return &pb.Reading{Station: "clock", Number: s.ticks}, nil
	case req.Station == "nothing":
		return &pb.Reading{}, nil
	case req.Station == "absent":
		return nil, failure(codes.NotFound, "no station absent",
			&errdetails.ErrorInfo{Domain: "stations.example", Reason: "NO_STATION", Metadata: map[string]string{"station": "absent"}})
	case req.Station == "":
		return nil, failure(codes.InvalidArgument, "100% falsch – 駅がありません\n\tтак не можна 🌡",
			&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
				{Field: "station", Description: "must not be empty"},
				{Field: "hours", Description: "too many"},
			}},
			&errdetails.Help{Links: []*errdetails.Help_Link{{Url: "https://stations.example/?q=100%25"}}},
			&pb.Reading{Station: "a detail of a type of the service's own", Degrees: -0.5})
	case strings.HasPrefix(req.Station, "code-"):
		code, err := strconv.Atoi(req.Station[len("code-"):])
		if err != nil {
			return nil, err
		}
		return nil, status.Error(codes.Code(code), "as "+req.Station+" always does")
	}
	return &pb.Reading{
		Station: req.Station, Number: int64(len(req.Labels)), Degrees: req.GetMetres(), Note: req.Labels["river"],
	}, nil
}

func (s *stations) Store(_ context.Context, req *pb.Blob) (*pb.Blob, error) {
	return req, nil
}

// Goes on until the client ends, or at once to an error when somebody reads an absent station.
func (s *stations) Upload(stream pb.Stations_UploadServer) error {
	summary := &pb.Summary{}
	for {
		reading, err := stream.Recv()
		if err == io.EOF {
			return stream.SendAndClose(summary)
		}
		if err != nil {
			return err
		}
		if reading.Station == "absent" {
			return failure(codes.FailedPrecondition, "refused",
				&errdetails.ErrorInfo{Domain: "stations.example", Reason: "NO_STATION"})
		}
		summary.Readings++
		summary.Degrees += reading.Degrees
	}
}

func (s *stations) Watch(req *pb.WatchRequest, stream pb.Stations_WatchServer) error {
	for i := int32(0); i < req.Count; i++ {
		reading := &pb.Reading{Station: req.Station, Number: int64(i), Degrees: float64(i) / 4}
		if i == 0 {
			reading = &pb.Reading{}
		}
		if err := stream.Send(reading); err != nil {
			return err
		}
	}
	if req.Station == "held" {
		return leave(stream.Context())
	}
	if strings.HasPrefix(req.Station, "breaks") {
		return failure(codes.Unavailable, "it broke", &errdetails.RetryInfo{RetryDelay: ptypes.DurationProto(1500000000)})
	}
	return nil
}

// Answers each reading with one, with none if its note says "none", with two if it says "two".
func (s *stations) Discuss(stream pb.Stations_DiscussServer) error {
	for number := int64(1); ; number++ {
		reading, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if reading.Station == "absent" {
			return failure(codes.Aborted, "")
		}
		answers := 1
		switch reading.Note {
		case "none":
			answers = 0
		case "two":
			answers = 2
		}
		for ; answers > 0; answers-- {
			if err := stream.Send(&pb.Reading{Station: reading.Station, Number: number, Note: strings.Repeat("!", answers)}); err != nil {
				return err
			}
		}
	}
}

func (s *stations) Greet(stream pb.Stations_GreetServer) error {
	if err := stream.Send(&pb.Reading{Note: "who is there?"}); err != nil {
		return err
	}
	for {
		reading, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(&pb.Reading{Note: "hello " + reading.Station}); err != nil {
			return err
		}
	}
}
