// Package caller owns what the doors of programs share: who the admitted client of a request
// is, the log of its requests, keys that make an act happen once, amounts as programs write
// them, and waiting for a change. It decides nothing about shapes of requests and answers.
package caller

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"regexp"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"refill/internal/audit"
	"refill/internal/client"
	"refill/internal/money"
	"refill/internal/notify"
	"refill/internal/web/kit"
)

// keyClient is the key of the admitted client in the Gin context.
const keyClient = "refill.client"

// SetClient notes the admitted client of a request, and writes the state of its limit of
// requests, in the fields of the IETF draft "RateLimit header fields for HTTP".
func SetClient(c *gin.Context, admitted client.Client) {
	c.Set(keyClient, admitted)
	r := admitted.Rate
	c.Header("RateLimit-Policy", `"client";q=`+strconv.Itoa(int(r.PerMinute))+`;w=60`)
	c.Header("RateLimit", `"client";r=`+strconv.Itoa(int(r.Left))+`;t=`+strconv.Itoa(int(r.Reset/time.Second)))
}

// Client returns the admitted client of a request; the zero value where there is none.
func Client(c *gin.Context) client.Client {
	admitted, _ := c.Value(keyClient).(client.Client)
	return admitted
}

// Actor returns the actor of the acts of a request's client.
func Actor(c *gin.Context) audit.Actor {
	return Client(c).Actor().From(kit.Address(c), kit.RequestID(c))
}

// OnceKey returns the idempotency key, a UUID of version 8, of what a client names by a text
// within an operation. It is a SHA-256 of the three, so that no client meets the key of
// another one or of a form.
func OnceKey(clientID int64, operation, text string) uuid.UUID {
	var id [8]byte
	binary.BigEndian.PutUint64(id[:], uint64(clientID)) //nolint:gosec // ids are positive
	sum := sha256.New()
	for _, part := range [][]byte{id[:], []byte(operation), []byte(text)} {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		sum.Write(size[:])
		sum.Write(part)
	}
	key := uuid.UUID(sum.Sum(nil)[:16])
	key[6] = key[6]&0x0f | 0x80
	key[8] = key[8]&0x3f | 0x80
	return key
}

// ErrAmount says that a text is no amount.
var ErrAmount = errors.New("no amount")

// amountForm is the form of an amount: digits, and decimals behind a point. Grouped digits
// are refused, because a comma means decimals in many countries.
var amountForm = regexp.MustCompile(`^(-?)([0-9]{1,18}(\.[0-9]+)?)$`)

// ReadAmount reads an amount in minor units. The error is ErrAmount, or money.ErrDecimals for
// more decimals than the currency has.
func ReadAmount(text, currency string) (int64, error) {
	parts := amountForm.FindStringSubmatch(text)
	if parts == nil {
		return 0, ErrAmount
	}
	minor, err := money.Parse(parts[2], currency)
	switch {
	case errors.Is(err, money.ErrDecimals):
		return 0, err
	case err != nil:
		return 0, ErrAmount
	case parts[1] != "":
		return -minor, nil
	}
	return minor, nil
}

// Rest waits until an event is heard that concerns a request. It returns false when the wait
// is over, or the server stops.
func Rest(ctx context.Context, closing <-chan struct{}, over <-chan time.Time, heard <-chan notify.Event, concern func(notify.Event) bool) bool {
	for {
		select {
		case <-ctx.Done():
			return false
		case <-closing:
			return false
		case <-over:
			return false
		case e := <-heard:
			if e.Kind == notify.KindResync || concern(e) {
				return true
			}
		}
	}
}
