package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
	"golang.org/x/sync/errgroup"
)

// compareRounds is how often Firewolf and the bare driver are measured by turns, so that what else the machine does meets both.
const compareRounds = 3

// writers load at a time, in both.
const writers = 4

// database is the name of the database of a store. No two runs share one.
func (c config) database(name string) string { return filepath.Base(c.dir) + "-" + name }

func connect(c config) (*mongo.Client, error) {
	journal := true
	o := options.Client().ApplyURI(c.mongodb).SetWriteConcern(&writeconcern.WriteConcern{W: writeconcern.WCMajority, Journal: &journal})
	client, err := mongo.Connect(o)
	if err != nil {
		return nil, errors.New("-mongodb is no connection string that the driver understands")
	}
	return client, nil
}

// compareWithDriver measures loading and reading through Firewolf and through the driver alone: the same documents with the same
// indexes in the same server.
func compareWithDriver(ctx context.Context, c config, m *measured) error {
	client, err := connect(c)
	if err != nil {
		return err
	}
	defer func() { _ = client.Disconnect(context.WithoutCancel(ctx)) }()
	w := newWorld(c.bare)
	fmt.Printf("\n## Firewolf and the bare driver\n\n%d Observations of %d patients, %d writers, %d readers, by turns; load average before: %s\n\n", w.observations(), w.patients, writers, c.clients, busy())
	fmt.Println("| round | loaded/s | insertMany/s | share | reads/s | findOne/s | share |")
	fmt.Println("| --: | --: | --: | --: | --: | --: | --: |")
	var sum [4]float64
	for round := range compareRounds {
		got, err := compareOnce(ctx, c, client, w, round)
		if err != nil {
			return err
		}
		fmt.Printf("| %d | %.0f | %.0f | %.2f | %.0f | %.0f | %.2f |\n", round+1, got[0], got[1], got[0]/got[1], got[2], got[3], got[2]/got[3])
		for i := range sum {
			sum[i] += got[i] / compareRounds
		}
	}
	m.loaded, m.read = sum[0]/sum[1], sum[2]/sum[3]
	fmt.Printf("| mean | %.0f | %.0f | **%.2f** | %.0f | %.0f | **%.2f** |\n", sum[0], sum[1], m.loaded, sum[2], sum[3], m.read)
	return nil
}

// compareOnce returns the rates of one round: loaded, inserted, read, found.
func compareOnce(ctx context.Context, c config, client *mongo.Client, w world, round int) (rates [4]float64, err error) {
	name := fmt.Sprintf("round-%d", round)
	s, err := start(ctx, c, name)
	if err != nil {
		return rates, err
	}
	began := time.Now()
	if err := sendAll(ctx, s, w, writers, nil); err != nil {
		return rates, err
	}
	rates[0] = float64(w.resources()) / time.Since(began).Seconds()
	if rates[1], err = insertBare(ctx, c, client, w, name); err != nil {
		return rates, err
	}
	bare := client.Database(c.database(name + "-bare"))
	if rates[2], rates[3], err = readBoth(ctx, c, bare.Collection("Observation"), w); err != nil {
		return rates, err
	}
	return rates, errors.Join(s.stop(), bare.Drop(ctx), client.Database(c.database(name)).Drop(ctx))
}

// turns is how often the two that are compared read in a round.
const turns = 4

// readBoth returns the rates at which resources are read over HTTP and documents found, by short turns.
func readBoth(ctx context.Context, c config, bare *mongo.Collection, w world) (read, found float64, err error) {
	c.duration /= turns
	for range turns {
		one, err := throughput(ctx, c, question{draw: w.read})
		if err != nil {
			return 0, 0, err
		}
		other, err := findBare(ctx, c, bare, w)
		if err != nil {
			return 0, 0, err
		}
		read, found = read+one.requests/turns, found+other/turns
	}
	return read, found, nil
}

// batch is what one insertMany sends: about as many documents as a transaction holds.
type batch struct {
	collection string
	documents  []any
}

// insertBare inserts the documents that Firewolf made of the world into a database of their own, with the same indexes.
func insertBare(ctx context.Context, c config, client *mongo.Client, w world, name string) (float64, error) {
	from, to := client.Database(c.database(name)), client.Database(c.database(name+"-bare"))
	var batches []batch
	for typ := range w.sizes() {
		if err := copyIndexes(ctx, from.Collection(typ), to.Collection(typ)); err != nil {
			return 0, err
		}
		documents, err := all(ctx, from.Collection(typ))
		if err != nil {
			return 0, err
		}
		for k := 0; k < len(documents); k += perPatient {
			batches = append(batches, batch{typ, documents[k:min(k+perPatient, len(documents))]})
		}
	}
	rand.Shuffle(len(batches), func(i, j int) { batches[i], batches[j] = batches[j], batches[i] })
	var next, n atomic.Int64
	began := time.Now()
	g, ctx := errgroup.WithContext(ctx)
	for range writers {
		g.Go(func() error {
			for k := int(next.Add(1)) - 1; k < len(batches); k = int(next.Add(1)) - 1 {
				b := batches[k]
				if _, err := to.Collection(b.collection).InsertMany(ctx, b.documents, options.InsertMany().SetOrdered(false)); err != nil {
					return err
				}
				n.Add(int64(len(b.documents)))
			}
			return nil
		})
	}
	err := g.Wait()
	if want := int64(w.resources()); err == nil && n.Load() != want {
		err = fmt.Errorf("there are %d documents of %d resources", n.Load(), want)
	}
	return float64(n.Load()) / time.Since(began).Seconds(), err
}

func all(ctx context.Context, c *mongo.Collection) ([]any, error) {
	cursor, err := c.Find(ctx, bson.D{}, options.Find().SetBatchSize(1000))
	if err != nil {
		return nil, err
	}
	var documents []any
	for cursor.Next(ctx) {
		documents = append(documents, append(bson.Raw(nil), cursor.Current...))
	}
	return documents, errors.Join(cursor.Err(), cursor.Close(ctx))
}

// copyIndexes makes the indexes of one collection in another.
func copyIndexes(ctx context.Context, from, to *mongo.Collection) error {
	cursor, err := from.Indexes().List(ctx)
	if err != nil {
		return err
	}
	var specs []bson.D
	if err := cursor.All(ctx, &specs); err != nil {
		return err
	}
	var indexes bson.A
	for _, spec := range specs {
		var one bson.D
		own := false
		for _, e := range spec {
			own = own || e.Key == "name" && e.Value == "_id_"
			if e.Key != "v" && e.Key != "ns" {
				one = append(one, e)
			}
		}
		if !own {
			indexes = append(indexes, one)
		}
	}
	if len(indexes) == 0 {
		return nil
	}
	return to.Database().RunCommand(ctx, bson.D{{Key: "createIndexes", Value: to.Name()}, {Key: "indexes", Value: indexes}}).Err()
}

// findBare is the rate at which the clients find whole documents by their _id.
func findBare(ctx context.Context, c config, observations *mongo.Collection, w world) (float64, error) {
	var n atomic.Int64
	began := time.Now()
	g, ctx := errgroup.WithContext(ctx)
	for client := range c.clients {
		g.Go(func() error {
			r := rand.New(rand.NewSource(int64(client) + time.Now().UnixNano()))
			for time.Since(began) < c.duration {
				id := observationID(anyPatient(r, w), r.Intn(perPatient)) + "/1"
				if err := observations.FindOne(ctx, bson.D{{Key: "_id", Value: id}}).Err(); err != nil {
					return fmt.Errorf("%s: %w", id, err)
				}
				n.Add(1)
			}
			return nil
		})
	}
	err := g.Wait()
	return float64(n.Load()) / time.Since(began).Seconds(), err
}

// tellSizes reports what a store takes in the database, by collection, and drops it.
func tellSizes(ctx context.Context, c config, name string) error {
	client, err := connect(c)
	if err != nil {
		return err
	}
	defer func() { _ = client.Disconnect(context.WithoutCancel(ctx)) }()
	db := client.Database(c.database(name))
	collections, err := db.ListCollectionNames(ctx, bson.D{})
	if err != nil {
		return err
	}
	fmt.Println("\n| collection | documents | BSON bytes each | bytes each as the engine says | index bytes each | keys each | bytes of keys each |")
	fmt.Println("| --- | --: | --: | --: | --: | --: | --: |")
	for _, collection := range collections {
		if strings.HasPrefix(collection, "system.") {
			continue
		}
		var stats struct {
			Count, Size, StorageSize, TotalIndexSize float64
		}
		if err := db.RunCommand(ctx, bson.D{{Key: "collStats", Value: collection}}).Decode(&stats); err != nil {
			return err
		}
		size, keys, text, err := sizesOf(ctx, db.Collection(collection))
		if err != nil {
			return err
		}
		n := max(1, stats.Count)
		fmt.Printf("| %s | %.0f | %.0f | %.0f | %.0f | %.1f | %.0f |\n", collection, stats.Count, size, stats.Size/n, stats.TotalIndexSize/n, keys, text)
	}
	return db.Drop(ctx)
}

// sizesOf is the mean size of some documents as BSON (an engine may say what they take once compressed), of their index keys, and the mean length of
// all keys of one.
func sizesOf(ctx context.Context, c *mongo.Collection) (size, keys, text float64, err error) {
	cursor, err := c.Find(ctx, bson.D{}, options.Find().SetLimit(300))
	if err != nil {
		return 0, 0, 0, err
	}
	var documents []bson.Raw
	if err := cursor.All(ctx, &documents); err != nil || len(documents) == 0 {
		return 0, 0, 0, err
	}
	for _, d := range documents {
		size += float64(len(d))
		var of struct{ K []string }
		if err := bson.Unmarshal(d, &of); err != nil {
			return 0, 0, 0, err
		}
		keys += float64(len(of.K))
		for _, k := range of.K {
			text += float64(len(k))
		}
	}
	n := float64(len(documents))
	return size / n, keys / n, text / n, nil
}
