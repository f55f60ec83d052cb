package cardfile

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// A print-once series goes into one file. Its sealed codes are shredded once a person
// confirms that the file has arrived, or three days after every byte of it was sent. Being
// sent is no proof of arrival: the server can't see whether the receiver saved the file,
// and shredding can't be undone. So the portal asks, and keeps the file until the answer.
// The cards remain redeemable, because a typed code is found by its blind index.

// Errors of a print-once series.
var (
	ErrOnceShredded    = fault.Field("format", "print_once_shredded", "The codes of this series were printed once and then shredded. No file can be made of them again.")
	ErrOnceOutstanding = fault.Field("format", "print_once_outstanding", "This series is printed once, and there is a file of it already. Fetch that one, or discard it before you make another.")
	ErrOnceWhole       = fault.Field("cards", "print_once_whole", "This series is printed once, so its file holds all cards. Choose unused, or unused and disabled cards, and leave the serials empty.")
	ErrNotSentWhole    = fault.New(fault.Conflict, "print_once_not_sent", "Not all of this file has been fetched yet. Download it to its end first.")
	ErrNotFetcher      = fault.New(fault.Conflict, "print_once_other", "Another person fetched this file. Reload the page: it names them. Ask them first whether the file arrived; then you can say so.")
)

// allOf extends a choice of cards to all cards whose codes may be needed, because a code
// in no file would be lost. That includes disabled cards, which can be enabled again.
func (o Options) allOf() (Options, error) {
	left := []db.CardState{db.CardStateActive, db.CardStateDisabled}
	if o.First > 1 || o.Last > 0 || (o.States != nil && !slices.Equal(o.States, left[:1]) && !slices.Equal(o.States, left)) {
		return o, ErrOnceWhole
	}
	o.States = left
	return o, nil
}

// checkPrintOnce refuses a second file of a print-once series. The caller holds the lock
// of the series.
func (s *Service) checkPrintOnce(ctx context.Context, tx pgx.Tx, series db.Series, exceptID int64) error {
	if !series.PrintOnce {
		return nil
	}
	if series.ShreddingAt != nil {
		return ErrOnceShredded
	}
	others, err := s.q.ExportOutstanding(ctx, tx, db.ExportOutstandingParams{SeriesID: series.ID, ExceptID: exceptID})
	if err != nil {
		return fmt.Errorf("count the files of a series: %w", err)
	}
	if others > 0 {
		return ErrOnceOutstanding
	}
	return nil
}

// Sent records that the bytes from one offset up to another (exclusive) were sent to the
// person who downloads. Parts that different people received do not make a whole file, so
// only those of the latest person count. It does nothing for files of other series.
func (s *Service) Sent(ctx context.Context, actor audit.Actor, e db.ExportGetRow, from, to int64) error {
	if !e.SeriesPrintOnce || from >= to {
		return nil
	}
	return s.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := s.q.SeriesGetForUpdate(ctx, tx, e.Export.SeriesID); err != nil {
			return fmt.Errorf("lock a series: %w", err)
		}
		sent, found, err := db.Found(s.q.ExportSent(ctx, tx, db.ExportSentParams{ID: e.Export.ID, StaffID: actor.Responsible(), FromByte: from, ToByte: to}))
		if err != nil {
			return fmt.Errorf("note what was sent: %w", err)
		}
		if !found {
			return nil // the file was discarded meanwhile
		}
		if !sent.Whole {
			return nil
		}
		if sent.SentWholeAt != nil {
			if err := s.q.ExportSentWholeAgain(ctx, tx, e.Export.ID); err != nil {
				return fmt.Errorf("note who fetched a file: %w", err)
			}
			return nil
		}
		if err := s.q.SeriesSentWhole(ctx, tx, db.SeriesSentWholeParams{ID: e.Export.SeriesID, ExpiresAt: *sent.ExpiresAt}); err != nil {
			return fmt.Errorf("note that a file was sent: %w", err)
		}
		if err := s.q.ExportSentWhole(ctx, tx, e.Export.ID); err != nil {
			return fmt.Errorf("keep a file that was sent: %w", err)
		}
		return s.told(ctx, tx, actor, SentWhole{act.OfSeries(e.Export.SeriesID), refOf(e.Export)}, e.Export)
	})
}

// told stores the new state of a file with its audit row and announces it.
func (s *Service) told(ctx context.Context, tx pgx.Tx, actor audit.Actor, done act.Act, e db.Export) error {
	if err := act.Record(ctx, tx, actor, done); err != nil {
		return err
	}
	if err := s.cards.NotifySeries(ctx, tx, e.SeriesID); err != nil {
		return err
	}
	return s.announce(ctx, tx, e.ID, e.SeriesID, e.CreatedBy)
}

// onceFile calls f with a file of a print-once series whose codes are not shredded yet,
// under the lock of the series.
func (s *Service) onceFile(ctx context.Context, actor audit.Actor, id int64, f func(tx pgx.Tx, e db.Export) error) error {
	e, err := s.Get(ctx, actor, id)
	if err != nil {
		return err
	}
	return s.inTx(ctx, func(tx pgx.Tx) error {
		series, err := s.q.SeriesGetForUpdate(ctx, tx, e.Export.SeriesID)
		if err != nil {
			return fmt.Errorf("lock a series: %w", err)
		}
		if !series.PrintOnce || series.ShreddingAt != nil {
			return ErrState
		}
		state, err := s.q.ExportOnceState(ctx, tx, id)
		if err != nil {
			return fmt.Errorf("read an export again: %w", err)
		}
		if !state.Live { // it may have been discarded before
			return ErrState
		}
		e.Export.SentWholeAt, e.Export.SentWholeTo = state.SentWholeAt, state.SentWholeTo
		return f(tx, e.Export)
	})
}

// Arrived confirms that the file of a series has arrived. Its codes are shredded from now
// on, and its copy here is removed. Normally the person who downloaded the whole file
// confirms it. Another person may do so, since the first may have left the company;
// fetchedBy is the person whom the page named to them, so that they confirm it knowingly.
func (s *Service) Arrived(ctx context.Context, actor audit.Actor, id, fetchedBy int64) error {
	return s.onceFile(ctx, actor, id, func(tx pgx.Tx, e db.Export) error {
		if e.SentWholeAt == nil || e.SentWholeTo == nil {
			return ErrNotSentWhole
		}
		arrived := Arrived{Subject: act.OfSeries(e.SeriesID), Ref: refOf(e)}
		if fetcher := *e.SentWholeTo; fetcher != actor.Responsible() {
			if fetchedBy != fetcher {
				return ErrNotFetcher
			}
			arrived.FetchedBy = fetcher
		}
		if err := s.told(ctx, tx, actor, arrived, e); err != nil {
			return err
		}
		return s.cards.BeginShredding(ctx, tx, actor, e.SeriesID)
	})
}

// Discard deletes a file before its codes are shredded, so that another file can be made.
func (s *Service) Discard(ctx context.Context, actor audit.Actor, id int64) error {
	return s.onceFile(ctx, actor, id, func(tx pgx.Tx, e db.Export) error {
		if err := s.q.SeriesKeepCodes(ctx, tx, e.SeriesID); err != nil {
			return fmt.Errorf("keep the codes of a series: %w", err)
		}
		if err := s.q.ExportEndFiles(ctx, tx, e.SeriesID); err != nil {
			return fmt.Errorf("end the files of a series: %w", err)
		}
		return s.told(ctx, tx, actor, Discarded{act.OfSeries(e.SeriesID), refOf(e)}, e)
	})
}
