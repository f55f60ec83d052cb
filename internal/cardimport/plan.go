package cardimport

import (
	"context"
	"slices"
	"strings"
	"time"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/fault"
	"refill/internal/money"
	"refill/internal/tableflow"
	"refill/internal/tableimport"
)

// Form is a plan as the person entered it. Rows and Shapes are the outliers that the person
// accepted.
type Form struct {
	tableflow.Answers

	Prefix    string   `json:"prefix"`
	Price     string   `json:"price"`
	ValidTill string   `json:"valid_till"`
	Partners  []string `json:"partners"`
	Activate  bool     `json:"activate"`
	Rows      []int32  `json:"rows,omitempty"`
	Shapes    []string `json:"shapes,omitempty"`
}

// Plan is how the rows of a file become cards.
type Plan struct {
	Prefix    string           `json:"prefix"`
	Partners  []int64          `json:"partners"` // empty: any partner
	TimeZone  string           `json:"time_zone"`
	Currency  string           `json:"currency"`
	Price     int64            `json:"price"`      // of rows without a price, in minor units; 0: there are no such rows
	ValidTill string           `json:"valid_till"` // of rows without a date
	Activate  bool             `json:"activate"`
	Sheet     string           `json:"sheet"`
	Table     tableimport.Plan `json:"table"`
	Form      Form             `json:"form"` // the entries, to show the form again
}

// checkVersion returns ErrImportOld for a plan of an older version, which has no column
// numbers.
func (p Plan) checkVersion() error {
	if _, ok := p.Table.Columns[ColumnCode]; !ok {
		return ErrImportOld
	}
	return nil
}

// mostTickedRows is the number of rows that a person can accept one by one.
const mostTickedRows = 1000

// errTestPartner refuses to import cards for test partners. Cards of another system hold money.
var errTestPartner = fault.Field("partner", "import_test_partner", "Cards can't be imported for test partners. Order a test series instead.")

// CheckImportForm validates a form against every rule and against the survey of the file,
// and returns the plan. A question that the file leaves open is a fault at its field, never
// a guess.
func (s *Service) CheckImportForm(ctx context.Context, actor audit.Actor, look Look, f Form) (Plan, error) {
	settings, err := s.settings.Get(ctx)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Prefix: strings.TrimSpace(f.Prefix), Currency: settings.Currency, Activate: f.Activate, Sheet: look.Sheet, Form: f}
	var faults fault.List
	if err := settings.CheckCurrency(); err != nil {
		faults = append(faults, fault.All(err)...)
	}
	if wrong := card.CheckPrefix(p.Prefix); wrong != nil {
		faults = append(faults, wrong)
	}
	var wrong fault.List
	p.Table, wrong = PlanTable(look, settings.Currency, f)
	faults = append(faults, wrong...)
	faults = append(faults, p.checkDefaults(f)...)
	o := card.Order{TimeZone: settings.TimeZone}
	if err := s.cards.CheckPartners(ctx, actor, card.ParsePartners(f.Partners), &o); err != nil {
		if fault.IsInternal(err) {
			return Plan{}, err
		}
		faults = append(faults, fault.All(err)...)
	} else if o.Test {
		faults = append(faults, errTestPartner)
	}
	if err := card.CheckActivate(ctx, s.db, actor.Accountable(), p.Activate); err != nil {
		if fault.IsInternal(err) {
			return Plan{}, err
		}
		faults = append(faults, fault.All(err)...)
	}
	p.Partners, p.TimeZone = o.PartnerIDs, o.TimeZone
	return p, faults.Err()
}

// checkDefaults validates price and date of rows that have none.
func (p *Plan) checkDefaults(f Form) (faults fault.List) {
	var err error
	_, hasPrice := p.Table.Columns[ColumnPrice]
	_, hasLeft := p.Table.Columns[ColumnRemaining]
	if f.Price != "" || !hasPrice && !hasLeft {
		p.Price, err = money.Parse(f.Price, p.Currency)
		if err != nil || p.Price < 1 || p.Price > card.MaxPrice {
			faults = append(faults, fault.Field("default_price", "import_price", "Enter the value of one card, from {least} to {most}.").
				With("least", fault.Figure{Minor: 1, Currency: p.Currency}).With("most", fault.Figure{Minor: card.MaxPrice, Currency: p.Currency}))
		}
	}
	_, hasDate := p.Table.Columns[ColumnValidTill]
	if f.ValidTill != "" || !hasDate {
		if day, err := time.Parse(time.DateOnly, f.ValidTill); err != nil || !plausibleDay(day) {
			faults = append(faults, fault.Field("default_valid_till", "import_valid_till", "Enter the last day on which the imported cards can be redeemed."))
		}
		p.ValidTill = f.ValidTill
	}
	return faults
}

// PlanTable returns how the rows of a file are read under a form, with the faults of open
// and duplicate columns.
func PlanTable(look Look, currency string, f Form) (tableimport.Plan, fault.List) {
	plan, faults := look.Plan(importSchema(currency), f.Answers)
	if _, ok := plan.Columns[ColumnCode]; !ok {
		return plan, fault.List{fault.Field(ColumnCode, "import_no_code", "Choose the column that holds the codes.")}
	}
	plan.Rows = f.Rows[:min(len(f.Rows), mostTickedRows)]
	if shape, ok := plan.Shapes[ColumnCode]; ok {
		for _, key := range f.Shapes {
			if !slices.Contains(shape.Regular, key) {
				shape.Regular = append(slices.Clone(shape.Regular), key)
			}
		}
		plan.Shapes[ColumnCode] = shape
	}
	return plan, faults
}

// Choices lists the words in the columns of status and use, with the meaning of each under
// the answers of the form. Words without a meaning are included.
func Choices(look Look, currency string, f Form) []tableflow.Choice {
	plan, _ := PlanTable(look, currency, f)
	return look.Choices(importSchema(currency), plan)
}

// plausibleDay reports whether a day can be the last day of a card.
func plausibleDay(day time.Time) bool { return day.Year() >= 2000 && day.Year() <= 2200 }
