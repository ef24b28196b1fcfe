package mongotest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

func connect(t *testing.T, uri string) *mongo.Client {
	t.Helper()
	c, err := mongo.Connect(options.Client().ApplyURI(uri).SetServerSelectionTimeout(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Disconnect(context.Background()) })
	return c
}

func TestADatabaseIsEmptyAndGoneWhenItsTestEnds(t *testing.T) {
	ctx := context.Background()
	c := connect(t, URI(t))
	var names []string
	for range 2 {
		t.Run("a test", func(t *testing.T) {
			uri, name := Database(t)
			names = append(names, name)
			people := connect(t, uri).Database(name).Collection("people")
			if n, err := people.CountDocuments(ctx, bson.D{}); err != nil || n != 0 {
				t.Fatalf("it holds %d documents, %v", n, err)
			}
			if _, err := people.InsertOne(ctx, bson.D{{Key: "name", Value: "Wolf"}}); err != nil {
				t.Fatal(err)
			}
		})
	}
	left, err := c.ListDatabaseNames(ctx, bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 2 && names[0] == names[1] {
		t.Errorf("two tests got the same database %s", names[0])
	}
	for _, name := range names {
		if slices.Contains(left, name) {
			t.Errorf("the database %s is there after its test", name)
		}
	}
}

func TestAServerOfItsOwnComesBackAfterAKillWithWhatItHad(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a server")
	}
	s := Start(t)
	uri, name := s.Database()
	people := connect(t, uri).Database(name).Collection("people")
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	if _, err := people.InsertOne(ctx, bson.D{{Key: "_id", Value: "wolf"}}); err != nil {
		t.Fatal(err)
	}
	s.Kill(t)
	if _, err := people.InsertOne(ctx, bson.D{{Key: "_id", Value: "lupa"}}); err == nil {
		t.Error("a killed server takes documents")
	}
	s.Restart(t)
	if n, err := people.CountDocuments(ctx, bson.D{}); err != nil || n != 1 {
		t.Errorf("after the restart it holds %d documents, %v; want 1", n, err)
	}
}

func TestAConnectionStringNamesTheDatabaseInItsPath(t *testing.T) {
	for _, c := range []struct{ name, server, want string }{
		{"without a path", "mongodb://127.0.0.1:27017", "mongodb://127.0.0.1:27017/x"},
		{"with options", "mongodb://127.0.0.1:27017/?directConnection=true", "mongodb://127.0.0.1:27017/x?directConnection=true"},
		{"with several hosts", "mongodb://a:1,b:2/?replicaSet=r", "mongodb://a:1,b:2/x?replicaSet=r"},
		{"with another database", "mongodb://127.0.0.1/y", "mongodb://127.0.0.1/x"},
		{"with credentials that lie in another database", "mongodb://u:p@127.0.0.1/y", "mongodb://u:p@127.0.0.1/x?authSource=y"},
		{"with credentials and where they lie", "mongodb://u:p@127.0.0.1/y?authSource=z", "mongodb://u:p@127.0.0.1/x?authSource=z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, inPath(c.server, "x")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAGateLetsThroughOnlyWhileItIsOpen(t *testing.T) {
	uri, name := Database(t)
	g := NewGate(t, uri, nil)
	people := connect(t, g.URI).Database(name).Collection("people")
	for _, c := range []struct {
		name string
		turn func()
		open bool
	}{
		{"at first", func() {}, true},
		{"once it is shut", g.Shut, false},
		{"once it is open again", g.Open, true},
	} {
		c.turn()
		if _, err := people.CountDocuments(t.Context(), bson.D{}); (err == nil) != c.open {
			t.Errorf("%s: open should be %v, and a request ends with %v", c.name, c.open, err)
		}
	}
}
