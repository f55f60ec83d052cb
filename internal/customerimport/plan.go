package customerimport

import (
	"context"
	"strconv"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/customer"
	"refill/internal/fault"
	"refill/internal/tableflow"
	"refill/internal/tableimport"
)

// Form is a plan as the person entered it. Partner is the id of the partner of rows without
// one; empty: such rows are left out.
type Form struct {
	tableflow.Answers

	Partner string `json:"partner"`
	Comment string `json:"comment"`
}

// Plan is how the rows of a file become customers.
type Plan struct {
	Currency string           `json:"currency"`
	Partner  int64            `json:"partner"` // of rows without one; 0: they are left out
	Comment  string           `json:"comment"` // of the opening balances
	Sheet    string           `json:"sheet"`
	Table    tableimport.Plan `json:"table"`
	Form     Form             `json:"form"` // the entries, to show the form again
}

// Balances reports whether the plan reads opening balances.
func (p Plan) Balances() bool { _, ok := p.Table.Columns[ColumnBalance]; return ok }

// Comment returns the suggested comment of the opening balances of a file.
func Comment(fileName string) string { return "Opening balance from " + fileName }

// CheckForm validates a form against every rule and against the survey of the file, and
// returns the plan. A question that the file leaves open is a fault at its field, never a
// guess.
func (s *Service) CheckForm(ctx context.Context, actor audit.Actor, look tableflow.Look, f Form) (Plan, error) {
	settings, err := s.settings.Get(ctx)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Currency: settings.Currency, Comment: clean(f.Comment), Sheet: look.Sheet, Form: f}
	var faults fault.List
	p.Table, faults = look.Plan(schema(p.Currency), f.Answers)
	if err := settings.CheckCurrency(); err != nil {
		faults = append(faults, fault.All(err)...)
	}
	_, named := p.Table.Columns[ColumnUsername]
	_, numbered := p.Table.Columns[ColumnExternalID]
	if !named && !numbered {
		faults = append(faults, fault.Field(ColumnUsername, "import_no_key", "Choose the column of the usernames or of the external ids: by one of them a second import knows who is here already."))
	}
	if n := utf8.RuneCountInString(p.Comment); p.Balances() && (n == 0 || n > customer.MostComment) {
		faults = append(faults, fault.Field("comment", "import_comment", "Say in up to 300 characters where the opening balances come from."))
	}
	if f.Partner != "" {
		if p.Partner, err = strconv.ParseInt(f.Partner, 10, 64); err != nil {
			p.Partner = -1
		}
		of, err := s.findPartners(ctx, s.db, actor.Scope, p.Partner)
		if err != nil {
			return p, err
		}
		if of.preset == 0 {
			faults = append(faults, fault.Field("default_partner", "customer_partner", "Choose a partner from the list."))
		}
	} else if _, ok := p.Table.Columns[ColumnPartner]; !ok {
		faults = append(faults, fault.Field("default_partner", "import_partner", "The file has no column of partners. Choose the partner of the customers."))
	}
	if err := s.checkRights(ctx, s.db, actor, p.Balances()); err != nil {
		if fault.KindOf(err) != fault.Invalid {
			return p, err
		}
		faults = append(faults, fault.All(err)...)
	}
	return p, faults.Err()
}

// PlanImport stores how a file is read and enqueues its dry run. It withdraws a request for
// approval of an earlier plan.
func (s *Service) PlanImport(ctx context.Context, actor audit.Actor, id int64, f Form) error {
	row, err := s.Import(ctx, actor, id)
	if err != nil {
		return err
	}
	look, _, _, err := Read(row.CardImport)
	if err != nil {
		return err
	}
	if look.Survey == nil {
		return ErrState
	}
	plan, err := s.CheckForm(ctx, actor, look, f)
	if err != nil {
		return err
	}
	return s.inTx(ctx, func(tx pgx.Tx) error {
		if err := s.flow.Plan(ctx, tx, actor, id, plan, CheckArgs{ImportID: id}); err != nil {
			return err
		}
		// Lock order: the import before its requests, as in an approval.
		if err := approval.WithdrawImport(ctx, tx, actor, id); err != nil {
			return err
		}
		// A later file of the same shape has the same columns, words and partner.
		return s.flow.Remember(ctx, tx, actor.Responsible(), look, Form{Answers: f.ToRemember(look), Partner: f.Partner})
	})
}

// ChooseSheet surveys another sheet of an uploaded workbook.
func (s *Service) ChooseSheet(ctx context.Context, actor audit.Actor, id int64, sheet string, open Opener) error {
	row, err := s.Import(ctx, actor, id)
	if err != nil {
		return err
	}
	file, done, err := open(row.CardImport)
	if err != nil {
		return err
	}
	defer done()
	look, err := s.LookAt(ctx, file, row.CardImport.Size, sheet)
	if err != nil {
		return err
	}
	return s.inTx(ctx, func(tx pgx.Tx) error {
		if err := s.flow.Sheet(ctx, tx, id, look); err != nil {
			return err
		}
		return approval.WithdrawImport(ctx, tx, actor, id)
	})
}

// Remembered returns the answers that the actor last gave for a file of this shape; ok is
// false where there are none.
func (s *Service) Remembered(ctx context.Context, actor audit.Actor, look tableflow.Look) (form Form, ok bool, err error) {
	settings, err := s.settings.Get(ctx)
	if err == nil {
		ok, err = s.flow.Recall(ctx, s.db, actor.Responsible(), look, schema(settings.Currency), &form, &form.Answers)
	}
	return form, ok, err
}

// Choices lists the words in the status column with their meaning under the given answers,
// including words whose meaning is still open.
func Choices(look tableflow.Look, currency string, a tableflow.Answers) []tableflow.Choice {
	plan, _ := look.Plan(schema(currency), a)
	return look.Choices(schema(currency), plan)
}
