package store

import "errors"

// ErrStale is returned by Write when an Assumption no longer holds. It is not an
// answer for a client: the author of the transaction looks again and tries again.
var ErrStale = errors.New("the state that the transaction was built on has changed")
