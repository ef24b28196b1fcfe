package interaction

import (
	"context"
	"strconv"

	"firewolf/fhir"
)

// vread answers GET [type]/[id]/_history/[vid]. https://hl7.org/fhir/R4/http.html#vread
func (s *Service) vread(ctx context.Context, r *Request, rt route) (Response, error) {
	vid, ok := versionID(rt.vid)
	if !ok {
		return Response{}, fhir.NewIssue(fhir.NotFound, rt.key.String()+" has no version "+quote(rt.vid))
	}
	v, err := s.o.Store.ReadVersion(ctx, rt.key, vid)
	return s.serve(ctx, r, rt, v, err)
}

// versionID reads a meta.versionId of this server: 1, 2, 3, ... without sign or leading zeros.
func versionID(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n > 0 && strconv.FormatInt(n, 10) == s
}
