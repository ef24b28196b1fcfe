package mongodb

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"syscall"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/auth"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"
)

// redacted is an error without what a server or the driver may quote in it: documents, keys, or credentials.
func redacted(err error) error {
	var s mongo.ServerError
	var login *auth.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &s):
		return errors.New(refusal(err, s.ErrorCodes()))
	case notSent(err):
		return errors.New("no server of the database can be selected: " + unselected(err))
	case errors.As(err, &login):
		return errors.New("logging in to the database does not work: " + unanswered(err))
	case mongo.IsNetworkError(err), mongo.IsTimeout(err), cleared(err):
		return errors.New("the connection to the database failed, or took too long")
	}
	return err
}

// Codes of what the person who set up the login can mend. https://www.mongodb.com/docs/manual/reference/error-codes/
const (
	codeUnauthorized             = 13
	codeAuthenticationFailed     = 18
	codeReauthenticationRequired = 391
)

// refusal says what a server answers, by its codes: its words may quote anything.
func refusal(err error, codes []int) string {
	var login *auth.Error
	switch {
	case slices.Contains(codes, codeAuthenticationFailed), slices.Contains(codes, codeReauthenticationRequired):
		return "the database refuses the login: the user, the password or certificate, authSource or authMechanism is wrong"
	case slices.Contains(codes, codeUnauthorized):
		return "the database lets only users in who may do this: the user needs the role readWrite, or none was named"
	case errors.As(err, &login):
		return fmt.Sprintf("the database cannot be logged in to by this authMechanism, it answers with error codes %v", codes)
	}
	return fmt.Sprintf("the database answers with error codes %v and labels %v", codes, labels(err))
}

// unselected says why no server was selected.
func unselected(err error) string {
	var known unheard
	if errors.As(err, &known) {
		return unanswered(known.why)
	}
	var selection topology.ServerSelectionError
	if errors.As(err, &selection) {
		for _, s := range selection.Desc.Servers {
			if s.LastError != nil {
				return unanswered(s.LastError)
			}
		}
	}
	return unanswered(err)
}

// unanswered says why a connection came to nothing, in words that hold no credentials.
func unanswered(err error) string {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var noTLS tls.RecordHeaderError
	var network *net.OpError
	switch {
	case errors.As(err, &unknown):
		return "its certificate is signed by an authority that is unknown here: tlsCAFile names it"
	case errors.As(err, &host):
		return "its certificate is for another host"
	case errors.As(err, &invalid):
		return "its certificate is not valid: " + invalid.Error()
	case errors.As(err, &noTLS):
		return "it does not speak TLS"
	case errors.As(err, &network) && network.Err != nil && !errors.Is(err, syscall.ECONNRESET):
		return network.Err.Error()
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		return "it closes the connection; it ends, or either it or the connection string (tls=true) wants TLS and the other does not"
	}
	return "none answers in time"
}

func labels(err error) []string {
	var command mongo.CommandError
	if errors.As(err, &command) {
		return command.Labels
	}
	var write mongo.WriteException
	if errors.As(err, &write) {
		return write.Labels
	}
	return nil
}
