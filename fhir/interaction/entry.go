package interaction

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"firewolf/fhir"
	"firewolf/fhir/tree"
)

// entryRequest reads Bundle.entry.request: the same Request as a call from outside.
// https://hl7.org/fhir/R4/bundle-definitions.html#Bundle.entry.request
func (s *Service) entryRequest(outer *Request, e tree.Node) (Request, error) {
	r := Request{Return: outer.Return, Lenient: outer.Lenient, Base: outer.Base, Caller: outer.Caller, Now: outer.Now, sub: true}
	req := e.Member("request")
	if req.Kind() != tree.Object {
		return r, fhir.NewIssue(fhir.Required, "an entry of a batch or transaction needs a request")
	}
	r.Method = req.Member("method").Text()
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
	case "":
		return r, fhir.NewIssue(fhir.Required, "the request of an entry needs a method", "request")
	default:
		return r, fhir.NewIssue(fhir.CodeInvalid, quote(r.Method)+" is not a method of FHIR", "request.method")
	}
	target := req.Member("url")
	if target.Kind() != tree.String {
		return r, fhir.NewIssue(fhir.Required, "the request of an entry needs a url", "request")
	}
	if err := s.target(&r, target.Text()); err != nil {
		return r, err
	}
	if err := conditions(&r, req); err != nil {
		return r, err
	}
	if since := req.Member("ifModifiedSince"); since.Exists() {
		at, err := time.Parse(time.RFC3339Nano, since.Text())
		if err != nil {
			return r, fhir.NewIssue(fhir.Value, "ifModifiedSince is no instant", "request.ifModifiedSince").CausedBy(err)
		}
		r.IfModifiedSince = at
	}
	return r, s.entryBody(&r, e)
}

// conditions reads what an entry makes its request depend on. What is no text, or an empty one, must not pass for no condition: the entry
// would do more than its author means.
func conditions(r *Request, req tree.Node) error {
	for _, c := range [...]struct {
		name string
		to   *string
	}{{"ifNoneMatch", &r.IfNoneMatch}, {"ifMatch", &r.IfMatch}, {"ifNoneExist", &r.IfNoneExist}} {
		value := req.Member(c.name)
		if !value.Exists() {
			continue
		}
		if *c.to = value.Text(); value.Kind() != tree.String || strings.TrimSpace(*c.to) == "" {
			return fhir.NewIssue(fhir.Value, c.name+" is a text that is not empty", "request."+c.name)
		}
	}
	return nil
}

// target splits the url of an entry: relative to the base, or absolute below it.
func (s *Service) target(r *Request, text string) error {
	rest := s.withoutBase(text, r.Base)
	path, query, _ := strings.Cut(strings.TrimPrefix(rest, "/"), "?")
	// Behind the question mark an URL is a value, such as the system of a token.
	if strings.Contains(path, "://") {
		return fhir.NewIssue(fhir.NotSupported, quote(text)+" is not on this server", "request.url")
	}
	var err error
	if r.Path, err = url.PathUnescape(path); err != nil {
		return fhir.NewIssue(fhir.Value, "the url has a bad percent escape", "request.url").CausedBy(err)
	}
	r.Query, err = ParseQuery(query)
	return err
}

// entryBody takes the resource of an entry. A POST and a PUT need one, and whoever sends one with a GET means something that will
// not happen: https://hl7.org/fhir/R4/http.html#transaction
func (s *Service) entryBody(r *Request, e tree.Node) error {
	resource := e.Member("resource")
	needed := r.Method == http.MethodPut || r.Method == http.MethodPost && !strings.Contains(r.Path, "_search") && !strings.Contains(r.Path, "$")
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case resource.Exists() && reads:
		return fhir.NewIssue(fhir.Invalid, "a "+r.Method+" takes no resource", "resource")
	case resource.Kind() == tree.Object:
		r.tree = e.Tree().Sub(resource)
	case resource.Exists():
		return fhir.NewIssue(fhir.Structure, "the resource of an entry is a JSON object", "resource")
	case needed:
		return fhir.NewIssue(fhir.Required, "a "+r.Method+" needs a resource")
	}
	return nil
}

// withoutBase cuts a base of this server off an absolute URL; any other text comes back as it is.
func (s *Service) withoutBase(text, base string) string {
	if !strings.Contains(text, "://") {
		return text
	}
	if rest, ok := below(text, base); ok {
		return rest
	}
	for _, b := range s.o.Bases {
		if rest, ok := below(text, b); ok {
			return rest
		}
	}
	return text
}

// below returns what follows base and a slash in text. http and https name the same thing.
func below(text, base string) (string, bool) {
	rest, ok := strings.CutPrefix(fhir.PlainURL(text), strings.TrimSuffix(fhir.PlainURL(base), "/"))
	if !ok || base == "" || rest != "" && rest[0] != '/' && rest[0] != '?' {
		return "", false
	}
	return strings.TrimPrefix(rest, "/"), true
}

// entryAt returns "Bundle.entry[3]".
func entryAt(k int) string { return "Bundle.entry[" + strconv.Itoa(k) + "]" }

// inBundle is an error whose issues say where in the Bundle of the request they are. (The resource of an entry may be a Bundle too:
// the expression alone does not tell.)
type inBundle struct{ error }

func (e inBundle) Unwrap() error { return e.error }

// inEntry moves the issues of an error into entry k, so that a client sees where in its Bundle they are.
func inEntry(err error, k int) error {
	is, ok := fhir.IssuesOf(err)
	if !ok || errors.As(err, new(inBundle)) {
		return err
	}
	at := entryAt(k)
	out := make(fhir.Issues, len(is))
	for n, i := range is {
		c := *i
		c.Expression = make([]string, 0, 1)
		for _, e := range i.Expression {
			c.Expression = append(c.Expression, locate(at, e))
		}
		if len(c.Expression) == 0 {
			c.Expression = append(c.Expression, at)
		}
		out[n] = &c
	}
	return inBundle{out}
}

// locate puts one location into an entry: of a header or parameter into its request, of a resource into its resource.
func locate(at, expression string) string {
	name, isHTTP := strings.CutPrefix(expression, "http.")
	switch {
	case isHTTP && name == "If-Match":
		return at + ".request.ifMatch"
	case isHTTP && name == "If-None-Match":
		return at + ".request.ifNoneMatch"
	case isHTTP && name == "If-None-Exist":
		return at + ".request.ifNoneExist"
	case isHTTP:
		return at + ".request.url"
	case strings.HasPrefix(expression, "request.") || expression == "request" || expression == "resource":
		return at + "." + expression
	}
	if dot := strings.IndexAny(expression, ".["); dot > 0 && fhir.ValidTypeName(expression[:dot]) {
		return at + ".resource" + expression[dot:]
	}
	if fhir.ValidTypeName(expression) {
		return at + ".resource"
	}
	return at
}
