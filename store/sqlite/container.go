package sqlite

import (
	"encoding/binary"
	"maps"
	"math/bits"
	"slices"
	"sort"

	"github.com/RoaringBitmap/roaring/v2"
)

// A container holds the low 16 bits of the row numbers of one chunk: up to 4,096
// of them as ascending little-endian words, more as a bitmap of 8,192 bytes. The
// two meet at 8,192 bytes; an array of exactly that length carries a pad byte.
const (
	maxArray    = 4096
	bitmapBytes = 8192
)

// container is a decoded one.
type container struct {
	chunk uint16
	array []byte // little-endian words, without pad; nil if dense
	dense []byte // bitmapBytes; nil if array
}

func decodeContainer(chunk uint16, v []byte) container {
	switch len(v) {
	case bitmapBytes:
		return container{chunk: chunk, dense: v}
	case bitmapBytes + 1:
		return container{chunk: chunk, array: v[:bitmapBytes]}
	default:
		return container{chunk: chunk, array: v}
	}
}

// containerOf decodes the container of a row of the table posting: the chunk ends its key.
func containerOf(key, v []byte) container {
	return decodeContainer(binary.BigEndian.Uint16(key[len(key)-2:]), v)
}

// last returns the highest row <= t, 0 where there is none.
func (c container) last(t uint32) uint32 {
	lows := c.lows()
	for i := len(lows) - 1; i >= 0; i-- {
		if n := uint32(c.chunk)<<16 | uint32(lows[i]); n <= t {
			return n
		}
	}
	return 0
}

func (c container) cardinality() int {
	if c.dense == nil {
		return len(c.array) / 2
	}
	n := 0
	for i := 0; i < bitmapBytes; i += 8 {
		n += bits.OnesCount64(binary.LittleEndian.Uint64(c.dense[i:]))
	}
	return n
}

// mergeContainer returns the encoding of old (an encoding, or nil) with the ascending lows added.
func mergeContainer(old []byte, lows []uint16) []byte {
	c := decodeContainer(0, old)
	if c.dense != nil {
		out := slices.Clone(c.dense)
		for _, l := range lows {
			out[l>>3] |= 1 << (l & 7)
		}
		return out
	}
	return encodeLows(mergeLows(c.lows(), lows))
}

// removeFromContainer returns the encoding without the low; nil once it is empty.
func removeFromContainer(old []byte, low uint16) []byte {
	c := decodeContainer(0, old)
	if c.dense != nil {
		out := slices.Clone(c.dense)
		out[low>>3] &^= 1 << (low & 7)
		shrunk := container{dense: out}
		if shrunk.cardinality() > maxArray {
			return out
		}
		return encodeLows(shrunk.lows())
	}
	lows := c.lows()
	if i, ok := slices.BinarySearch(lows, low); ok {
		lows = slices.Delete(lows, i, i+1)
	}
	if len(lows) == 0 {
		return nil
	}
	return encodeLows(lows)
}

func (c container) lows() []uint16 {
	if c.dense == nil {
		out := make([]uint16, len(c.array)/2)
		for i := range out {
			out[i] = binary.LittleEndian.Uint16(c.array[2*i:])
		}
		return out
	}
	out := make([]uint16, 0, maxArray)
	for i, b := range c.dense {
		for ; b != 0; b &= b - 1 {
			out = append(out, uint16(i*8+bits.TrailingZeros8(b)))
		}
	}
	return out
}

// mergeLows unites two ascending lists; in the usual case the second follows the first.
func mergeLows(a, b []uint16) []uint16 {
	if len(a) == 0 || len(b) == 0 || a[len(a)-1] < b[0] {
		return append(a, b...)
	}
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}

func encodeLows(lows []uint16) []byte {
	if len(lows) > maxArray {
		out := make([]byte, bitmapBytes)
		for _, l := range lows {
			out[l>>3] |= 1 << (l & 7)
		}
		return out
	}
	out := make([]byte, 0, 2*len(lows)+1)
	for _, l := range lows {
		out = binary.LittleEndian.AppendUint16(out, l)
	}
	if len(out) == bitmapBytes {
		out = append(out, 0)
	}
	return out
}

// bitmapOf builds a roaring bitmap from containers in ascending order of chunk,
// by writing the portable serialization: both keep their words alike.
// https://github.com/RoaringBitmap/RoaringFormatSpec
func bitmapOf(cs []container) (*roaring.Bitmap, error) {
	const cookieNoRuns = 12346
	if len(cs) == 0 {
		return roaring.New(), nil
	}
	size := 8 + 8*len(cs)
	for _, c := range cs {
		size += len(c.array) + len(c.dense)
	}
	buf := make([]byte, 0, size)
	buf = binary.LittleEndian.AppendUint32(buf, cookieNoRuns)
	buf = binary.LittleEndian.AppendUint32(buf, uint32(len(cs)))
	for _, c := range cs {
		buf = binary.LittleEndian.AppendUint16(buf, c.chunk)
		buf = binary.LittleEndian.AppendUint16(buf, uint16(c.cardinality()-1))
	}
	offset := uint32(8 + 8*len(cs))
	for _, c := range cs {
		buf = binary.LittleEndian.AppendUint32(buf, offset)
		offset += uint32(len(c.array) + len(c.dense))
	}
	for _, c := range cs {
		buf = append(append(buf, c.array...), c.dense...)
	}
	b := roaring.New()
	_, err := b.FromBuffer(buf)
	return b, err
}

// union unites many containers. Few rows are kept as they are; where they get many, as a bitmap for each chunk that is met.
type union struct {
	few   []uint32
	dense map[uint16][]byte
}

func (u *union) add(c container) {
	if c.dense == nil && len(u.few)+len(c.array)/2 <= maxArray {
		for i := 0; i+1 < len(c.array); i += 2 {
			u.few = append(u.few, uint32(c.chunk)<<16|uint32(binary.LittleEndian.Uint16(c.array[i:])))
		}
		return
	}
	d := u.chunk(c.chunk)
	if c.dense == nil {
		for i := 0; i+1 < len(c.array); i += 2 {
			set(d, binary.LittleEndian.Uint16(c.array[i:]))
		}
		return
	}
	for i := 0; i < bitmapBytes; i += 8 {
		binary.LittleEndian.PutUint64(d[i:], binary.LittleEndian.Uint64(d[i:])|binary.LittleEndian.Uint64(c.dense[i:]))
	}
}

func set(dense []byte, low uint16) { dense[low>>3] |= 1 << (low & 7) }

func (u *union) chunk(chunk uint16) []byte {
	d := u.dense[chunk]
	if d == nil {
		if u.dense == nil {
			u.dense = map[uint16][]byte{}
		}
		d = make([]byte, bitmapBytes)
		u.dense[chunk] = d
	}
	return d
}

func (u *union) bitmap() (*roaring.Bitmap, error) {
	if u.dense == nil {
		slices.Sort(u.few)
		return roaring.BitmapOf(u.few...), nil
	}
	for _, n := range u.few {
		set(u.chunk(uint16(n>>16)), uint16(n))
	}
	cs := make([]container, 0, len(u.dense))
	for _, chunk := range slices.Sorted(maps.Keys(u.dense)) {
		c := container{chunk: chunk, dense: u.dense[chunk]}
		if c.cardinality() <= maxArray {
			c = decodeContainer(chunk, encodeLows(c.lows()))
		}
		cs = append(cs, c)
	}
	return bitmapOf(cs)
}

// has reports whether the container has the low.
func (c container) has(low uint16) bool {
	if c.dense != nil {
		return c.dense[low>>3]&(1<<(low&7)) != 0
	}
	n := len(c.array) / 2
	i := sort.Search(n, func(i int) bool { return binary.LittleEndian.Uint16(c.array[2*i:]) >= low })
	return i < n && binary.LittleEndian.Uint16(c.array[2*i:]) == low
}
