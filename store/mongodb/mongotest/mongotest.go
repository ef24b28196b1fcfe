// Package mongotest gives a test a database on a MongoDB-compatible server: the one of MONGODB_URI, or the one that scripts/testdb
// starts. A test that gets none skips with a line that says why, and fails where CI=true.
package mongotest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// variable names the server that tests use.
const variable = "MONGODB_URI"

// Database returns the connection string of a new, empty database, which its path names, and that name. The database is dropped when
// the test ends.
func Database(t testing.TB) (uri, name string) {
	t.Helper()
	return database(t, URI(t))
}

// URI returns the connection string of the server that all tests share. It names no database.
func URI(t testing.TB) string {
	t.Helper()
	if given := os.Getenv(variable); given != "" {
		return given
	}
	uri := testdb(t, "start")
	// The next test of this process need not ask the script again.
	if err := os.Setenv(variable, uri); err != nil {
		t.Fatal(err)
	}
	return uri
}

// Server is a server of a test's own, which may be killed.
type Server struct {
	// URI is its connection string, the same for as long as the test runs. It names no database.
	URI  string
	name string
}

// Start starts a server for this test alone, which is gone with its data when the test ends.
func Start(t testing.TB) *Server {
	t.Helper()
	return start(t)
}

func start(t testing.TB, more ...string) *Server {
	t.Helper()
	s := &Server{name: "test-" + random()}
	t.Cleanup(func() { testdb(t, "drop", "--instance", s.name) })
	s.URI = testdb(t, append([]string{"start", "--instance", s.name}, more...)...)
	return s
}

// Database is Database on this server. It need not be dropped.
func (s *Server) Database() (uri, name string) {
	name = random()
	return inPath(s.URI, name), name
}

// Kill ends it as `kill -9` does: all of it, or the parts that are named (postgres, ferretdb; a mongod has none).
func (s *Server) Kill(t testing.TB, parts ...string) {
	t.Helper()
	testdb(t, append([]string{"kill", "--instance", s.name}, parts...)...)
}

// Restart brings back what was killed.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	if uri := testdb(t, "start", "--instance", s.name); uri != s.URI {
		t.Fatalf("the server came back at %s, it was at %s", uri, s.URI)
	}
}

func database(t testing.TB, server string) (uri, name string) {
	t.Helper()
	name = random()
	uri = inPath(server, name)
	t.Cleanup(func() {
		if err := drop(uri, name); err != nil {
			t.Errorf("dropping the test's database: %v", err)
		}
	})
	return uri, name
}

func random() string { return "t" + strings.ToLower(rand.Text()[:12]) }

// inPath returns a connection string with a database in its path. One that is there stays the place of the credentials.
func inPath(server, name string) string {
	u, err := url.Parse(server)
	if err != nil {
		return server
	}
	if old := strings.Trim(u.Path, "/"); old != "" && u.User != nil && !u.Query().Has("authSource") {
		q := u.Query()
		q.Set("authSource", old)
		u.RawQuery = q.Encode()
	}
	u.Path = "/" + name
	return u.String()
}

func drop(uri, name string) error {
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	c, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		// The driver's own words can hold the password.
		return errors.New("the driver does not take " + variable)
	}
	return errors.Join(c.Database(name).Drop(ctx), c.Disconnect(ctx))
}

// impossible is the exit code with which scripts/testdb says that no server can be had here.
const impossible = 3

// testdb runs scripts/testdb and returns what it prints.
func testdb(t testing.TB, args ...string) string {
	t.Helper()
	out, err := run(args...)
	var exit *exec.ExitError
	switch {
	case err == nil:
		return out
	case errors.As(err, &exit) && exit.ExitCode() == impossible && os.Getenv("CI") != "true":
		t.Skip(strings.TrimSpace(string(exit.Stderr)))
	case errors.As(err, &exit):
		t.Fatalf("scripts/testdb %s: %v: %s", strings.Join(args, " "), err, exit.Stderr)
	default:
		t.Fatalf("scripts/testdb: %v", err)
	}
	return ""
}

func run(args ...string) (string, error) {
	top, err := repository()
	if err != nil {
		return "", err
	}
	out, err := exec.CommandContext(context.Background(), filepath.Join(top, "scripts", "testdb"), args...).Output()
	return strings.TrimSpace(string(out)), err
}

// repository returns the folder of go.mod, above that of the test.
func repository() (string, error) {
	dir, err := os.Getwd()
	for ; err == nil; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("there is no go.mod above the test")
		}
	}
	return "", err
}

// Aggregate runs a pipeline, an array of extended JSON, and returns what it yields, a line each. Documentation is tested by it.
func Aggregate(t testing.TB, uri, database, collection, pipeline string) []string {
	t.Helper()
	var stages bson.A
	if err := bson.UnmarshalExtJSON([]byte(pipeline), false, &stages); err != nil {
		t.Fatalf("%s: %v", pipeline, err)
	}
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	c, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal("the driver does not take " + variable)
	}
	defer func() { _ = c.Disconnect(context.Background()) }()
	cursor, err := c.Database(database).Collection(collection).Aggregate(ctx, stages)
	if err != nil {
		t.Fatalf("%s: %v", pipeline, err)
	}
	var rows []bson.Raw
	if err := cursor.All(ctx, &rows); err != nil {
		t.Fatalf("%s: %v", pipeline, err)
	}
	var lines []string
	for _, row := range rows {
		line, err := bson.MarshalExtJSON(row, false, false)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(line))
	}
	return lines
}

// Update changes one document behind the back of a store, by a filter and an update of extended JSON.
func Update(t testing.TB, uri, database, collection, filter, update string) {
	t.Helper()
	var which, change bson.D
	if err := errors.Join(bson.UnmarshalExtJSON([]byte(filter), false, &which), bson.UnmarshalExtJSON([]byte(update), false, &change)); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	c, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal("the driver does not take " + variable)
	}
	defer func() { _ = c.Disconnect(context.Background()) }()
	got, err := c.Database(database).Collection(collection).UpdateOne(ctx, which, change)
	if err != nil || got.MatchedCount != 1 {
		t.Fatalf("changing a document of %s: %v", collection, err)
	}
}
