package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand"
	"net/http"
	"slices"
	"time"
)

// walkPages follows the next links of a search for the frequent code to the end, and checks that each match came once.
func walkPages(ctx context.Context, s *server, w world) error {
	url := fmt.Sprintf("Observation?code=http://loinc.org%%7C%s&_count=100", code(frequent))
	seen := map[string]bool{}
	var took []time.Duration
	for url != "" {
		from := time.Now()
		status, body, err := s.get(ctx, url)
		if err != nil || status != 200 {
			return fmt.Errorf("status %d, %w", status, err)
		}
		took = append(took, time.Since(from))
		for _, id := range ids(body) {
			if seen[id] {
				return fmt.Errorf("%s came twice", id)
			}
			seen[id] = true
		}
		if url, err = nextLink(body); err != nil {
			return err
		}
	}
	if want := w.patients * perPatient / 10; len(seen) != want {
		return fmt.Errorf("%d matches, want %d", len(seen), want)
	}
	var sum time.Duration
	for _, t := range took {
		sum += t
	}
	tail := min(20, len(took))
	fmt.Printf("\none client, %d pages of 100, each match once: %.0f pages/s; median of the first %d pages %.2f ms, of the last %d %.2f ms\n",
		len(took), float64(len(took))/sum.Seconds(), tail, median(took[:tail]), tail, median(took[len(took)-tail:]))
	return nil
}

func median(d []time.Duration) float64 {
	s := slices.Clone(d)
	slices.Sort(s)
	return float64(s[len(s)/2].Microseconds()) / 1000
}

func nextLink(body []byte) (string, error) {
	var b struct {
		Link []struct{ Relation, URL string }
	}
	if err := json.Unmarshal(body, &b); err != nil {
		return "", err
	}
	for _, l := range b.Link {
		if l.Relation == "next" {
			return l.URL, nil
		}
	}
	return "", nil
}

// creates posts single Observations from 16 clients, and counts afterwards that all are there.
func creates(ctx context.Context, c config, s *server, w world) error {
	before, err := total(ctx, s)
	if err != nil {
		return err
	}
	var n, bytes int
	var took []time.Duration
	r := rand.New(rand.NewSource(time.Now().UnixNano()))
	began, stole := time.Now(), stealing()
	err = drive(ctx, c, 16, c.duration, func(int) call {
		body := observation(anyPatient(r, w), r.Intn(perPatient), "")
		from := time.Now()
		return call{method: http.MethodPost, target: "/fhir/Observation", body: body, answered: func(status int, answer []byte) error {
			if status != 201 {
				return fmt.Errorf("status %d: %.300s", status, answer)
			}
			n++
			bytes += len(body)
			took = append(took, time.Since(from))
			return nil
		}}
	})
	if err != nil {
		return err
	}
	secs, steal := time.Since(began).Seconds(), stole()
	after, err := total(ctx, s)
	if err != nil {
		return err
	}
	if after-before != n {
		return fmt.Errorf("%d created, %d more are there", n, after-before)
	}
	slices.Sort(took)
	fmt.Printf("\nsingle creates, 16 clients, each durable before its answer: %.0f/s, %.1f MB/s, p50 %.1f ms, p99 %.1f ms; all %d found again; the host took %d %% of the processors\n",
		float64(n)/secs, float64(bytes)/secs/1e6, float64(took[len(took)/2].Microseconds())/1000,
		float64(took[len(took)*99/100].Microseconds())/1000, n, steal)
	return nil
}

func total(ctx context.Context, s *server) (int, error) {
	_, body, err := s.get(ctx, "Observation?_summary=count")
	if err != nil {
		return 0, err
	}
	var b struct{ Total int }
	err = json.Unmarshal(body, &b)
	return b.Total, err
}
