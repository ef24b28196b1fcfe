// Package observe tells what the server does: an audit line a request, and metrics.
//
// Neither holds contents of resources or values of search parameters. Metrics are in the text format of Prometheus.
// https://prometheus.io/docs/instrumenting/exposition_formats/
package observe
