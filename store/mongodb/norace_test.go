//go:build !race

package mongodb

const underRace = false
