package setting

import (
	"context"
	"fmt"
	"time"

	"refill/internal/audit"
	"refill/internal/db"
)

// KeyBackup says that a person has confirmed that the key file is backed up. The program can't
// see a backup. The zero value says that no person has.
type KeyBackup struct {
	StaffID int64     `json:"staff_id"`
	At      time.Time `json:"at,omitzero"`
	Seal    int16     `json:"seal"`  // id of the newest sealing key at that time
	Index   int16     `json:"index"` // id of the newest index key at that time
}

// Covers reports whether the backup holds the newest keys, so that a rotation asks for a new
// one.
func (b KeyBackup) Covers(newest db.KeyNewestRow) bool {
	return !b.At.IsZero() && b.Seal >= newest.Seal && b.Index >= newest.Index
}

// ConfirmKeyBackup notes that the actor, a member of staff in person, says that the key file
// with the present keys is backed up. It returns audit.ErrNeedsStaff for any other actor.
func (s *Store) ConfirmKeyBackup(ctx context.Context, actor audit.Actor) error {
	person := actor.Person()
	if person == 0 {
		return audit.ErrNeedsStaff
	}
	newest, err := db.New().KeyNewest(ctx, s.db)
	if err != nil {
		return fmt.Errorf("read the newest keys: %w", err)
	}
	return s.Change(ctx, actor, func(v *Settings) {
		v.KeyBackup = KeyBackup{StaffID: person, At: s.now().UTC().Truncate(time.Second), Seal: newest.Seal, Index: newest.Index}
	})
}
