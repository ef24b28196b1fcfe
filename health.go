package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

// healthCmd is `firewolf health [URL]`: the health check of a container that holds nothing but this binary.
type healthCmd struct {
	URL     string        `arg:"" optional:"" help:"What to ask. Default: /health/ready of the server that --addr and --tls-cert describe."`
	Addr    string        `default:"127.0.0.1:8080" help:"Where the server listens."`
	TLSCert string        `name:"tls-cert" placeholder:"FILE" help:"The certificate of the server: it is asked over TLS and must hold this one."`
	Timeout time.Duration `default:"2s" help:"How long to wait for the answer."`
}

// Run succeeds if the server answers 200.
func (h *healthCmd) Run(ctx context.Context, c *console) error {
	url, err := h.url()
	if err != nil {
		return err
	}
	client, err := h.client()
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(r)
	if err != nil {
		return err
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, response.Status)
	}
	_, err = fmt.Fprintln(c.out, "healthy")
	return err
}

func (h *healthCmd) url() (string, error) {
	if h.URL != "" {
		return h.URL, nil
	}
	host, port, err := net.SplitHostPort(h.Addr)
	if err != nil {
		return "", fmt.Errorf("--addr %s: %w", h.Addr, err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	scheme := "http"
	if h.TLSCert != "" {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port) + "/health/ready", nil
}

// client trusts exactly the certificate that the server was given. It stands for names of the outside, not for the
// loopback address that is asked here, so the name is not looked at.
func (h *healthCmd) client() (*http.Client, error) {
	client := &http.Client{Timeout: h.Timeout}
	if h.TLSCert == "" || strings.HasPrefix(h.URL, "http:") {
		return client, nil
	}
	text, err := os.ReadFile(h.TLSCert)
	if err != nil {
		return nil, err
	}
	own, err := firstCertificate(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", h.TLSCert, err)
	}
	client.Transport = &http.Transport{TLSClientConfig: &tls.Config{
		InsecureSkipVerify: true, // replaced by the comparison below
		VerifyConnection: func(s tls.ConnectionState) error {
			if len(s.PeerCertificates) == 0 || !s.PeerCertificates[0].Equal(own) {
				return errors.New("the server holds another certificate")
			}
			return nil
		},
	}}
	return client, nil
}

func firstCertificate(text []byte) (*x509.Certificate, error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			return x509.ParseCertificate(block.Bytes)
		}
	}
	return nil, errors.New("it holds no certificate")
}
