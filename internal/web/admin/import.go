package admin

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/audit"
	"refill/internal/cardimport"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/web/kit"
)

// importShowPage is one import, in any state.
type importShowPage struct {
	kit.Page
	ID       int64
	URL      string
	State    kit.Badge
	FileName string
	SHA256   string
	Size     int64
	Failure  string
	Notice   string // shown above everything else

	Steps []kit.Step
	importColumns
	Partners []partnerChoice
	Activate kit.Choice

	Working  bool
	Progress kit.Progress

	Checked   bool
	Tiles     []kit.Tile
	Groups    []importGroup
	Inactive  bool            // some of the cards are inactive
	Late      bool            // some codes became known between the dry run and the import
	Problems  []importProblem // the rows that are left out, counted by reason
	Bad       []importRow     // the first of these rows
	BadTotal  int64
	Kept      int64       // how many of these rows can be downloaded
	Outliers  []importRow // rows that are imported only if they are ticked
	Shapes    []importShape
	Odds      string
	Guessable bool // a warning that the codes are easy to guess
	Throttle  string
	Asked     askedFor
	// What a person ticked as right, although it differs from the rest of the file.
	TickedRows   []int32
	TickedShapes []string
	RowsTicked   int64
	KindsTicked  int64
	Second       string // says what needs a second person
	Confirm      kit.Confirmation
	Cancel       kit.Confirmation
	Void         *kit.Confirmation
	Unbar        *kit.Confirmation
	CanChange    bool // its columns can be chosen again
	Begun        bool // some of its cards exist
	Books        *reconciliation
	Series       []importSeries
}

type importPreviewRow struct {
	Row   int64
	Why   string // why it does not belong to the table
	Names bool   // it contains the headings
	Cells []string
}

// importMeaning is the field that gives a word of the status column its meaning.
type importMeaning struct {
	Field kit.Field
	Key   string
}

type importGroup struct {
	Price, Worth                   string
	Cards, Disabled, Expired, Void int64
	ValidTill, As                  string
}

type importProblem struct {
	Reason string
	Count  int64
}

type importRow struct {
	Row                   int64
	Serial, Reason, Value string
}

// importShape is a kind of code that differs from the others.
type importShape struct {
	Key, Words, Sample string
	Count              int64
}

type importSeries struct {
	Number, URL, Price string
	State              kit.Badge
	Cards              int64
}

// findImport reads the import named in the address.
func (s *Server) findImport(c *gin.Context) (db.ImportGetRow, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return db.ImportGetRow{}, cardimport.ErrNoImport
	}
	return s.Imports.Import(c.Request.Context(), s.Actor(c), id)
}

// ImportShow handles GET /admin/finance/refill-cards/import/:id.
func (s *Server) ImportShow(c *gin.Context) error {
	p, err := s.newImportShowPage(c, nil)
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "admin/import_show", p)
}

// ImportLive handles GET …/import/:id/live: the fragment that is refreshed while work is in
// progress, and then shows the result.
func (s *Server) ImportLive(c *gin.Context) error {
	p, err := s.newImportShowPage(c, nil)
	if err != nil {
		return err
	}
	return s.Fragment(c, http.StatusOK, "admin/import_show", "import-live", p)
}

// newImportShowPage reads an import. form is the submitted plan, or nil.
func (s *Server) newImportShowPage(c *gin.Context, form url.Values) (*importShowPage, error) {
	row, err := s.findImport(c)
	if err != nil {
		return nil, err
	}
	i := row.CardImport
	p := &importShowPage{
		Page: s.Page(c, "Import "+i.FileName, SectionImport), ID: i.ID, URL: importURL(i.ID), State: importBadge(i),
		FileName: i.FileName, SHA256: fmt.Sprintf("%x", i.SHA256), Size: i.Size, Failure: fault.Kept(i.Failure).Text(),
	}
	if i.VoidedAt != nil { // why it stopped no longer matters
		p.Failure = ""
	}
	if err := s.showSeries(c.Request.Context(), p, i); err != nil {
		return nil, err
	}
	if err := s.showBar(c.Request.Context(), p, i); err != nil {
		return nil, err
	}
	if p.Asked, err = s.askedFor(c, db.ApprovalListParams{ImportID: i.ID}); err != nil {
		return nil, err
	}
	look, plan, report, err := cardimport.ReadImport(i)
	if err != nil {
		return nil, err
	}
	p.Cancel = kit.Confirmation{
		ID: "cancel", Opener: lang.M("Cancel import"), Title: lang.M("Cancel the import of ") + i.FileName + "?", Text: lang.M("The file is deleted. No card has been imported."),
		Button: lang.M("Cancel import"), Keep: lang.M("Go on with it"), Action: p.URL + "/cancel", Danger: true,
	}
	p.Steps = stepsOf(i.State)
	switch i.State {
	case db.ImportStateChecking:
		p.Working, p.Progress = true, checkingProgress(i, look, lang.M("Nothing is imported yet."))
	case db.ImportStateRunning:
		p.Working = true
		p.Progress = kit.Progress{Label: lang.M("Importing"), Done: int64(i.RowsDone), Total: int64(i.RowsTotal)}
		p.Cancel.Opener, p.Cancel.Title, p.Cancel.Button, p.Cancel.Keep = lang.M("Stop import"), lang.M("Stop the import of ")+i.FileName+"?", lang.M("Stop import"), lang.M("Let it run")
		p.Cancel.Text = lang.M("Cards imported so far stay, and are worth nothing until the import has gone on to its end. You can let it go on here at any time.")
	case db.ImportStateChecked, db.ImportStateDone:
		p.Checked = true
		if i.State == db.ImportStateChecked {
			p.Unread = unreadOfCards(look, plan.Form.Answers)
		}
		if err := s.showReport(c.Request.Context(), p, i, look, plan, report); err != nil {
			return nil, err
		}
		if i.State == db.ImportStateDone && i.VoidedAt == nil {
			if p.Books, err = s.cardBooks(c.Request.Context(), i, plan, report); err != nil {
				return nil, err
			}
			p.Books.Left = p.Problems
		}
	default:
	}
	p.CanChange = i.State == db.ImportStateChecked && look.Survey != nil
	back := c.Query("columns") != "" && p.CanChange
	if i.State == db.ImportStateUploaded || i.State == db.ImportStateFailed && !p.Begun || form != nil || back {
		if look.Survey == nil {
			return p, cardimport.ErrImportOld
		}
		p.Back = p.CanChange
		return p, s.showPlan(c, p, look, plan, form)
	}
	return p, nil
}

// runField names the form field with the number of the dry run that a page shows.
const runField = "run"

// shownRun returns the hidden field with the number of the dry run. With it, a confirmation
// applies to the result that the page shows.
func shownRun(i db.CardImport) []kit.Hidden {
	return []kit.Hidden{{Name: runField, Value: strconv.Itoa(int(i.Run))}}
}

// Confirming returns a handler that confirms the dry run that the form names. It confirms
// nothing if the form names none.
func (s *Server) Confirming(confirm func(context.Context, audit.Actor, int64, int32) error, change func(func(context.Context, audit.Actor, int64) error) kit.Handler) kit.Handler {
	return func(c *gin.Context) error {
		form, err := s.Form(c)
		if err != nil {
			return err
		}
		run, err := strconv.ParseInt(form.Get(runField), 10, 32)
		if err != nil {
			run = -1
		}
		return change(func(ctx context.Context, actor audit.Actor, id int64) error {
			return confirm(ctx, actor, id, int32(run)) //nolint:gosec // it was parsed in 32 bits
		})(c)
	}
}

// ImportChange returns the handler that confirms, cancels or resumes an import by calling
// change.
func (s *Server) ImportChange(change func(context.Context, audit.Actor, int64) error) kit.Handler {
	return func(c *gin.Context) error {
		row, err := s.findImport(c)
		if err != nil {
			return err
		}
		if err := change(c.Request.Context(), s.Actor(c), row.CardImport.ID); err != nil && !s.waits(c, err) {
			return err
		}
		return s.Redirect(c, importURL(row.CardImport.ID))
	}
}

// ImportPlan handles POST …/import/:id/plan: it starts the dry run.
func (s *Server) ImportPlan(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	row, err := s.findImport(c)
	if err != nil {
		return err
	}
	err = s.Imports.Plan(c.Request.Context(), s.Actor(c), row.CardImport.ID, planForm(form))
	if fault.IsInternal(err) || fault.KindOf(err) == fault.Conflict {
		return err
	}
	if err != nil {
		p, pageErr := s.newImportShowPage(c, form)
		if pageErr != nil {
			return pageErr
		}
		p.Mistakes = kit.Explain(err, p.fields()...)
		return s.Part(c, http.StatusUnprocessableEntity, "admin/import_show", "plan-form", p)
	}
	return s.Redirect(c, importURL(row.CardImport.ID))
}

// inAYear returns the date in one year, which the form suggests if the file has no date.
func (s *Server) inAYear() string { return s.Local(s.Now()).AddDate(1, 0, 0).Format(time.DateOnly) }
