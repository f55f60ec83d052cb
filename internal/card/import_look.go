package card

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/tableflow"
	"refill/internal/tableimport"
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
	text, err := json.Marshal(look)
	if err != nil {
		return err
	}
	return s.inTx(ctx, func(tx pgx.Tx) error {
		n, err := s.q.ImportLookAt(ctx, tx, db.ImportLookAtParams{ID: id, Preview: text})
		if err != nil {
			return fmt.Errorf("keep what is in a sheet: %w", err)
		}
		if n == 0 {
			return ErrImportState
		}
		return s.notifyImport(ctx, tx, id)
	})
}

// RememberedForm is how somebody last had a file of this shape read; false: they had
// none.
func (s *Service) RememberedForm(ctx context.Context, actor audit.Actor, look ImportLook) (ImportForm, bool, error) {
	var form ImportForm
	if look.Survey == nil {
		return form, false, nil
	}
	answers, err := s.q.ImportAnswerGet(ctx, s.db, db.ImportAnswerGetParams{StaffID: actor.StaffID, Kind: db.ImportKindCards, Shape: look.Shape()})
	if errors.Is(err, pgx.ErrNoRows) {
		return form, false, nil
	}
	if err != nil {
		return form, false, fmt.Errorf("look for earlier answers: %w", err)
	}
	if err := json.Unmarshal(answers, &form); err != nil {
		return form, false, fmt.Errorf("read earlier answers: %w", err)
	}
	form.yield(look)
	return form, true, nil
}

// yield drops the answers to what another file left open and this one shows.
func (f *ImportForm) yield(look ImportLook) {
	column := func(name string) tableimport.Column {
		if n, err := strconv.Atoi(f.Columns[name]); err == nil && n >= 1 && n <= len(look.Survey.Columns) {
			return look.Survey.Columns[n-1]
		}
		return tableimport.Column{}
	}
	if column(ColumnValidTill).Dates.Order != tableimport.OrderOpen {
		f.Dates = ""
	}
	if column(ColumnPrice).Amounts.Decimal != tableimport.DecimalOpen && column(ColumnRemaining).Amounts.Decimal != tableimport.DecimalOpen {
		f.Decimal = ""
	}
}

// remember keeps how a file was read for the next one of its shape: what the columns and
// the words are, not what the cards are worth.
func (s *Service) remember(ctx context.Context, tx pgx.Tx, actor audit.Actor, look ImportLook, f ImportForm) error {
	kept := ImportForm{Prefix: f.Prefix, Columns: f.Columns, Dates: f.Dates, Decimal: f.Decimal, Meanings: f.Meanings, Headings: f.Headings, Activate: f.Activate}
	answers, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	err = s.q.ImportAnswerSet(ctx, tx, db.ImportAnswerSetParams{StaffID: actor.StaffID, Kind: db.ImportKindCards, Shape: look.Shape(), Answers: answers})
	if err != nil {
		return fmt.Errorf("keep the answers about a file: %w", err)
	}
	return nil
}
