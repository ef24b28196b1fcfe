package mongodb

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAnAddressIsShownWithoutUserPasswordAndOptions(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"one host", "mongodb://db:27017", "mongodb://db:27017/firewolf"},
		{"a slash and no database", "mongodb://db/", "mongodb://db/firewolf"},
		{"a database", "mongodb://db/lupus", "mongodb://db/lupus"},
		{"options and no slash", "mongodb://db?tls=true", "mongodb://db/firewolf"},
		{"a user", "mongodb://wolf@db/lupus", "mongodb://db/lupus"},
		{"a password", "mongodb://wolf:hidden@db/lupus?replicaSet=rs0", "mongodb://db/lupus"},
		{"an escaped password", "mongodb://wolf:hidden%40%2F%3A@db", "mongodb://db/firewolf"},
		{"secrets among the options", "mongodb://db/?tls=true&tlsCertificateKeyFile=k.pem&tlsCertificateKeyFilePassword=hidden", "mongodb://db/firewolf"},
		{"several hosts", "mongodb://a:1,b:2,[::1]:3/x", "mongodb://a:1,b:2,[::1]:3/x"},
		{"a name of the DNS", "mongodb+srv://wolf:hidden@cluster.example.org/x", "mongodb+srv://cluster.example.org/x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := ParseAddress(c.text)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, a.String()); d != "" {
				t.Error(d)
			}
			for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
				if got := fmt.Sprintf(format, struct{ A, b Address }{a, a}); strings.Contains(got, "hidden") || strings.Contains(got, "wolf:") {
					t.Errorf("%s prints %s", format, got)
				}
			}
		})
	}
}

func TestAnAddressThatIsNotUnderstoodIsRefusedWithoutRepeatingIt(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "starts with mongodb://"},
		{"another scheme", "postgres://wolf:hidden@db", "starts with mongodb://"},
		{"no host", "mongodb://", "names no hosts"},
		{"no host after the password", "mongodb://wolf:hidden@/x", "names no hosts"},
		{"a port that is none", "mongodb://db:hidden/x", "names no hosts"},
		{"no user before the password", "mongodb://:hidden@db", "must be escaped"},
		{"@ in the password", "mongodb://wolf:hid@hidden@db", "must be escaped"},
		{"/ in the password", "mongodb://wolf:hidden/hidden@db", "must be escaped"},
		{"/ in a password that looks like a port", "mongodb://wolf:1/hidden@db", "must be escaped"},
		{"? in the password", "mongodb://wolf:hidden?hidden@db", "must be escaped"},
		{": in the password", "mongodb://wolf:hidden:hidden@db", "must be escaped"},
		{"# in the password", "mongodb://wolf:hidden#hidden@db", "must be escaped"},
		{"% in the password", "mongodb://wolf:hidden%zz@db", "must be escaped"},
		{"a new line", "mongodb://wolf:hidden@db\n", "must be escaped"},
		{"a database with a dot", "mongodb://db/hid.den", "no name of a database"},
		{"a database that is too long", "mongodb://db/" + strings.Repeat("x", 64), "no name of a database"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseAddress(c.text)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hid") {
				t.Errorf("error %v, want one with %q and without the password", err, c.want)
			}
		})
	}
}

func TestTheDriverIsGivenOnlyWhatIsSafe(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.pem")
	for _, c := range []struct{ name, text, want string }{
		{"PLAIN without TLS", "mongodb://wolf:hidden@db/?authMechanism=PLAIN", "needs tls=true"},
		{"plain without TLS, in small letters", "mongodb://wolf:hidden@db/?authMechanism=plain&tls=false", "needs tls=true"},
		{"an option that is mistyped", "mongodb://wolf:hidden@db/?tsl=true", `"tsl"`},
		{"an option that makes no sense", "mongodb://wolf:hidden@db/?tls=hidden", "does not understand it"},
		{"an option that is none", "mongodb://wolf:hidden@db/?hidden", "does not understand it"},
		{"another mechanism", "mongodb://wolf:hidden@db/?authMechanism=hidden", "does not understand it"},
		{"SCRAM without a password", "mongodb://wolf@db/?authMechanism=SCRAM-SHA-256", "does not understand it"},
		{"a certificate that is not there", "mongodb://db/?tls=true&tlsCAFile=" + missing, missing},
		{"two hosts directly", "mongodb://wolf:hidden@a,b/?directConnection=true", "does not understand it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := ParseAddress(c.text)
			if err != nil {
				t.Fatal(err)
			}
			_, err = a.clientOptions()
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hidden") {
				t.Errorf("error %v, want one with %q and without the password", err, c.want)
			}
		})
	}
}

func TestTheDriverGetsUserPasswordAndTLSAsTheyWereGiven(t *testing.T) {
	const password = "p@ss:w/o?r#d %41+é"
	a, err := ParseAddress("mongodb://w%40lf@db/lupus?authMechanism=PLAIN&tls=true&authSource=%24external")
	if err != nil {
		t.Fatal(err)
	}
	if a.HasSecret() {
		t.Error("it has a secret before it has a password")
	}
	if a, err = a.WithPassword(password); err != nil {
		t.Fatal(err)
	}
	if !a.HasSecret() {
		t.Error("its password is no secret")
	}
	o, err := a.clientOptions()
	if err != nil {
		t.Fatal(err)
	}
	got := []string{o.Auth.Username, o.Auth.Password, o.Auth.AuthMechanism, o.Auth.AuthSource, strings.Join(o.Hosts, " "), a.Database()}
	if d := cmp.Diff([]string{"w@lf", password, "PLAIN", "$external", "db", "lupus"}, got); d != "" {
		t.Error(d)
	}
	if o.TLSConfig == nil {
		t.Error("the driver would not use TLS")
	}
}

func TestAPasswordIsNotAddedWhereItDoesNotBelong(t *testing.T) {
	for _, c := range []struct{ name, text, password, want string }{
		{"without a user", "mongodb://db", "hidden", "names no user"},
		{"beside another password", "mongodb://wolf:x@db", "hidden", "has a password already"},
		{"an empty one", "mongodb://wolf@db", "", "is empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := ParseAddress(c.text)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := a.WithPassword(c.password); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestASecretAmongTheOptionsIsSeen(t *testing.T) {
	for text, want := range map[string]bool{
		"mongodb://db/?tls=true":                                              false,
		"mongodb://db/?tlsCertificateKeyFilePassword=x":                       true,
		"mongodb://db/?authMechanismProperties=AWS_SESSION_TOKEN:x":           true,
		"mongodb://wolf:x@db":                                                 true,
		"mongodb://CN=wolf@db/?authMechanism=MONGODB-X509":                    false,
		"mongodb+srv://wolf@cluster.example.org/?authSource=admin&w=majority": false,
	} {
		a, err := ParseAddress(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := a.HasSecret(); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}
