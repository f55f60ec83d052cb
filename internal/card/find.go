package card

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"strings"
	"time"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// FindByCode returns the card of a code that staff typed into a search box, if
// it lies within their partners. It counts as an attempt like any other: a
// search must not be a cheaper way to guess. Like a look it costs no card, so one that
// finds takes back only its own charge; one that finds nothing is in the audit trail.
// Words are no code: they are neither charged nor looked up.
func (s *Service) FindByCode(ctx context.Context, actor audit.Actor, text string) (db.CardFindRow, error) {
	read, err := s.readTyped(ctx, actor, text)
	if err != nil {
		return db.CardFindRow{}, err
	}
	if areWords(text) {
		read.exact, read.near = nil, nil
		if len(read.ours) == 0 || !strings.ContainsAny(text, digits) {
			return db.CardFindRow{}, ErrCodeSymbol
		}
	}
	at, err := s.whereabouts(read)
	if err != nil {
		return db.CardFindRow{}, err
	}
	floor := time.NewTimer(refusalFloor)
	defer floor.Stop()
	if err := s.chargeTyped(ctx, actor, 0, time.UTC, &at); err != nil {
		return db.CardFindRow{}, err
	}
	row, reason, err := s.findWithin(ctx, actor, at)
	switch {
	case err == nil:
		s.takeBack(ctx, at.charges)
	case errors.Is(err, ErrUnknown):
		if behind := s.keysBehind(ctx); behind != nil {
			return row, behind // and the attempt stays charged
		}
		if auditErr := s.recordRefusal(ctx, actor, 0, at, reason, nil); auditErr != nil {
			return row, auditErr
		}
		sitOut(ctx, floor)
	}
	if t, found := tamperedCard(err); found {
		s.reportTampered(ctx, actor, t)
	}
	return row, err
}

// MayBeCode reports whether FindByCode would look a text up, and charge it. It looks
// nothing up itself: the answer depends on what the text looks like alone.
func (s *Service) MayBeCode(ctx context.Context, actor audit.Actor, text string) (bool, error) {
	read, err := s.readTyped(ctx, actor, text)
	if fault.IsInternal(err) {
		return false, err
	}
	if areWords(text) {
		return len(read.ours) > 0 && strings.ContainsAny(text, digits), nil
	}
	return len(read.ours)+len(read.exact)+len(read.near) > 0, nil
}

// MayHoldCode reports whether a text may be a code, with a typing error as well: such a
// text is kept out of addresses. It looks nothing up and costs nothing.
func (s *Service) MayHoldCode(ctx context.Context, actor audit.Actor, text string) (bool, error) {
	if _, err := s.readTyped(ctx, actor, text); errors.Is(err, ErrCodeTyping) {
		return true, nil
	}
	return s.MayBeCode(ctx, actor, text)
}

// areWords reports whether a text has a space between letters, next to them or not, as
// names and addresses have, and is not in the groups of a code. A code of ours may have other groups, and is told by its digits
// and its check symbol.
func areWords(text string) bool { return wordGap.MatchString(text) && !areGroups(text) }

// areGroups reports whether a text is in groups of one length, the last one perhaps
// shorter, with a digit among them.
func areGroups(text string) bool {
	groups := strings.FieldsFunc(text, separates)
	for i, group := range groups {
		last := i == len(groups)-1
		if len(group) < 3 || len(group) > len(groups[0]) || !last && len(group) != len(groups[0]) || strings.Trim(group, codeSymbols) != "" {
			return false
		}
	}
	return len(groups) > 0 && strings.ContainsAny(text, digits)
}

// codeSymbols are those of groups.
const codeSymbols = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

var wordGap = regexp.MustCompile(`(?s)\p{L}.*\s.*\p{L}`)

// findWithin looks for a card. One of other partners answers like one that is not
// there; the reason is for the audit trail.
func (s *Service) findWithin(ctx context.Context, actor audit.Actor, at whereabouts) (row db.CardFindRow, reason string, err error) {
	row, found := s.find(ctx, s.db, Redemption{}, at, 0)
	_, changed := tamperedCard(found)
	if found != nil && !changed && !errors.Is(found, ErrUnknown) {
		return row, "", found
	}
	reason = ErrForeign.Code
	if errors.Is(found, ErrUnknown) {
		reason = ErrUnknown.Code
	}
	// What is not there asks for a series too: the time tells nothing.
	if _, err = s.Series(ctx, actor, row.SeriesID); errors.Is(err, ErrNoSeries) {
		return db.CardFindRow{}, reason, ErrUnknown
	}
	return row, "", cmp.Or(err, found)
}

// Erased stands in the place of a code that is gone for good, since its series
// was deleted.
const Erased = "erased"

// Masked opens a code and returns it with all but its last group hidden: all
// that a screen ever shows without a reason. A code that was erased is "erased".
func (s *Service) Masked(seriesID int64, keyID int16, serial int32, sealed []byte) (string, error) {
	if len(sealed) == 0 {
		return Erased, nil
	}
	seal, err := s.keys.sealer(keyID, seriesID)
	if err != nil {
		return "", err
	}
	code, err := seal.open(sealed, serial)
	if err != nil {
		return "", err
	}
	return code.Masked(), nil
}
