package memory

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"sync"
	"time"

	"firewolf/fhir"
	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
	"firewolf/store"
)

var _ store.Store = (*Store)(nil)

// errClosed is what every call answers after Close.
var errClosed = errors.New("the store is closed")

// Store keeps versions in memory.
type Store struct {
	params  *params
	clock   fhir.Clock
	secret  []byte
	mu      sync.RWMutex
	closed  bool
	all     []*record              // every version: all[i].T is i+1
	of      map[fhir.Key][]*record // the versions of one resource, oldest first
	replays map[string]replay      // by idempotency key
}

// record is one version and what the store knows of it.
type record struct {
	fhir.Version
	tree   *tree.Tree // nil for a tombstone
	digest [32]byte
	next   *record // the version of the same resource that replaced it

	container tree.Node // of a contained resource that a chain leads to: what it is in; zero for a version
}

// New returns an empty store. own are the server's base URLs: a reference below one of them is a local one.
func New(s *spec.Spec, clock fhir.Clock, own ...string) *Store {
	secret := make([]byte, 32)
	rand.Read(secret) // it never returns an error
	return &Store{
		params: newParams(s, own), clock: clock, secret: secret,
		of: map[fhir.Key][]*record{}, replays: map[string]replay{},
	}
}

// Head returns the newest moment and its time.
func (s *Store) Head(ctx context.Context) (fhir.Moment, time.Time, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(ctx); err != nil {
		return 0, time.Time{}, err
	}
	t, at := s.head()
	return t, at, nil
}

// Read returns the version of a resource that was current at t.
func (s *Store) Read(ctx context.Context, t fhir.Moment, k fhir.Key) (fhir.Version, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(ctx); err != nil {
		return fhir.Version{}, err
	}
	return answer(s.currentAt(s.moment(t), k), store.NotFound(k))
}

// ReadVersion returns one version, current or not.
func (s *Store) ReadVersion(ctx context.Context, k fhir.Key, vid int64) (fhir.Version, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(ctx); err != nil {
		return fhir.Version{}, err
	}
	missing := store.NoVersion(k, vid)
	if versions := s.of[k]; vid >= 1 && vid <= int64(len(versions)) {
		return answer(versions[vid-1], missing)
	}
	return answer(nil, missing)
}

// answer turns what was found into the answer of a read.
func answer(r *record, missing error) (fhir.Version, error) {
	if r == nil {
		return fhir.Version{}, missing
	}
	if r.Deleted {
		return r.Version, store.Gone(r.Version)
	}
	return r.Version, nil
}

// Secret returns 32 random bytes, others for each store.
func (s *Store) Secret() []byte { return slices.Clone(s.secret) }

// Close makes every later call fail.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

func (s *Store) usable(ctx context.Context) error {
	if s.closed {
		return errClosed
	}
	return ctx.Err()
}

func (s *Store) head() (fhir.Moment, time.Time) {
	if len(s.all) == 0 {
		return 0, time.Time{}
	}
	last := s.all[len(s.all)-1]
	return last.T, last.At
}

// moment returns the moment that t asks for.
func (s *Store) moment(t fhir.Moment) fhir.Moment {
	if t == store.Now {
		t, _ = s.head()
	}
	return t
}

// currentAt returns the version of k that was current at t, which may be a tombstone; nil if there was none.
func (s *Store) currentAt(t fhir.Moment, k fhir.Key) *record {
	for _, r := range s.of[k] {
		if r.currentAt(t) {
			return r
		}
	}
	return nil
}

// currentAt reports whether the version was written by t and not replaced by t.
func (r *record) currentAt(t fhir.Moment) bool {
	return r.T <= t && (r.next == nil || r.next.T > t)
}

// resourcesAt returns the resources of one type that were there at t, in order of T. An empty type means every type.
func (s *Store) resourcesAt(t fhir.Moment, typ string) []*record {
	var found []*record
	for _, r := range s.all {
		if !r.Deleted && (typ == "" || r.Type == typ) && r.currentAt(t) {
			found = append(found, r)
		}
	}
	return found
}
