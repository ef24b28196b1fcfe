package api

import (
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"firewolf/api/observe"
)

// exchange is one request and its answer on their way through the server. It is the http.ResponseWriter that the
// handlers write to, and knows afterwards what was written.
type exchange struct {
	http.ResponseWriter
	request *http.Request
	record  observe.Record
	started time.Time
	base    string // of absolute URLs, "http://localhost:8080/fhir"
	quiet   bool   // without an audit line
	pretty  bool   // laid out for people
	// contentType is that of a resource as negotiated; nil before.
	contentType []string
	wrote       bool
	held        int64 // bytes booked in Server.bodies
}

var exchanges = sync.Pool{New: func() any { return new(exchange) }}

// newExchange takes an exchange from the pool; release gives it back.
func newExchange(w http.ResponseWriter, r *http.Request) *exchange {
	x := exchanges.Get().(*exchange)
	x.ResponseWriter, x.request = w, r
	x.started = time.Now()
	return x
}

func (x *exchange) release() {
	names := x.record.Parameters[:0]
	*x = exchange{}
	x.record.Parameters = names
	exchanges.Put(x)
}

// exchangeOf returns the exchange that Echo carries as its writer.
func exchangeOf(c echo.Context) *exchange { return c.Response().Writer.(*exchange) }

// WriteHeader notes the status.
func (x *exchange) WriteHeader(status int) {
	x.wrote, x.record.Status = true, status
	x.ResponseWriter.WriteHeader(status)
}

// Write counts the bytes.
func (x *exchange) Write(b []byte) (int, error) {
	if !x.wrote {
		x.WriteHeader(http.StatusOK)
	}
	n, err := x.ResponseWriter.Write(b)
	x.record.Out += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController find the connection.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }
