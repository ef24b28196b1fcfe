package mongodb

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"firewolf/fhir"
	"firewolf/fhir/tree"
	"firewolf/store"
)

// syntheaOps are updates with the resources of some Synthea bundles, each n times under ids of its own.
func syntheaOps(t testing.TB, files, n int) []store.Op {
	t.Helper()
	paths, _ := filepath.Glob("../../../../shared/data/synthea/*.json.gz")
	if len(paths) < files {
		t.Skip("the Synthea bundles are not there")
	}
	e := engine(t)
	var ops []store.Op
	for _, path := range paths[:files] {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(z)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		bundle, err := tree.Parse(b, tree.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		for entry := range bundle.Root().Member("entry").Items() {
			doc, err := tree.Parse(entry.Member("resource").Raw(), tree.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			entries, err := e.Entries(doc)
			if err != nil {
				t.Fatal(err)
			}
			for k := range n {
				ops = append(ops, store.Op{
					Action: store.Put, Key: fhir.Key{Type: doc.ResourceType(), ID: fmt.Sprintf("%d-%d", len(ops), k)}, Method: fhir.MethodCreate,
					Stamp: doc.Stamp(), Digest: doc.Digest(), Entries: entries,
				})
			}
		}
	}
	return ops
}

// BenchmarkLoading writes transactions of 250 resources from four writers at once, and compares with insertMany of the same documents.
func BenchmarkLoading(b *testing.B) {
	ops := syntheaOps(b, 10, 1)
	if len(ops) > 4000 {
		ops = ops[:4000]
	}
	b.Run("store", func(b *testing.B) {
		for range b.N {
			b.StopTimer()
			s := openAt(b, newAddress(b), Options{})
			warm(b, s, ops)
			b.StartTimer()
			started := time.Now()
			var wg sync.WaitGroup
			work := make(chan []store.Op)
			for range 4 {
				wg.Go(func() {
					for some := range work {
						if _, err := s.Write(context.Background(), store.Tx{Ops: some}); err != nil {
							b.Error(err)
						}
					}
				})
			}
			for from := 0; from < len(ops); from += 250 {
				work <- ops[from:min(from+250, len(ops))]
			}
			close(work)
			wg.Wait()
			b.ReportMetric(float64(len(ops))/time.Since(started).Seconds(), "resources/s")
			b.StopTimer()
			s.Close()
			b.StartTimer()
		}
	})
	b.Run("insertMany", func(b *testing.B) {
		for range b.N {
			b.StopTimer()
			s := openAt(b, newAddress(b), Options{})
			warm(b, s, ops)
			var all []insert
			for k, op := range ops {
				made, err := prepare([]store.Op{op})
				if err != nil {
					b.Fatal(err)
				}
				i := &insertion{op: op, made: made[0], v: fhir.Version{Key: op.Key, VID: 1, T: fhir.Moment(k + 1), At: time.Now(), Method: op.Method}}
				doc, err := i.document(0, 0)
				if err != nil {
					b.Fatal(err)
				}
				all = append(all, insert{collection: op.Key.Type, doc: doc})
			}
			b.StartTimer()
			started := time.Now()
			var wg sync.WaitGroup
			work := make(chan *batch)
			for range 4 {
				wg.Go(func() {
					for some := range work {
						if _, err := s.collection(some.collection).InsertMany(context.Background(), some.docs, options.InsertMany().SetOrdered(false)); err != nil {
							b.Error(err)
						}
					}
				})
			}
			for _, some := range batches(all) {
				work <- some
			}
			close(work)
			wg.Wait()
			b.ReportMetric(float64(len(ops))/time.Since(started).Seconds(), "resources/s")
			b.StopTimer()
			s.Close()
			b.StartTimer()
		}
	})
}

// warm makes the collections.
func warm(b *testing.B, s *Store, ops []store.Op) {
	var ch changes
	for _, op := range ops {
		ch.inserts = append(ch.inserts, insert{collection: op.Key.Type})
	}
	if err := s.ensureAll(context.Background(), ch, nil); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkReading reads resources by id from 16 readers, and compares with findOne of the same documents by _id.
func BenchmarkReading(b *testing.B) {
	ops := syntheaOps(b, 3, 1)[:500]
	s := openAt(b, newAddress(b), Options{})
	defer s.Close()
	if _, err := s.Write(context.Background(), store.Tx{Ops: ops}); err != nil {
		b.Fatal(err)
	}
	run := func(name string, read func(op store.Op) error) {
		b.Run(name, func(b *testing.B) {
			var next atomic.Int64
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := read(ops[int(next.Add(1))*7919%len(ops)]); err != nil {
						b.Error(err)
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reads/s")
		})
	}
	run("store", func(op store.Op) error {
		_, err := s.Read(context.Background(), store.Now, op.Key)
		return err
	})
	run("findOne", func(op store.Op) error {
		return s.collection(op.Key.Type).FindOne(context.Background(), bson.D{{Key: "_id", Value: versionDoc(op.Key.ID, 1)}}).Err()
	})
}
