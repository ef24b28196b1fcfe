package interaction

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	"net/http"

	"firewolf/fhir"
	"firewolf/store"
)

// fate is what a plan does about one entry. It is kept with an idempotent commit, so that the first answer can be given again.
type fate struct {
	kind    fateKind
	op, ops int      // of fateOp: the place of its operations in Tx.Ops
	key     fhir.Key // of fateMatch
	vid     int64
}

type fateKind byte

const (
	fateOp    fateKind = 'o' // it makes operations
	fateSame  fateKind = 's' // it is a conditional create of what another entry makes by operation op
	fateMatch fateKind = 'm' // it is a conditional create that found its resource
	fateNone  fateKind = 'n' // it is a conditional delete that found nothing
	fateRead  fateKind = 'r' // it reads, once the rest is done
)

func encodeFates(fates []fate) []byte {
	var b []byte
	for _, f := range fates {
		b = append(b, byte(f.kind))
		switch f.kind {
		case fateOp, fateSame:
			b = binary.AppendUvarint(b, uint64(f.op))
			b = binary.AppendUvarint(b, uint64(f.ops))
		case fateMatch:
			b = appendField(b, []byte(f.key.String()))
			b = binary.AppendUvarint(b, uint64(f.vid))
		default: // nothing more to say
		}
	}
	return b
}

func decodeFates(note []byte) ([]fate, error) {
	var fates []fate
	d := fields{b: note}
	for len(d.b) > 0 && !d.bad {
		f := fate{kind: fateKind(d.b[0])}
		d.b = d.b[1:]
		switch f.kind {
		case fateOp, fateSame:
			f.op, f.ops = int(d.number()), int(d.number())
		case fateMatch:
			f.key, _ = fhir.ParseKey(string(d.field()))
			f.vid = int64(d.number())
		default:
		}
		fates = append(fates, f)
	}
	if d.bad {
		return nil, errors.New("reading the note of an idempotent commit: it is cut short")
	}
	return fates, nil
}

// idempotencyLimit is how long the Idempotency-Key of a client may be.
const idempotencyLimit = 255

// idempotency names the request, if its client gave it a key. Keys of different callers are different.
// https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
func (s *Service) idempotency(r *Request) (*store.Idempotency, error) {
	if r.IdempotencyKey == "" {
		return nil, nil
	}
	if len(r.IdempotencyKey) > idempotencyLimit {
		return nil, fhir.NewIssue(fhir.TooLong, "an Idempotency-Key has at most 255 characters", "http.Idempotency-Key").Because(fhir.ReasonUnprocessable)
	}
	i := &store.Idempotency{Key: r.Caller.Name + "\x00" + r.IdempotencyKey}
	h := sha256.New()
	for _, field := range []string{
		r.Method, r.Path, string(appendQuery(nil, r.Query)), r.ContentType, r.IfMatch, r.IfNoneMatch, r.IfNoneExist, r.SecurityContext,
	} {
		hashField(h, []byte(field))
	}
	if !r.IfUnmodifiedSince.IsZero() {
		hashField(h, []byte(r.IfUnmodifiedSince.UTC().Format(http.TimeFormat)))
	}
	if r.tree != nil {
		hashField(h, r.tree.Bytes())
	} else {
		hashField(h, r.Body)
	}
	h.Sum(i.Request[:0])
	return i, nil
}

func hashField(h hash.Hash, b []byte) {
	var size [8]byte
	binary.BigEndian.PutUint64(size[:], uint64(len(b)))
	h.Write(size[:])
	h.Write(b)
}
