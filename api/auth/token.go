package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"firewolf/fhir"
)

// prefix marks a token as one of Firewolf's, so that scanners for leaked secrets find it.
const prefix = "fwt_"

// NewToken makes a random token of 256 bits and the line that lets it in when it is added to the token file. The
// token is shown once and stored nowhere. A zero expiry means that it is valid until its line is removed.
func NewToken(name string, role fhir.Role, expires time.Time) (token, line string, err error) {
	if err := checkName(name); err != nil {
		return "", "", err
	}
	if err := checkRole(string(role)); err != nil {
		return "", "", err
	}
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return "", "", fmt.Errorf("reading random bytes: %w", err)
	}
	token = prefix + base64.RawURLEncoding.EncodeToString(secret)
	digest := sha256.Sum256([]byte(token))
	fields := []string{name, string(role), hex.EncodeToString(digest[:])}
	if !expires.IsZero() {
		fields = append(fields, expires.UTC().Format(time.RFC3339))
	}
	return token, strings.Join(fields, " "), nil
}
