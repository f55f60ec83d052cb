package mail_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/mail"
	"refill/internal/mail/smtptest"
)

func message(to string) mail.Message {
	return mail.Message{
		To: to, Brand: "Nørth Net", Subject: "The file of series 202611 is ready", Lines: []string{"It is ready. <b>Now</b>."},
		Link: mail.Link{Text: "Open the series", URL: "https://refill.example.net/admin"}, After: []string{"You chose this."},
		ID: "refill.test.1", At: time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC),
	}
}

func sender(t *testing.T, s *smtptest.Server, scheme, user string) *mail.Sender {
	t.Helper()
	at := scheme + "://" + s.Addr
	if user != "" {
		at = scheme + "://" + user + "@" + s.Addr
	}
	made, err := mail.New(mail.Config{URL: at, From: "Refill <refill@example.net>", Roots: s.Roots})
	require.NoError(t, err)
	return made
}

// reason is the reason of a refusal.
func reason(t *testing.T, err error) mail.Reason {
	t.Helper()
	var refused *mail.Error
	require.ErrorAs(t, err, &refused)
	return refused.Reason
}

// A message arrives with both of its forms, and says that a program sent it.
func TestMessageArrives(t *testing.T) {
	t.Parallel()
	s := smtptest.Start(t, smtptest.Options{TLS: true, User: "refill", Password: "p@ss/word"})
	require.NoError(t, sender(t, s, "smtp", "refill:"+url.QueryEscape("p@ss/word")).Send(t.Context(), message("ada@example.com")))
	got := s.Await(t, "ada@example.com", 1)[0]
	require.Equal(t, "The file of series 202611 is ready", got.Subject)
	require.Equal(t, "Nørth Net", got.From.Name)
	require.Equal(t, "refill@example.net", got.From.Address)
	require.Equal(t, "refill.test.1@example.net", got.MessageID)
	require.Equal(t, []string{"auto-generated"}, got.Header["Auto-Submitted"])
	require.True(t, got.Date.Equal(time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)))
	require.Contains(t, got.Text, "It is ready. <b>Now</b>.")
	require.Contains(t, got.Text, "https://refill.example.net/admin")
	require.Contains(t, got.HTML, "It is ready. &lt;b&gt;Now&lt;/b&gt;.")
	require.Contains(t, got.HTML, `href="https://refill.example.net/admin"`)
}

// TLS from the first byte works too, and a server without encryption where it is asked for.
func TestWaysToTheServer(t *testing.T) {
	t.Parallel()
	whole := smtptest.Start(t, smtptest.Options{TLS: true, FromStart: true})
	require.NoError(t, sender(t, whole, "smtps", "").Send(t.Context(), message("ada@example.com")))
	whole.Await(t, "ada@example.com", 1)
	plain := smtptest.Start(t, smtptest.Options{})
	require.NoError(t, sender(t, plain, "smtp+plain", "").Send(t.Context(), message("ada@example.com")))
	plain.Await(t, "ada@example.com", 1)
}

// Each refusal has a reason in plain words; nothing is sent over a connection that is not
// encrypted, or to a server that is not trusted.
func TestRefusals(t *testing.T) {
	t.Parallel()
	closed := smtptest.Start(t, smtptest.Options{TLS: true, User: "refill", Password: "right", Recipients: `^ada@example\.com$`})
	send := func(scheme, user, to string) error {
		return sender(t, closed, scheme, user).Send(t.Context(), message(to))
	}
	err := send("smtp", "refill:wrong", "ada@example.com")
	require.Equal(t, mail.WrongPassword, reason(t, err), err)
	require.Contains(t, err.Error(), "535")
	require.NotContains(t, err.Error(), "wrong")

	err = send("smtp", "refill:right", "eve@example.com")
	require.Equal(t, mail.RecipientRefused, reason(t, err), err)
	var refused *mail.Error
	require.True(t, errors.As(err, &refused) && refused.Final())

	require.Equal(t, mail.RecipientRefused, reason(t, send("smtp", "refill:right", "ada@example.com>\r\nRCPT TO:<eve@example.com")))

	plain := smtptest.Start(t, smtptest.Options{})
	err = sender(t, plain, "smtp", "refill:right").Send(t.Context(), message("ada@example.com"))
	require.Equal(t, mail.Untrusted, reason(t, err), err)

	strange, err := mail.New(mail.Config{URL: "smtp://" + closed.Addr, From: "refill@example.net"})
	require.NoError(t, err)
	err = strange.Send(t.Context(), message("ada@example.com"))
	require.Equal(t, mail.Untrusted, reason(t, err), err)

	closed.Stop()
	err = send("smtp", "refill:right", "ada@example.com")
	require.Equal(t, mail.Unreachable, reason(t, err), err)
	require.False(t, errors.As(err, &refused) && refused.Final())
	require.Empty(t, plain.Messages(t, ""))
}

// A name or a subject adds no header.
func TestNoHeaderIsAdded(t *testing.T) {
	t.Parallel()
	s := smtptest.Start(t, smtptest.Options{})
	m := message("ada@example.com")
	m.Subject, m.Brand = "Ready\r\nBcc: eve@example.com\r\n\r\nHello", "North\nX-Evil: yes"
	require.NoError(t, sender(t, s, "smtp+plain", "").Send(t.Context(), m))
	got := s.Await(t, "ada@example.com", 1)[0]
	require.Equal(t, "Ready Bcc: eve@example.com Hello", got.Subject)
	require.Empty(t, got.Header["Bcc"])
	require.Empty(t, got.Header["X-Evil"])
	require.Len(t, s.Messages(t, ""), 1)
}

func TestConfigurationSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ url, from, says string }{
		{"mail.example.net", "a@example.net", "must begin with smtp://"},
		{"smtp://", "a@example.net", "must name a host"},
		{"smtp://user:geheim@mail.example.net/path", "a@example.net", "must name a host and nothing after it"},
		{"smtp://user@mail.example.net", "a@example.net", "names a user or a password alone"},
		{"smtp+plain://user:geheim@mail.example.net", "a@example.net", "must have no user and password"},
		{"smtp://user:gehe%im@mail.example.net", "a@example.net", "is no address"},
		{"smtp://mail.example.net:99999", "a@example.net", "the port"},
		{"smtp://mail.example.net", "Refill", "REFILL_MAIL_FROM"},
	} {
		_, err := mail.New(mail.Config{URL: c.url, From: c.from})
		require.ErrorContains(t, err, c.says, c.url)
		require.NotContains(t, err.Error(), "geheim")
	}
}

func TestValidAddress(t *testing.T) {
	t.Parallel()
	for address, valid := range map[string]bool{
		"ada@example.com": true, "ada.l+x@mail.example.co.uk": true, "ada": false, "ada@localhost": false, "Ada <ada@example.com>": false,
		"ada@[127.0.0.1]": false, "ada@example.com,eve@example.com": false, "ada@example.com\r\nBcc: e@example.com": false, "": false, "@example.com": false,
		"ada@exämple.com": false, "a@" + strings.Repeat("b", 260) + ".com": false,
	} {
		require.Equal(t, valid, mail.ValidAddress(address), address)
	}
}
