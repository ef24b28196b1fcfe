package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"firewolf/fhir"
)

// Script is a file of searches with the answers that they must get. Each script begins with an empty store.
//
//	# A comment.
//	load
//	  {"resourceType": "Patient", "id": "p1", "gender": "male"}
//	  {"resourceType": "Patient", "id": "p2"}
//	delete Patient/p2
//	search Patient?gender=male
//	  p1
//	search Patient?gender=other
//	  none
//	search Patient?gender=male&_sort=oops
//	  issue not-supported http.query
//	broken search Patient?gender=female
//	  p1
//
// What is indented belongs to the line above it. load takes resources as JSON, over as many lines as they need. search
// takes a query of one type or compartment, in which %XX is decoded and + is a plus; its answer is the ids of all matches,
// in any order unless the query has _sort, or none, or issue with a code and possibly an expression. broken marks a search
// that is known to be answered wrongly: the script fails once it is answered right.
type Script struct {
	Name  string
	Steps []Step
}

// Step is one directive of a script.
type Step struct {
	Line   int
	Load   [][]byte // resources; or
	Delete string   // a key; or
	Search string   // a query
	Broken bool
	Want   []string // ids; empty for none
	Issue  []string // or the code of the issue and its expression, if that matters
}

// ParseScript reads a script.
func ParseScript(name string, src []byte) (*Script, error) {
	s := &Script{Name: name}
	var blocks [][]string // the indented lines of each step
	for k, line := range strings.Split(string(src), "\n") {
		text := strings.TrimSpace(line)
		switch {
		case text == "" || strings.HasPrefix(text, "#"):
		case line[0] == ' ' || line[0] == '\t':
			if len(s.Steps) == 0 {
				return nil, fmt.Errorf("%s:%d: an indented line without a directive above it", name, k+1)
			}
			blocks[len(blocks)-1] = append(blocks[len(blocks)-1], text)
		default:
			step, err := parseDirective(text)
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %w", name, k+1, err)
			}
			step.Line = k + 1
			s.Steps, blocks = append(s.Steps, step), append(blocks, nil)
		}
	}
	for k := range s.Steps {
		if err := s.Steps[k].fill(blocks[k]); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, s.Steps[k].Line, err)
		}
	}
	return s, nil
}

func parseDirective(text string) (Step, error) {
	word, rest, _ := strings.Cut(text, " ")
	switch {
	case text == "load":
		return Step{Load: [][]byte{}}, nil
	case word == "delete" && rest != "":
		if _, ok := fhir.ParseKey(rest); !ok {
			return Step{}, fmt.Errorf("%q is no type and id", rest)
		}
		return Step{Delete: rest}, nil
	case word == "search" && rest != "":
		return Step{Search: rest}, nil
	case word == "broken" && strings.HasPrefix(rest, "search "):
		return Step{Search: strings.TrimPrefix(rest, "search "), Broken: true}, nil
	}
	return Step{}, fmt.Errorf("%q is no directive: load, delete TYPE/ID, search QUERY or broken search QUERY", text)
}

// fill reads the indented lines of a step.
func (s *Step) fill(lines []string) error {
	switch {
	case s.Load != nil:
		return s.fillLoad(lines)
	case s.Delete != "":
		if len(lines) > 0 {
			return errors.New("delete takes nothing indented")
		}
		return nil
	}
	words := strings.Fields(strings.Join(lines, " "))
	switch {
	case len(words) == 0:
		return errors.New("a search needs its answer: ids, none, or issue CODE")
	case words[0] == "none":
		if len(words) > 1 {
			return errors.New("none stands alone")
		}
	case words[0] == "issue":
		if len(words) < 2 || len(words) > 3 {
			return errors.New("an issue has a code and at most one expression")
		}
		s.Issue = words[1:]
	default:
		s.Want = words
	}
	return nil
}

func (s *Step) fillLoad(lines []string) error {
	d := jsontext.NewDecoder(strings.NewReader(strings.Join(lines, "\n")))
	for {
		v, err := d.ReadValue()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("reading a resource: %w", err)
		}
		s.Load = append(s.Load, bytes.Clone(v))
	}
	if len(s.Load) == 0 {
		return errors.New("load needs at least one resource")
	}
	return nil
}

// judge says what is wrong with an answer, "" where nothing is.
func (s *Step) judge(got []string, err error) string {
	if len(s.Issue) > 0 {
		return s.judgeIssue(got, err)
	}
	if err != nil {
		return err.Error()
	}
	want := s.Want
	if !strings.Contains(s.Search, "_sort=") {
		want, got = slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(got))
	}
	if slices.Equal(want, got) {
		return ""
	}
	return fmt.Sprintf("want %s, got %s", listed(want), listed(got))
}

func (s *Step) judgeIssue(got []string, err error) string {
	issues, _ := fhir.IssuesOf(err)
	for _, i := range issues {
		if string(i.Code) == s.Issue[0] && (len(s.Issue) == 1 || slices.Contains(i.Expression, s.Issue[1])) {
			return ""
		}
	}
	return fmt.Sprintf("want issue %s, got %s and error %v", strings.Join(s.Issue, " "), listed(got), err)
}

func listed(ids []string) string {
	if len(ids) == 0 {
		return "none"
	}
	return strings.Join(ids, " ")
}
