package storetest

import (
	"errors"
	"fmt"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/store"
)

// observes is an observation of a patient.
func observes(id, patient string) string {
	return `{"resourceType":"Observation","id":"` + id + `","status":"final","code":{"text":"x"},"subject":{"reference":"` + patient + `"}}`
}

// at gives an Op a place in a Bundle.
func at(location string, op store.Op) store.Op {
	op.Location = location
	return op
}

func ifVersion(vid int64, op store.Op) store.Op {
	op.If.Version = vid
	return op
}

func ifAbsent(op store.Op) store.Op {
	op.If.Absent = true
	return op
}

func noReferrers(op store.Op) store.Op {
	op.NoReferrers = true
	return op
}

// mustRefuse tries a transaction that must be refused, and proves that it left no trace.
func (w *world) mustRefuse(tx store.Tx, want ...string) {
	w.Helper()
	w.leavesNoTrace(func() {
		c, err := w.store.Write(w.Context(), tx)
		w.refused(err, want...)
		w.equal("commit of a refused transaction", store.Commit{}, c)
	})
}

// mustBeStale tries a transaction whose assumptions no longer hold.
func (w *world) mustBeStale(tx store.Tx) {
	w.Helper()
	w.leavesNoTrace(func() {
		if _, err := w.store.Write(w.Context(), tx); !errors.Is(err, store.ErrStale) {
			w.Errorf("want ErrStale, got %v", err)
		}
	})
}

// leavesNoTrace does what must change nothing.
func (w *world) leavesNoTrace(do func()) {
	w.Helper()
	before, versions := w.head(), w.versions(store.Scope{}, store.HistoryPage{})
	do()
	w.equal("newest moment", before, w.head())
	w.equal("versions", versions, w.versions(store.Scope{}, store.HistoryPage{}))
}

var refuseCases = []testCase{
	{"If-Match with the current version is accepted, for an update and a delete", func(w *world) {
		w.load(ada)
		w.write(ifVersion(1, w.put(adaMoved)))
		c := w.write(ifVersion(2, remove("Patient/p1")))
		w.equal("effect", store.Deleted, c.Results[0].Effect)
	}},
	{"If-Match with any other version is refused", func(w *world) {
		w.load(ada)
		w.load(adaMoved)
		for _, vid := range []int64{1, 3} {
			w.mustRefuse(store.Tx{Ops: []store.Op{ifVersion(vid, w.put(adaAgain))}}, "conflict version-mismatch")
			w.mustRefuse(store.Tx{Ops: []store.Op{ifVersion(vid, remove("Patient/p1"))}}, "conflict version-mismatch")
		}
	}},
	{"If-Match is refused even where the content is the same", func(w *world) {
		w.load(ada)
		w.mustRefuse(store.Tx{Ops: []store.Op{ifVersion(2, w.put(ada))}}, "conflict version-mismatch")
	}},
	{"If-Match on what was never there, or is deleted, is refused", func(w *world) {
		w.load(bob)
		w.write(remove("Patient/p2"))
		w.mustRefuse(store.Tx{Ops: []store.Op{ifVersion(1, w.put(ada))}}, "conflict version-mismatch")
		w.mustRefuse(store.Tx{Ops: []store.Op{ifVersion(1, remove("Patient/p1"))}}, "conflict version-mismatch")
		w.mustRefuse(store.Tx{Ops: []store.Op{ifVersion(2, w.put(bob))}}, "conflict version-mismatch")
	}},
	{"a create of what is there is refused, of what is deleted or was never there is not", func(w *world) {
		w.load(ada)
		w.mustRefuse(store.Tx{Ops: []store.Op{ifAbsent(w.put(adaMoved))}}, "conflict precondition-failed")
		w.mustRefuse(store.Tx{Ops: []store.Op{ifAbsent(w.put(ada))}}, "conflict precondition-failed")
		w.write(remove("Patient/p1"))
		w.equal("effect", store.Revived, w.write(ifAbsent(w.put(ada))).Results[0].Effect)
		w.equal("effect", store.Created, w.write(ifAbsent(w.put(bob))).Results[0].Effect)
	}},
	{"one refused Op refuses the transaction, and names its place", func(w *world) {
		w.load(ada, bob)
		w.mustRefuse(store.Tx{Ops: []store.Op{
			at("Bundle.entry[0]", w.put(pulse)), at("Bundle.entry[1]", ifVersion(9, w.put(adaMoved))), at("Bundle.entry[2]", remove("Patient/p2")),
		}}, "conflict version-mismatch Bundle.entry[1]")
		w.equal("patients", []string{"p1", "p2"}, w.find("Patient"))
		w.equal("observations", []string(nil), w.find("Observation"))
		w.equal("vid of the next update", int64(2), w.load(adaMoved).Results[0].Version.VID)
	}},
	{"a refused transaction names everything that does not hold", func(w *world) {
		w.load(ada, bob, observes("o1", "Patient/p2"))
		w.mustRefuse(store.Tx{
			Ops: []store.Op{
				at("Bundle.entry[0]", ifVersion(9, w.put(adaMoved))),
				at("Bundle.entry[1]", noReferrers(remove("Patient/p2"))),
				at("Bundle.entry[2]", ifAbsent(w.put(observes("o1", "Patient/p2")))),
			},
			Require: []store.Requirement{{Key: key("Group/g"), Location: "Bundle.entry[7].resource.subject"}},
		},
			"conflict version-mismatch Bundle.entry[0]", "conflict referenced Bundle.entry[1]",
			"conflict precondition-failed Bundle.entry[2]", "not-found dangling-reference Bundle.entry[7].resource.subject")
	}},
	{"a key that occurs twice is refused", func(w *world) {
		w.mustRefuse(store.Tx{Ops: []store.Op{
			at("Bundle.entry[0]", w.put(ada)), at("Bundle.entry[1]", w.put(bob)), at("Bundle.entry[2]", remove("Patient/p1")),
		}}, "duplicate Bundle.entry[2]")
	}},
	{"a canceled request writes nothing", func(w *world) {
		w.load(bob)
		w.leavesNoTrace(func() {
			if _, err := w.store.Write(canceled(w), store.Tx{Ops: []store.Op{w.put(ada)}}); err == nil {
				w.Error("want an error")
			}
		})
	}},

	{"what is required must be there, and stay there", func(w *world) {
		w.load(ada, bob)
		w.write(remove("Patient/p2"))
		require := func(k string) []store.Requirement {
			return []store.Requirement{{Key: key(k), Location: "Observation.subject"}}
		}
		for _, k := range []string{"Patient/p2", "Patient/never", "Group/p1"} {
			w.mustRefuse(store.Tx{Ops: []store.Op{w.put(observes("o1", k))}, Require: require(k)}, "not-found dangling-reference Observation.subject")
		}
		w.mustRefuse(store.Tx{Ops: []store.Op{w.put(observes("o1", "Patient/p1")), remove("Patient/p1")}, Require: require("Patient/p1")},
			"not-found dangling-reference Observation.subject")
		w.commit(store.Tx{Ops: []store.Op{w.put(observes("o1", "Patient/p1"))}, Require: require("Patient/p1")})
		w.commit(store.Tx{Ops: []store.Op{w.put(observes("o2", "Patient/p2")), w.put(bob)}, Require: require("Patient/p2")})
		w.commit(store.Tx{Ops: []store.Op{w.put(observes("o3", "Patient/p3")), w.put(bobAs("p3"))}, Require: require("Patient/p3")})
		w.commit(store.Tx{Ops: []store.Op{w.put(observes("o4", "Patient/p1")), w.put(ada)}, Require: require("Patient/p1")})
		w.equal("observations", []string{"o1", "o2", "o3", "o4"}, w.find("Observation"))
	}},
	{"a delete that would leave a reference dangling is refused", func(w *world) {
		w.load(ada, observes("o1", "Patient/p1"))
		w.mustRefuse(store.Tx{Ops: []store.Op{noReferrers(remove("Patient/p1"))}}, "conflict referenced")
		w.load(observes("o1", "Patient/p1/_history/1"))
		w.mustRefuse(store.Tx{Ops: []store.Op{noReferrers(remove("Patient/p1"))}}, "conflict referenced")
		w.load(observes("o1", Base+"/Patient/p1"))
		w.mustRefuse(store.Tx{Ops: []store.Op{noReferrers(remove("Patient/p1"))}}, "conflict referenced")
	}},
	{"a delete is accepted where nothing current refers to the resource", func(w *world) {
		w.load(ada, bob, observes("o1", "Patient/p1"), observes("o2", "Patient/p1"), observes("o3", "http://example.org/fhir/Patient/p1"), observes("o4", "Patient/p10"))
		w.load(observes("o1", "Patient/p2"))
		w.write(remove("Observation/o2"))
		w.equal("effect", store.Deleted, w.write(noReferrers(remove("Patient/p1"))).Results[0].Effect)
	}},
	{"a delete counts the references as they are once the transaction is done", func(w *world) {
		w.load(ada, bob, observes("o1", "Patient/p1"), observes("o2", "Patient/p2"))
		c := w.write(noReferrers(remove("Patient/p1")), w.put(observes("o1", "Patient/p3")), noReferrers(remove("Patient/p2")), remove("Observation/o2"))
		w.equal("effect", store.Deleted, c.Results[0].Effect)
		w.load(ada)
		w.mustRefuse(store.Tx{Ops: []store.Op{noReferrers(remove("Patient/p1")), w.put(observes("o9", "Patient/p1"))}}, "conflict referenced")
	}},
	{"resources that refer to each other, or to themselves, are deleted together", func(w *world) {
		w.load(linked("p1", "p2"), linked("p2", "p1"), linked("p3", "p3"))
		w.mustRefuse(store.Tx{Ops: []store.Op{noReferrers(remove("Patient/p1"))}}, "conflict referenced")
		w.write(noReferrers(remove("Patient/p1")), noReferrers(remove("Patient/p2")), noReferrers(remove("Patient/p3")))
		w.equal("patients", []string(nil), w.find("Patient"))
	}},
	{"a reference that no search parameter reaches holds a delete up too", func(w *world) {
		const clinic = `{"resourceType":"Organization","id":"clinic"}`
		contact := func(id, organization string) string {
			return fmt.Sprintf(`{"resourceType":"Patient","id":%q,"contact":[{"organization":{"reference":%q}}]}`, id, organization)
		}
		w.load(clinic, contact("p1", "Organization/clinic"))
		w.mustRefuse(store.Tx{Ops: []store.Op{noReferrers(remove("Organization/clinic"))}}, "conflict referenced")
		w.load(contact("p1", "Organization/other"), contact("p2", Base+"/Organization/clinic"))
		w.mustRefuse(store.Tx{Ops: []store.Op{noReferrers(remove("Organization/clinic"))}}, "conflict referenced")
		w.mustRefuse(store.Tx{Ops: []store.Op{noReferrers(remove("Organization/clinic")), remove("Patient/p2"), w.put(contact("p3", "Organization/clinic"))}},
			"conflict referenced")
		w.write(noReferrers(remove("Organization/clinic")), remove("Patient/p2"))
	}},
	{"a reference that no search parameter reaches is not followed", func(w *world) {
		w.load(`{"resourceType":"Organization","id":"o","name":"clinic"}`,
			`{"resourceType":"Patient","id":"p1","managingOrganization":{"reference":"Organization/x"},"contact":[{"organization":{"reference":"Organization/o"}}]}`)
		refs, err := w.store.Refs(w.Context(), w.matches(w.plan("Patient"), store.Page{}), []string{"*"})
		w.equal("error", nil, err)
		w.equal("references", [][]search.RefEntry{{{Param: "organization", Key: key("Organization/x")}}}, refs)
		w.equal("chain", []string(nil), w.find("Patient?organization.name=clinic"))
		w.equal("_has", []string(nil), w.find("Organization?_has:Patient:organization:_id=p1"))
	}},
	{"a delete of what is not there is not refused for its referrers", func(w *world) {
		w.load(observes("o1", "Patient/p1"))
		w.equal("effect", store.Absent, w.write(noReferrers(remove("Patient/p1"))).Results[0].Effect)
	}},
	{"a delete that does not ask is not refused", func(w *world) {
		w.load(ada, observes("o1", "Patient/p1"))
		w.equal("effect", store.Deleted, w.write(remove("Patient/p1")).Results[0].Effect)
	}},

	{"an assumption holds while the search finds the same keys, in any order", func(w *world) {
		w.load(ada, bob, named("p3", "Lovelock"))
		assume := func(limit int, ids ...string) store.Assumption {
			a := store.Assumption{Plan: w.plan("Patient?name=love"), Limit: limit}
			for _, id := range ids {
				a.Match = append(a.Match, key("Patient/"+id))
			}
			return a
		}
		w.commit(store.Tx{Assume: []store.Assumption{assume(0, "p3", "p1")}})
		w.commit(store.Tx{Assume: []store.Assumption{assume(3, "p1", "p3"), assume(0, "p1", "p3")}})
		for _, a := range []store.Assumption{
			assume(0), assume(1), assume(2), assume(0, "p1"), assume(2, "p1"), assume(0, "p1", "p2"), assume(3, "p1", "p2"), assume(0, "p1", "p2", "p3"), assume(4, "p1", "p2", "p3"),
		} {
			w.mustBeStale(store.Tx{Ops: []store.Op{w.put(pulse)}, Assume: []store.Assumption{a}})
		}
		w.mustBeStale(store.Tx{Ops: []store.Op{w.put(pulse)}, Assume: []store.Assumption{assume(0, "p1", "p3"), assume(0)}})
	}},
	{"an assumption is about the state before the transaction", func(w *world) {
		none := store.Assumption{Plan: w.plan("Patient?name=lovelace"), Limit: 2}
		w.commit(store.Tx{Ops: []store.Op{w.put(ada)}, Assume: []store.Assumption{none}})
		w.mustBeStale(store.Tx{Ops: []store.Op{w.put(named("p9", "Lovelace"))}, Assume: []store.Assumption{none}})
		w.write(remove("Patient/p1"))
		w.commit(store.Tx{Ops: []store.Op{w.put(named("p9", "Lovelace"))}, Assume: []store.Assumption{none}})
	}},
	{"an assumption that fell comes before any other refusal", func(w *world) {
		w.load(ada)
		w.mustBeStale(store.Tx{
			Ops:     []store.Op{ifVersion(7, w.put(adaMoved))},
			Assume:  []store.Assumption{{Plan: w.plan("Patient?name=lovelace"), Limit: 2}},
			Require: []store.Requirement{{Key: key("Patient/never")}},
		})
	}},
	{"an assumption over a chain sees both ends", func(w *world) {
		w.load(ada, observes("o1", "Patient/p1"))
		a := []store.Assumption{{Plan: w.plan("Observation?subject:Patient.name=lovelace"), Match: []fhir.Key{key("Observation/o1")}, Limit: 2}}
		w.commit(store.Tx{Assume: a})
		w.load(adaMoved)
		w.mustBeStale(store.Tx{Ops: []store.Op{w.put(bob)}, Assume: a})
		w.load(ada)
		w.commit(store.Tx{Assume: a})
		w.load(observes("o1", "Patient/p2"))
		w.mustBeStale(store.Tx{Ops: []store.Op{w.put(bob)}, Assume: a})
	}},
}

// linked is a patient that another one replaces.
func linked(id, other string) string {
	return `{"resourceType":"Patient","id":"` + id + `","link":[{"other":{"reference":"Patient/` + other + `"},"type":"refer"}]}`
}
