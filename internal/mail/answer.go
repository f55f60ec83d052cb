package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"refill/internal/lang"
)

// Reason says why a message was not sent.
type Reason int

// The reasons.
const (
	// Failed is an answer that has no reason of its own here.
	Failed Reason = iota
	// Unreachable is a server that does not answer.
	Unreachable
	// Untrusted is a server without TLS, or with a certificate that is not trusted.
	Untrusted
	// WrongPassword is a server that does not accept user and password.
	WrongPassword
	// RecipientRefused is a recipient that the server refuses for good.
	RecipientRefused
	// SenderRefused is a sender that the server refuses.
	SenderRefused
	// Later is a server that asks for another attempt.
	Later
)

// Error is a message that was not sent.
type Error struct {
	Reason Reason
	answer string // what the server said; empty: nothing
	cause  error
}

// Error names the reason and the answer of the server, never the message or its recipient.
func (e *Error) Error() string {
	text := e.Reason.Words()
	if e.answer != "" {
		text += " The server answers: " + e.answer
	}
	return text
}

func (e *Error) Unwrap() error { return e.cause }

// Answer is what the server said; empty: nothing.
func (e *Error) Answer() string { return e.answer }

// Final reports whether another attempt ends the same.
func (e *Error) Final() bool { return e.Reason == RecipientRefused }

// Words says what happened and what to do.
func (r Reason) Words() string {
	switch r {
	case Unreachable:
		return lang.M("The SMTP server does not answer. Check host and port in REFILL_SMTP_URL, and whether this machine may reach it.")
	case Untrusted:
		return lang.M("The SMTP server offers no encrypted connection that can be trusted. Check its certificate, and whether smtp:// (STARTTLS) or smtps:// (TLS) is right in REFILL_SMTP_URL.")
	case WrongPassword:
		return lang.M("The SMTP server does not accept the user and password in REFILL_SMTP_URL.")
	case RecipientRefused:
		return lang.M("The SMTP server refuses this recipient. Check the address.")
	case SenderRefused:
		return lang.M("The SMTP server refuses the sender. Check REFILL_MAIL_FROM.")
	case Later:
		return lang.M("The SMTP server can’t take the message now. It may work later.")
	case Failed:
	}
	return lang.M("The SMTP server did not take the message.")
}

// newError sorts the errors of the library.
func newError(err error) *Error {
	e := &Error{cause: err}
	var answered *textproto.Error
	if errors.As(err, &answered) {
		e.answer = clean(fmt.Sprintf("%d %s", answered.Code, answered.Msg))
	}
	if sent, ok := errors.AsType[*gomail.SendError](err); ok {
		return e.sort(sent)
	}
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var authority x509.UnknownAuthorityError
	var dial *net.OpError
	text := err.Error()
	switch {
	case errors.As(err, &certificate), errors.As(err, &record), errors.As(err, &authority), strings.Contains(text, "STARTTLS"):
		e.Reason = Untrusted
	case answered != nil && (answered.Code == 535 || answered.Code == 534 || answered.Code == 530), strings.Contains(text, "SMTP AUTH"):
		e.Reason = WrongPassword
	case answered != nil && answered.Code >= 400 && answered.Code < 500:
		e.Reason = Later
	case errors.As(err, &dial), errors.Is(err, context.DeadlineExceeded):
		e.Reason = Unreachable
	}
	return e
}

// sort is the reason of an error in the middle of a message.
func (e *Error) sort(sent *gomail.SendError) *Error {
	if e.answer == "" && sent.ErrorCode() > 0 {
		e.answer = clean(fmt.Sprintf("%d %s", sent.ErrorCode(), sent.EnhancedStatusCode()))
	}
	switch {
	case sent.IsTemp():
		e.Reason = Later
	case sent.Reason == gomail.ErrSMTPRcptTo && sent.ErrorCode() >= 500:
		e.Reason = RecipientRefused
	case sent.Reason == gomail.ErrSMTPMailFrom:
		e.Reason = SenderRefused
	}
	return e
}

// clean makes an answer fit to be shown: one line, not long.
func clean(text string) string {
	runes := []rune(strings.TrimSpace(oneLine(text)))
	return string(runes[:min(len(runes), 200)])
}

func tlsConfig(host string, roots *x509.CertPool) *tls.Config {
	return &tls.Config{ServerName: host, RootCAs: roots, MinVersion: tls.VersionTLS12}
}
