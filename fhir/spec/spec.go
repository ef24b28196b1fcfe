package spec

// Spec is the compiled definitions. It is immutable and safe for concurrent use.
type Spec struct {
	types        map[string]*Type
	resources    []string
	params       map[string][]*Param
	byURL        map[string]*Param
	compartments map[string]*Compartment
}

// Type returns a type by name ("Patient", "HumanName", "date", "Patient.contact"), nil where there is none.
func (s *Spec) Type(name string) *Type { return s.types[name] }

// ResourceTypes returns the 146 concrete resource types in alphabetical order (those that stand alone, so Parameters is one).
// The caller must not change the list.
func (s *Spec) ResourceTypes() []string { return s.resources }

// IsResource reports whether name is a concrete resource type.
func (s *Spec) IsResource(name string) bool {
	t := s.types[name]
	return t != nil && t.Kind == Resource && !t.Abstract
}

// Is reports whether a type is, or descends from, another: Age is a Quantity,
// Patient is a DomainResource, code is a string.
func (s *Spec) Is(name, base string) bool {
	for name != "" {
		if name == base {
			return true
		}
		t := s.types[name]
		if t == nil {
			return false
		}
		name = t.Base
	}
	return false
}
