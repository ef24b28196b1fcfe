package main

import (
	"fmt"
	"io"
	"strings"

	"firewolf/api"
)

// greet says where the server listens, what it stores to, and what to try.
func greet(w io.Writer, s *serveCmd, server *api.Server) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Firewolf %s serves FHIR R4 (%s).\n", thisBuild().version, fhirVersion)
	line := func(name, value string) { fmt.Fprintf(&b, "  %-9s%s\n", name, value) }
	line("base", server.URL())
	line("store", s.Store.String())
	if url := server.AdminURL(); url != "" {
		line("metrics", url)
	}
	if s.InsecureOpen {
		line("warning", "--insecure-open: whoever reaches this address may read and write")
	}
	b.WriteString("Try:\n")
	for _, try := range tries(s, server.URL()) {
		b.WriteString("  " + try + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// tries are three commands: what the server can do, a search, a write.
func tries(s *serveCmd, base string) []string {
	curl := "curl -s"
	if s.TLSCert != "" {
		curl += " --cacert " + s.TLSCert
	}
	if s.Tokens != "" {
		curl += ` -H "Authorization: Bearer $TOKEN"`
	}
	return []string{
		curl + " '" + base + "/metadata?_summary=true&_pretty=true'",
		curl + " '" + base + "/Patient?_count=2&_pretty=true'",
		curl + ` -H 'Content-Type: application/fhir+json' -d '{"resourceType":"Patient","name":[{"family":"Wolf"}]}' '` + base + "/Patient'",
	}
}
