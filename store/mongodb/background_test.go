package mongodb

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

// logged is a log that a test reads.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logged) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

func TestTheLogHearsOfWorkBehindRequestsOnceAMinuteAndOfItsEnd(t *testing.T) {
	var l logged
	ctx, closing := context.WithCancel(context.Background())
	b := background{ctx: ctx, log: l.logger(), task: "forgetting"}
	b.heard(nil)
	if got := l.text(); got != "" {
		t.Errorf("told of nothing: %s", got)
	}
	secret := mongo.CommandError{Code: 8000, Message: "wolf:hunter2 is refused for {name: Ada}"}
	for range 3 {
		b.heard(errors.Join(errors.New("reading the head"), secret))
	}
	b.told = b.told.Add(-toldEvery)
	b.heard(secret)
	b.heard(nil)
	b.heard(nil)
	b.heard(mongo.CommandError{Labels: []string{"NetworkError"}, Wrapped: context.Canceled}) // of a connection that the driver closed
	closing()
	b.heard(context.Canceled)
	var got []string
	for line := range strings.Lines(l.text()) {
		_, line, _ = strings.Cut(line, " ")
		got = append(got, line)
	}
	fails := "level=WARN msg=\"work behind the requests fails, and is tried again\" task=forgetting err=\"the database answers with error codes [8000] and labels []\"\n"
	broke := "level=WARN msg=\"work behind the requests fails, and is tried again\" task=forgetting err=\"the database answers with error codes [0] and labels [NetworkError]\"\n"
	want := []string{fails, fails, "level=INFO msg=\"work behind the requests goes on\" task=forgetting\n", broke}
	if strings.Join(got, "") != strings.Join(want, "") {
		t.Errorf("want %s, got %s", want, got)
	}
}

func TestTheLogHearsWhyAStoreServesNoMore(t *testing.T) {
	var l logged
	s := openNew(t, Options{Log: l.logger(), Tick: 5 * time.Millisecond})
	if _, err := s.wire.meta.DeleteOne(context.Background(), bson.D{{Key: "_id", Value: headDoc}}); err != nil {
		t.Fatal(err)
	}
	_, _, err := s.Head(context.Background())
	if err == nil {
		t.Error("a store without a head is read")
	}
	eventually(t, "the log hears of it", func() bool { return strings.Contains(l.text(), "the store serves no more") })
}
