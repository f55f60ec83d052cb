package api

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/formprint"
)

// idempotencyKey returns the key under which the domain does the thing of a request once. It
// is derived from the client, the operation and the Idempotency-Key, so that no client meets
// the key of another one or of a form. Keys never expire, because the rows that they name
// never do.
func idempotencyKey(c *gin.Context) (uuid.UUID, error) {
	text := c.GetHeader("Idempotency-Key")
	if text == "" || len(text) > 255 || strings.ContainsFunc(text, func(r rune) bool { return r < '!' || r > '~' }) {
		return uuid.Nil, errKeyNeeded
	}
	return derivedKey(Client(c).ID, c.Request.Method+" "+c.FullPath(), text), nil
}

// derivedKey returns a UUID of version 8 from the SHA-256 of its parts.
func derivedKey(clientID int64, operation, text string) uuid.UUID {
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

// keyDone reports whether a key has made something before, for the answer of a repetition.
// The domain compares what was asked for.
func (s *Server) keyDone(c *gin.Context, key uuid.UUID) (bool, error) {
	before, err := db.New().KeyDone(c.Request.Context(), s.Pool, key)
	if err != nil {
		return false, fmt.Errorf("look for what a key has made: %w", err)
	}
	return before, nil
}

// once does an act on something at most once for the key of a request. asked is what the body
// says.
func (s *Server) once(c *gin.Context, about any, asked any, act func(cards *card.Service) error) (replayed bool, err error) {
	key, err := idempotencyKey(c)
	if err != nil {
		return false, err
	}
	print, err := formprint.Of(about, asked)
	if err != nil {
		return false, err
	}
	return s.Cards.Once(c.Request.Context(), key, print, act)
}
