package main

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// typ is one type as package spec knows it: a primitive, a data type, a
// resource, or a part of one that has elements of its own ("Patient.contact").
type typ struct {
	name, kind, base, regex string
	abstract                bool
	elements                []field
}

// field is one element of a typ.
type field struct {
	name, path, profile string
	choice              bool
	types               []string
	min, max            int
	targets, canonicals []string
	strength, valueSet  string
	summary, modifier   bool
}

const (
	fhirTypeExtension = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"
	regexExtension    = "http://hl7.org/fhir/StructureDefinition/regex"
	systemTypes       = "http://hl7.org/fhirpath/System."
)

// compileTypes turns the snapshots into types, in order of name.
func compileTypes(structures []structure) ([]typ, error) {
	var types []typ
	for _, s := range structures {
		if s.Kind == "logical" {
			continue
		}
		more, err := compileStructure(s)
		if err != nil {
			return nil, fmt.Errorf("compiling %s: %w", s.URL, err)
		}
		types = append(types, more...)
	}
	sort.Slice(types, func(i, k int) bool { return types[i].name < types[k].name })
	return types, nil
}

// compileStructure returns the type of a definition and the types inside it.
// Resource.id is a string there, and an id by the text of the specification:
// https://hl7.org/fhir/R4/resource.html#id
func compileStructure(s structure) ([]typ, error) {
	elements := s.Snapshot.Element
	parents := map[string]bool{}
	for _, e := range elements {
		if k := strings.LastIndexByte(e.Path, '.'); k > 0 {
			parents[e.Path[:k]] = true
		}
	}
	types := []typ{{name: s.Name, kind: s.Kind, base: lastSegment(s.BaseDefinition), abstract: s.Abstract}}
	at := map[string]int{elements[0].Path: 0}
	for _, e := range elements[1:] {
		k := strings.LastIndexByte(e.Path, '.')
		owner := &types[at[e.Path[:k]]]
		if s.Kind == "primitive-type" && strings.HasSuffix(e.Path, ".value") {
			owner.regex = pattern(e)
			continue
		}
		f, err := compileElement(e, parents[e.Path])
		if err != nil {
			return nil, err
		}
		if s.Kind == "resource" && e.Path == s.Type+".id" {
			f.types = []string{"id"}
		}
		if f.max != 0 {
			owner.elements = append(owner.elements, f)
		}
		if parents[e.Path] {
			at[e.Path] = len(types)
			types = append(types, typ{name: e.Path, kind: "backbone", base: e.Type[0].Code})
		}
	}
	return types, nil
}

// pattern returns the regular expression of a primitive's value.
func pattern(e element) string {
	for _, x := range e.Type[0].Extension {
		if x.URL == regexExtension {
			return x.ValueString
		}
	}
	return ""
}

func compileElement(e element, backbone bool) (field, error) {
	f := field{path: e.Path, min: e.Min, max: -1, summary: e.IsSummary, modifier: e.IsModifier}
	f.name, f.choice = strings.CutSuffix(e.Path[strings.LastIndexByte(e.Path, '.')+1:], "[x]")
	if e.Max != "*" {
		n, err := strconv.Atoi(e.Max)
		if err != nil {
			return f, fmt.Errorf("max of %s: %w", e.Path, err)
		}
		f.max = n
	}
	if e.Binding != nil {
		f.strength = e.Binding.Strength
		f.valueSet, _, _ = strings.Cut(e.Binding.ValueSet, "|")
	}
	switch {
	case e.ContentReference != "":
		f.types = []string{strings.TrimPrefix(e.ContentReference, "#")}
	case backbone:
		f.types = []string{e.Path}
	default:
		for _, t := range e.Type {
			f.addType(t)
		}
	}
	if len(f.types) == 0 {
		return f, fmt.Errorf("%s has no type", e.Path)
	}
	return f, nil
}

func (f *field) addType(t elementType) {
	f.types = append(f.types, t.name())
	if len(t.Profile) > 0 {
		f.profile = lastSegment(t.Profile[0])
	}
	targets := make([]string, 0, len(t.TargetProfile))
	for _, p := range t.TargetProfile {
		if p = lastSegment(p); p != "Resource" {
			targets = append(targets, p)
		}
	}
	sort.Strings(targets)
	switch t.Code {
	case "canonical":
		f.canonicals = targets
	case "Reference":
		f.targets = targets
	}
}

// name returns the FHIR type where the definition names a FHIRPath system type.
func (t elementType) name() string {
	if !strings.HasPrefix(t.Code, systemTypes) {
		return t.Code
	}
	for _, x := range t.Extension {
		if x.URL == fhirTypeExtension {
			return x.ValueURL
		}
	}
	return "string"
}
