package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"firewolf/fhir"
	"firewolf/load"
)

// loadCmd is `firewolf load PATH…`.
type loadCmd struct {
	Paths    []string      `arg:"" name:"path" help:"Files and folders: Bundles, resources, NDJSON, each also .gz or .zst."`
	Server   string        `placeholder:"URL" xor:"target" help:"Load into the FHIR server with this base, http://127.0.0.1:8080/fhir."`
	Token    string        `placeholder:"TOKEN" help:"The bearer token for --server."`
	Parallel int           `placeholder:"N" help:"How many requests are under way at a time. Default: 16 to a server, 32 into a store, which commits together what waits together."`
	Again    bool          `help:"Load also what was loaded before."`
	MaxBytes byteSize      `default:"64MiB" help:"The largest resource, line or transaction."`
	Patience time.Duration `default:"2m" help:"How long a busy server is asked again."`

	Store location `default:"sqlite:firewolf-data" placeholder:"STORE" help:"Load into this store, which no server has open if it is embedded (${default})."`
	passwordFlags
	ruleFlags
}

// Run loads the files and prints what was stored and what was not.
func (l *loadCmd) Run(ctx context.Context, c *console) error {
	if l.Parallel <= 0 {
		l.Parallel = 32
		if l.Server != "" {
			l.Parallel = 16
		}
	}
	files, err := load.Find(l.Paths)
	if err != nil {
		return err
	}
	target, err := l.open(ctx, c)
	if err != nil {
		return err
	}
	p := newProgress(c.err, files)
	o := load.Options{
		Sink:     target.sink,
		Ledger:   target.ledger,
		Parallel: l.Parallel,
		Limit:    int(l.MaxBytes),
		Patience: l.Patience,
		Head:     target.head,
		Progress: p.add,
		Reject:   p.reject,
	}
	if l.Again {
		o.Salt = "-" + rand.Text()
	}
	report, err := load.Run(ctx, files, o)
	p.finish()
	err = errors.Join(stopped(err), target.close())
	tell(c.out, report)
	if err == nil && report.Rejected > 0 {
		return toldError{}
	}
	return err
}

// stopped says what a person who pressed Ctrl-C wants to hear.
func stopped(err error) error {
	if errors.Is(err, context.Canceled) {
		return errors.New("stopped; the same command goes on from here")
	}
	return err
}

// target is what files are loaded into.
type target struct {
	sink   load.Sink
	ledger *load.Ledger
	head   func(context.Context) (fhir.Moment, error)
	close  func() error
}

func (l *loadCmd) open(ctx context.Context, c *console) (*target, error) {
	if l.Server != "" {
		return l.openServer(ctx)
	}
	if l.Store.kind == memoryStore {
		return nil, errors.New("what is loaded into memory: ends with the command: name --server URL or --store sqlite:DIR")
	}
	var err error
	if l.Store, err = l.Store.withPassword(l.passwordFlags); err != nil {
		return nil, err
	}
	own, err := keptBases(l.Store)
	if err != nil {
		return nil, err
	}
	h, err := newHouse(ctx, plan{store: l.Store, rules: l.ruleFlags, own: own, log: c.log()})
	if err != nil {
		return nil, err
	}
	t, err := inProcess(ctx, h, l.Store, l.BaseURL, l.Again)
	if err != nil {
		return nil, errors.Join(err, h.Close())
	}
	t.close = func() error { return errors.Join(t.ledger.Close(), h.Close()) }
	return t, nil
}

// inProcess makes the target of a store that this process has open.
func inProcess(ctx context.Context, h *house, at location, base string, again bool) (*target, error) {
	head := func(ctx context.Context) (fhir.Moment, error) {
		t, _, err := h.store.Head(ctx)
		return t, err
	}
	o := load.LedgerOptions{Target: string(h.store.Secret()), Forget: again}
	var err error
	switch at.kind {
	case sqliteStore:
		o.Path = at.ledger()
	case mongodbStore:
		if o.Path, err = ledgerOf(o.Target); err != nil {
			return nil, err
		}
	}
	if o.Head, err = head(ctx); err != nil {
		return nil, err
	}
	ledger, err := load.OpenLedger(o)
	if err != nil {
		return nil, err
	}
	return &target{
		sink:   load.Service{Interactor: h.service, Base: base, Caller: fhir.Caller{Name: "load", Role: fhir.RoleAdmin}},
		ledger: ledger,
		head:   head,
		close:  ledger.Close,
	}, nil
}

func (l *loadCmd) openServer(ctx context.Context) (*target, error) {
	sink := load.NewHTTP(l.Server, l.Token, l.Parallel)
	if err := sink.Check(ctx); err != nil {
		return nil, err
	}
	path, err := ledgerOf(sink.Base)
	if err != nil {
		return nil, err
	}
	ledger, err := load.OpenLedger(load.LedgerOptions{Path: path, Target: sink.Base, Forget: l.Again})
	if err != nil {
		return nil, err
	}
	return &target{sink: sink, ledger: ledger, close: ledger.Close}, nil
}

// ledgerOf returns the ledger of what was loaded into a server, or a store that has no folder here: it lies in the user's cache.
func ledgerOf(base string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding a place for the ledger of what was loaded: %w", err)
	}
	dir := filepath.Join(cache, "firewolf", "loaded")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("making a place for the ledger of what was loaded: %w", err)
	}
	sum := sha256.Sum256([]byte(base))
	return filepath.Join(dir, hex.EncodeToString(sum[:8])), nil
}
