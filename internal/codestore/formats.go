package codestore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"refill/internal/cardcode"
	"refill/internal/db"
)

// FormatOfSeries returns the code format with which a series was ordered.
func FormatOfSeries(s db.Series) cardcode.Format {
	return cardcode.Format{Alphabet: cardcode.Alphabet(s.CodeAlphabet), Length: int(s.CodeLength)}
}

// formatsTTL is how long a process caches the formats and shapes of codes. A text that matches
// none of the cached ones causes a fresh read at once.
const formatsTTL = 2 * time.Second

// candidates returns the readings of a typed text as generated codes, in every format in use.
func (s *Store) candidates(ctx context.Context, text string) ([]cardcode.Code, error) {
	formats, fresh, err := s.Formats(ctx, false)
	if err != nil {
		return nil, err
	}
	codes, err := cardcode.ParseCode(text, formats)
	if err == nil || fresh {
		return codes, err
	}
	if formats, _, err = s.Formats(ctx, true); err != nil {
		return nil, err
	}
	return cardcode.ParseCode(text, formats)
}

// Formats returns the code formats in use: that of the settings and those of all series. fresh
// is true if they were read from the database by this call. anew skips the cache.
func (s *Store) Formats(ctx context.Context, anew bool) (_ []cardcode.Format, fresh bool, _ error) {
	s.known.Lock()
	defer s.known.Unlock()
	if !anew && s.known.formats != nil && s.settings.Now().Sub(s.known.asked) < formatsTTL {
		return s.known.formats, false, nil
	}
	settings, err := s.settings.Get(ctx)
	if err != nil {
		return nil, false, err
	}
	rows, err := s.q.SeriesFormats(ctx, s.db)
	if err != nil {
		return nil, false, fmt.Errorf("ask for the formats of codes: %w", err)
	}
	formats := []cardcode.Format{settings.CodeFormat()}
	for _, row := range rows {
		f := cardcode.Format{Alphabet: cardcode.Alphabet(row.CodeAlphabet), Length: int(row.CodeLength)}
		if !slices.Contains(formats, f) {
			formats = append(formats, f)
		}
	}
	s.known.formats, s.known.asked = formats, s.settings.Now()
	return formats, true, nil
}
