package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// definitions is what the generator reads of the official Bundles.
type definitions struct {
	structures   []structure
	params       []searchParameter
	compartments []compartment
}

// structure is a StructureDefinition.
// https://hl7.org/fhir/R4/structuredefinition.html
type structure struct {
	URL            string
	Name           string
	Kind           string
	Type           string
	Abstract       bool
	BaseDefinition string
	Derivation     string
	Snapshot       struct{ Element []element }
}

// element is an ElementDefinition.
// https://hl7.org/fhir/R4/elementdefinition.html
type element struct {
	Path             string
	Min              int
	Max              string
	Type             []elementType
	ContentReference string
	IsSummary        bool
	IsModifier       bool
	Binding          *struct {
		Strength string
		ValueSet string
	}
}

type elementType struct {
	Code          string
	Profile       []string
	TargetProfile []string
	Extension     []extension
}

type extension struct {
	URL         string
	ValueURL    string `json:"valueUrl"`
	ValueString string
}

// searchParameter is a SearchParameter.
// https://hl7.org/fhir/R4/searchparameter.html
type searchParameter struct {
	URL         string
	Name        string
	Description string
	Code        string
	Base        []string
	Type        string
	Expression  string
	XPathUsage  string `json:"xpathUsage"`
	Target      []string
	MultipleOr  *bool
	MultipleAnd *bool
	Comparator  []string
	Component   []struct{ Definition, Expression string }
}

// compartment is a CompartmentDefinition.
// https://hl7.org/fhir/R4/compartmentdefinition.html
type compartment struct {
	Code     string
	Resource []struct {
		Code  string
		Param []string
	}
}

func readDefinitions(dir string) (*definitions, error) {
	d := &definitions{}
	for _, file := range []string{"Bundle-types.json", "Bundle-resources.json", "Bundle-searchParams.json"} {
		err := eachResource(filepath.Join(dir, file), d.add)
		if err != nil {
			return nil, err
		}
	}
	return d, nil
}

func (d *definitions) add(resourceType string, raw []byte) error {
	switch resourceType {
	case "StructureDefinition":
		return appendTo(&d.structures, raw)
	case "SearchParameter":
		return appendTo(&d.params, raw)
	case "CompartmentDefinition":
		return appendTo(&d.compartments, raw)
	default:
		return nil
	}
}

func appendTo[T any](list *[]T, raw []byte) error {
	var v T
	if err := json.Unmarshal(raw, &v); err != nil {
		return err
	}
	*list = append(*list, v)
	return nil
}

// eachResource calls f with every entry of a Bundle.
func eachResource(file string, f func(resourceType string, raw []byte) error) error {
	src, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("reading definitions: %w", err)
	}
	var b struct {
		Entry []struct{ Resource json.RawMessage }
	}
	if err := json.Unmarshal(src, &b); err != nil {
		return fmt.Errorf("reading %s: %w", file, err)
	}
	for i, e := range b.Entry {
		var head struct{ ResourceType string }
		if err := json.Unmarshal(e.Resource, &head); err != nil {
			return fmt.Errorf("reading %s, entry %d: %w", file, i, err)
		}
		if err := f(head.ResourceType, e.Resource); err != nil {
			return fmt.Errorf("reading %s, entry %d: %w", file, i, err)
		}
	}
	return nil
}

// lastSegment returns "Patient" of "http://hl7.org/fhir/StructureDefinition/Patient".
func lastSegment(url string) string { return url[strings.LastIndexByte(url, '/')+1:] }
