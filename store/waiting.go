package store

import "sync/atomic"

// WaitingBytes bounds the memory of the transactions that wait to be written: once so much waits nothing more is let in. The last one may go beyond
// it, so that a large one needs no empty queue, which it might never meet.
const WaitingBytes = 64 << 20

// Waiting counts the bytes of the transactions that wait. The zero value counts none.
type Waiting struct{ bytes atomic.Int64 }

// Admit counts the bytes of a transaction, or refuses it. One that is refused is never counted: it turns nobody else away.
func (w *Waiting) Admit(size int64) bool {
	for {
		waiting := w.bytes.Load()
		if waiting >= WaitingBytes {
			return false
		}
		if w.bytes.CompareAndSwap(waiting, waiting+size) {
			return true
		}
	}
}

// Leave takes off the bytes of a transaction that was admitted and waits no more.
func (w *Waiting) Leave(size int64) { w.bytes.Add(-size) }

// Bytes are how many wait.
func (w *Waiting) Bytes() int64 { return w.bytes.Load() }
