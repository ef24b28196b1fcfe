package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"firewolf/fhir"
)

// What a page of another origin may send, and may read of an answer. https://fetch.spec.whatwg.org/#http-cors-protocol
const (
	corsRequestHeaders = "Accept, Authorization, Content-Type, Idempotency-Key, If-Match, If-Modified-Since, If-None-Exist, " +
		"If-None-Match, If-Unmodified-Since, Prefer, X-Request-Id, X-Requested-With, X-Security-Context"
	corsResponseHeaders = "Content-Location, ETag, Last-Modified, Location, Retry-After, X-Request-Id, X-Security-Context"
	corsMethods         = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
	corsMaxAge          = "3600"
)

// cors lets pages of certain origins call the server from a browser.
type cors struct {
	all        bool
	origins    []string
	protection *http.CrossOriginProtection // nil where a token keeps foreign pages away
}

// newCORS checks the origins. Without tokens a browser needs no secret to write: then requests that a page of a
// foreign origin makes it send are refused.
func newCORS(origins []string, tokens bool) (*cors, error) {
	c := &cors{origins: origins, all: slices.Contains(origins, "*")}
	if !tokens && !c.all {
		c.protection = http.NewCrossOriginProtection()
	}
	for _, o := range origins {
		if o == "*" {
			continue
		}
		u, err := url.Parse(o)
		if err != nil || u.Host == "" || o != u.Scheme+"://"+u.Host {
			return nil, fmt.Errorf("the CORS origin %q is not of the form https://host[:port]", o)
		}
		if c.protection == nil {
			continue
		}
		if err := c.protection.AddTrustedOrigin(o); err != nil {
			return nil, fmt.Errorf("the CORS origin %q: %w", o, err)
		}
	}
	return c, nil
}

// allows reports whether pages of the origin may call.
func (c *cors) allows(origin string) bool {
	return c.all || slices.ContainsFunc(c.origins, func(o string) bool { return strings.EqualFold(o, origin) })
}

// admit sets the headers that let a page of an allowed origin read the answer. done is true if the request was a
// preflight and is answered.
func (c *cors) admit(x *exchange) (done bool, err error) {
	r, h := x.request, x.Header()
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false, c.protect(r)
	}
	preflight := r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
	switch {
	case c.allows(origin):
		c.expose(h, origin)
	case preflight:
		return false, refuse(fhir.Forbidden, fhir.ReasonNone, "pages of this origin may not call the server", "http.Origin")
	}
	if !preflight {
		return false, c.protect(r)
	}
	h.Set("Access-Control-Allow-Methods", corsMethods)
	h.Set("Access-Control-Allow-Headers", corsRequestHeaders)
	h.Set("Access-Control-Max-Age", corsMaxAge)
	x.WriteHeader(http.StatusNoContent)
	return true, nil
}

func (c *cors) expose(h http.Header, origin string) {
	if c.all {
		origin = "*"
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", corsResponseHeaders)
}

func (c *cors) protect(r *http.Request) error {
	if c.protection == nil || c.protection.Check(r) == nil {
		return nil
	}
	return refuse(fhir.Forbidden, fhir.ReasonNone, "pages of this origin may not write to the server", "http.Origin")
}
