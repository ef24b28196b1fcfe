package course

import (
	"slices"

	"firewolf/fhir/tree"
	"firewolf/registry/term"
)

// permit is a Consent that is active and permits.
type permit struct {
	scope        string
	given        Span
	begins, ends Span // the first and the last day on which it permits, if they are told
}

// end is a Consent that denies, or one that has ended or was refused.
type end struct {
	scope  string
	denies bool
	active bool
	unread bool // it permits too, by exceptions
	since  Span
}

// consent takes what a Consent says. One that is inactive was terminated or replaced, which its status does not tell apart: as long as no active one
// is known to be younger it was terminated. https://hl7.org/fhir/R4/valueset-consent-state-codes.html
func (b *Builder) consent(root tree.Node) {
	provision := root.Member("provision")
	scope, given := scopeOf(root.Member("scope")), ParseDay(root.Member("dateTime").Text())
	denies := provision.Member("type").Text() == "deny" || optsOut(root)
	status := root.Member("status").Text()
	switch {
	case !denies && slices.Contains(ofCare, scope):
	case status == "active" && !denies:
		b.permits = append(b.permits, permit{scope, given, ParseDay(provision.Member("period").Member("start").Text()), ParseDay(provision.Member("period").Member("end").Text())})
	case status == "active" || status == "inactive" || status == "rejected":
		edge := "end"
		if denies {
			edge = "start"
		}
		since := given
		if at := ParseDay(provision.Member("period").Member(edge).Text()); at.There {
			since = at
		}
		b.ends = append(b.ends, end{scope, denies, status == "active", status == "active" && excepts(provision), since})
	}
}

// optsOut reports whether the policy of a Consent denies, or all that is an exception to it: one that is not limited to anybody or anything. In R4 the
// type of a provision is that of an exception. https://hl7.org/fhir/R4/consent.html#6.2.2.1
func optsOut(root tree.Node) bool {
	out := false
	codes(root.Member("policyRule"), func(system, code string) bool {
		out = out || system == term.HL7+"v3-ActCode" && slices.Contains([]string{"OPTOUT", "OPTOUTE", "EMRGONLY"}, code)
		return !out
	})
	for exception := range root.Member("provision").Member("provision").Items() {
		limited := false
		for m := range exception.Members() {
			limited = limited || !slices.Contains([]string{"id", "type", "period"}, m.Name())
		}
		out = out || exception.Member("type").Text() == "deny" && !limited
	}
	return out
}

// excepts reports whether a provision has an exception that permits.
func excepts(provision tree.Node) bool {
	for exception := range provision.Member("provision").Items() {
		if exception.Member("type").Text() == "permit" {
			return true
		}
	}
	return false
}

// ofCare are the scopes of a Consent that is about the care of the patient and permits no use of data for research: advance directives, and treatment.
// https://hl7.org/fhir/R4/valueset-consent-scope.html
var ofCare = []string{term.HL7 + "consentscope|adr", term.HL7 + "consentscope|treatment"}

// scopeOf is the first code of what a Consent is about, or its text.
func scopeOf(scope tree.Node) string {
	found := ""
	codes(scope, func(system, code string) bool {
		found = system + "|" + code
		return false
	})
	if found == "" {
		found = scope.Member("text").Text()
	}
	return intern(found)
}

// consents sets whether a permit stands, from when on and until when, and whether there was a consent that does not stand any more.
// The first and the last day on which one that stands permits are told, if each has one.
func (b *Builder) consents(c *Course) {
	for _, p := range b.permits {
		if b.denied || slices.ContainsFunc(b.ends, func(e end) bool { return e.against(p) }) {
			continue
		}
		if !c.Consent || c.ConsentBegins.There && (!p.begins.There || p.begins.From < c.ConsentBegins.From) {
			c.ConsentBegins = p.begins
		}
		if !c.Consent || c.ConsentEnds.There && (!p.ends.There || p.ends.To > c.ConsentEnds.To) {
			c.ConsentEnds = p.ends
		}
		c.Consent = true
	}
	out := !c.Consent && (b.denied || len(b.ends) > 0)
	c.Unread = out && !b.denied && !slices.ContainsFunc(b.ends, func(e end) bool { return !e.unread })
	c.Withdrawn = out && !c.Unread
}

// against reports whether an end takes a permit away. What denies is against permits of every scope, and while it is active against all that
// were ever given; what has ended is against those of its own scope. A permit that is known to be younger stands: the patient was asked again.
func (e end) against(p permit) bool {
	switch {
	case e.active:
		return true
	case !e.denies && e.scope != p.scope:
		return false
	default:
		return !e.since.There || !p.given.There || p.given.From <= e.since.To
	}
}
