package guess

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/setting"
)

// Watch records an alarm where codes seem to be guessed: more of one partner's are without a
// card within an hour than the settings allow. An alarm is over, and can begin again, once
// half as many are. Periodic; safe to call at any time.
func Watch(ctx context.Context, beginner db.Beginner, settings setting.Settings) error {
	if !settings.RefillCards {
		return nil
	}
	const kind = "guesses"
	q := db.New()
	rows, err := q.GuessCountUnknown(ctx, beginner, db.GuessCountUnknownParams{AllPartners: true, PartnerIds: []int64{}})
	if err != nil {
		return fmt.Errorf("count wrong codes: %w", err)
	}
	lasting, limit := []int64{}, int64(settings.WrongPartner)
	for _, row := range rows {
		if row.Unknown > limit/2 {
			lasting = append(lasting, row.ID)
		}
	}
	return pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		if err := q.EventAlarmOverExcept(ctx, tx, db.EventAlarmOverExceptParams{Kind: kind, Subjects: lasting}); err != nil {
			return fmt.Errorf("end alarms about guesses: %w", err)
		}
		for _, row := range rows {
			if row.Unknown <= limit {
				continue
			}
			begun, err := q.EventAlarmBegin(ctx, tx, db.EventAlarmBeginParams{Kind: kind, Subjects: []int64{row.ID}})
			if err != nil {
				return fmt.Errorf("note guesses: %w", err)
			}
			if begun == 0 {
				continue
			}
			if err := act.Record(ctx, tx, audit.System(), Alarmed{row.ID, row.Unknown}); err != nil {
				return err
			}
		}
		return nil
	})
}
