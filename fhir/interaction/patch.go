package interaction

import (
	"context"

	"firewolf/fhir"
)

// patch answers PATCH [type]/[id]: the route is known, what it does is not built.
// https://hl7.org/fhir/R4/http.html#patch
func (s *Service) patch(context.Context, *Request, route) (Response, error) {
	return Response{}, fhir.NewIssue(fhir.NotSupported, "patch is not implemented: read the resource, change it and update it with If-Match").
		Because(fhir.ReasonNotImplemented)
}
