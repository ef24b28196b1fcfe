package api

import (
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"firewolf/fhir"
)

// origin is how a client sees the server, and who the client is.
type origin struct {
	scheme string // "http", "https"
	host   string // with the port, if there is one
	prefix string // of the path, "/clinic", where a proxy took it off; "" for none
	remote string // the address of the client, without port
}

// originOf returns what the connection and the Host header say or, where the peer is a trusted proxy, what its
// Forwarded or X-Forwarded-* headers say. https://www.rfc-editor.org/rfc/rfc7239
func (s *Server) originOf(r *http.Request) origin {
	o := origin{scheme: s.scheme(), host: r.Host, remote: hostOnly(r.RemoteAddr)}
	if len(s.o.TrustedProxies) == 0 || !s.trusts(o.remote) {
		return o
	}
	if lines := r.Header["Forwarded"]; len(lines) > 0 {
		return s.forwarded(o, lines)
	}
	return s.xForwarded(o, r.Header)
}

// trusts reports whether an address is that of a trusted proxy.
func (s *Server) trusts(address string) bool {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	a = a.Unmap().WithZone("")
	for _, p := range s.o.TrustedProxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// forwarded reads Forwarded from its end: each element was added by the hop behind it, so that it counts as long as
// that hop is trusted. The last one that counts was written by the proxy that the client talked to.
func (s *Server) forwarded(o origin, lines []string) origin {
	elements := splitOutsideQuotes(strings.Join(lines, ","), ',')
	for k := len(elements) - 1; k >= 0; k-- {
		hop := parseForwarded(elements[k])
		o = o.seenBy(hop)
		if hop.remote == "" || !s.trusts(hop.remote) {
			break
		}
	}
	return o
}

// seenBy returns the origin with what a hop said about it.
func (o origin) seenBy(hop origin) origin {
	if hop.scheme != "" {
		o.scheme = hop.scheme
	}
	if hop.host != "" {
		o.host = hop.host
	}
	if hop.prefix != "" {
		o.prefix = hop.prefix
	}
	if hop.remote != "" {
		o.remote = hop.remote
	}
	return o
}

// parseForwarded reads one element: for=192.0.2.60;proto=https;host="example.org:8443".
func parseForwarded(element string) origin {
	var hop origin
	for _, pair := range splitOutsideQuotes(element, ';') {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		value = strings.Trim(value, `"`)
		switch strings.ToLower(name) {
		case "for":
			hop.remote = addressOnly(value)
		case "proto":
			hop.scheme = scheme(value)
		case "host":
			hop.host = value
		}
	}
	return hop
}

// xForwarded reads X-Forwarded-For, -Proto, -Host, -Port and -Prefix in the same way. The latter four mostly have one element, set by
// the outermost proxy; where they have more they are read from the end like the addresses. Forwarded knows no prefix.
func (s *Server) xForwarded(o origin, h http.Header) origin {
	addresses := list(h["X-Forwarded-For"])
	hops := 1
	for k := len(addresses) - 1; k >= 0; k-- {
		address := addressOnly(addresses[k])
		if address == "" {
			break
		}
		o.remote = address
		if !s.trusts(address) || k == 0 {
			break
		}
		hops++
	}
	return o.seenBy(origin{
		scheme: scheme(fromEnd(list(h["X-Forwarded-Proto"]), hops)),
		host:   fromEnd(list(h["X-Forwarded-Host"]), hops),
		prefix: prefix(fromEnd(list(h["X-Forwarded-Prefix"]), hops)),
	}).onPort(fromEnd(list(h["X-Forwarded-Port"]), hops))
}

// onPort returns the origin at a port, unless its host names one or the port is that of the scheme. A proxy that tells the port beside
// the host leaves it out there.
func (o origin) onPort(port string) origin {
	n, err := strconv.ParseUint(port, 10, 16)
	_, _, named := net.SplitHostPort(o.host)
	standard := o.scheme == "https" && n == 443 || o.scheme == "http" && n == 80
	if err == nil && n > 0 && o.host != "" && named != nil && !standard {
		o.host = net.JoinHostPort(strings.Trim(o.host, "[]"), strconv.FormatUint(n, 10))
	}
	return o
}

// fromEnd returns the n-th element from the end, the first one if there are fewer, "" if there are none.
func fromEnd(elements []string, n int) string {
	if len(elements) == 0 {
		return ""
	}
	return elements[max(0, len(elements)-n)]
}

func list(lines []string) []string {
	if len(lines) == 0 {
		return nil
	}
	elements := strings.Split(strings.Join(lines, ","), ",")
	for k := range elements {
		elements[k] = strings.TrimSpace(elements[k])
	}
	return elements
}

// scheme returns "http" or "https", and "" for anything else.
func scheme(s string) string {
	switch s = strings.ToLower(s); s {
	case "http", "https":
		return s
	default:
		return ""
	}
}

// prefix returns the path that stands before those of the server, without a slash at its end; "" for what is no plain path.
func prefix(s string) string {
	s = strings.TrimRight(s, "/")
	if !strings.HasPrefix(s, "/") || strings.Contains(s, "//") || strings.Contains(s, "/.") || len(s) > 260 {
		return ""
	}
	for i := range len(s) {
		c := s[i]
		alnum := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !alnum && !strings.ContainsRune("/.-_~", rune(c)) {
			return ""
		}
	}
	return s
}

// addressOnly returns the address of "192.0.2.43:47011" or "[2001:db8::17]:47011"; "" for names such as "unknown".
func addressOnly(s string) string {
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return a.String()
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().String()
	}
	return ""
}

// hostOnly cuts the port off "host:port".
func hostOnly(hostPort string) string {
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		return strings.Trim(hostPort, "[]")
	}
	return host
}

// validHost keeps a Host header that is no host out of the URLs that are built with it.
func validHost(host string) bool {
	if host == "" || len(host) > 260 {
		return false
	}
	for i := range len(host) {
		c := host[i]
		alnum := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !alnum && !strings.ContainsRune(".-:[]_", rune(c)) {
			return false
		}
	}
	return true
}

// locate notes the client and the base URL of a request.
func (s *Server) locate(x *exchange) error {
	o := s.originOf(x.request)
	x.record.Remote = o.remote
	if err := s.checkHost(x.request.Host); err != nil {
		return err
	}
	if s.o.BaseURL != "" {
		x.base = s.o.BaseURL
		return nil
	}
	if o.host == "" { // HTTP/1.0
		o.host = s.listener.Addr().String()
	}
	if !validHost(o.host) {
		return refuse(fhir.Invalid, fhir.ReasonNone, "the Host header is no host", "http.Host")
	}
	x.base = o.scheme + "://" + o.host + o.prefix + fhirPath
	return nil
}

// checkHost keeps web pages away from a server that asks for no token: a page of evil.example whose name suddenly
// points to 127.0.0.1 (DNS rebinding) is of the same origin for a browser, but it cannot forge the Host header. Addresses
// and localhost are names that nobody can point elsewhere.
func (s *Server) checkHost(host string) error {
	if !s.local || host == "" {
		return nil
	}
	name := strings.ToLower(hostOnly(host))
	if name == "localhost" || strings.HasSuffix(name, ".localhost") || name == s.baseHost {
		return nil
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return nil
	}
	return refuse(fhir.Security, fhir.ReasonNone,
		"this server answers to localhost and to the host of its base URL only, since it asks for no token", "http.Host").
		withStatus(http.StatusMisdirectedRequest)
}
