package interaction

import (
	"net/http"
	"strconv"
	"time"

	"firewolf/fhir"
	"firewolf/fhir/tree"
)

// bundleWriter writes a Bundle around finished JSON: a resource is copied, never read again.
// https://hl7.org/fhir/R4/bundle.html
type bundleWriter struct {
	b       []byte
	base    []byte // as the start of a JSON string, with its quote and the last slash
	entries int
}

// link is one Bundle.link.
type link struct{ relation, url string }

// newBundle starts a Bundle of a type. size is how many bytes the entries will take about.
func newBundle(kind, base string, total int64, links []link, size int) *bundleWriter {
	w := &bundleWriter{b: make([]byte, 0, 256+size)}
	w.base = tree.Quote(nil, base+"/")
	w.base = w.base[:len(w.base)-1]
	w.b = append(w.b, `{"resourceType":"Bundle","type":"`...)
	w.b = append(append(w.b, kind...), '"')
	if total >= 0 {
		w.b = strconv.AppendInt(append(w.b, `,"total":`...), total, 10)
	}
	for k, l := range links {
		if k == 0 {
			w.b = append(w.b, `,"link":[`...)
		} else {
			w.b = append(w.b, ',')
		}
		w.b = append(append(w.b, `{"relation":"`...), l.relation...)
		w.b = tree.Quote(append(w.b, `","url":`...), l.url)
		w.b = append(w.b, '}')
	}
	if len(links) > 0 {
		w.b = append(w.b, ']')
	}
	return w
}

// noTotal is the total of a Bundle that does not say it.
const noTotal = -1

// entryOverhead is about what a Bundle entry takes beside its resource, without the base.
const entryOverhead = 160

// open starts an entry. Everything that is written into it begins with a comma.
func (w *bundleWriter) open() {
	if w.entries == 0 {
		w.b = append(w.b, `,"entry":[{`...)
	} else {
		w.b = append(w.b, `,{`...)
	}
	w.entries++
}

func (w *bundleWriter) fullURL(k fhir.Key) {
	w.b = append(append(w.b, `"fullUrl":`...), w.base...)
	w.b = append(append(w.b, k.Type...), '/')
	w.b = append(append(w.b, k.ID...), '"')
}

// match writes an entry of a searchset. https://hl7.org/fhir/R4/search.html#entries
func (w *bundleWriter) match(k fhir.Key, resource []byte, mode string) {
	w.open()
	w.fullURL(k)
	w.b = append(append(w.b, `,"resource":`...), resource...)
	w.b = append(append(w.b, `,"search":{"mode":"`...), mode...)
	w.b = append(w.b, `"}}`...)
}

// outcome writes the OperationOutcome entry of a searchset. It has no fullUrl: it is no resource of this server.
func (w *bundleWriter) outcome(is fhir.Issues) {
	w.open()
	w.b = append(append(w.b, `"resource":`...), Outcome(is)...)
	w.b = append(w.b, `,"search":{"mode":"outcome"}}`...)
}

// version writes an entry of a history; made says that there was nothing before it. https://hl7.org/fhir/R4/http.html#history
func (w *bundleWriter) version(v fhir.Version, resource []byte, made bool) {
	w.open()
	w.fullURL(v.Key)
	if !v.Deleted {
		w.b = append(append(w.b, `,"resource":`...), resource...)
	}
	w.b = append(append(w.b, `,"request":{"method":"`...), v.Method...)
	w.b = append(append(w.b, `","url":"`...), v.Type...)
	if v.Method != fhir.MethodCreate {
		w.b = append(append(w.b, '/'), v.ID...)
	}
	w.b = append(w.b, `"},"response":{"status":"`...)
	w.b = append(w.b, historyStatus(v, made)...)
	w.b = append(w.b, `","etag":"W/\"`...)
	w.b = strconv.AppendInt(w.b, v.VID, 10)
	w.b = append(w.b, `\"","lastModified":"`...)
	w.b = v.At.UTC().AppendFormat(w.b, fhir.InstantLayout)
	w.b = append(w.b, `"}}`...)
}

// historyStatus is what the interaction that made a version answered.
func historyStatus(v fhir.Version, made bool) string {
	switch {
	case v.Deleted:
		return statusLine(http.StatusNoContent)
	case made:
		return statusLine(http.StatusCreated)
	default:
		return statusLine(http.StatusOK)
	}
}

// response writes an entry of a batch-response or transaction-response.
// https://hl7.org/fhir/R4/http.html#transaction-response
func (w *bundleWriter) response(r Response, base string) {
	w.open()
	comma := false
	if r.Body != nil && r.ContentType == "" && r.outcome == nil {
		if r.self.ID != "" {
			w.fullURL(r.self)
			w.b = append(w.b, ',')
		}
		w.b = append(append(w.b, `"resource":`...), r.Body...)
		comma = true
	}
	if comma {
		w.b = append(w.b, ',')
	}
	w.b = append(append(w.b, `"response":{"status":"`...), statusLine(r.Status)...)
	w.b = append(w.b, '"')
	if r.Location != "" {
		w.b = tree.Quote(append(w.b, `,"location":`...), relative(r.Location, base))
	}
	if r.ETag != "" {
		w.b = tree.Quote(append(w.b, `,"etag":`...), r.ETag)
	}
	if !r.LastModified.IsZero() {
		w.b = append(w.b, `,"lastModified":"`...)
		w.b = r.LastModified.UTC().AppendFormat(w.b, fhir.InstantLayout)
		w.b = append(w.b, '"')
	}
	if r.outcome != nil {
		w.b = append(append(w.b, `,"outcome":`...), r.outcome...)
	}
	w.b = append(w.b, `}}`...)
}

// relative cuts the base off an address, as the examples of bundle-response.html do.
func relative(location, base string) string {
	if len(location) > len(base)+1 && location[:len(base)] == base && location[len(base)] == '/' {
		return location[len(base)+1:]
	}
	return location
}

// statusLine returns "201 Created".
func statusLine(status int) string {
	switch status { // the usual ones without an allocation
	case http.StatusOK:
		return "200 OK"
	case http.StatusCreated:
		return "201 Created"
	case http.StatusNoContent:
		return "204 No Content"
	default:
		return strconv.Itoa(status) + " " + http.StatusText(status)
	}
}

// bytes ends the Bundle.
func (w *bundleWriter) bytes() []byte {
	if w.entries > 0 {
		w.b = append(w.b, ']')
	}
	w.b = append(w.b, '}')
	return w.b
}

// lastModified is what a Last-Modified header can say: whole seconds.
func lastModified(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
