package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"time"
)

// fhirVersion is the release of FHIR that is served.
const fhirVersion = "4.0.1"

// linkedCommit is set by the linker (-X main.linkedCommit=…) where a binary is built outside version control, as in the image.
var linkedCommit string

// versionCmd is `firewolf version`.
type versionCmd struct{}

// Run prints the version of the build.
func (versionCmd) Run(c *console) error {
	b := thisBuild()
	_, err := fmt.Fprintf(c.out, "firewolf %s (commit %s, %s %s/%s, FHIR %s)\n", b.version, b.commit, runtime.Version(), runtime.GOOS, runtime.GOARCH, fhirVersion)
	return err
}

// build is what the linker knows of this binary.
type build struct {
	version string    // the module version, "devel" in a work tree
	commit  string    // the revision, "unknown" outside version control; "+changes" where files differ from it
	at      time.Time // of the commit; zero if unknown
}

func thisBuild() build {
	info, _ := debug.ReadBuildInfo()
	return readBuild(info, linkedCommit)
}

func readBuild(info *debug.BuildInfo, linked string) build {
	b := build{version: "devel", commit: linked}
	if info == nil {
		info = &debug.BuildInfo{}
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		b.version = v
	}
	changes := ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.commit = s.Value
		case "vcs.time":
			b.at, _ = time.Parse(time.RFC3339, s.Value)
		case "vcs.modified":
			if s.Value == "true" {
				changes = "+changes"
			}
		}
	}
	if b.commit == "" {
		b.commit = "unknown"
	}
	b.commit = b.commit[:min(12, len(b.commit))] + changes
	return b
}
