package api

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
)

var corsHeaders = []string{"Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers", "Access-Control-Max-Age", "Vary"}

func TestPagesOfAllowedOriginsMayCall(t *testing.T) {
	const app = "https://app.example.org"
	exposed := "Content-Location, ETag, Last-Modified, Location, Retry-After, X-Request-Id, X-Security-Context"
	tests := []struct {
		name, method string
		origins      []string
		header       []string
		status       int
		want         map[string]string
	}{
		{"no origin", "GET", []string{app}, nil, 200, map[string]string{"Vary": "Accept, Accept-Encoding, Origin"}},
		{"an allowed origin", "GET", []string{app}, []string{"Origin: " + app}, 200, map[string]string{
			"Access-Control-Allow-Origin": app, "Access-Control-Expose-Headers": exposed, "Vary": "Accept, Accept-Encoding, Origin",
		}},
		{"another origin", "GET", []string{app}, []string{"Origin: https://evil.example"}, 200, map[string]string{"Vary": "Accept, Accept-Encoding, Origin"}},
		{"every origin", "GET", []string{"*"}, []string{"Origin: https://any.example"}, 200, map[string]string{
			"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": exposed, "Vary": "Accept, Accept-Encoding",
		}},
		{"no origins", "GET", nil, []string{"Origin: " + app}, 200, map[string]string{"Vary": "Accept, Accept-Encoding"}},
		{"a preflight of an allowed origin", "OPTIONS", []string{app}, []string{"Origin: " + app, "Access-Control-Request-Method: PUT"}, 204, map[string]string{
			"Access-Control-Allow-Origin": app, "Access-Control-Expose-Headers": exposed, "Vary": "Accept, Accept-Encoding, Origin",
			"Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS", "Access-Control-Max-Age": "3600",
			"Access-Control-Allow-Headers": "Accept, Authorization, Content-Type, Idempotency-Key, If-Match, If-Modified-Since, If-None-Exist, If-None-Match, If-Unmodified-Since, Prefer, X-Request-Id, X-Requested-With, X-Security-Context",
		}},
		{"a preflight of another origin", "OPTIONS", []string{app}, []string{"Origin: https://evil.example", "Access-Control-Request-Method: PUT"}, 403, map[string]string{"Vary": "Accept, Accept-Encoding, Origin"}},
		{"a write of an allowed origin", "DELETE", []string{app}, []string{"Origin: " + app, "Sec-Fetch-Site: cross-site"}, 200, map[string]string{
			"Access-Control-Allow-Origin": app, "Access-Control-Expose-Headers": exposed, "Vary": "Accept, Accept-Encoding, Origin",
		}},
		{"a write of another origin", "DELETE", []string{app}, []string{"Origin: https://evil.example"}, 403, map[string]string{"Vary": "Accept, Accept-Encoding, Origin"}},
		{"a write of another origin that a browser marks", "DELETE", nil, []string{"Sec-Fetch-Site: cross-site"}, 403, map[string]string{"Vary": "Accept, Accept-Encoding"}},
		{"a write of the own origin", "DELETE", nil, []string{"Origin: http://localhost", "Host: localhost"}, 200, map[string]string{"Vary": "Accept, Accept-Encoding"}},
		{"a write of a program", "DELETE", nil, nil, 200, map[string]string{"Vary": "Accept, Accept-Encoding"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &script{}
			ts := serve(t, s, func(o *Options) { o.CORSOrigins = tt.origins })
			got := ts.do(tt.method, "/fhir/Patient/1", "", tt.header...)
			if diff := cmp.Diff(tt.want, some(got, corsHeaders...)); diff != "" || got.status != tt.status {
				t.Errorf("status %d, headers (-want +got):\n%s", got.status, diff)
			}
			if asked := s.count() == 1; asked != (tt.status == 200) {
				t.Errorf("the interactor was asked: %v", asked)
			}
		})
	}
}

func TestRefusalsOfForeignPagesSayWhy(t *testing.T) {
	ts := serve(t, &script{}, nil)
	got := ts.do("OPTIONS", "/fhir/Patient", "", "Origin: https://evil.example", "Access-Control-Request-Method: POST")
	if diff := cmp.Diff(outcome(fhir.Forbidden, "", "pages of this origin may not call the server", "http.Origin"), got.body); diff != "" {
		t.Errorf("preflight (-want +got):\n%s", diff)
	}
	got = ts.do("POST", "/fhir/Binary", "x", "Origin: https://evil.example", "Content-Type: text/plain")
	if diff := cmp.Diff(outcome(fhir.Forbidden, "", "pages of this origin may not write to the server", "http.Origin"), got.body); diff != "" {
		t.Errorf("write (-want +got):\n%s", diff)
	}
}
