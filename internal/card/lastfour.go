package card

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// What a screen shows of a code are its last symbols, and people read them
// out over the phone. So that a card can be found by them, a short keyed hash of four
// stands beside it, under a key of its own: a copy of the database tells nothing
// about them, and what it tells with the key is what every screen shows.

// ErrLastFour says that a text is no end of a code.
var ErrLastFour = fault.Field("find", "last_four", "The end of a code has four letters and digits.")

// lastFour returns the last four of the symbols that a screen shows of a code, as
// they are typed in a search; nothing where a screen shows fewer. Hashing and finding
// use it, so that nobody finds a card by more of its code than they can see.
func (c Code) lastFour() string {
	shown := []rune(c.shown())
	if len(shown) < groupLength {
		return ""
	}
	return latin(strings.ToUpper(string(shown[len(shown)-groupLength:])))
}

// ParseLastFour reads the end of a code as people type it: "k7qp", "•••• K7QP". Codes
// of other systems may have any letters.
func ParseLastFour(text string) (string, bool) {
	text = latin(strings.ToUpper(strings.Trim(PlainText(text), " •-…")))
	if utf8.RuneCountInString(text) != groupLength {
		return "", false
	}
	for _, r := range text {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return "", false
		}
	}
	return text, true
}

// ender hashes the ends of codes under one index key. Not for concurrent use.
type ender struct{ mac hash.Hash }

func (k *Keyring) ender(indexKeyID int16) (*ender, error) {
	key, err := k.indexKey(indexKeyID)
	if err != nil {
		return nil, err
	}
	return &ender{hmac.New(sha256.New, key.lastFour())}, nil
}

// hash is 32 bits: enough to tell apart 31⁴ ends, and small in the index.
func (e *ender) hash(end string) int32 {
	var sum [sha256.Size]byte
	e.mac.Reset()
	_, _ = io.WriteString(e.mac, end)
	return int32(binary.BigEndian.Uint32(e.mac.Sum(sum[:0]))) //nolint:gosec // the same bits
}

// mostFound is how many cards a search shows.
const mostFound = 20

// FindLastFour returns cards whose code ends in four symbols, within the actor's
// partners; more says that there are more than are returned.
func (s *Service) FindLastFour(ctx context.Context, actor audit.Actor, end string) (rows []db.FindLastFourRow, more bool, err error) {
	end, ok := ParseLastFour(end)
	if !ok {
		return nil, false, ErrLastFour
	}
	var hashes []int32
	for _, id := range ids(s.keys.keys.Load().indexes) {
		e, err := s.keys.ender(id)
		if err != nil {
			return nil, false, err
		}
		hashes = append(hashes, e.hash(end))
	}
	found, err := s.q.FindLastFour(ctx, s.db, db.FindLastFourParams{
		Hashes: hashes, AllPartners: actor.Scope.AllPartners, PartnerIds: actor.Scope.PartnerIDs, Size: 2 * mostFound,
	})
	if err != nil {
		return nil, false, fmt.Errorf("look for the end of a code: %w", err)
	}
	for _, row := range found {
		if len(row.CodeSealed) > 0 { // else it was printed once: the hash is all there is
			code, err := s.open(row.SeriesID, row.KeyID, row.Serial, row.CodeSealed)
			if err != nil {
				return nil, false, err
			}
			if code.lastFour() != end {
				continue // another end with the same hash
			}
		}
		if len(rows) == mostFound {
			return rows, true, nil
		}
		rows = append(rows, row)
	}
	return rows, false, nil
}

// open returns the code of a card.
func (s *Service) open(seriesID int64, keyID int16, serial int32, sealed []byte) (Code, error) {
	seal, err := s.keys.sealer(keyID, seriesID)
	if err != nil {
		return Code{}, err
	}
	return seal.open(sealed, serial)
}

// hashAtOnce bounds what one round of HashLastFour does; the next comes in a minute.
const hashAtOnce = 200_000

// HashLastFour hashes the ends of codes that were made before there was such a
// hash. Periodic; where there is nothing to do it costs one look at an empty index.
func (s *Service) HashLastFour(ctx context.Context) error {
	for done := 0; done < hashAtOnce; {
		id, err := s.q.SeriesWithoutLastFour(ctx, s.db)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("look for codes to hash: %w", err)
		}
		n, err := s.hashPage(ctx, id)
		if err != nil {
			return err
		}
		done += n
	}
	return nil
}

// hashPage hashes some codes of a series.
func (s *Service) hashPage(ctx context.Context, seriesID int64) (int, error) {
	const size = 10_000
	rows, err := s.q.CardListWithoutLastFour(ctx, s.db, db.CardListWithoutLastFourParams{SeriesID: seriesID, Size: size})
	if err != nil {
		return 0, fmt.Errorf("list codes to hash: %w", err)
	}
	p := db.CardSetLastFourParams{SeriesID: seriesID}
	enders := map[int16]*ender{}
	for _, row := range rows {
		if enders[row.IndexKeyID] == nil {
			if enders[row.IndexKeyID], err = s.keys.ender(row.IndexKeyID); err != nil {
				return 0, err
			}
		}
		code, err := s.open(seriesID, row.KeyID, row.Serial, row.CodeSealed)
		if err != nil {
			return 0, err
		}
		p.Serials, p.IndexKeyIds = append(p.Serials, row.Serial), append(p.IndexKeyIds, row.IndexKeyID)
		p.Hashes = append(p.Hashes, enders[row.IndexKeyID].hash(code.lastFour()))
	}
	if err := s.q.CardSetLastFour(ctx, s.db, p); err != nil {
		return 0, fmt.Errorf("keep the hashes of codes: %w", err)
	}
	return max(len(rows), 1), nil
}
