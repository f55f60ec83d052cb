package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"refill/internal/lang"
)

// Bounds of one try.
const (
	sendTime   = 15 * time.Second
	answerRead = 4 << 10 // bytes
	answerKept = 200     // characters
)

// Reasons why a try failed, as they are stored.
const (
	failInside   = "inside"   // the address lies in a closed network
	failPlain    = "plain"    // plain HTTP outside the opened networks
	failName     = "name"     // no address was found for the name
	failTLS      = "tls"      // the certificate is not to be trusted
	failTime     = "time"     // no answer in time
	failConnect  = "connect"  // no connection, or it broke
	failRedirect = "redirect" // a status of 300 to 399
	failStatus   = "status"   // another status than 200 to 299
	failPartners = "partners" // the endpoint does not take events of these partners any more
)

// FailureWords returns the text of a stored reason; empty for an empty one.
func FailureWords(reason string) string {
	switch reason {
	case "":
		return ""
	case failInside:
		return lang.M("The address lies in a network that webhooks may not call.")
	case failPlain:
		return lang.M("Plain http:// is for networks that the operator has opened.")
	case failName:
		return lang.M("No address was found for the name of the host.")
	case failTLS:
		return lang.M("The connection is not secure: the certificate is wrong, has expired, or is of an unknown issuer.")
	case failTime:
		return lang.M("No answer came within 15 seconds.")
	case failRedirect:
		return lang.M("The address leads to another one. Redirects are not followed.")
	case failStatus:
		return lang.M("The answer was not a status of 200 to 299.")
	case failPartners:
		return lang.M("The endpoint does not take events of this partner any more.")
	}
	return lang.M("No connection, or it broke.")
}

// sender sends one request at a time to any address that the guard allows.
type sender struct {
	guard    guard
	resolver Resolver
	http     *http.Client
}

// schemes routes requests to the transport of their scheme, since the guard asks more of
// plain HTTP.
type schemes map[string]*http.Transport

// RoundTrip implements http.RoundTripper.
func (s schemes) RoundTrip(r *http.Request) (*http.Response, error) {
	transport, ok := s[r.URL.Scheme]
	if !ok {
		return nil, errPlain
	}
	return transport.RoundTrip(r)
}

// newSender returns a sender without a proxy, without redirects and without cookies.
func newSender(g guard, resolver Resolver) *sender {
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	s := &sender{guard: g, resolver: resolver}
	transports := schemes{}
	for _, scheme := range []string{"https", "http"} {
		transports[scheme] = &http.Transport{
			DialContext: s.dial(scheme), ForceAttemptHTTP2: true, TLSHandshakeTimeout: sendTime, ResponseHeaderTimeout: sendTime,
			MaxResponseHeaderBytes: 32 << 10, DisableCompression: true, // a small answer can't become a large one
			MaxIdleConnsPerHost: 4, MaxIdleConns: 64, IdleConnTimeout: 30 * time.Second,
			TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
		}
	}
	s.http = &http.Client{
		Transport: transports, Timeout: sendTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return s
}

// message is one try of one delivery.
type message struct {
	url, id   string
	at        time.Time
	body      []byte
	signature string
}

// outcome is what came of a try.
type outcome struct {
	status     int    // 0: no answer
	failure    string // one of the reasons; empty: it was taken
	answer     string // the first characters of the answer
	retryAfter time.Duration
}

// send sends a message once.
func (s *sender) send(ctx context.Context, m message) outcome {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, m.url, bytes.NewReader(m.body))
	if err != nil {
		return outcome{failure: failConnect}
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "Refill-Webhooks/1")
	request.Header.Set("Webhook-Id", m.id)
	request.Header.Set("Webhook-Timestamp", strconv.FormatInt(m.at.Unix(), 10))
	request.Header.Set("Webhook-Signature", m.signature)
	response, err := s.http.Do(request)
	if err != nil {
		return outcome{failure: failureOf(err)}
	}
	defer response.Body.Close() //nolint:errcheck // it is only read
	o := outcome{status: response.StatusCode, retryAfter: retryAfter(response.Header.Get("Retry-After"), m.at)}
	start, err := io.ReadAll(io.LimitReader(response.Body, answerRead))
	o.answer = shorten(string(start))
	switch {
	case response.StatusCode >= 200 && response.StatusCode < 300:
		if err != nil && errors.Is(err, context.DeadlineExceeded) {
			o.failure = failTime
		}
	case response.StatusCode >= 300 && response.StatusCode < 400:
		o.failure = failRedirect
	default:
		o.failure = failStatus
	}
	return o
}

// failureOf returns the reason of an error. The error itself is not kept: it may name
// addresses of the house.
func failureOf(err error) string {
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return failTime
	}
	_, noName := errors.AsType[*net.DNSError](err)
	_, badCertificate := errors.AsType[*tls.CertificateVerificationError](err)
	_, unknownIssuer := errors.AsType[x509.UnknownAuthorityError](err)
	_, noTLS := errors.AsType[tls.RecordHeaderError](err)
	switch {
	case errors.Is(err, errForbidden):
		return failInside
	case errors.Is(err, errPlain):
		return failPlain
	case noName:
		return failName
	case badCertificate || unknownIssuer || noTLS || errors.Is(err, http.ErrSchemeMismatch):
		return failTLS
	}
	return failConnect
}

// retryAfter reads a Retry-After header, in seconds or as a date; 0 where there is none.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(max(0, min(seconds, int(longestWait/time.Second)))) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, min(at.Sub(now), longestWait))
	}
	return 0
}

// shorten returns the first characters of an answer as a text that can be stored and shown.
func shorten(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsControl(r) || r == unicode.ReplacementChar || unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	runes := []rune(text)
	return string(runes[:min(len(runes), answerKept)])
}
