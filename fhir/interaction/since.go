package interaction

import (
	"context"
	"time"

	"firewolf/fhir"
)

// A client knows versions by Last-Modified, which tells whole seconds: several versions may have the same. So a time is a weak validator, and what
// it leaves open is answered so that no change is missed. https://www.rfc-editor.org/rfc/rfc9110#section-8.8.2.2

// unmodifiedSince says whether a reader who asks what changed after a time has seen this version. One that came later within the second that
// Last-Modified tells counts as changed: whoever gave that second may have looked before.
func (s *Service) unmodifiedSince(ctx context.Context, v fhir.Version, since time.Time) (bool, error) {
	if !v.At.Equal(since) {
		return v.At.Before(since), nil
	}
	return s.onlyOneWithin(ctx, v, time.Millisecond)
}

// onlyOneWithin says whether a version is the first of its resource within the unit of time that it was made in.
func (s *Service) onlyOneWithin(ctx context.Context, v fhir.Version, unit time.Duration) (bool, error) {
	if v.VID == 1 {
		return true, nil
	}
	before, err := s.o.Store.ReadVersion(ctx, v.Key, v.VID-1)
	if err != nil && !fhir.HasCode(err, fhir.Deleted) {
		return false, err
	}
	return before.At.Truncate(unit).Before(v.At.Truncate(unit)), nil
}
