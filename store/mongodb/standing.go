package mongodb

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"firewolf/fhir"
)

// What the index of a database was made with stands in the document of the store: the name of the form of keys, the digest of each
// parameter's definition, the base URLs of the servers. Processes that would make other entries must neither write nor search. So each change of
// these has a number, its generation, which stands in the head too, where every request sees it, and in the commits: behind the first one of
// a generation no process of an earlier one can write, because it has to read that commit before it gets a slot.

const (
	fieldIndex      = "index"      // in the document of the store the form of keys; in the head and in commits the generation
	fieldBases      = "bases"      // base URLs, one a line
	fieldMade       = "made"       // texts "Patient.name=digest": the definitions that the entries of all versions are made with
	fieldIdentity   = "identity"   // of the processes that may use the database: a digest of all that their entries depend on
	fieldGeneration = "generation" // rises when another identity may
)

// firstGeneration is that of a new database.
const firstGeneration = 1

// standing is what the document of the store says about its index.
type standing struct {
	index      string
	identity   string
	bases      []string
	made       map[string]string
	generation int64
	reindex    *reindexing // nil while the index is whole
}

func decodeStanding(doc bsoncore.Document) standing {
	st := standing{bases: basesOf(doc), made: map[string]string{}, generation: wholeOf(doc.Lookup(fieldGeneration)), reindex: decodeReindex(doc)}
	st.index, _ = doc.Lookup(fieldIndex).StringValueOK()
	st.identity, _ = doc.Lookup(fieldIdentity).StringValueOK()
	for _, line := range readTexts(doc.Lookup(fieldMade)) {
		name, digest, _ := strings.Cut(line, "=")
		st.made[name] = digest
	}
	return st
}

func basesOf(doc bsoncore.Document) []string {
	text, _ := doc.Lookup(fieldBases).StringValueOK()
	return strings.Fields(text)
}

func (s *Store) basesText() string { return strings.Join(s.o.Bases, "\n") }

// lines are definitions as they stand in the document of the store.
func lines(definitions map[string]string) []string {
	out := make([]string, 0, len(definitions))
	for name, digest := range definitions {
		out = append(out, name+"="+digest)
	}
	slices.Sort(out)
	return out
}

// identity is a digest of all that the entries of a process depend on, beside the resources.
func (o Options) identity() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{o.Index, strings.Join(o.Bases, "\n"), strings.Join(lines(o.Definitions), "\n")}, "\n\n")))
	return hex.EncodeToString(sum[:16])
}

// keeps returns the definitions with which a process makes the same entries as the index has. A digest that ends with "@" is of entries that
// depend on the bases.
func (o Options) keeps(st standing) map[string]string {
	moved := !slices.Equal(st.bases, o.Bases)
	same := maps.Clone(o.Definitions)
	maps.DeleteFunc(same, func(name, digest string) bool {
		return st.made[name] != digest || moved && strings.HasSuffix(digest, "@")
	})
	return same
}

// moved reports whether nothing but the bases has changed since the index was made, whole.
func (o Options) moved(st standing) bool {
	return st.reindex == nil && st.index == o.Index && maps.Equal(st.made, o.Definitions) && !slices.Equal(st.bases, o.Bases)
}

// index is the index as this process knows it.
type index struct {
	generation int64
	made       map[string]string // while it is being made: the definitions that hold for all versions already
	reindex    *reindexing       // nil while it is whole
}

// number is the generation, 0 of none.
func (x *index) number() int64 {
	if x == nil {
		return 0
	}
	return x.generation
}

// missing reports whether the entries of a parameter may be absent, or other ones.
func (x *index) missing(o Options, name string) bool {
	if x == nil || x.reindex == nil {
		return false
	}
	digest, ok := o.Definitions[name]
	return !ok || x.made[name] != digest
}

// adopt takes what the document of the store says for what is. An older generation says nothing any more.
func (s *Store) adopt(st standing) {
	s.indexMu.Lock()
	defer s.indexMu.Unlock()
	before := s.index.Load()
	if st.generation < before.number() {
		return
	}
	if st.reindex != nil && st.reindex.upto != 0 {
		st.reindex.seen = time.Now()
		if before != nil && before.generation == st.generation && before.reindex != nil && before.reindex.upto != 0 {
			st.reindex.seen = before.reindex.seen
		}
	}
	s.index.Store(&index{generation: st.generation, made: st.made, reindex: st.reindex})
}

// readStanding reads the document of the store.
func (s *Store) readStanding(ctx context.Context) (standing, error) {
	doc, err := s.wire.meta.FindOne(ctx, bson.D{{Key: fieldDoc, Value: storeDoc}}).Raw()
	if err != nil {
		return standing{}, fmt.Errorf("reading the document of the store: %w", err)
	}
	return decodeStanding(bsoncore.Document(doc)), nil
}

// sameIndex refuses to go on where the database is at a generation in which processes of another identity use it.
func (s *Store) sameIndex(ctx context.Context, generation int64) error {
	if generation <= s.index.Load().number() {
		return nil
	}
	st, err := s.readStanding(ctx)
	if err != nil {
		return err
	}
	return s.follow(st)
}

// follow takes over what the document of the store says, or stops the process for it.
func (s *Store) follow(st standing) error {
	if st.identity != s.identity {
		var err error = fhir.NewIssue(fhir.Transient, errOtherIndex.Error()+": this process must end").
			Because(fhir.ReasonUnavailable).CausedBy(errOtherIndex)
		s.stopFor(err)
		return err
	}
	s.adopt(st)
	return nil
}

// checkIndex compares the index of the store with what this process makes, and begins a reindex where this process is to.
func (s *Store) checkIndex(ctx context.Context, doc bsoncore.Document) error {
	s.identity = s.o.identity()
	for begun := false; ; {
		st := decodeStanding(doc)
		mine := st.identity == s.identity
		switch {
		case mine && (!s.o.reindex || begun || st.reindex != nil):
			s.adopt(st)
			return nil
		case !s.o.reindex:
			return s.refuse(st)
		}
		var err error
		if begun, err = s.beginReindex(ctx, st); err != nil {
			return err
		}
		if doc, err = s.findStore(ctx); err != nil {
			return err
		}
	}
}

// refuse says why the database is not one for this process.
func (s *Store) refuse(st standing) error {
	switch {
	case !slices.Equal(st.bases, s.o.Bases):
		return fhir.NewIssue(fhir.Incomplete, fmt.Sprintf(
			"the database belongs to %s, and this process to %s: start it with the --base-url of the database or without one, or run firewolf reindex with the new one",
			servers(st.bases), servers(s.o.Bases)))
	case st.reindex != nil:
		return fhir.NewIssue(fhir.Incomplete, "the index of the store is being made with other definitions: another build reindexes it")
	}
	return fhir.NewIssue(fhir.Incomplete, "the index of the store was made with other definitions: run firewolf reindex on it, then start again")
}

func servers(bases []string) string {
	if len(bases) == 0 {
		return "servers without a --base-url"
	}
	return "the server of " + strings.Join(bases, " and ")
}

// Bases returns the base URLs of the servers that a database belongs to, and whether there is a store in it.
func Bases(ctx context.Context, a Address) (bases []string, there bool, err error) {
	o := Options{}.withDefaults()
	client, h, err := connect(a, o)
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = client.Disconnect(context.WithoutCancel(ctx)) }()
	doc, err := newWire(client.Database(a.Database()), o.format()).meta.FindOne(ctx, bson.D{{Key: fieldDoc, Value: storeDoc}},
		options.FindOne().SetProjection(bson.D{{Key: fieldBases, Value: 1}})).Raw()
	switch {
	case isNone(err):
		return nil, false, nil
	case err != nil:
		return nil, false, unusable(a, fmt.Errorf("reading the document of the store: %w", h.explained(err)))
	}
	return basesOf(bsoncore.Document(doc)), true, nil
}

// raiseIndex lets every request see that the index is of another generation.
func (w *wire) raiseIndex(ctx context.Context, generation int64) error {
	_, err := w.meta.UpdateOne(ctx, bson.D{
		{Key: fieldDoc, Value: headDoc}, {Key: fieldIndex, Value: bson.D{{Key: "$not", Value: bson.D{{Key: "$gte", Value: generation}}}}},
	}, bson.D{{Key: "$set", Value: bson.D{{Key: fieldIndex, Value: generation}}}})
	if err != nil {
		return fmt.Errorf("raising the generation of the index: %w", err)
	}
	return nil
}
