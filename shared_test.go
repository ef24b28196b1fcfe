package main

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
	"firewolf/store/mongodb/mongotest"
)

// TestProcessesOnOneDatabaseHaveOneBase starts servers on a database that was made for a base URL: without one, and with another.
func TestProcessesOnOneDatabaseHaveOneBase(t *testing.T) {
	uri, _ := mongotest.Database(t)
	var at location
	if err := at.UnmarshalText([]byte(uri)); err != nil {
		t.Fatal(err)
	}
	open := func(base string) (*house, error) {
		rules := usualRules
		rules.BaseURL = base
		// Where a process listens says nothing about the database.
		return newHouse(context.Background(), plan{store: at, rules: rules, own: []string{"http://127.0.0.1:8080/fhir"}})
	}
	first, err := open("https://fhir.example.org/fhir")
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	second, err := open("")
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	r := interaction.Request{
		Method: http.MethodPut, Path: "Encounter/e", ContentType: "application/fhir+json", Base: "http://localhost/fhir", Caller: fhir.Caller{Name: "test", Role: fhir.RoleAdmin},
		Body: []byte(`{"resourceType":"Encounter","id":"e","status":"planned","class":{"code":"AMB"},"subject":{"reference":"http://fhir.example.org/fhir/Patient/p"}}`),
	}
	if got := second.service.Interact(context.Background(), r); got.Status != http.StatusCreated {
		t.Fatal(got.Status, got.Issues)
	}
	pairs, err := interaction.ParseQuery("subject=Patient/p")
	if err != nil {
		t.Fatal(err)
	}
	r = interaction.Request{Method: http.MethodGet, Path: "Encounter", Query: pairs, Base: r.Base, Caller: r.Caller}
	if got := first.service.Interact(context.Background(), r); !strings.Contains(string(got.Body), `"total":1`) {
		t.Errorf("a process without a base wrote a reference that one with the database's does not find: %s", got.Body)
	}
	_, err = open("https://other.example.org/fhir")
	const want = "the database belongs to the server of http://fhir.example.org/fhir, and this process to the server of http://other.example.org/fhir: " +
		"start it with the --base-url of the database or without one, or run firewolf reindex with the new one"
	var told strings.Builder
	report(&told, err)
	if got := told.String(); got != "firewolf: "+want+"\n" {
		t.Errorf("want %q, got %q", want, got)
	}
	if got, err := open(""); err != nil {
		t.Errorf("a refused process changed something: %v", err)
	} else if err := got.Close(); err != nil {
		t.Error(err)
	}
}
