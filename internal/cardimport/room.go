package cardimport

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// Limits of the uploads of one person that are not imported yet.
const (
	mostUploads  = 100
	uploadsBytes = 500_000_000
)

// Errors of CheckUpload.
var (
	ErrUploadsMany  = fault.Field("file", "import_uploads_many", "You have 100 files here that are neither imported nor cancelled. Cancel those that you don’t need, in the list below.")
	ErrUploadsLarge = fault.Field("file", "import_uploads_large", "With this file, those that you uploaded and did not import or cancel would be larger than 500 MB together. Cancel those that you don’t need, in the list below.")
)

// CheckUpload returns ErrUploadsMany or ErrUploadsLarge where another file of size bytes
// exceeds what one person may keep of uploads.
func (s *Service) CheckUpload(ctx context.Context, actor audit.Actor, size int64) error {
	return s.checkUpload(ctx, s.db, actor, size)
}

func (s *Service) checkUpload(ctx context.Context, dbtx db.DBTX, actor audit.Actor, size int64) error {
	open, err := s.q.ImportOpen(ctx, dbtx, actor.Responsible())
	if err != nil {
		return fmt.Errorf("count uploads: %w", err)
	}
	switch {
	case open.N >= mostUploads:
		return ErrUploadsMany
	case open.Bytes+size > uploadsBytes:
		return ErrUploadsLarge
	}
	return nil
}

// Forget deletes data of old imports. 90 days after the end of an import it deletes the
// rows that made no card and the masked survey, and the whole import where it made nothing.
// It deletes charged hits and remembered answers by their own age limits. Periodic.
func (s *Service) Forget(ctx context.Context) error {
	if _, err := s.q.ImportHitDeleteOld(ctx, s.db); err != nil {
		return fmt.Errorf("forget what files named: %w", err)
	}
	if _, err := s.q.ImportAnswerDeleteOld(ctx, s.db); err != nil {
		return fmt.Errorf("forget answers: %w", err)
	}
	return s.cards.InTx(ctx, func(tx pgx.Tx) error {
		ids, err := s.q.ImportListForgotten(ctx, tx)
		if err != nil {
			return fmt.Errorf("look for imports of long ago: %w", err)
		}
		if len(ids) == 0 {
			return nil
		}
		if err := s.q.ImportProblemDelete(ctx, tx, ids); err != nil {
			return fmt.Errorf("forget rows that were left out: %w", err)
		}
		if err := s.q.ImportForget(ctx, tx, ids); err != nil {
			return fmt.Errorf("forget what was in old files: %w", err)
		}
		if err := s.q.ImportDelete(ctx, tx, ids); err != nil {
			return fmt.Errorf("forget imports that made nothing: %w", err)
		}
		return nil
	})
}
