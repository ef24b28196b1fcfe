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

// toldBy refuses a write on a version that is not the one whose Last-Modified its client names. Of several versions of that second nobody can tell
// which one the client has.
func (s *Service) toldBy(ctx context.Context, since time.Time, v fhir.Version) error {
	changed := "If-Unmodified-Since does not hold: " + v.String() + " was changed at " + v.At.UTC().Format(fhir.InstantLayout)
	switch at := lastModified(v.At); {
	case at.After(since):
		return notSince(changed)
	case at.Before(lastModified(since)):
		return nil
	}
	if only, err := s.onlyOneWithin(ctx, v, time.Second); only || err != nil {
		return err
	}
	return notSince(changed + ", and before in the same second: If-Match tells its versions apart")
}

func notSince(text string) error {
	return fhir.NewIssue(fhir.Conflict, text, "http.If-Unmodified-Since").Because(fhir.ReasonPreconditionFailed)
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
