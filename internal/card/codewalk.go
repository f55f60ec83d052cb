package card

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
)

const (
	// walkRound is how long a walk through all cards should take at most, and
	// walkPause the least time from the start of one to the start of the next.
	walkRound = 7 * 24 * time.Hour
	walkPause = 24 * time.Hour
	// walkEvery is how often WalkCodes is called.
	walkEvery = time.Minute
	// leastSlice is how many cards are looked at in a run at least: about 10 ms.
	leastSlice = 1000
	// mostFaults is how many cards are looked at again that were found before.
	mostFaults = 1000
)

// keptOf gathers what is kept of the code of a card.
func keptOf(row db.CodeWalkPageRow) keptCode {
	return keptCode{
		Ref: Ref{row.SeriesID, row.Serial}, keyID: row.KeyID, indexKeyID: row.IndexKeyID,
		index: row.CodeIndex, sealed: row.CodeSealed, mac: row.CodeMac,
		mayLackMAC: mayLackMAC(row.State, row.Shredded, row.MacsKept),
	}
}

// checkFound refuses a card that was found by its index where the index is not that of
// its code. It asks nothing of the database.
func (s *Service) checkFound(row db.CardFindRow) error {
	return s.keys.checkCode(keptCode{
		Ref: Ref{row.SeriesID, row.Serial}, keyID: row.KeyID, indexKeyID: row.IndexKeyID,
		index: row.CodeIndex, sealed: row.CodeSealed, mac: row.CodeMac,
		mayLackMAC: mayLackMAC(row.State, row.Shredded, row.MacsKept),
	})
}

// reportTampered raises the alarm about a card: in the table that dashboard, checks and
// metrics read, in the audit trail, and in the log. A card that is known is only logged.
func (s *Service) reportTampered(ctx context.Context, actor audit.Actor, t *tampered) {
	ctx = context.WithoutCancel(ctx)
	s.log.ErrorContext(ctx, "the row of a card was changed by something other than the program",
		slog.Int64("series", t.ref.SeriesID), slog.Int("serial", int(t.ref.Serial)), slog.String("what", t.what))
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		n, err := s.q.CodeFaultAdd(ctx, tx, db.CodeFaultAddParams{SeriesID: t.ref.SeriesID, Serial: t.ref.Serial, What: t.what})
		if err != nil || n == 0 {
			return err
		}
		return audit.Record(ctx, tx, actor, audit.Entry{
			Action: "card.tampered", SeriesID: t.ref.SeriesID, Serial: t.ref.Serial, Detail: map[string]any{"what": t.what},
		})
	})
	if err != nil {
		s.log.ErrorContext(ctx, "a changed card is missing from the checks", slog.Any("error", err))
	}
}

// WalkCodes opens the codes of the next slice of cards and compares them with their
// index, so that all cards are looked at within walkRound, whatever their number. Cards
// that were found before and are sound again are no longer reported. Periodic; safe to
// run at any time and in many processes.
func (s *Service) WalkCodes(ctx context.Context) error {
	if err := s.keysBehind(ctx); err != nil {
		return nil //nolint:nilerr // the next run has the keys, or another worker
	}
	if err := s.lookAgain(ctx); err != nil {
		return err
	}
	at, err := s.q.CodeWalkDue(ctx, s.db, walkPause)
	if err != nil {
		return fmt.Errorf("ask how far the codes are walked through: %w", err)
	}
	if !at.Due {
		return nil
	}
	size := max(leastSlice, at.Cards/int64(walkRound/walkEvery)+1)
	page, err := s.q.CodeWalkPage(ctx, s.db, db.CodeWalkPageParams{AfterSeries: at.AfterSeries, AfterSerial: at.AfterSerial, Size: int32(size)}) //nolint:gosec // cards of a week
	if err != nil {
		return fmt.Errorf("read codes to look at: %w", err)
	}
	for _, row := range page {
		if err := s.lookAt(ctx, row); err != nil {
			return err
		}
	}
	if len(page) > 0 {
		last := page[len(page)-1]
		_, err = s.q.CodeWalkAdvance(ctx, s.db, db.CodeWalkAdvanceParams{
			AfterSeries: last.SeriesID, AfterSerial: last.Serial, Seen: int64(len(page)), WasSeries: at.AfterSeries, WasSerial: at.AfterSerial,
		})
	}
	if err == nil && int64(len(page)) < size {
		end := db.CodeWalkEndParams{WasSeries: at.AfterSeries, WasSerial: at.AfterSerial}
		if len(page) > 0 {
			end = db.CodeWalkEndParams{WasSeries: page[len(page)-1].SeriesID, WasSerial: page[len(page)-1].Serial}
		}
		_, err = s.q.CodeWalkEnd(ctx, s.db, end)
	}
	if err != nil {
		return fmt.Errorf("note how far the codes are walked through: %w", err)
	}
	return nil
}

// lookAt reports a card whose code is not that of its index.
func (s *Service) lookAt(ctx context.Context, row db.CodeWalkPageRow) error {
	err := s.keys.checkCode(keptOf(row))
	if t, found := tamperedCard(err); found {
		s.reportTampered(ctx, audit.System(), t)
		return nil
	}
	if errors.Is(err, ErrKeysBehind) { // a key that was retired, or never was
		s.reportTampered(ctx, audit.System(), &tampered{Ref{row.SeriesID, row.Serial}, "the key file lacks its key"})
		return nil
	}
	return err
}

// lookAgain looks at the cards that were found before.
func (s *Service) lookAgain(ctx context.Context) error {
	rows, err := s.q.CodeFaultList(ctx, s.db, mostFaults)
	if err != nil {
		return fmt.Errorf("list the changed cards: %w", err)
	}
	for _, row := range rows {
		if err := s.keys.checkCode(keptOfFault(row)); err != nil {
			continue
		}
		if _, err := s.q.CodeFaultRemove(ctx, s.db, db.CodeFaultRemoveParams{SeriesID: row.SeriesID, Serial: row.Serial}); err != nil {
			return fmt.Errorf("forget a changed card: %w", err)
		}
	}
	return nil
}

func keptOfFault(row db.CodeFaultListRow) keptCode {
	return keptOf(db.CodeWalkPageRow{
		SeriesID: row.SeriesID, Serial: row.Serial, State: row.State, KeyID: row.KeyID, IndexKeyID: row.IndexKeyID,
		CodeIndex: row.CodeIndex, CodeSealed: row.CodeSealed, CodeMac: row.CodeMac, Shredded: row.Shredded, MacsKept: row.MacsKept,
	})
}

// CheckCodes opens the codes of a few cards of each series, other ones each time, and of
// those that were found changed before. It names the cards whose code does not open or
// is not that of their index.
func CheckCodes(ctx context.Context, dbtx db.DBTX, keys *Keyring, sample int32) ([]string, error) {
	q := db.New()
	now, err := q.DatabaseNow(ctx, dbtx)
	if err != nil {
		return nil, fmt.Errorf("ask for the time: %w", err)
	}
	rows, err := q.CardSample(ctx, dbtx, db.CardSampleParams{Size: sample, Turn: now.UnixMilli()})
	if err != nil {
		return nil, fmt.Errorf("sample the sealed codes: %w", err)
	}
	found, err := q.CodeFaultList(ctx, dbtx, mostFaults)
	if err != nil {
		return nil, fmt.Errorf("list the changed cards: %w", err)
	}
	var cards []keptCode
	for _, row := range rows {
		cards = append(cards, keptOf(db.CodeWalkPageRow(row)))
	}
	for _, row := range found {
		cards = append(cards, keptOfFault(row))
	}
	var culprits []string
	named := map[Ref]bool{}
	for _, c := range cards {
		err := keys.checkCode(c)
		if err == nil || named[c.Ref] {
			continue
		}
		named[c.Ref] = true
		name := fmt.Sprintf("card %d/%d: the key file lacks its key", c.SeriesID, c.Serial)
		if t, changed := tamperedCard(err); changed {
			name = t.Error()
		} else if !errors.Is(err, ErrKeysBehind) {
			return nil, err
		}
		culprits = append(culprits, name)
	}
	return culprits, nil
}
