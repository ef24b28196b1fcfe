package spec

// Spec is the compiled definitions. It is immutable and safe for concurrent use.
type Spec struct {
	types        map[string]*Type
	all          []*Type
	resources    []string
	params       map[string][]*Param
	byURL        map[string]*Param
	compartments map[string]*Compartment
	codes        func() map[string]*CodeSet
}

// Type returns a type by name ("Patient", "HumanName", "date", "Patient.contact"), nil where there is none.
func (s *Spec) Type(name string) *Type { return s.types[name] }

// Types returns all types in order of name, the parts of types ("Patient.contact") among them.
// The caller must not change the list.
func (s *Spec) Types() []*Type { return s.all }

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
	for t := s.types[name]; t != nil; t = s.types[t.Base] {
		if t.Name == base {
			return true
		}
	}
	return false
}
