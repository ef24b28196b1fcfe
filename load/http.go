package load

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// HTTP is a Sink that sends units to a FHIR server.
type HTTP struct {
	Base   string // "http://127.0.0.1:8080/fhir", without a slash at the end
	Token  string // a bearer token; "" for none
	Client *http.Client
}

var _ Sink = (*HTTP)(nil)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 256 << 20

// NewHTTP returns a sink whose connections are kept open for that many requests at a time.
func NewHTTP(base, token string, parallel int) *HTTP {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 0, parallel
	return &HTTP{
		Base:   strings.TrimRight(base, "/"),
		Token:  token,
		Client: &http.Client{Transport: transport, Timeout: 5 * time.Minute},
	}
}

// Check asks the server for its CapabilityStatement, so that a wrong address is one message and not one for each file.
func (h *HTTP) Check(ctx context.Context) error {
	const path = "metadata"
	status, _, body, err := h.do(ctx, http.MethodGet, path, nil, "")
	if err != nil {
		return err
	}
	if status == http.StatusUnauthorized || status == http.StatusForbidden {
		return fmt.Errorf("%s refuses the token: %s", h.Base, Answer{Status: status, Issues: readOutcome(body)}.reason())
	}
	c, err := readHead(bytes.NewReader(body))
	if status != http.StatusOK || err != nil || c.resourceType != "CapabilityStatement" {
		return fmt.Errorf("%s is not the base of a FHIR server: GET %s/%s answers %d without a CapabilityStatement", h.Base, h.Base, path, status)
	}
	if version := memberOf(body, "fhirVersion"); !strings.HasPrefix(version, "4.0") {
		return fmt.Errorf("%s serves FHIR %s, not R4 (4.0.1)", h.Base, version)
	}
	return nil
}

// Send posts or puts a unit.
func (h *HTTP) Send(ctx context.Context, u Unit) (Answer, error) {
	key := ""
	if u.Method == http.MethodPost {
		key = u.Key
	}
	status, header, body, err := h.do(ctx, u.Method, u.Path, u.Body, key)
	if err != nil {
		return Answer{}, err
	}
	a := Answer{Status: status, RetryAfter: retryAfter(header.Get("Retry-After"), time.Now())}
	if a.accepted() {
		a.Body = body
	} else {
		a.Issues = readOutcome(body)
	}
	return a, nil
}

func (h *HTTP) do(ctx context.Context, method, path string, body []byte, key string) (int, http.Header, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, h.url(path), bytes.NewReader(body))
	if err != nil {
		return 0, nil, nil, err
	}
	r.Header.Set("Accept", "application/fhir+json")
	if body != nil {
		r.Header.Set("Content-Type", "application/fhir+json")
		r.Header.Set("Prefer", "return=minimal")
	}
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	if h.Token != "" {
		r.Header.Set("Authorization", "Bearer "+h.Token)
	}
	response, err := h.Client.Do(r)
	if err != nil {
		return 0, nil, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	return response.StatusCode, response.Header, answer, err
}

func (h *HTTP) url(path string) string {
	if path == "" {
		return h.Base
	}
	return h.Base + "/" + path
}

// retryAfter reads the header, seconds or a date. https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(header); err == nil && seconds > 0 {
		return min(time.Duration(seconds)*time.Second, time.Hour)
	}
	if at, err := http.ParseTime(header); err == nil && at.After(now) {
		return min(at.Sub(now), time.Hour)
	}
	return 0
}

// memberOf returns the text of a member of a JSON object.
func memberOf(body []byte, name string) string {
	d := jsontext.NewDecoder(bytes.NewReader(body))
	value := ""
	_ = members(d, func(n string) error {
		if n == name {
			return text(d, &value)
		}
		return d.SkipValue()
	})
	return value
}
