package db

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Found separates "no row" from a failed query. It takes the two results of a query of one
// row. Where there is no row, found is false, the error is nil and the row is its zero
// value:
//
//	row, found, err := db.Found(q.CustomerGet(ctx, tx, id))
func Found[T any](row T, err error) (_ T, found bool, _ error) {
	switch {
	case err == nil:
		return row, true, nil
	case errors.Is(err, pgx.ErrNoRows):
		var none T
		return none, false, nil
	}
	return row, false, err
}

// Needed is a row that the caller can't do without: see Need.
type Needed[T any] struct {
	row T
	err error
}

// Need takes the two results of a query of one row. Or says what a missing row means:
//
//	row, err := db.Need(q.CustomerGet(ctx, tx, id)).Or(ErrUnknown, "read customer %d", id)
func Need[T any](row T, err error) Needed[T] { return Needed[T]{row, err} }

// Or returns the row. Where there is none, it returns the error missing as it is. The error
// of a failed query is wrapped with a description of what was asked. With an error the row
// is its zero value.
func (n Needed[T]) Or(missing error, format string, args ...any) (T, error) {
	row, found, err := Found(n.row, n.err)
	switch {
	case found:
		return row, nil
	case err == nil:
		return row, missing
	}
	var none T
	return none, fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), err)
}
