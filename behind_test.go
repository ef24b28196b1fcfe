package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"firewolf/store/mongodb/mongotest"
)

// behind is what a person hears of work that fails behind a command, and of its end.
var (
	fails  = regexp.MustCompile(`level=WARN msg="work behind the requests fails, and is tried again" task=helping err="[^"]+"`)
	goesOn = regexp.MustCompile(`level=INFO msg="work behind the requests goes on" task=helping`)
)

// TestEachCommandThatOpensAMongoDBTellsOfWorkThatFailsBehindIt cuts a command off from its database for a while.
func TestEachCommandThatOpensAMongoDBTellsOfWorkThatFailsBehindIt(t *testing.T) {
	for _, c := range []struct {
		name string
		open func(t *testing.T, at location, c *console) (done func() error, err error)
	}{
		{"load", func(t *testing.T, at location, c *console) (func() error, error) {
			target, err := (&loadCmd{Store: at, ruleFlags: usualRules}).open(t.Context(), c)
			if err != nil {
				return nil, err
			}
			return target.close, nil
		}},
		{"import", func(t *testing.T, at location, c *console) (func() error, error) {
			_, done, err := (&importCSVCmd{Store: at, ruleFlags: usualRules}).sink(t.Context(), c)
			return done, err
		}},
		{"reindex", reindexing},
	} {
		t.Run(c.name, func(t *testing.T) {
			uri, _ := mongotest.Database(t)
			gate := mongotest.NewGate(t, uri, nil)
			t.Setenv("XDG_CACHE_HOME", t.TempDir()) // for the ledger
			var at location
			if err := at.UnmarshalText([]byte(gate.URI)); err != nil {
				t.Fatal(err)
			}
			told := &lockedBuffer{}
			done, err := c.open(t, at, &console{out: io.Discard, err: told})
			if err != nil {
				t.Fatal(err)
			}
			gate.Shut()
			waitFor(t, told, fails)
			gate.Open()
			waitFor(t, told, goesOn)
			if err := done(); err != nil {
				t.Errorf("the command ends with %v", err)
			}
		})
	}
}

// reindexing begins to move a database to another base URL: what refers below that is not touched in the first minute.
func reindexing(t *testing.T, at location, c *console) (func() error, error) {
	loadOne(t, at)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- (&reindexCmd{storeFlags: storeFlags{Store: at}, BaseURL: "https://new.example.org/fhir"}).Run(ctx, c)
	}()
	begun := `[{"$match": {"reindex.upto": {"$gt": 0}}}]`
	for len(mongotest.Aggregate(t, at.String(), at.mongo.Database(), "firewolf", begun)) == 0 {
		time.Sleep(20 * time.Millisecond)
	}
	return func() error {
		stop()
		if err := <-ended; err == nil || err.Error() != "stopped; the same command goes on from here" {
			return errors.Join(errors.New("it ended before it was stopped"), err)
		}
		return nil
	}, nil
}

// loadOne puts a resource into a new database that refers below a base URL which is not yet its own.
func loadOne(t *testing.T, at location) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "one.json")
	text := `{"resourceType":"Flag","id":"f","status":"active","code":{"text":"x"},"subject":{"reference":"https://new.example.org/fhir/Patient/p"}}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	rules := usualRules
	rules.BaseURL = "https://old.example.org/fhir"
	l := &loadCmd{Paths: []string{file}, Parallel: 1, MaxBytes: 1 << 20, Store: at, ruleFlags: rules}
	if err := l.Run(t.Context(), &console{out: io.Discard, err: io.Discard}); err != nil {
		t.Fatal(err)
	}
}

func waitFor(t *testing.T, told *lockedBuffer, what *regexp.Regexp) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !what.MatchString(told.String()); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("standard error has no line of %s:\n%s", what, told)
		}
	}
}
