package mongodb

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"regexp"
	"strings"

	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/connstring"
)

// defaultDatabase is where resources are kept if the connection string names no database.
const defaultDatabase = "firewolf"

// Address says where a database is and how to log in to it: a connection string whose secrets do not come out by printing it.
// https://www.mongodb.com/docs/manual/reference/connection-string/
type Address struct {
	scheme   string
	hosts    string
	database string
	path     string       // as in the connection string: the database, escaped, or nothing
	login    func() login // a function is printed as a number, also where String is not asked
}

// login is what may be secret in a connection string.
type login struct {
	user    string // with the password, escaped
	options string
}

// ParseAddress reads a connection string, mongodb://... or mongodb+srv://.... An error repeats nothing of it: a character that should have
// been escaped can make any part of it a part of the password.
func ParseAddress(text string) (Address, error) {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok || scheme != "mongodb" && scheme != "mongodb+srv" {
		return Address{}, errors.New("a connection string starts with mongodb:// or mongodb+srv://")
	}
	user, rest, err := cutUser(rest)
	if err != nil {
		return Address{}, err
	}
	rest, options, _ := strings.Cut(rest, "?")
	a := Address{scheme: scheme, login: func() login { return login{user, options} }}
	a.hosts, a.path, _ = strings.Cut(rest, "/")
	if err := checkHosts(a.hosts); err != nil {
		return Address{}, err
	}
	if a.database, err = databaseName(a.path); err != nil {
		return Address{}, err
	}
	return a, nil
}

var errUnescaped = errors.New("a special character in the user or password of the connection string must be escaped: @ as %40, : as %3A, / as %2F, ? as %3F, # as %23, % as %25")

// cutUser cuts off the user and password. Where more than one end of them is possible it does not guess.
func cutUser(rest string) (user, more string, err error) {
	if strings.ContainsAny(rest, "# \t\r\n") || strings.Count(rest, "@") > 1 {
		return "", "", errUnescaped
	}
	user, more, ok := strings.Cut(rest, "@")
	if !ok {
		return "", rest, nil
	}
	name, _, _ := strings.Cut(user, ":")
	if _, bad := url.PathUnescape(user); bad != nil || name == "" || strings.ContainsAny(user, "/?") || strings.Count(user, ":") > 1 {
		return "", "", errUnescaped
	}
	return user, more, nil
}

var hostPattern = regexp.MustCompile(`^([A-Za-z0-9._%-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$`)

func checkHosts(hosts string) error {
	for h := range strings.SplitSeq(hosts, ",") {
		if !hostPattern.MatchString(h) {
			return errors.New("the connection string names no hosts: mongodb://HOST:PORT,HOST:PORT/DATABASE")
		}
	}
	return nil
}

// databaseName is the name of the database. https://www.mongodb.com/docs/manual/reference/limits/#naming-restrictions
func databaseName(path string) (string, error) {
	name, err := url.PathUnescape(path)
	if err != nil || strings.ContainsAny(name, "/\\. \"$*<>:|?\x00") || len(name) > 63 {
		return "", errors.New("the connection string names a database whose name is no name of a database")
	}
	return cmp.Or(name, defaultDatabase), nil
}

// String names the hosts and the database, without user, password and options.
func (a Address) String() string { return a.scheme + "://" + a.hosts + "/" + a.database }

// GoString is String: %#v shows no secrets either.
func (a Address) GoString() string { return a.String() }

// Database is the name of the database.
func (a Address) Database() string { return a.database }

// HasSecret reports whether the connection string holds what nobody else may read.
func (a Address) HasSecret() bool {
	if _, _, ok := strings.Cut(a.login().user, ":"); ok {
		return true
	}
	for option := range strings.SplitSeq(strings.ToLower(a.login().options), "&") {
		name, value, _ := strings.Cut(option, "=")
		if strings.Contains(name, "password") || name == "authmechanismproperties" && strings.Contains(value, "token") {
			return true
		}
	}
	return false
}

// WithPassword returns the address with the password of its user.
func (a Address) WithPassword(password string) (Address, error) {
	switch {
	case a.login().user == "":
		return a, errors.New("the connection string names no user for the password: mongodb://USER@HOST/DATABASE")
	case strings.Contains(a.login().user, ":"):
		return a, errors.New("the connection string has a password already")
	case password == "":
		return a, errors.New("the password is empty")
	}
	l := a.login()
	l.user += ":" + strings.ReplaceAll(url.QueryEscape(password), "+", "%20")
	a.login = func() login { return l }
	return a, nil
}

// secret is the whole connection string.
func (a Address) secret() string {
	text, l := a.scheme+"://", a.login()
	if l.user != "" {
		text += l.user + "@"
	}
	text += a.hosts + "/" + a.path
	if l.options != "" {
		text += "?" + l.options
	}
	return text
}

// clientOptions are those that the connection string asks for. Reading it may ask the DNS for the hosts. The driver's own errors are not
// passed on, since they quote what they do not understand.
func (a Address) clientOptions() (*options.ClientOptions, error) {
	c, err := connstring.ParseAndValidate(a.secret())
	if err != nil {
		return nil, fmt.Errorf("the connection string of %s: %w", a, harmless(err))
	}
	for name := range c.UnknownOptions {
		// It would be ignored, and a mistyped tls=true is no TLS.
		return nil, fmt.Errorf("the connection string of %s has an option that the driver does not know: %q", a, name)
	}
	if strings.EqualFold(c.AuthMechanism, "PLAIN") && !c.SSL {
		return nil, fmt.Errorf("authMechanism=PLAIN would send the password to %s as it is: it needs tls=true", a)
	}
	o := options.Client().ApplyURI(a.secret())
	if err := o.Validate(); err != nil {
		return nil, fmt.Errorf("the connection string of %s: %w", a, harmless(err))
	}
	return o, nil
}

// harmless is what of an error is about files and the DNS; all else may quote a password.
func harmless(err error) error {
	var file *fs.PathError
	var dns *net.DNSError
	switch {
	case errors.As(err, &file):
		return file
	case errors.As(err, &dns):
		return dns
	}
	return errors.New("the driver does not understand it, or a file of certificates that it names; see https://www.mongodb.com/docs/manual/reference/connection-string/")
}
