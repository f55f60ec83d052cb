package event

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"refill/internal/db"
)

const (
	// batchSize is how many entries one transaction takes.
	batchSize = 500
	// idlePause and busyPause are the pauses of the relay: while nothing comes, and while
	// something does.
	idlePause = time.Second
	busyPause = 200 * time.Millisecond
)

// Sender prepares the sending of events in the transaction that makes them.
type Sender interface {
	// FanOut notes which endpoints the events from first to last are for. Of none, first is
	// above last. It reports whether it has more to do at once.
	FanOut(ctx context.Context, tx pgx.Tx, first, last int64) (more bool, err error)
}

// Relay makes events of the entries that acts queued. Of several relays one works at a time.
type Relay struct {
	db     db.Beginner
	sender Sender
	log    *slog.Logger
}

// NewRelay returns a relay. A nil sender sends nothing.
func NewRelay(beginner db.Beginner, sender Sender, log *slog.Logger) *Relay {
	return &Relay{db: beginner, sender: sender, log: log}
}

// Run relays until ctx ends. After an error it tries again a second later.
func (r *Relay) Run(ctx context.Context) {
	for {
		pause := idlePause
		n, more, err := r.Step(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			r.log.WarnContext(ctx, "events could not be relayed; will try again", slog.Any("error", err))
		case more:
			pause = 0
		case n > 0:
			pause = busyPause
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// Step takes a batch of entries, makes their events and has them sent, in one transaction:
// after a crash the entries are still there or their events are. It returns the number of
// events, and whether there is more to do at once. While another relay works it does
// nothing.
//
// An entry whose transaction commits late is taken later. So seq follows the order in which
// entries can be seen, and no reader of the feed can miss one.
func (r *Relay) Step(ctx context.Context) (n int, more bool, err error) {
	err = pgx.BeginFunc(ctx, r.db, func(tx pgx.Tx) error {
		mine, err := db.New().EventRelayTry(ctx, tx)
		if err != nil || !mine {
			return err
		}
		var last int64
		if n, last, err = relay(ctx, tx); err != nil {
			return err
		}
		more = n == batchSize
		if r.sender == nil {
			return nil
		}
		again, err := r.sender.FanOut(ctx, tx, last-int64(n)+1, last)
		more = more || again
		return err
	})
	if err != nil {
		return 0, false, err
	}
	return n, more, nil
}

// relay moves a batch of entries to the table of events. It returns how many, and the seq of
// the last.
func relay(ctx context.Context, tx pgx.Tx) (n int, last int64, err error) {
	q := db.New()
	if err := q.EventOutHoldCustomers(ctx, tx, batchSize); err != nil {
		return 0, 0, fmt.Errorf("hold customers: %w", err)
	}
	rows, err := q.EventOutTake(ctx, tx, batchSize)
	if err != nil {
		return 0, 0, fmt.Errorf("take entries of events: %w", err)
	}
	if len(rows) == 0 {
		return 0, 0, nil
	}
	last, err = q.EventCounterMove(ctx, tx, int64(len(rows)))
	if err != nil {
		return 0, 0, fmt.Errorf("number events: %w", err)
	}
	add := db.EventAddParams{}
	ids := make([]int64, 0, len(rows))
	for i, row := range rows {
		if err := appendEvent(&add, row, last-int64(len(rows)-1-i)); err != nil {
			return 0, 0, err
		}
		ids = append(ids, row.ID)
	}
	if err := q.EventAdd(ctx, tx, add); err != nil {
		return 0, 0, fmt.Errorf("write events: %w", err)
	}
	gone, err := q.EventOutDelete(ctx, tx, ids)
	if err != nil {
		return 0, 0, fmt.Errorf("delete entries of events: %w", err)
	}
	if gone != int64(len(rows)) {
		return 0, 0, fmt.Errorf("delete entries of events: %d of %d", gone, len(rows))
	}
	return len(rows), last, q.EventNotify(ctx, tx)
}

// appendEvent adds the event of an entry to those that are written.
func appendEvent(add *db.EventAddParams, row db.EventOutTakeRow, seq int64) error {
	data, of := describe(row)
	text, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("data of %s: %w", row.Type, err)
	}
	add.Seqs, add.Ids, add.Types, add.Ats = append(add.Seqs, seq), append(add.Ids, uuid.New()), append(add.Types, row.Type), append(add.Ats, row.At)
	add.Everyone, add.Partners = append(add.Everyone, of.everyone), append(add.Partners, list(of.partners))
	add.CustomerIds, add.PaymentIds = append(add.CustomerIds, deref(row.CustomerID)), append(add.PaymentIds, row.PaymentID)
	add.Datas = append(add.Datas, string(text))
	return nil
}

// list writes ids with commas between them.
func list(ids []int64) string {
	texts := make([]string, 0, len(ids))
	for _, id := range ids {
		texts = append(texts, strconv.FormatInt(id, 10))
	}
	return strings.Join(texts, ",")
}
