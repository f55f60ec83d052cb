package card

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"refill/internal/audit"
	"refill/internal/fault"
	"refill/internal/money"
	"refill/internal/tableflow"
	"refill/internal/tableimport"
)

// ImportForm is a plan as it was typed. Rows and Shapes are what a person ticked as right
// although it differs from the rest of the file.
type ImportForm struct {
	tableflow.Answers

	Prefix    string   `json:"prefix"`
	Price     string   `json:"price"`
	ValidTill string   `json:"valid_till"`
	Partners  []string `json:"partners"`
	Activate  bool     `json:"activate"`
	Rows      []int32  `json:"rows,omitempty"`
	Shapes    []string `json:"shapes,omitempty"`
}

// ImportPlan is how the rows of a file become cards.
type ImportPlan struct {
	Prefix    string           `json:"prefix"`
	Partners  []int64          `json:"partners"` // empty: any
	TimeZone  string           `json:"time_zone"`
	Currency  string           `json:"currency"`
	Price     int64            `json:"price"`      // of cards whose row has none; 0: there are none such
	ValidTill string           `json:"valid_till"` // likewise
	Activate  bool             `json:"activate"`
	Sheet     string           `json:"sheet"`
	Table     tableimport.Plan `json:"table"`
	Form      ImportForm       `json:"form"` // as it was typed, to go back to it
}

// usable refuses a plan of an older version, which no column stands in.
func (p ImportPlan) usable() error {
	if _, ok := p.Table.Columns[ColumnCode]; !ok {
		return ErrImportOld
	}
	return nil
}

// mostTickedRows is how many rows a person can tick one by one.
const mostTickedRows = 1000

// CheckImportForm reads a plan and holds it against every rule and against what the file
// was found to hold. What the file leaves open is a fault at its field, never a guess.
func (s *Service) CheckImportForm(ctx context.Context, actor audit.Actor, look ImportLook, f ImportForm) (ImportPlan, error) {
	settings, err := s.settings.Get(ctx)
	if err != nil {
		return ImportPlan{}, err
	}
	p := ImportPlan{Prefix: strings.TrimSpace(f.Prefix), Currency: settings.Currency, Activate: f.Activate, Sheet: look.Sheet, Form: f}
	var faults fault.List
	if !prefixForm.MatchString(p.Prefix) {
		faults = append(faults, fault.Field("prefix", "order_prefix", "Prefix may have up to 20 letters A–Z and digits, without spaces."))
	}
	var wrong fault.List
	p.Table, wrong = PlanTable(look, settings.Currency, f)
	faults = append(faults, wrong...)
	faults = append(faults, p.checkDefaults(f)...)
	o := Order{TimeZone: settings.TimeZone}
	if err := s.checkPartners(ctx, actor, f.Partners, &o); err != nil {
		if fault.IsInternal(err) {
			return ImportPlan{}, err
		}
		faults = append(faults, fault.All(err)...)
	}
	if err := mayActivate(ctx, s.db, actor.StaffID, p.Activate); err != nil {
		if fault.IsInternal(err) {
			return ImportPlan{}, err
		}
		faults = append(faults, fault.All(err)...)
	}
	p.Partners, p.TimeZone = o.PartnerIDs, o.TimeZone
	return p, faults.Err()
}

// checkDefaults reads what the file does not say.
func (p *ImportPlan) checkDefaults(f ImportForm) (faults fault.List) {
	var err error
	_, hasPrice := p.Table.Columns[ColumnPrice]
	_, hasLeft := p.Table.Columns[ColumnRemaining]
	if f.Price != "" || !hasPrice && !hasLeft {
		p.Price, err = money.Parse(f.Price, p.Currency)
		if err != nil || p.Price < 1 || p.Price > maxPrice {
			faults = append(faults, fault.Field("default_price", "import_price", fmt.Sprintf("Enter the value of one card, from %s to %s.",
				money.Amount{Minor: 1, Currency: p.Currency}.Decimal(), money.Amount{Minor: maxPrice, Currency: p.Currency}.Decimal())))
		}
	}
	_, hasDate := p.Table.Columns[ColumnValidTill]
	if f.ValidTill != "" || !hasDate {
		if day, err := time.Parse(time.DateOnly, f.ValidTill); err != nil || !plausibleDay(day) {
			faults = append(faults, fault.Field("default_valid_till", "import_valid_till", "Enter the last day on which the cards can be redeemed."))
		}
		p.ValidTill = f.ValidTill
	}
	return faults
}

// PlanTable says how the rows of a file are read, as the form wants it, with what is
// open or chosen twice.
func PlanTable(look ImportLook, currency string, f ImportForm) (tableimport.Plan, fault.List) {
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

// ImportChoices lists what the columns of status and use say, and what each is taken for
// under some answers, whatever is open.
func ImportChoices(look ImportLook, currency string, f ImportForm) []tableflow.Choice {
	plan, _ := PlanTable(look, currency, f)
	return look.Choices(importSchema(currency), plan)
}

// plausibleDay reports whether a card may be valid till a day.
func plausibleDay(day time.Time) bool { return day.Year() >= 2000 && day.Year() <= 2200 }

// LiveNote says in words what the throttle of imported codes is.
func (l GuessLimits) LiveNote() string {
	days := int(l.HardPause.Hours() / 24)
	unit := "day"
	if days != 1 {
		unit = "days"
	}
	return fmt.Sprintf("%d wrong codes bar a customer for %d %s, and %d an hour bar an address", l.Hard, days, unit, l.PerAddress)
}
