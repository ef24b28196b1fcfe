package mongodb

import (
	"context"
	"slices"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
)

// asked keeps the commands that a store sends to its database.
type asked struct {
	mu       sync.Mutex
	commands []bson.Raw
}

func (a *asked) monitor() *event.CommandMonitor {
	return &event.CommandMonitor{Started: func(_ context.Context, e *event.CommandStartedEvent) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.commands = append(a.commands, slices.Clone(e.Command))
	}}
}

// clear forgets the commands, and tells how many there were.
func (a *asked) clear() int { return len(a.take()) }

func (a *asked) take() []bson.Raw {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := a.commands
	a.commands = nil
	return all
}
