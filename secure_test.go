package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/store/mongodb/mongotest"
)

// hardPassword has all characters that mean something in a connection string, in SQL or in a shell.
const hardPassword = `p@ss:w/o?r#d %41+é'"\$&=,;`

// secureTest is a database that wants TLS and a login.
type secureTest struct {
	db        *mongotest.Server
	authority *mongotest.Authority
	password  string // the file
}

func newSecureTest(t *testing.T) *secureTest {
	t.Helper()
	s := &secureTest{authority: mongotest.NewAuthority(t), password: filepath.Join(t.TempDir(), "secret")}
	s.db = mongotest.StartSecure(t, s.authority, hardPassword)
	if err := os.WriteFile(s.password, []byte(hardPassword+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// uri is the connection string with a user, or none, and options.
func (s *secureTest) uri(t *testing.T, user *url.Userinfo, options ...string) string {
	t.Helper()
	at, _ := s.db.Database()
	return withOptions(t, at, user, options...)
}

func withOptions(t *testing.T, uri string, user *url.Userinfo, options ...string) string {
	t.Helper()
	u, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	u.User = user
	q := u.Query()
	for _, o := range options {
		name, value, _ := strings.Cut(o, "=")
		q.Set(name, value)
	}
	u.RawQuery = q.Encode()
	return u.String()
}

func TestADatabaseWithTLSAndALogin(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a database of its own")
	}
	t.Parallel()
	s := newSecureTest(t)
	t.Run("what does not get in is told in one line", s.refuses)
	t.Run("what gets in is served, and the password is nowhere", s.serves)
}

// serves loses the database too, with all that is logged, and looks for the password in everything that came out.
func (s *secureTest) serves(t *testing.T) {
	for _, c := range []struct {
		name string
		user *url.Userinfo
		args []string
	}{
		{"the password in a file", url.User(mongotest.User), []string{"--store-password-file", s.password}},
		{"the password in the variable of the store", url.UserPassword(mongotest.User, hardPassword), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			uri := s.uri(t, c.user, "tls=true", "tlsCAFile="+s.authority.File, "authMechanism=SCRAM-SHA-256")
			g := &goneTest{there: map[string]bool{}}
			g.s = startOnMongo(t, uri, append(c.args, "--log-level", "debug", "--audit", "-", "--admin-addr", "127.0.0.1:0")...)
			var heard strings.Builder
			ask := func(url string, want int) {
				status, body := g.ask(t, http.MethodGet, url, "")
				if status.code != want {
					t.Errorf("%s: %d, want %d\n%s", url, status.code, want, body)
				}
				heard.WriteString(body)
			}
			all := func(status int) {
				ask(g.root()+"/health/ready", status)
				ask(g.s.base+"/Patient/a", status)
				ask(g.s.base+"/metadata", http.StatusOK)
				ask(adminOf(t, g.s)+"/metrics", http.StatusOK)
			}
			g.put(t, "a", http.StatusCreated)
			all(http.StatusOK)
			s.db.Kill(t)
			all(http.StatusServiceUnavailable)
			g.put(t, "b", http.StatusServiceUnavailable)
			waitFor(t, g.s.err, regexp.MustCompile("work behind the requests fails"))
			s.db.Restart(t)
			g.isBack(t, 0)
			if err := g.s.stop(os.Interrupt); err != nil {
				t.Errorf("the server, told to stop, ended with %v", err)
			}
			for what, text := range map[string]string{"an answer": heard.String(), "standard output": g.s.out.String(), "standard error": g.s.err.String()} {
				tellsNoSecret(t, what, text)
			}
		})
	}
}

// tellsNoSecret looks for the password, as it is and as it stands in a connection string, and for the user.
func tellsNoSecret(t *testing.T, what, text string) {
	t.Helper()
	escaped := url.UserPassword("", hardPassword).String()
	for _, secret := range []string{hardPassword, escaped[1:], url.QueryEscape(hardPassword), "p@ss", "p%40ss", mongotest.User, "SCRAM"} {
		if strings.Contains(text, secret) {
			t.Errorf("%s tells of %q:\n%s", what, secret, text)
		}
	}
}

var adminAt = regexp.MustCompile(`(?m)^ *metrics +(http://\S+)/metrics$`)

func adminOf(t *testing.T, s *server) string {
	t.Helper()
	m := adminAt.FindStringSubmatch(s.out.String())
	if m == nil {
		t.Fatalf("the server does not say where its metrics are:\n%s", s.out)
	}
	return m[1]
}

// refuses starts a server, and other commands, that cannot get at the database.
func (s *secureTest) refuses(t *testing.T) {
	lupa, ca := url.User(mongotest.User), "tlsCAFile="+s.authority.File
	wrong := url.UserPassword(mongotest.User, hardPassword+"x")
	commands := [][]string{{"serve", "--addr", "127.0.0.1:0", "--log-level", "debug"}, {"load", "docs"}, {"import", "csv", t.TempDir()}, {"reindex"}}
	const refused = "the database refuses the login: the user, the password or certificate, authSource or authMechanism is wrong"
	const closes = "no server of the database can be selected: it closes the connection; it ends, or either it or the connection string (tls=true) wants TLS and the other does not"
	for _, c := range []struct {
		name    string
		user    *url.Userinfo
		options []string
		args    []string
		want    string
	}{
		{"a wrong password", wrong, []string{"tls=true", ca}, nil, refused},
		{"an unknown user", url.UserPassword("nobody", hardPassword), []string{"tls=true", ca}, nil, refused},
		{"no user", nil, []string{"tls=true", ca}, nil, "the database lets only users in who may do this: the user needs the role readWrite, or none was named"},
		{
			"an authority that is unknown", lupa,
			[]string{"tls=true"},
			[]string{"--store-password-file", s.password},
			"no server of the database can be selected: its certificate is signed by an authority that is unknown here: tlsCAFile names it",
		},
		{
			"another authority", lupa,
			[]string{"tls=true", "tlsCAFile=" + mongotest.NewAuthority(t).File},
			[]string{"--store-password-file", s.password},
			"no server of the database can be selected: its certificate is signed by an authority that is unknown here: tlsCAFile names it",
		},
		{"no TLS", lupa, nil, []string{"--store-password-file", s.password}, closes},
	} {
		t.Run(c.name, func(t *testing.T) {
			uri := s.uri(t, c.user, c.options...)
			for _, command := range commands {
				got := ended(t, uri, append(command, c.args...)...)
				want := "firewolf: the store " + shown(t, uri) + " cannot be opened: " + c.want + "\n"
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("%s (-want +got):\n%s", command[0], d)
				}
				tellsNoSecret(t, command[0], got)
			}
		})
	}
}

// ended runs a command that must fail with exit code 1 and returns what it says.
func ended(t *testing.T, uri string, args ...string) string {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	c := exec.CommandContext(ctx, "firewolf", args...)
	c.Env = append(os.Environ(), "FIREWOLF_STORE="+uri)
	out, err := c.CombinedOutput()
	if err == nil || c.ProcessState.ExitCode() != exitFailed {
		t.Errorf("firewolf %s ends with %v", strings.Join(args, " "), err)
	}
	return string(out)
}

// shown is a connection string as people may see it.
func shown(t *testing.T, uri string) string {
	t.Helper()
	u, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	return "mongodb://" + u.Host + u.Path
}

// heardTLS is what a client said behind TLS, and who it proved to be.
type heardTLS struct {
	config *tls.Config
	users  atomic.Pointer[[]string] // who may log in by a certificate; nil where the server answers that itself
	mu     sync.Mutex
	names  []string
	said   bytes.Buffer
}

// wrap ends the TLS of a client.
func (h *heardTLS) wrap(c net.Conn) (net.Conn, error) {
	s := tls.Server(c, h.config)
	if err := s.Handshake(); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	subject := s.ConnectionState().PeerCertificates[0].Subject
	h.names = append(h.names, subject.CommonName)
	if users := h.users.Load(); users != nil {
		return mongotest.LoginByCertificate(tapped{s, h}, subject.String(), *users...), nil
	}
	return tapped{s, h}, nil
}

type tapped struct {
	net.Conn
	h *heardTLS
}

// Read keeps what is read.
func (c tapped) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.h.mu.Lock()
	defer c.h.mu.Unlock()
	c.h.said.Write(p[:n])
	return n, err
}

// TestAClientCertificateIsShownToTheDatabase puts TLS that asks for a client's certificate before a server. The servers of tests know no X.509: the
// login by it is answered before them.
func TestAClientCertificateIsShownToTheDatabase(t *testing.T) {
	authority := mongotest.NewAuthority(t)
	serverCert, serverKey := authority.Issue(t, "the database", "127.0.0.1")
	pair, err := tls.X509KeyPair(serverCert, serverKey)
	if err != nil {
		t.Fatal(err)
	}
	h := &heardTLS{config: &tls.Config{
		Certificates: []tls.Certificate{pair}, ClientCAs: authority.Pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12,
	}}
	uri, _ := mongotest.Database(t)
	gate := mongotest.NewGate(t, uri, h.wrap)
	both := filepath.Join(t.TempDir(), "client.pem")
	cert, key := authority.Issue(t, "firewolf of the lupus clinic")
	if err := os.WriteFile(both, append(cert, key...), 0o600); err != nil {
		t.Fatal(err)
	}
	common := []string{"tls=true", "tlsCAFile=" + authority.File}

	t.Run("it is let in", func(t *testing.T) {
		l := &loadCmd{ruleFlags: usualRules}
		if err := l.Store.UnmarshalText([]byte(withOptions(t, gate.URI, nil, append(common, "tlsCertificateKeyFile="+both)...))); err != nil {
			t.Fatal(err)
		}
		t.Setenv("XDG_CACHE_HOME", t.TempDir())
		target, err := l.open(t.Context(), &console{out: io.Discard, err: io.Discard})
		if err != nil {
			t.Fatal(err)
		}
		if err := target.close(); err != nil {
			t.Error(err)
		}
		h.hasOnly(t, "firewolf of the lupus clinic", "")
	})
	t.Run("it logs in", func(t *testing.T) {
		got := ended(t, withOptions(t, gate.URI, nil, append(common, "tlsCertificateKeyFile="+both, "authMechanism=MONGODB-X509")...), "serve", "--addr", "127.0.0.1:0")
		want := regexp.MustCompile(`^firewolf: the store ` + regexp.QuoteMeta(shown(t, gate.URI)) + ` cannot be opened: the database (refuses the login|cannot be logged in to by this authMechanism)[^\n]*\n$`)
		if !want.MatchString(got) {
			t.Errorf("a server that knows no X.509 is told of as %s", got)
		}
		h.hasOnly(t, "firewolf of the lupus clinic", "MONGODB-X509")
	})
	t.Run("it logs in as who it is", func(t *testing.T) {
		defer h.users.Store(nil)
		const subject = "CN=firewolf of the lupus clinic"
		byCertificate := append(common, "tlsCertificateKeyFile="+both, "authMechanism=MONGODB-X509")
		h.users.Store(&[]string{"CN=another", subject})
		for name, user := range map[string]*url.Userinfo{"named": url.User(subject), "not-named": nil} {
			g := &goneTest{there: map[string]bool{}}
			g.s = startOnMongo(t, withOptions(t, gate.URI, user, byCertificate...))
			g.put(t, name, http.StatusCreated)
			if err := g.s.stop(os.Interrupt); err != nil {
				t.Errorf("%s: the server, told to stop, ended with %v", name, err)
			}
			h.hasOnly(t, "firewolf of the lupus clinic", "MONGODB-X509")
		}
		h.users.Store(&[]string{"CN=another"})
		got := ended(t, withOptions(t, gate.URI, nil, byCertificate...), "serve", "--addr", "127.0.0.1:0")
		want := "firewolf: the store " + shown(t, gate.URI) + " cannot be opened: the database refuses the login: the user, the password or certificate, authSource or authMechanism is wrong\n"
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("whom the database does not know: %s", d)
		}
	})
	t.Run("without it", func(t *testing.T) {
		got := ended(t, withOptions(t, gate.URI, nil, common...), "serve", "--addr", "127.0.0.1:0")
		want := "firewolf: the store " + shown(t, gate.URI) + " cannot be opened: no server of the database can be selected: tls: certificate required\n"
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
	t.Run("a file without a key", func(t *testing.T) {
		got := ended(t, withOptions(t, gate.URI, nil, append(common, "tlsCertificateKeyFile="+authority.File)...), "serve", "--addr", "127.0.0.1:0")
		want := "firewolf: the connection string of " + shown(t, gate.URI) + ": the driver does not understand it, or a file of certificates that it names; " +
			"see https://www.mongodb.com/docs/manual/reference/connection-string/\n"
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
}

// hasOnly expects that every connection was of this client, and one said these words.
func (h *heardTLS) hasOnly(t *testing.T, name, words string) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.names) == 0 || !bytes.Contains(h.said.Bytes(), []byte(words)) {
		t.Errorf("%d connections, none says %q", len(h.names), words)
	}
	for _, n := range h.names {
		if n != name {
			t.Errorf("a connection of %q, want %q", n, name)
		}
	}
	h.names = nil
	h.said.Reset()
}
