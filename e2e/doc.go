// Package e2e drives a real server with real clients. It holds tests only.
package e2e
