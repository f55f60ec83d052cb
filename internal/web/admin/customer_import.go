package admin

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"

	"refill/internal/audit"
	"refill/internal/customerimport"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/tableflow"
	"refill/internal/web/kit"
)

// customerImportListPage is the page on which an import of customers begins.
type customerImportListPage struct {
	kit.Page
	Error    string // what is wrong with the file
	Mistakes []kit.Mistake
	Imports  []importLine
	Steps    []kit.Step
}

// customerImportPage is one import of customers, in any state.
type customerImportPage struct {
	kit.Page
	ID       int64
	URL      string
	State    kit.Badge
	FileName string
	SHA256   string
	Size     int64
	Failure  string

	Steps []kit.Step
	importColumns

	Working  bool
	Progress kit.Progress

	Checked   bool
	Good      int64
	Tiles     []kit.Tile
	Groups    []customerImportGroup
	Balances  bool // there are opening balances
	Second    string
	Waits     []approvalView // the request that waits for approval
	Problems  []importProblem
	Bad       []importRow
	BadTotal  int64
	Kept      int64
	Confirm   kit.Confirmation
	Cancel    kit.Confirmation
	CanChange bool

	Begun  bool // some customers are entered
	Resume bool
	Books  *reconciliation // comparison of the file with the books
}

// customerImportGroup sums up the customers of one partner.
type customerImportGroup struct {
	Partner             string
	Customers, Disabled int64
	Credits, Debts      string
}

func customerImportURL(id int64) string { return fmt.Sprintf("%s/%d", SectionCustomerImport, id) }

// CustomerImportList handles GET /admin/customers/import.
func (s *Server) CustomerImportList(c *gin.Context) error {
	p, err := s.newCustomerImportListPage(c)
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "admin/customer_import_list", p)
}

func (s *Server) newCustomerImportListPage(c *gin.Context) (*customerImportListPage, error) {
	p := &customerImportListPage{Page: s.Page(c, lang.M("Import customers"), SectionCustomers), Steps: importSteps(stepFile)}
	rows, err := db.New().ImportList(c.Request.Context(), s.Pool, db.ImportListParams{
		Kind: db.ImportKindCustomers, AllPartners: p.Person.Scope.AllPartners, StaffID: p.Person.ID,
	})
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		i := row.CardImport
		p.Imports = append(p.Imports, importLine{customerImportURL(i.ID), i.FileName, row.CreatedByName, importBadge(i), i.CreatedAt})
	}
	return p, nil
}

// CustomerImportUpload handles POST /admin/customers/import.
func (s *Server) CustomerImportUpload(c *gin.Context) error {
	id, err := s.receive(c, db.ImportKindCustomers)
	if fault.IsInternal(err) {
		return err
	}
	if err != nil {
		p, pageErr := s.newCustomerImportListPage(c)
		if pageErr != nil {
			return pageErr
		}
		f := kit.Field{Name: "file"}
		p.Mistakes = kit.Explain(err, &f)
		p.Error = f.Error
		return s.Part(c, http.StatusUnprocessableEntity, "admin/customer_import_list", "customer-import-form", p)
	}
	return s.Redirect(c, customerImportURL(id))
}

// uploadOpener returns a function that opens uploaded files within a request.
func (s *Server) uploadOpener(c *gin.Context) func(db.CardImport) (io.ReaderAt, func(), error) {
	return func(i db.CardImport) (io.ReaderAt, func(), error) {
		file, _, err := s.Files.Open(c.Request.Context(), i.File)
		if err != nil {
			return nil, nil, err
		}
		return file, func() { _ = file.Close() }, nil
	}
}

// lookAtUpload returns what an uploaded file contains.
func (s *Server) lookAtUpload(ctx context.Context, kind db.ImportKind, file io.ReaderAt, size int64) (tableflow.Look, error) {
	if kind == db.ImportKindCustomers {
		return s.Customers.LookAt(ctx, file, size, "")
	}
	return s.Imports.LookAtFile(ctx, file, size, "")
}

// findCustomerImport reads the import named in the address.
func (s *Server) findCustomerImport(c *gin.Context) (db.CardImport, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return db.CardImport{}, customerimport.ErrUnknown
	}
	row, err := s.Customers.Import(c.Request.Context(), s.Actor(c), id)
	return row.CardImport, err
}

// CustomerImportShow handles GET /admin/customers/import/:id.
func (s *Server) CustomerImportShow(c *gin.Context) error {
	p, err := s.newCustomerImportPage(c, nil)
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "admin/customer_import_show", p)
}

// CustomerImportLive handles GET …/import/:id/live.
func (s *Server) CustomerImportLive(c *gin.Context) error {
	p, err := s.newCustomerImportPage(c, nil)
	if err != nil {
		return err
	}
	return s.Fragment(c, http.StatusOK, "admin/customer_import_show", "customer-import-live", p)
}

// newCustomerImportPage reads an import. form is the submitted plan, or nil.
func (s *Server) newCustomerImportPage(c *gin.Context, form url.Values) (*customerImportPage, error) {
	i, err := s.findCustomerImport(c)
	if err != nil {
		return nil, err
	}
	look, plan, report, err := customerimport.Read(i)
	if err != nil {
		return nil, err
	}
	p := &customerImportPage{
		Page: s.Page(c, "Import "+i.FileName, SectionCustomers), ID: i.ID, URL: customerImportURL(i.ID), State: importBadge(i),
		FileName: i.FileName, SHA256: fmt.Sprintf("%x", i.SHA256), Size: i.Size, Failure: fault.Kept(i.Failure).Text(), Begun: i.Made > 0,
	}
	p.Cancel = kit.Confirmation{
		ID: "cancel", Opener: lang.M("Cancel import"), Title: lang.M("Cancel the import of ") + i.FileName + "?", Text: lang.M("The file is deleted. No customer has been entered."),
		Button: lang.M("Cancel import"), Keep: lang.M("Go on with it"), Action: p.URL + "/cancel", Danger: true,
	}
	p.Steps = stepsOf(i.State)
	switch i.State {
	case db.ImportStateChecking:
		p.Working, p.Progress = true, checkingProgress(i, look, lang.M("Nobody is entered yet."))
	case db.ImportStateRunning:
		p.Working = true
		p.Progress = kit.Progress{Label: lang.M("Importing"), Done: int64(i.RowsDone), Total: int64(i.RowsTotal)}
		p.Cancel.Opener, p.Cancel.Title, p.Cancel.Button, p.Cancel.Keep = lang.M("Stop import"), lang.M("Stop the import of ")+i.FileName+"?", lang.M("Stop import"), lang.M("Let it run")
		p.Cancel.Text = lang.M("Customers entered so far stay, with their opening balances. You can let the import go on here at any time.")
	case db.ImportStateChecked, db.ImportStateDone:
		p.Checked = true
		if i.State == db.ImportStateChecked {
			p.Unread = unreadOfCustomers(look, plan.Form.Answers)
		}
		if err := s.showCustomerReport(c, p, i, plan, report); err != nil {
			return nil, err
		}
	case db.ImportStateFailed:
		p.Resume = i.ConfirmedBy != nil
	default:
	}
	p.CanChange = i.State == db.ImportStateChecked && look.Survey != nil
	back := c.Query("columns") != "" && p.CanChange
	open := i.State == db.ImportStateUploaded || i.State == db.ImportStateFailed && !p.Resume
	if look.Survey != nil && (open || form != nil || back) {
		p.Back = p.CanChange
		return p, s.showCustomerPlan(c, p, i, look, plan, form)
	}
	return p, nil
}

// CustomerImportChange returns the handler that confirms, cancels or resumes an import by
// calling change.
func (s *Server) CustomerImportChange(change func(context.Context, audit.Actor, int64) error) kit.Handler {
	return func(c *gin.Context) error {
		i, err := s.findCustomerImport(c)
		if err != nil {
			return err
		}
		if err := change(c.Request.Context(), s.Actor(c), i.ID); err != nil {
			return err
		}
		return s.Redirect(c, customerImportURL(i.ID))
	}
}

// CustomerImportPlan handles POST …/import/:id/plan: it starts the dry run.
func (s *Server) CustomerImportPlan(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	i, err := s.findCustomerImport(c)
	if err != nil {
		return err
	}
	err = s.Customers.PlanImport(c.Request.Context(), s.Actor(c), i.ID, customerPlanForm(form))
	if err == nil {
		return s.Redirect(c, customerImportURL(i.ID))
	}
	if fault.KindOf(err) != fault.Invalid {
		return err
	}
	p, pageErr := s.newCustomerImportPage(c, form)
	if pageErr != nil || !p.Planning {
		return err
	}
	p.Mistakes = kit.Explain(err, p.fields()...)
	return s.Part(c, http.StatusUnprocessableEntity, "admin/customer_import_show", "customer-plan-form", p)
}

// CustomerImportSheet handles POST …/import/:id/sheet: it chooses another sheet of the
// workbook.
func (s *Server) CustomerImportSheet(c *gin.Context) error {
	s.TakesTime(c)
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	i, err := s.findCustomerImport(c)
	if err != nil {
		return err
	}
	err = s.Customers.ChooseSheet(c.Request.Context(), s.Actor(c), i.ID, form.Get("sheet"), s.uploadOpener(c))
	if err == nil {
		return s.Redirect(c, customerImportURL(i.ID))
	}
	if fault.KindOf(err) != fault.Invalid {
		return err
	}
	p, pageErr := s.newCustomerImportPage(c, nil)
	if pageErr != nil || p.Sheet == nil {
		return err
	}
	p.Sheet.Choose(form.Get("sheet"))
	p.Sheet.Error = fault.All(err)[0].Text()
	return s.Render(c, http.StatusUnprocessableEntity, "admin/customer_import_show", p)
}
