package interaction

import (
	"encoding/base64"
	"errors"
	"strings"

	"firewolf/fhir"
	"firewolf/fhir/tree"
)

// binaryBody reads the body of a write to Binary: a Binary resource as JSON, and anything else as its content, even
// another resource. Content may be empty, as Binary.data may be absent; nothing at all where a resource was to come is a mistake.
// https://hl7.org/fhir/R4/binary.html#rest
func (s *Service) binaryBody(r *Request, id string) (*tree.Tree, error) {
	if isJSON(r.ContentType) == nil {
		if len(r.Body) == 0 {
			return nil, noBody("Binary")
		}
		t, err := tree.Parse(r.Body, s.limits())
		if err == nil && t.ResourceType() == "Binary" || r.ContentType == "" {
			return t, err
		}
	}
	b := append(make([]byte, 0, 128+len(r.ContentType)+base64.StdEncoding.EncodedLen(len(r.Body))), `{"resourceType":"Binary"`...)
	if id != "" {
		b = tree.Quote(append(b, `,"id":`...), id)
	}
	b = tree.Quote(append(b, `,"contentType":`...), r.ContentType)
	if r.SecurityContext != "" {
		b = tree.Quote(append(b, `,"securityContext":{"reference":`...), r.SecurityContext)
		b = append(b, '}')
	}
	if len(r.Body) > 0 {
		b = append(b, `,"data":"`...)
		b = base64.StdEncoding.AppendEncode(b, r.Body)
		b = append(b, '"')
	}
	return tree.Parse(append(b, '}'), tree.Limits{})
}

// raw turns the answer with a Binary into its content, with the content type that the resource states.
func raw(resp Response, v fhir.Version) (Response, error) {
	t, err := tree.Parse(v.JSON, tree.Limits{})
	if err != nil {
		return Response{}, err
	}
	root := t.Root()
	resp.ContentType = root.Member("contentType").Text()
	if resp.ContentType == "" {
		resp.ContentType = "application/octet-stream"
	}
	resp.SecurityContext = root.Member("securityContext").Member("reference").Text()
	resp.Body, err = decodeBase64(root.Member("data").Text())
	if err != nil {
		return Response{}, errors.Join(errors.New("reading "+v.Location()), err)
	}
	return resp, nil
}

// decodeBase64 reads base64Binary, which may have white space in it. https://hl7.org/fhir/R4/datatypes.html#base64Binary
func decodeBase64(text string) ([]byte, error) {
	if strings.ContainsAny(text, " \t\r\n") {
		text = strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "").Replace(text)
	}
	return base64.StdEncoding.DecodeString(text)
}
