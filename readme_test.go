package main

import (
	"cmp"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	gocmp "github.com/google/go-cmp/cmp"
)

// updateReadme says to write what the tests find into README.md: FIREWOLF_UPDATE_README=1 go test -run Readme .
func updateReadme() bool { return os.Getenv("FIREWOLF_UPDATE_README") != "" }

func readReadme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func checkReadme(t *testing.T, want, got string, same func(string) string) {
	t.Helper()
	if updateReadme() {
		if err := os.WriteFile("README.md", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := gocmp.Diff(same(want), same(got)); d != "" {
		t.Errorf("README.md is not what is true; FIREWOLF_UPDATE_README=1 go test -run Readme . writes it (-README +true):\n%s", d)
	}
}

var consoleBlock = regexp.MustCompile("(?s)```console\n(.*?)```")

// TestReadmeTour runs the commands of the tour, one after the other, and compares what they print.
func TestReadmeTour(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is absent")
	}
	s, err := startServer(exec.Command("firewolf", "serve", "--addr", "127.0.0.1:0", "--store", "memory:", "--demo"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	// What the tour has a reader set.
	const asWritten = "http://127.0.0.1:8080/fhir"
	set := append(os.Environ(), "B="+s.base, "J=Content-Type: application/fhir+json")
	readme := readReadme(t)
	got := consoleBlock.ReplaceAllStringFunc(readme, func(block string) string {
		var b strings.Builder
		b.WriteString("```console\n")
		for _, line := range strings.Split(block, "\n") {
			if !strings.HasPrefix(line, "$ ") {
				continue
			}
			c := exec.CommandContext(t.Context(), "sh", "-c", line[2:])
			c.Env = set
			out, err := c.CombinedOutput()
			if err != nil {
				t.Errorf("%s: %v\n%s", line, err, out)
			}
			text := strings.ReplaceAll(strings.ReplaceAll(string(out), "\r", ""), s.base, asWritten)
			b.WriteString(line + "\n" + strings.TrimRight(text, "\n") + "\n")
		}
		b.WriteString("```")
		return b.String()
	})
	checkReadme(t, readme, got, withoutChance)
}

// chance is what differs from run to run: times, and the ids that the server gives.
var chance = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z|[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)

func withoutChance(text string) string { return chance.ReplaceAllString(text, "…") }

var configuration = regexp.MustCompile(`(?s)(<!-- flags of serve -->\n).*?(<!-- end -->)`)

// TestReadmeConfiguration compares the table with the flags.
func TestReadmeConfiguration(t *testing.T) {
	parser, _ := newParser(&console{})
	var serve *kong.Node
	for _, n := range parser.Model.Children {
		if n.Name == "serve" {
			serve = n
		}
	}
	var b strings.Builder
	b.WriteString("| flag | variable | default | meaning |\n| --- | --- | --- | --- |\n")
	for _, f := range serve.Flags {
		if f.Name == "help" {
			continue
		}
		name := "--" + f.Name
		if f.PlaceHolder != "" && !f.HasDefault {
			name += " " + f.PlaceHolder
		}
		help := strings.ReplaceAll(f.Help, "|", `\|`)
		b.WriteString("| `" + name + "` | `" + strings.Join(f.Envs, "`, `") + "` | " + cmp.Or(f.Default, "") + " | " + help + " |\n")
	}
	readme := readReadme(t)
	if !configuration.MatchString(readme) {
		t.Fatal("README.md has no table of flags")
	}
	got := configuration.ReplaceAllString(readme, "${1}"+strings.ReplaceAll(b.String(), "$", "$$")+"${2}")
	checkReadme(t, readme, got, func(s string) string { return s })
}

// TestReadmeMapsEveryRoom wants each room in the Code Map.
func TestReadmeMapsEveryRoom(t *testing.T) {
	_, codeMap, ok := strings.Cut(readReadme(t), "## Code Map")
	if !ok {
		t.Fatal("README.md has no Code Map")
	}
	codeMap, _, _ = strings.Cut(codeMap, "\n## ")
	for _, room := range slices.Sorted(maps.Keys(floors)) {
		if room != "" && !strings.Contains(codeMap, "`"+room+"/`") {
			t.Errorf("the Code Map has no %s/", room)
		}
	}
}
