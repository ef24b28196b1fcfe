package interaction

import (
	"context"
	"encoding/binary"
	"strconv"
	"time"

	"firewolf/fhir"
	"firewolf/fhir/datetime"
	"firewolf/fhir/search"
	"firewolf/store"
)

// history answers GET [type]/[id]/_history, [type]/_history and _history: versions, the newest first, deletions too.
// https://hl7.org/fhir/R4/http.html#history
func (s *Service) history(ctx context.Context, r *Request, rt route) (Response, error) {
	h := &telling{s: s, r: r, rt: rt}
	if err := h.read(ctx); err != nil {
		return Response{}, err
	}
	versions, next, err := h.versions(ctx)
	if err != nil {
		return Response{}, err
	}
	if err := h.known(ctx, versions); err != nil {
		return Response{}, err
	}
	total, err := h.total(ctx, versions, next)
	if err != nil {
		return Response{}, err
	}
	made, err := h.made(ctx, versions)
	if err != nil {
		return Response{}, err
	}
	body, err := h.bundle(versions, made, total, next)
	resp := Response{Status: 200, Body: body}
	if rt.key.Type == "Patient" && rt.key.ID != "" {
		resp.Patient = rt.key.String()
	}
	var about patients
	for k := range versions {
		about.of(versions[k])
	}
	about.tell(&resp)
	return resp, err
}

// telling is one page of a history.
type telling struct {
	s    *Service
	r    *Request
	rt   route
	path string
	self []search.Pair
	sent string // the cursor of this page
	page store.HistoryPage
	part subset
	all  bool // no versions are left out by _since or _at
}

// read understands the parameters. "Each of these parameters SHALL NOT appear more than once."
func (h *telling) read(ctx context.Context) error {
	h.path = "_history"
	if h.rt.key.ID != "" {
		h.path = h.rt.key.String() + "/_history"
	} else if h.rt.key.Type != "" {
		h.path = h.rt.key.Type + "/_history"
	}
	h.all = true
	h.page.Limit = h.s.o.Limits.DefaultCount
	rest := h.r.Query
	var err error
	if h.sent, rest, err = takeOne(rest, cursorParam); err != nil {
		return err
	}
	for _, p := range []struct {
		name string
		read func(string) error
	}{{"_since", h.since}, {"_at", h.at}, {"_count", h.count}} {
		var value string
		if value, rest, err = takeOne(rest, p.name); err != nil {
			return err
		}
		if value == "" {
			continue
		}
		if err := p.read(value); err != nil {
			return err
		}
		h.self = append(h.self, search.Pair{Name: p.name, Value: value})
	}
	summaries := rest
	if h.part, rest, err = h.s.subsetOf(rest, h.types()...); err != nil {
		return err
	}
	for _, p := range summaries {
		if p.Name == "_summary" || p.Name == "_elements" {
			h.self = append(h.self, p)
		}
	}
	if err := noMore(rest, h.rt.name, h.r.Lenient); err != nil {
		return err
	}
	return h.moment(ctx)
}

// types are those that the versions can be of.
func (h *telling) types() []string {
	if h.rt.key.Type == "" {
		return h.s.servedTypes()
	}
	return []string{h.rt.key.Type}
}

func (h *telling) since(value string) error {
	t, err := time.Parse(time.RFC3339Nano, value)
	if err != nil {
		return fhir.NewIssue(fhir.Value, "_since is an instant, such as 2024-03-10T12:30:00Z, not "+quote(value), "http._since").CausedBy(err)
	}
	h.page.Since, h.all = t, false
	return nil
}

func (h *telling) at(value string) error {
	d, err := datetime.ParseDateTime(value)
	if err != nil {
		return fhir.NewIssue(fhir.Value, "_at is a date or a date with a time, not "+quote(value), "http._at").CausedBy(err)
	}
	h.page.AtTime, h.page.AtUntil = d.Range()
	h.all = false
	return nil
}

func (h *telling) count(value string) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 {
		return fhir.NewIssue(fhir.Value, "_count is a number from 0 on, not "+quote(value), "http._count")
	}
	h.page.Limit = min(n, h.s.o.Limits.Count)
	return nil
}

// moment finds out what the page sees, and where it starts.
func (h *telling) moment(ctx context.Context) (err error) {
	if h.sent == "" {
		h.page.T = h.r.at
		if h.page.T == store.Now {
			h.page.T, _, err = h.s.o.Store.Head(ctx)
		}
		return err
	}
	c, err := decodeCursor(h.sent, h.s.o.Store.Secret(), queryDigest(h.path, h.self))
	if err != nil {
		return err
	}
	h.page.T = c.t
	after, _ := binary.Uvarint(c.after(""))
	h.page.After = fhir.Moment(after)
	return nil
}

// versions reads the page, and the cursor of the next one if there is one.
func (h *telling) versions(ctx context.Context) (versions []fhir.Version, next string, err error) {
	if h.page.T == store.Now || h.page.Limit == 0 {
		return nil, "", nil
	}
	page := h.page
	page.Limit++
	for v, err := range h.s.o.Store.History(ctx, h.scope(), page) {
		if err != nil {
			return nil, "", err
		}
		if len(versions) == h.page.Limit {
			after := binary.AppendUvarint(nil, uint64(versions[len(versions)-1].T))
			c := cursor{query: queryDigest(h.path, h.self), t: h.page.T, parts: []part{{after: after}}}
			return versions, c.encode(h.s.o.Store.Secret()), nil
		}
		versions = append(versions, v)
	}
	return versions, "", nil
}

func (h *telling) scope() store.Scope { return store.Scope{Type: h.rt.key.Type, ID: h.rt.key.ID} }

// known says 404 of the history of what was never there.
func (h *telling) known(ctx context.Context, versions []fhir.Version) error {
	if h.rt.key.ID == "" || len(versions) > 0 {
		return nil
	}
	_, err := h.s.o.Store.Read(ctx, h.page.T, h.rt.key)
	if fhir.HasCode(err, fhir.Deleted) {
		return nil
	}
	return err
}

// total counts where it is asked for or costs little: of one resource, of a list that fits one page, of _count=0.
func (h *telling) total(ctx context.Context, versions []fhir.Version, next string) (int64, error) {
	if h.sent == "" && next == "" && h.page.Limit > 0 {
		return int64(len(versions)), nil
	}
	if h.rt.key.ID == "" && h.page.Limit > 0 {
		return noTotal, nil
	}
	page := h.page
	page.Limit, page.After = 0, 0
	return h.s.o.Store.HistoryCount(ctx, h.scope(), page)
}

// made tells which versions made their resource: the first one, and one that follows a deletion.
func (h *telling) made(ctx context.Context, versions []fhir.Version) ([]bool, error) {
	shown := make(map[namedVersion]fhir.Version, len(versions))
	for _, v := range versions {
		shown[namedVersion{v.Key, v.VID}] = v
	}
	made := make([]bool, len(versions))
	for k, v := range versions {
		if v.Deleted || v.VID == 1 {
			made[k] = !v.Deleted
			continue
		}
		before, ok := shown[namedVersion{v.Key, v.VID - 1}]
		if !ok {
			var err error
			if before, err = h.s.o.Store.ReadVersion(ctx, v.Key, v.VID-1); err != nil && !fhir.HasCode(err, fhir.Deleted) {
				return nil, err
			}
		}
		made[k] = before.Deleted
	}
	return made, nil
}

func (h *telling) bundle(versions []fhir.Version, made []bool, total int64, next string) ([]byte, error) {
	links := []link{{"self", pageURL(h.r, h.path, h.self, h.sent)}}
	if next != "" || h.sent != "" {
		links = append(links, link{"first", pageURL(h.r, h.path, h.self, "")})
	}
	if next != "" {
		links = append(links, link{"next", pageURL(h.r, h.path, h.self, next)})
	}
	size := len(versions) * (2*entryOverhead + len(h.r.Base))
	for _, v := range versions {
		size += len(v.JSON)
	}
	w := newBundle("history", h.r.Base, total, links, size)
	for k, v := range versions {
		resource, err := h.part.of(v.JSON)
		if err != nil {
			return nil, err
		}
		w.version(v, resource, made[k])
	}
	return w.bytes(), nil
}
