package main

import (
	"fmt"
	"strconv"
	"strings"
)

// byteSize is a number of bytes as a flag writes it: "65536", "64KiB", "64MiB", "2GiB".
type byteSize int64

// UnmarshalText reads a size.
func (b *byteSize) UnmarshalText(text []byte) error {
	number, shift := string(text), 0
	for unit, bits := range map[string]int{"KiB": 10, "MiB": 20, "GiB": 30} {
		if n, ok := strings.CutSuffix(number, unit); ok {
			number, shift = n, bits
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n <= 0 || n > 1<<40>>shift {
		return fmt.Errorf("%q is no size: a number of bytes, or of KiB, MiB or GiB", text)
	}
	*b = byteSize(n << shift)
	return nil
}
