package main

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	"firewolf/load"
)

func TestReportPrintsOneLine(t *testing.T) {
	cause := errors.New("secret\ncause")
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"an error is its text", errors.New("port in use"), "firewolf: port in use\n"},
		{"joined errors stand in one line", errors.Join(errors.New("one"), errors.New("two")), "firewolf: one two\n"},
		{"an issue is its text alone", fmt.Errorf("opening: %w", fhir.NewIssue(fhir.NoStore, "the store is locked").CausedBy(cause)), "firewolf: the store is locked\n"},
		{"what was told is not told again", fmt.Errorf("loading: %w", toldError{}), ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var b strings.Builder
			if code := report(&b, test.err); code != exitFailed {
				t.Errorf("exit code %d", code)
			}
			if d := cmp.Diff(test.want, b.String()); d != "" {
				t.Errorf("printed (-want +got):\n%s", d)
			}
		})
	}
}

func TestTellPrintsWhatALoadDid(t *testing.T) {
	tests := []struct {
		name   string
		report load.Report
		want   string
	}{
		{
			"all of it",
			load.Report{Stored: map[string]int{"Patient": 1, "MedicationRequest": 12}, Skipped: 1, Rejected: 2, Took: 2 * time.Second},
			"stored 13 resources in 2.0 s (6/s)\n  MedicationRequest       12\n  Patient                  1\nskipped 1 part loaded before (--again loads them too)\nrejected 2 parts\n",
		},
		{"nothing", load.Report{}, "stored 0 resources in 0.0 s (0/s)\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var b strings.Builder
			tell(&b, test.report)
			if d := cmp.Diff(test.want, b.String()); d != "" {
				t.Errorf("printed (-want +got):\n%s", d)
			}
		})
	}
}

func TestReadBuild(t *testing.T) {
	tests := []struct {
		name   string
		info   *debug.BuildInfo
		linked string
		want   build
	}{
		{"nothing is known", nil, "", build{version: "devel", commit: "unknown"}},
		{"a work tree with changes", &debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: []debug.BuildSetting{
			{Key: "vcs.modified", Value: "true"},
			{Key: "vcs.revision", Value: "0123456789abcdef"},
			{Key: "vcs.time", Value: "2026-03-01T12:00:00Z"},
		}}, "", build{version: "devel", commit: "0123456789ab+changes", at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}},
		{"a release", &debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}}, "", build{version: "v1.2.3", commit: "unknown"}},
		{"an image, whose linker was told the commit", &debug.BuildInfo{}, "abc", build{version: "devel", commit: "abc"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if d := cmp.Diff(test.want, readBuild(test.info, test.linked), cmp.AllowUnexported(build{})); d != "" {
				t.Errorf("build (-want +got):\n%s", d)
			}
		})
	}
}

func TestHealthAsksTheServerThatItsFlagsDescribe(t *testing.T) {
	tests := []struct {
		name string
		h    healthCmd
		want string
	}{
		{"an address", healthCmd{Addr: "10.1.2.3:8080"}, "http://10.1.2.3:8080/health/ready"},
		{"every address is asked on loopback", healthCmd{Addr: "0.0.0.0:8080"}, "http://127.0.0.1:8080/health/ready"},
		{"every address of IPv6 too", healthCmd{Addr: "[::]:8443", TLSCert: "c.pem"}, "https://127.0.0.1:8443/health/ready"},
		{"no host is every address", healthCmd{Addr: ":8080"}, "http://127.0.0.1:8080/health/ready"},
		{"an URL stands for itself", healthCmd{Addr: "0.0.0.0:8080", URL: "https://fhir.example.org/health/live"}, "https://fhir.example.org/health/live"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := test.h.url()
			if err != nil || got != test.want {
				t.Errorf("asks %s (%v), want %s", got, err, test.want)
			}
		})
	}
}
