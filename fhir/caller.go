package fhir

// Role is what a caller may do.
type Role string

// The roles of a token file.
const (
	RoleReader     Role = "reader"     // reads, searches, history
	RoleWriter     Role = "writer"     // and writes
	RoleAdmin      Role = "admin"      // and everything else
	RoleAggregator Role = "aggregator" // registry aggregates and metadata only
)

// Caller is who asks.
type Caller struct {
	Name string // as the token file names it; "anonymous" without one
	Role Role
}

// CanRead reports whether the caller may read resources.
func (c Caller) CanRead() bool {
	return c.Role == RoleReader || c.Role == RoleWriter || c.Role == RoleAdmin
}

// CanWrite reports whether the caller may write resources.
func (c Caller) CanWrite() bool { return c.Role == RoleWriter || c.Role == RoleAdmin }
