//go:build !unix

package main

// keepPrivate does nothing: here the folder decides who may read a file.
func keepPrivate() {}
