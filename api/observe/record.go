package observe

import (
	"time"

	"firewolf/fhir"
)

// Record is what is told of one request.
type Record struct {
	Time        time.Time // when it came
	Duration    time.Duration
	ID          string // X-Request-Id
	Caller      fhir.Caller
	Remote      string // the address of the client, without port
	Method      string
	Interaction string   // "read", "search-type", ...; "" where the request was refused before one was known
	Type        string   // the resource type
	Resource    string   // "Patient/1", "Patient/1/_history/2"; "" for a type or the system
	Patient     string   // "Patient/1" where the request was about one patient
	Patients    []string // further ones, the first of PatientsTotal
	Entries     []Entry  // of a Bundle, the first of EntriesTotal
	Parameters  []string // names only: values may hold names of people
	Status      int
	Outcome     string // the code of the first issue of a refusal; "" for success
	In, Out     int64  // bytes of the body read, and of the body written

	PatientsTotal, EntriesTotal int
}

// Entry is what became of one entry of a Bundle.
type Entry struct {
	Interaction string `json:"interaction,omitempty"`
	Type        string `json:"type,omitempty"`
	Resource    string `json:"resource,omitempty"`
	Status      int    `json:"status,omitempty"` // 0 where the transaction was refused before
}
