package auth

import (
	"time"

	"firewolf/fhir"
)

// NewToken makes a random token and the line that lets it in when it is added to the token file. The token is
// shown once and stored nowhere. A zero expiry means that it is valid until its line is removed.
func NewToken(name string, role fhir.Role, expires time.Time) (token, line string, err error) {
	panic("unwritten")
}
