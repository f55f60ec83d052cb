package card

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

// ImportLook is what an uploaded file was found to hold.
type ImportLook = tableflow.Look

// LookAtFile reads a whole file once, in bounded memory, and says what it holds. Sheet
// names one of a workbook; empty: the first that has rows. What is wrong with the file
// is a fault at the field "file".
func (s *Service) LookAtFile(ctx context.Context, file io.ReaderAt, size int64, sheet string) (ImportLook, error) {
	settings, err := s.settings.Get(ctx)
	if err != nil {
		return ImportLook{}, err
	}
	return tableflow.LookAt(file, size, sheet, importSchema(settings.Currency))
}

// readLook reads what an import keeps of its file's beginning. One that was uploaded
// before files were looked at as a whole has none.
func readLook(imp db.CardImport) (ImportLook, error) {
	var look ImportLook
	if err := json.Unmarshal(imp.Preview, &look); err != nil {
		return look, fmt.Errorf("read what was found in the file of import %d: %w", imp.ID, err)
	}
	if look.Survey == nil {
		return look, ErrImportOld
	}
	return look, nil
}

// ReadImport reads what an import keeps: what was found in its file, the plan and the
// report of its dry run.
func ReadImport(imp db.CardImport) (look ImportLook, plan ImportPlan, report ImportReport, err error) {
	look, err = readLook(imp)
	if errors.Is(err, ErrImportOld) {
		err = nil
	}
	if err == nil {
		plan, report, err = readImport(imp)
	}
	return look, plan, report, err
}

// ChooseSheet looks at another sheet of an uploaded workbook.
func (s *Service) ChooseSheet(ctx context.Context, actor audit.Actor, id int64, sheet string, open func(db.CardImport) (io.ReaderAt, func(), error)) error {
	row, err := s.Import(ctx, actor, id)
	if err != nil {
		return err
	}
	switch row.CardImport.State {
	case db.ImportStateUploaded, db.ImportStateChecked, db.ImportStateFailed:
	default:
		return ErrImportState
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
	return s.inTx(ctx, func(tx pgx.Tx) error { return s.imports().Sheet(ctx, tx, id, look) })
}

// RememberedForm is how somebody last had a file of this shape read; false: they had
// none.
func (s *Service) RememberedForm(ctx context.Context, actor audit.Actor, look ImportLook) (form ImportForm, ok bool, err error) {
	settings, err := s.settings.Get(ctx)
	if err == nil {
		ok, err = s.imports().Recall(ctx, s.db, actor.StaffID, look, importSchema(settings.Currency), &form, &form.Answers)
	}
	return form, ok, err
}
