package mongotest

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// LoginByCertificate stands before a server that knows no MONGODB-X509: it answers that login itself, as a mongod does, and passes on the rest.
// Who proved to be the subject by a certificate is let in if there is such a user. https://www.mongodb.com/docs/manual/core/security-x.509/
func LoginByCertificate(client net.Conn, subject string, users ...string) net.Conn {
	return &loginConn{Conn: client, subject: subject, known: slices.Contains(users, subject)}
}

type loginConn struct {
	net.Conn
	subject string
	known   bool
	whole   []byte // of a message, what the server has not read yet
}

// The wire protocol: a header of four int32 (length, request, response to, opcode), flags, then sections, the first of kind 0.
// https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/#op_msg
const (
	headerSize  = 16
	bodyAt      = headerSize + 5
	opMsg       = 2013
	largest     = 64 << 20
	codeRefused = 18 // AuthenticationFailed
)

// Read returns what the client says but for logins.
func (c *loginConn) Read(p []byte) (int, error) {
	for len(c.whole) == 0 {
		m, err := c.message()
		if err != nil {
			return 0, err
		}
		answer := c.login(m)
		if answer == nil {
			c.whole = m
			break
		}
		if _, err := c.Write(answer); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.whole)
	c.whole = c.whole[n:]
	return n, nil
}

func (c *loginConn) message() ([]byte, error) {
	m := make([]byte, headerSize)
	if _, err := io.ReadFull(c.Conn, m); err != nil {
		return nil, err
	}
	size := int(binary.LittleEndian.Uint32(m))
	if size < headerSize || size > largest {
		return nil, errors.New("a message of a size that none has")
	}
	m = append(m, make([]byte, size-headerSize)...)
	_, err := io.ReadFull(c.Conn, m[headerSize:])
	return m, err
}

// login answers a login, and returns nil for any other message.
func (c *loginConn) login(m []byte) []byte {
	if binary.LittleEndian.Uint32(m[12:]) != opMsg || len(m) < bodyAt {
		return nil
	}
	command := bson.Raw(m[bodyAt:])
	if first, err := command.IndexErr(0); err != nil || first.Key() != "authenticate" {
		return nil
	}
	text := func(name string) string { s, _ := command.Lookup(name).StringValueOK(); return s }
	answer := bson.D{{Key: "dbname", Value: "$external"}, {Key: "user", Value: c.subject}, {Key: "ok", Value: 1.0}}
	if !c.known || text("mechanism") != "MONGODB-X509" || text("$db") != "$external" {
		answer = bson.D{{Key: "ok", Value: 0.0}, {Key: "code", Value: int32(codeRefused)}, {Key: "codeName", Value: "AuthenticationFailed"}, {Key: "errmsg", Value: "Authentication failed."}}
	}
	body, err := bson.Marshal(answer)
	if err != nil {
		return nil
	}
	out := make([]byte, bodyAt, bodyAt+len(body))
	binary.LittleEndian.PutUint32(out, uint32(bodyAt+len(body)))
	copy(out[8:], m[4:8]) // in response to that request
	binary.LittleEndian.PutUint32(out[12:], opMsg)
	return append(out, body...)
}
