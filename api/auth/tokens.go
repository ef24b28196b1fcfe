package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"strings"
	"sync/atomic"
	"time"

	"firewolf/fhir"
)

// Tokens are the tokens of one file. They are safe for concurrent use.
type Tokens struct {
	path    string
	entries atomic.Pointer[[]entry]
}

// Open reads a token file. A file without any token is allowed: it lets nobody in.
func Open(path string) (*Tokens, error) {
	t := &Tokens{path: path}
	if err := t.Reload(); err != nil {
		return nil, err
	}
	return t, nil
}

// Reload reads the file again. If it has a mistake the tokens stay as they were.
func (t *Tokens) Reload() error {
	entries, err := readFile(t.path)
	if err != nil {
		return err
	}
	t.entries.Store(&entries)
	return nil
}

// Len returns how many tokens there are, expired ones among them.
func (t *Tokens) Len() int { return len(*t.entries.Load()) }

// Caller returns whom a token belongs to. It reports false for an unknown and for an expired token.
//
// Every line is compared, each in constant time, so that the duration of the answer tells nothing about the hashes.
func (t *Tokens) Caller(token string, now time.Time) (fhir.Caller, bool) {
	digest := sha256.Sum256([]byte(token))
	entries := *t.entries.Load()
	found := -1
	for k := range entries {
		same := subtle.ConstantTimeCompare(entries[k].digest[:], digest[:])
		found = subtle.ConstantTimeSelect(same, k, found)
	}
	if found < 0 || expired(entries[found], now) {
		return fhir.Caller{}, false
	}
	return entries[found].caller, true
}

func expired(e entry, now time.Time) bool {
	return !e.expires.IsZero() && !now.Before(e.expires)
}

// Bearer returns the token of an Authorization header. It reports false for another scheme and for an empty token.
// https://www.rfc-editor.org/rfc/rfc6750#section-2.1
func Bearer(authorization string) (string, bool) {
	scheme, token, ok := strings.Cut(authorization, " ")
	token = strings.TrimSpace(token)
	if !ok || !strings.EqualFold(scheme, "Bearer") || token == "" {
		return "", false
	}
	return token, true
}
