package spec

import "sort"

// ParamType is SearchParameter.type.
type ParamType string

// The search parameter types. https://hl7.org/fhir/R4/search.html#ptypes
const (
	ParamNumber    ParamType = "number"
	ParamDate      ParamType = "date"
	ParamString    ParamType = "string"
	ParamToken     ParamType = "token"
	ParamReference ParamType = "reference"
	ParamComposite ParamType = "composite"
	ParamQuantity  ParamType = "quantity"
	ParamURI       ParamType = "uri"
	ParamSpecial   ParamType = "special"
)

// Param is one search parameter. The definitions list neither modifiers nor chains for
// any parameter: what https://hl7.org/fhir/R4/search.html says for its type holds.
type Param struct {
	Code        string // as in the URL: "birthdate"
	Name        string // the computer-friendly name, mostly the code
	URL         string // canonical
	Type        ParamType
	Expression  string   // FHIRPath; "" for _text, _content and _query
	XPathUsage  string   // normal, phonetic, nearby
	Base        []string // resource types
	Targets     []string // of a reference
	Components  []Component
	Comparators []string // eq, ne, ...; empty where the definition lists none
	MultipleOr  bool     // false for composites
	MultipleAnd bool
	Description string // markdown
}

// Component is one part of a composite parameter.
type Component struct {
	Definition string // canonical of the parameter
	Expression string // FHIRPath relative to the composite's own expression
}

// Params returns the parameters of a resource type, those of Resource and DomainResource
// included, in alphabetical order of code. Type "Resource" gives those that every resource has.
// The caller must not change the list.
func (s *Spec) Params(resourceType string) []*Param { return s.params[resourceType] }

// Param returns one parameter of a resource type, nil where there is none.
func (s *Spec) Param(resourceType, code string) *Param {
	list := s.params[resourceType]
	k := sort.Search(len(list), func(i int) bool { return list[i].Code >= code })
	if k == len(list) || list[k].Code != code {
		return nil
	}
	return list[k]
}

// ParamByURL returns a parameter by its canonical, nil where there is none.
func (s *Spec) ParamByURL(url string) *Param { return s.byURL[url] }

// index files a parameter under the types that have it.
func (s *Spec) indexParams(all []*Param) {
	s.byURL = make(map[string]*Param, len(all))
	own := make(map[string][]*Param, len(s.resources)+2)
	for _, p := range all {
		s.byURL[p.URL] = p
		for _, b := range p.Base {
			own[b] = append(own[b], p)
		}
	}
	s.params = make(map[string][]*Param, len(s.resources)+2)
	for _, name := range append([]string{"Resource", "DomainResource"}, s.resources...) {
		var list []*Param
		for t := s.types[name]; t != nil; t = s.types[t.Base] {
			list = append(list, own[t.Name]...)
		}
		sort.Slice(list, func(i, k int) bool { return list[i].Code < list[k].Code })
		s.params[name] = list
	}
}
