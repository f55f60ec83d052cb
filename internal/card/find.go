package card

import (
	"cmp"
	"context"
	"errors"
	"time"

	"refill/internal/audit"
	"refill/internal/codestore"
	"refill/internal/db"
)

// FindByCode returns the card of a code that staff typed into a search box, if its series is
// within their partners. A search is charged as an attempt, so that it is no cheaper way to
// guess. A search that finds a card takes back its own charge only, because it spends no card.
// One that finds none is recorded in the audit trail and returns ErrUnknown, or, for staff of
// some partners, ErrUnknownHere, which is an ErrUnknown too. A text of words is no code and is neither charged nor looked up. Other actors get audit.ErrNeedsStaff, and
// an actor past the limits gets guess.ErrBarred.
func (s *Service) FindByCode(ctx context.Context, actor audit.Actor, text string) (db.CardFindRow, error) {
	if actor.Person() == 0 && !actor.IsSystem() {
		return db.CardFindRow{}, audit.ErrNeedsStaff // other actors use Look, for a customer
	}
	if err := s.checkOffered(ctx, actor, db.CustomerGetRow{}); err != nil {
		return db.CardFindRow{}, err
	}
	read, err := s.Codes.ReadSearch(ctx, actor, text)
	if err != nil {
		return db.CardFindRow{}, err
	}
	a := &attempt{actor: actor, zone: time.UTC}
	if err := s.index(a, read); err != nil {
		return db.CardFindRow{}, err
	}
	var row db.CardFindRow
	err = s.runAttempt(ctx, a, s.Guesses.TakeBack, func() error {
		var err error
		row, err = s.findWithin(ctx, a)
		return err
	})
	if errors.Is(err, ErrUnknown) && !actor.Scope.AllPartners {
		err = ErrUnknownHere.Because(err)
	}
	return row, err
}

// findWithin looks up a card within the actor's partners. A card of other partners is answered
// like a code without a card (ErrUnknown). The audit trail gets the true reason.
func (s *Service) findWithin(ctx context.Context, a *attempt) (db.CardFindRow, error) {
	row, found := s.find(ctx, a)
	changed := errors.Is(found, codestore.ErrTampered)
	if found != nil && !changed && !errors.Is(found, ErrUnknown) {
		return row, found
	}
	// A code without a card runs this query too, so that the duration tells nothing.
	_, err := s.Series(ctx, a.actor, row.SeriesID)
	switch {
	case errors.Is(err, ErrNoSeries) && changed:
		return db.CardFindRow{}, refusedError{error: found, answer: ErrUnknown}
	case errors.Is(err, ErrNoSeries):
		return db.CardFindRow{}, refusedError{error: cmp.Or(found, error(ErrForeign)), answer: ErrUnknown}
	case err != nil:
		return row, err
	case changed:
		return row, refusedError{error: found, answer: found}
	}
	return row, nil
}

// Erased is shown in place of a code whose sealed text was erased.
const Erased = "erased"

// Masked opens a sealed code and returns it with all but its last symbols hidden. Pages show
// no more of a code unless a reason is given (Reveal). An erased code returns Erased.
func (s *Service) Masked(seriesID int64, keyID int16, serial int32, sealed []byte) (string, error) {
	if len(sealed) == 0 {
		return Erased, nil
	}
	code, err := s.Codes.Open(seriesID, keyID, serial, sealed)
	if err != nil {
		return "", err
	}
	return code.Masked(), nil
}
