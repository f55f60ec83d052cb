// Package mail sends single messages by SMTP. It owns the connection to the server, the form
// of a message and the meaning of the server's answers. It knows no database and decides
// neither what is told nor to whom.
package mail

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"
)

// timeout bounds each step of a conversation with the server.
const timeout = 20 * time.Second

// Config says which server sends, and as whom.
type Config struct {
	// URL is smtp://user:password@host:port with STARTTLS, smtps:// with TLS from the first
	// byte, or smtp+plain:// without encryption and without a password.
	URL string
	// From is the address of the sender, with or without a name.
	From string
	// Roots are the certificate authorities of the server; nil: those of the system.
	Roots *x509.CertPool
}

// Sender sends messages. Safe for concurrent use.
type Sender struct {
	host    string
	port    int
	from    *mail.Address
	options []gomail.Option
}

// The schemes of a URL, with the ports that they have without one.
const (
	schemeStartTLS = "smtp"
	schemeTLS      = "smtps"
	schemePlain    = "smtp+plain"
)

var ports = map[string]int{schemeStartTLS: 587, schemeTLS: 465, schemePlain: 25} //nolint:gochecknoglobals // a table

// New returns the sender of a configuration. Its errors say what to correct and never repeat
// the URL, because the URL may hold a password.
func New(c Config) (*Sender, error) {
	at, err := url.Parse(c.URL)
	if err != nil {
		return nil, errors.New("REFILL_SMTP_URL is no address: write smtp://user:password@host:587, and %-encode signs such as @ and / in the password")
	}
	s := &Sender{host: at.Hostname()}
	port, known := ports[at.Scheme]
	if s.port = port; !known {
		return nil, errors.New("REFILL_SMTP_URL must begin with smtp:// (STARTTLS), smtps:// (TLS) or smtp+plain:// (without encryption, on your own network only)")
	}
	if s.host == "" || strings.Trim(at.Path, "/") != "" || at.RawQuery != "" || at.Fragment != "" {
		return nil, errors.New("REFILL_SMTP_URL must name a host and nothing after it: smtp://user:password@host:587")
	}
	if text := at.Port(); text != "" {
		if s.port, err = strconv.Atoi(text); err != nil || s.port < 1 || s.port > 65535 {
			return nil, errors.New("the port of REFILL_SMTP_URL must be a number from 1 to 65535")
		}
	}
	if s.from, err = mail.ParseAddress(c.From); err != nil || !ascii(s.from.Address) {
		return nil, errors.New(`REFILL_MAIL_FROM must be an address, such as "Refill <refill@example.net>"`)
	}
	s.options = append(s.options, gomail.WithPort(s.port), gomail.WithTimeout(timeout))
	if c.Roots != nil {
		s.options = append(s.options, gomail.WithTLSConfig(tlsConfig(s.host, c.Roots)))
	}
	switch at.Scheme {
	case schemeTLS:
		s.options = append(s.options, gomail.WithSSL())
	case schemeStartTLS:
		s.options = append(s.options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case schemePlain:
		if at.User != nil {
			return nil, errors.New("REFILL_SMTP_URL with smtp+plain:// must have no user and password, because they would cross the network unencrypted")
		}
		s.options = append(s.options, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if at.User == nil {
		return s, nil
	}
	password, has := at.User.Password()
	if !has || at.User.Username() == "" || password == "" {
		return nil, errors.New("REFILL_SMTP_URL names a user or a password alone: write smtp://user:password@host:587")
	}
	s.options = append(s.options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(at.User.Username()), gomail.WithPassword(password))
	return s, nil
}

// Server is the host and port of the server, for display.
func (s *Sender) Server() string { return net.JoinHostPort(s.host, strconv.Itoa(s.port)) }

// From is the address of the sender, for display.
func (s *Sender) From() string { return s.from.Address }

// ValidAddress reports whether a text is one plain e-mail address that a message can be sent
// to: no name, no comment, a host with a dot.
func ValidAddress(text string) bool {
	parsed, err := mail.ParseAddress(text)
	if err != nil || parsed.Address != text || len(text) > 254 || !ascii(text) {
		return false
	}
	_, host, _ := strings.Cut(text[strings.LastIndexByte(text, '@'):], "@")
	return strings.Contains(strings.Trim(host, "."), ".") && !strings.ContainsAny(host, "[]")
}

func ascii(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII || r <= ' ' })
}

// Message is one message to one address.
type Message struct {
	To      string
	Brand   string // the name that the sender has
	Subject string
	Lines   []string // paragraphs of plain text
	Link    Link     // below the paragraphs; the zero value: none
	After   []string // paragraphs below the link
	// ID makes the Message-ID, the same for each attempt to send a message, so that a server
	// can tell a repetition.
	ID string
	At time.Time
}

// Link is a button of a message. In plain text its address has a line of its own.
type Link struct{ Text, URL string }

// Send gives a message to the server. The error is of type *Error where the server, or the
// way to it, refuses.
func (s *Sender) Send(ctx context.Context, m Message) error {
	if !ValidAddress(m.To) {
		return &Error{Reason: RecipientRefused, answer: "the address is not valid"}
	}
	html, err := m.html()
	if err != nil {
		return err
	}
	out := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	out.FromMailAddress(&mail.Address{Name: oneLine(senderName(s.from, m.Brand)), Address: s.from.Address})
	out.ToMailAddress(&mail.Address{Address: m.To})
	out.Subject(oneLine(m.Subject))
	out.SetDateWithValue(m.At)
	_, host, _ := strings.Cut(s.from.Address, "@")
	out.SetMessageIDWithValue(oneLine(m.ID) + "@" + host)
	out.SetGenHeader("Auto-Submitted", "auto-generated")
	out.SetGenHeader("X-Auto-Response-Suppress", "All")
	out.SetBodyString(gomail.TypeTextPlain, m.text())
	out.AddAlternativeString(gomail.TypeTextHTML, html)
	client, err := gomail.NewClient(s.host, s.options...)
	if err != nil {
		return fmt.Errorf("prepare a message: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*timeout)
	defer cancel()
	if err := client.DialAndSendWithContext(ctx, out); err != nil {
		return newError(err)
	}
	return nil
}

// senderName is the brand, or the name of the configuration where the message has no brand.
func senderName(from *mail.Address, brand string) string {
	if brand != "" {
		return brand
	}
	return from.Name
}

// oneLine replaces control characters, so that a name can't add a header.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }), " ")
}
