//go:build unix

package main

import "syscall"

// keepPrivate makes every file that this process makes readable by its owner alone: stores, backups, ledgers and audit logs hold data of
// patients.
func keepPrivate() { syscall.Umask(0o077) }
