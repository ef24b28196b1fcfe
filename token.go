package main

import (
	"fmt"
	"os"
	"time"

	"firewolf/api/auth"
	"firewolf/fhir"
)

// tokenCmd is `firewolf token NAME --role ROLE`.
type tokenCmd struct {
	Name    string    `arg:"" help:"Who will use the token, as the audit log names them."`
	Role    fhir.Role `required:"" enum:"reader,writer,admin,aggregator" help:"What the token may do: ${enum}."`
	Expires time.Time `format:"2006-01-02" placeholder:"YYYY-MM-DD" help:"The day (UTC) from which the token is refused; never if left out."`
	Append  string    `type:"path" placeholder:"FILE" help:"Add the line to this token file and print only the token."`
}

// Run prints a new token. It is shown this once: the token file holds its hash only.
func (t *tokenCmd) Run(c *console) error {
	token, line, err := auth.NewToken(t.Name, t.Role, t.Expires)
	if err != nil {
		return err
	}
	if t.Append == "" {
		_, err = fmt.Fprintf(c.out, "token      %s\ntoken file %s\n", token, line)
		return err
	}
	if err := appendLine(t.Append, line); err != nil {
		return fmt.Errorf("writing the token file: %w", err)
	}
	_, err = fmt.Fprintln(c.out, token)
	return err
}

// appendLine adds a line to a file that only its owner may read, and which is made if it is not there.
func appendLine(path, line string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	// A last line without an end would swallow the new one.
	if info, err := f.Stat(); err == nil && info.Size() > 0 {
		last := make([]byte, 1)
		if _, err := f.ReadAt(last, info.Size()-1); err == nil && last[0] != '\n' {
			line = "\n" + line
		}
	}
	_, err = f.WriteString(line + "\n")
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}
