package main

import (
	"context"
	"fmt"

	"firewolf/store/sqlite"
)

// backupCmd is `firewolf backup FILE`.
type backupCmd struct {
	File string `arg:"" help:"The file to write; it must not be there."`
	storeFlags
}

// Run copies the store as it is now. A server may have it open and write.
func (b *backupCmd) Run(ctx context.Context, c *console) error {
	path, err := b.Store.embedded()
	if err != nil {
		return err
	}
	if err := sqlite.Backup(ctx, path, b.File); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "%s holds a copy of %s; firewolf serve --store sqlite:%s serves it\n", b.File, b.Store, b.File)
	return err
}
