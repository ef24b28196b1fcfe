// Command gen compiles the official R4 definitions to the compact files that
// package spec embeds. Run it by `go generate ./fhir/spec` after scripts/testdata.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	from := flag.String("from", "", "folder with the npm package hl7.fhir.r4.examples 4.0.1")
	to := flag.String("to", ".", "folder to write to")
	flag.Parse()
	if err := run(*from, *to); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(from, to string) error {
	defs, err := readDefinitions(from)
	if err != nil {
		return err
	}
	core, err := encodeDefinitions(defs)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(to, "r4.bin"), core, 0o644)
}
