package tableflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"refill/internal/db"
	"refill/internal/tableimport"
)

// Remember stores the answers of a member of staff for the next file of the same shape. form
// holds the part of the answers to store. Recall reads it into a value of the same type.
func (f Flow) Remember(ctx context.Context, tx pgx.Tx, staffID int64, look Look, form any) error {
	answers, err := json.Marshal(form)
	if err != nil {
		return err
	}
	err = db.New().ImportAnswerSet(ctx, tx, db.ImportAnswerSetParams{StaffID: staffID, Kind: f.Kind, Shape: look.Shape(), Answers: answers})
	if err != nil {
		return fmt.Errorf("keep the answers about a file: %w", err)
	}
	return nil
}

// Recall reads the stored answers of a member of staff about a file of this shape into form,
// and reports whether there are any. said points to the Answers within form. Recall drops the
// answers that this file does not ask for or contradicts. A field that the stored answers do
// not know gets the column that this file suggests.
func (f Flow) Recall(ctx context.Context, dbtx db.DBTX, staffID int64, look Look, schema tableimport.Schema, form any, said *Answers) (bool, error) {
	if look.Survey == nil {
		return false, nil
	}
	answers, err := db.New().ImportAnswerGet(ctx, dbtx, db.ImportAnswerGetParams{StaffID: staffID, Kind: f.Kind, Shape: look.Shape()})
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for earlier answers: %w", err)
	}
	if err := json.Unmarshal(answers, form); err != nil {
		return false, fmt.Errorf("read earlier answers: %w", err)
	}
	said.addSuggested(look, schema)
	said.dropStale(look, schema)
	return true, nil
}

// ToRemember returns the answers to store for a file. The answer that a field has no column is
// left out where the file suggested none, because the next file may have such a column.
func (a Answers) ToRemember(look Look) Answers {
	a.Columns = maps.Clone(a.Columns)
	maps.DeleteFunc(a.Columns, func(field, at string) bool {
		_, suggested := look.Survey.Guess[field]
		return at == "" && !suggested
	})
	return a
}

// Unread returns the columns, counted from 0, that the file suggests for the given fields and
// that the answers use for no field; and the fields, in the same order.
func (a Answers) Unread(look Look, fields ...string) (places []int, of []string) {
	if look.Survey == nil {
		return nil, nil
	}
	taken := slices.Collect(maps.Values(a.Columns))
	for _, field := range fields {
		at, suggested := look.Survey.Guess[field]
		if suggested && a.Columns[field] == "" && !slices.Contains(taken, strconv.Itoa(at+1)) {
			places, of = append(places, at), append(of, field)
		}
	}
	return places, of
}

// addSuggested sets the suggested column of each field that the stored answers do not know, if
// no other field has that column.
func (a *Answers) addSuggested(look Look, schema tableimport.Schema) {
	taken := map[string]bool{}
	for _, at := range a.Columns {
		taken[at] = true
	}
	for _, f := range schema.Fields {
		at, ok := look.Survey.Guess[f.Name]
		column := strconv.Itoa(at + 1)
		if _, asked := a.Columns[f.Name]; asked || !ok || taken[column] {
			continue
		}
		if a.Columns == nil {
			a.Columns = map[string]string{}
		}
		a.Columns[f.Name], taken[column] = column, true
	}
}

// dropStale drops answers that this file does not ask for, or that it contradicts. An answer
// holds for all columns of a kind, so one column that contradicts it is enough.
func (a *Answers) dropStale(look Look, schema tableimport.Schema) {
	var dates, signs evidence
	for _, f := range schema.Fields {
		n, err := strconv.Atoi(a.Columns[f.Name])
		if err != nil || n < 1 || n > len(look.Survey.Columns) {
			continue
		}
		c := look.Survey.Columns[n-1]
		switch f.Kind {
		case tableimport.Date:
			dates.add(string(c.Dates.Order), string(tableimport.OrderOpen), a.Dates)
		case tableimport.Amount, tableimport.Remaining, tableimport.Signed:
			signs.add(string(c.Amounts.Decimal), string(tableimport.DecimalOpen), a.Decimal)
		default:
		}
	}
	if !dates.holds() {
		a.Dates = ""
	}
	if !signs.holds() {
		a.Decimal = ""
	}
}

// evidence says whether a column leaves the question open, and whether a column contradicts
// the answer.
type evidence struct{ open, other bool }

func (e *evidence) add(shown, open, answer string) {
	e.open = e.open || shown == open
	e.other = e.other || shown != open && shown != "" && shown != answer
}

func (e *evidence) holds() bool { return e.open && !e.other }
