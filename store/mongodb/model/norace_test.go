//go:build !race

package model

// raced says that the race detector is on: a test then visits fewer states.
const raced = false
