package cardimport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/tableflow"
)

// Look is the survey of an uploaded file: its sheets, columns and values.
type Look = tableflow.Look

// LookAtFile reads a whole file once, in bounded memory, and returns its survey. Sheet
// names a sheet of a workbook; empty: the first sheet with rows. Errors about the file are
// faults at the field "file".
func (s *Service) LookAtFile(ctx context.Context, file io.ReaderAt, size int64, sheet string) (Look, error) {
	settings, err := s.settings.Get(ctx)
	if err != nil {
		return Look{}, err
	}
	return tableflow.LookAt(file, size, sheet, importSchema(settings.Currency))
}

// readLook decodes the survey of a file. It returns ErrImportOld for an upload of an older
// version, which has none.
func readLook(imp db.CardImport) (Look, error) {
	var look Look
	if err := json.Unmarshal(imp.Preview, &look); err != nil {
		return look, fmt.Errorf("read what was found in the file of import %d: %w", imp.ID, err)
	}
	if look.Survey == nil {
		return look, ErrImportOld
	}
	return look, nil
}

// ReadImport decodes the survey, the plan and the report of an import. An upload of an
// older version has an empty survey.
func ReadImport(imp db.CardImport) (look Look, plan Plan, report Report, err error) {
	look, err = readLook(imp)
	if errors.Is(err, ErrImportOld) {
		err = nil
	}
	if err == nil {
		plan, report, err = readImport(imp)
	}
	return look, plan, report, err
}

// ChooseSheet surveys another sheet of an uploaded workbook.
func (s *Service) ChooseSheet(ctx context.Context, actor audit.Actor, id int64, sheet string, open func(db.CardImport) (io.ReaderAt, func(), error)) error {
	row, err := s.Import(ctx, actor, id)
	if err != nil {
		return err
	}
	switch row.CardImport.State {
	case db.ImportStateUploaded, db.ImportStateChecked, db.ImportStateFailed:
	default:
		return ErrState
	}
	file, done, err := open(row.CardImport)
	if err != nil {
		return err
	}
	defer done()
	look, err := s.LookAtFile(ctx, file, row.CardImport.Size, sheet)
	if err != nil {
		return err
	}
	return s.cards.InTx(ctx, func(tx pgx.Tx) error { return s.imports().Sheet(ctx, tx, id, look) })
}

// RememberedForm returns the answers that the actor last gave for a file of this shape; ok
// is false where there are none.
func (s *Service) RememberedForm(ctx context.Context, actor audit.Actor, look Look) (form Form, ok bool, err error) {
	settings, err := s.settings.Get(ctx)
	if err == nil {
		ok, err = s.imports().Recall(ctx, s.db, actor.Responsible(), look, importSchema(settings.Currency), &form, &form.Answers)
	}
	return form, ok, err
}
