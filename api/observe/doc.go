// Package observe tells what the server does: an audit line a request, a log, and metrics.
//
// None of them holds contents of resources or values of search parameters.
package observe
