package api

import (
	"fmt"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/formprint"
	"refill/internal/web/caller"
)

// idempotencyKey returns the key under which the domain does the thing of a request once. It
// is derived from the client, the operation and the Idempotency-Key, so that no client meets
// the key of another one or of a form. Keys never expire, because the rows that they name
// never do.
func idempotencyKey(c *gin.Context) (uuid.UUID, error) {
	texts := c.Request.Header.Values("Idempotency-Key")
	if len(texts) != 1 { // of two it is not known which one a repetition will have
		return uuid.Nil, errKeyNeeded
	}
	text := texts[0]
	if text == "" || len(text) > 255 || strings.ContainsFunc(text, func(r rune) bool { return r < '!' || r > '~' }) {
		return uuid.Nil, errKeyNeeded
	}
	return caller.OnceKey(caller.Client(c).ID, c.Request.Method+" "+c.FullPath(), text), nil
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
