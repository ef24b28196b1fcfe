package interaction

import (
	"context"
	"strings"

	"firewolf/fhir"
)

// read answers GET [type]/[id]. https://hl7.org/fhir/R4/http.html#read
func (s *Service) read(ctx context.Context, r *Request, rt route) (Response, error) {
	v, err := s.o.Store.Read(ctx, r.at, rt.key)
	return s.serve(ctx, r, rt, v, err)
}

// serve answers with one version.
func (s *Service) serve(ctx context.Context, r *Request, rt route, v fhir.Version, err error) (Response, error) {
	if err != nil {
		return gone(v), err
	}
	resp := Response{Status: 200, ETag: v.ETag(), LastModified: v.At, self: v.Key}
	resp.about(v)
	if len(r.Query) > 0 || r.IfNoneMatch != "" || !r.IfModifiedSince.IsZero() {
		same, err := s.notModified(ctx, r, rt, v)
		switch {
		case err != nil:
			return Response{}, err
		case same:
			resp.Status = 304
			return resp, nil
		}
		part, rest, err := s.subsetOf(r.Query, rt.key.Type)
		if err == nil {
			err = noMore(rest, rt.name, r.Lenient)
		}
		if err != nil {
			return Response{}, err
		}
		if resp.Body, err = part.of(v.JSON); err != nil {
			return Response{}, err
		}
	} else {
		resp.Body = v.JSON
	}
	if v.Type == "Binary" && r.RawAccept != "" {
		return raw(resp, v)
	}
	return resp, nil
}

// gone is the answer to a read of what is deleted: the ETag lets a client bring it back without a race.
func gone(tombstone fhir.Version) Response {
	if !tombstone.Deleted {
		return Response{}
	}
	return Response{ETag: tombstone.ETag(), LastModified: tombstone.At}
}

// notModified says whether a conditional read needs no body. If-None-Match, being exact, goes before
// If-Modified-Since: https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2
func (s *Service) notModified(ctx context.Context, r *Request, rt route, v fhir.Version) (bool, error) {
	switch {
	case r.IfNoneMatch != "":
		return r.IfNoneMatch == "*" || matchesETag(r.IfNoneMatch, v.VID), nil
	case r.IfModifiedSince.IsZero():
		return false, nil
	case rt.vid != "": // a version never changes
		return !lastModified(v.At).After(r.IfModifiedSince), nil
	}
	return s.unmodifiedSince(ctx, v, r.IfModifiedSince)
}

// matchesETag says whether a list of entity tags names the version. The comparison is weak: W/"3" and "3" are the same.
func matchesETag(list string, vid int64) bool {
	want := fhir.Version{VID: vid}.VersionID()
	for tag := range strings.SplitSeq(list, ",") {
		if id, ok := tagOf(tag); ok && id == want {
			return true
		}
	}
	return false
}

// tagOf returns the text inside one entity tag.
func tagOf(tag string) (string, bool) {
	tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
	if len(tag) < 2 || tag[0] != '"' || tag[len(tag)-1] != '"' {
		return "", false
	}
	return tag[1 : len(tag)-1], true
}
