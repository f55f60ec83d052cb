package tableflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/jobqueue"
)

// StartCheck begins a dry run. It deletes the rows that an earlier dry run has left out. A dry
// run that is still running gets ErrNotWanted at its next step. StartCheck itself returns
// ErrNotWanted if the import has no dry run to do.
func (f Flow) StartCheck(ctx context.Context, tx pgx.Tx, id int64) (db.CardImport, error) {
	q := db.New()
	imp, err := q.ImportStartCheck(ctx, tx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return imp, ErrNotWanted
	}
	if err != nil {
		return imp, fmt.Errorf("start a dry run: %w", err)
	}
	if err := q.ImportProblemClear(ctx, tx, id); err != nil {
		return imp, fmt.Errorf("forget the rows of an earlier dry run: %w", err)
	}
	return imp, nil
}

// AdvanceCheck stores the number of rows that a dry run has read and the rows that it leaves
// out. It returns ErrNotWanted if the dry run was replaced or its import ended.
func (f Flow) AdvanceCheck(ctx context.Context, tx pgx.Tx, imp db.CardImport, rows int32, left []Left) error {
	n, err := db.New().ImportAdvanceCheck(ctx, tx, db.ImportAdvanceCheckParams{ID: imp.ID, Run: imp.Run, RowsDone: rows})
	if err != nil {
		return fmt.Errorf("advance a dry run: %w", err)
	}
	if n == 0 {
		return ErrNotWanted
	}
	if err := addLeft(ctx, tx, imp.ID, left); err != nil {
		return err
	}
	return f.Notify(ctx, tx, imp.ID)
}

// FinishCheck stores the report of a dry run, the total number of rows and the counts of rows
// that it leaves out. It records done and completes the job, in the same transaction. It
// returns ErrNotWanted if the dry run was replaced or its import ended.
func (f Flow) FinishCheck(ctx context.Context, tx pgx.Tx, imp db.CardImport, rows int32, report any, left LeftOut, done Checked, complete jobqueue.Completer) error {
	found, err := json.Marshal(report)
	if err != nil {
		return err
	}
	counts := left.Counts
	if counts == nil {
		counts = map[string]int64{}
	}
	leftOut, err := json.Marshal(counts)
	if err != nil {
		return err
	}
	n, err := db.New().ImportFinishCheck(ctx, tx, db.ImportFinishCheckParams{ID: imp.ID, Run: imp.Run, Report: found, LeftOut: leftOut, RowsTotal: rows})
	if err != nil {
		return fmt.Errorf("finish a dry run: %w", err)
	}
	if n == 0 {
		return ErrNotWanted
	}
	if err := act.Record(ctx, tx, audit.System(), done); err != nil {
		return err
	}
	return complete(ctx, tx)
}

// NoteLate stores rows that the import leaves out although its dry run did not. Once the
// import has MostKept+FewKept stored rows, further ones are dropped.
func (f Flow) NoteLate(ctx context.Context, tx pgx.Tx, id int64, rows []Left) error {
	if len(rows) == 0 {
		return nil
	}
	kept, err := db.New().ImportProblemCount(ctx, tx, id)
	if err != nil {
		return fmt.Errorf("count the rows that are left out: %w", err)
	}
	return addLeft(ctx, tx, id, rows[:min(int64(len(rows)), max(0, MostKept+FewKept-kept))])
}

func addLeft(ctx context.Context, tx pgx.Tx, id int64, rows []Left) error {
	if len(rows) == 0 {
		return nil
	}
	p := db.ImportProblemAddParams{ImportID: id}
	for _, r := range rows {
		p.Rows, p.Serials, p.Reasons, p.Vals = append(p.Rows, r.Row), append(p.Serials, r.Who), append(p.Reasons, r.Reason), append(p.Vals, r.Value)
	}
	if err := db.New().ImportProblemAdd(ctx, tx, p); err != nil {
		return fmt.Errorf("note rows that are left out: %w", err)
	}
	return nil
}
