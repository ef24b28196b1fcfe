// Command gen compiles the official R4 definitions to the compact files that
// package spec embeds. Run it by `go generate ./fhir/spec` after scripts/testdata.
package main

import (
	"errors"
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
	types, err := compileTypes(defs.structures)
	if err != nil {
		return err
	}
	sets, err := readCodes(from, types)
	if err != nil {
		return err
	}
	core, err := encodeDefinitions(types, defs)
	if err != nil {
		return err
	}
	codes, err := encodeCodes(sets)
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(to, "r4.bin"), core, 0o644),
		os.WriteFile(filepath.Join(to, "codes.bin"), codes, 0o644),
	)
}
