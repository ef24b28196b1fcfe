package mongodb

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/auth"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/description"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"
)

func TestAnErrorOfTheDatabaseIsToldWithoutItsWords(t *testing.T) {
	unselected := func(last error) error {
		return topology.ServerSelectionError{Desc: description.Topology{Servers: []description.Server{{}, {LastError: last}}}, Wrapped: context.DeadlineExceeded}
	}
	command := func(code int32) error {
		return mongo.CommandError{Code: code, Message: "wolf:hunter2", Labels: []string{"RetryableError"}}
	}
	const login = "the database refuses the login: the user, the password or certificate, authSource or authMechanism is wrong"
	const none = "no server of the database can be selected: "
	const closes = "it closes the connection; it ends, or either it or the connection string (tls=true) wants TLS and the other does not"
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"a wrong password", fmt.Errorf("hunter2: %w", command(18)), login},
		{"a user without rights", command(13), "the database lets only users in who may do this: the user needs the role readWrite, or none was named"},
		{"another code", command(11000), "the database answers with error codes [11000] and labels [RetryableError]"},
		{"a mechanism that the driver gives up", fmt.Errorf("x: %w", &auth.Error{}), "logging in to the database does not work: none answers in time"},
		{"an unknown authority", unselected(&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}), none + "its certificate is signed by an authority that is unknown here: tlsCAFile names it"},
		{"another host", unselected(x509.HostnameError{Certificate: &x509.Certificate{}, Host: "hunter2"}), none + "its certificate is for another host"},
		{"an old certificate", unselected(x509.CertificateInvalidError{Reason: x509.Expired}), none + "its certificate is not valid: x509: certificate has expired or is not yet valid: "},
		{"no TLS", unselected(tls.RecordHeaderError{Msg: "hunter2"}), none + "it does not speak TLS"},
		{"a refused connection", unselected(&net.OpError{Op: "dial", Err: errors.New("connection refused")}), none + "connection refused"},
		{"a connection that is cut", unselected(&net.OpError{Op: "read", Err: syscall.ECONNRESET}), none + closes},
		{"a connection that ends", unselected(io.EOF), none + closes},
		{"silence", unselected(errors.New("hunter2")), none + "none answers in time"},
		{"silence of all", topology.ServerSelectionError{}, none + "none answers in time"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := redacted(c.err).Error(); got != c.want {
				t.Errorf("want %q, got %q", c.want, got)
			}
		})
	}
	if err := redacted(nil); err != nil {
		t.Errorf("nothing is told as %v", err)
	}
}
