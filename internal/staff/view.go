package staff

import (
	"context"
	"fmt"
	"strings"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// A saved view is a name that a member of staff gives to the filters of a list. It is theirs
// alone, and grants nothing: the list checks rights and filters each time. It is no act, so
// the audit trail does not record it.

// MostViews is the number of views that one person can save for one list.
const MostViews = 20

// Errors of saved views.
var (
	ErrViewName    = fault.Field("name", "view_name", "Enter a name of 1 to 40 characters.")
	ErrViewTaken   = fault.Field("name", "view_taken", "Another view of this list has this name.")
	ErrViewMost    = fault.Field("name", "view_most", "This list has 20 saved views already. Delete one first, or use the name of one to replace its filters.")
	ErrViewQuery   = fault.Field("name", "view_query", "These filters are too long to be saved.")
	ErrViewUnknown = fault.New(fault.NotFound, "view_unknown", "There is no such view.")
)

func viewName(text string) (string, error) {
	text = strings.TrimSpace(text)
	if n := len([]rune(text)); n < 1 || n > 40 {
		return "", ErrViewName
	}
	return text, nil
}

// SaveView names the filters of a list for the actor. query is a query string of at most 1,000
// characters with filters that the list knows. A name that the actor has for this list already
// gets the new filters. The error is ErrViewName, ErrViewQuery or ErrViewMost.
func SaveView(ctx context.Context, dbtx db.DBTX, actor audit.Actor, list, name, query string) error {
	name, err := viewName(name)
	if err != nil {
		return err
	}
	by, err := actor.Member()
	if err != nil {
		return err
	}
	if query == "" || len(query) > 1000 {
		return ErrViewQuery
	}
	n, err := db.New().ListViewSave(ctx, dbtx, db.ListViewSaveParams{StaffID: by, List: list, Name: name, Query: query, Most: MostViews})
	if err != nil {
		return fmt.Errorf("save a view: %w", err)
	}
	if n == 0 {
		return ErrViewMost
	}
	return nil
}

// RenameView renames a view of the actor. The error is ErrViewName, ErrViewTaken, or
// ErrViewUnknown for a view of another person.
func RenameView(ctx context.Context, dbtx db.DBTX, actor audit.Actor, id int64, name string) error {
	name, err := viewName(name)
	if err != nil {
		return err
	}
	by, err := actor.Member()
	if err != nil {
		return err
	}
	n, err := db.New().ListViewRename(ctx, dbtx, db.ListViewRenameParams{ID: id, StaffID: by, Name: name})
	if db.Constraint(err) == "list_view_name_key" {
		return ErrViewTaken
	}
	if err != nil {
		return fmt.Errorf("rename a view: %w", err)
	}
	if n == 0 {
		return ErrViewUnknown
	}
	return nil
}

// DeleteView deletes a view of the actor. The error is ErrViewUnknown for a view of another
// person.
func DeleteView(ctx context.Context, dbtx db.DBTX, actor audit.Actor, id int64) error {
	by, err := actor.Member()
	if err != nil {
		return err
	}
	n, err := db.New().ListViewDelete(ctx, dbtx, db.ListViewDeleteParams{ID: id, StaffID: by})
	if err != nil {
		return fmt.Errorf("delete a view: %w", err)
	}
	if n == 0 {
		return ErrViewUnknown
	}
	return nil
}
