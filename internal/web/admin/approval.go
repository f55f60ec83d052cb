package admin

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// approvalPage lists the requests that wait for a second person and those decided recently.
// A person who may not decide sees their own requests.
type approvalPage struct {
	kit.Page
	Decides  bool
	Waiting  []approvalView
	Done     []approvalView
	Empty    kit.Empty
	Mistakes []kit.Mistake
}

// ApprovalList handles GET /admin/approvals.
func (s *Server) ApprovalList(c *gin.Context) error {
	p, err := s.newApprovalPage(c)
	if err != nil {
		return err
	}
	return s.Part(c, http.StatusOK, "admin/approval_list", "approvals-live", p)
}

// FormerApprovals is the former address of the approvals page. It is kept so that old links
// work.
const FormerApprovals = "/admin/finance/refill-cards/approvals"

// ApprovalMoved handles GET /admin/finance/refill-cards/approvals.
func (s *Server) ApprovalMoved(c *gin.Context) error { return s.Redirect(c, SectionApprovals) }

// newApprovalPage reads the waiting and the decided requests.
func (s *Server) newApprovalPage(c *gin.Context) (*approvalPage, error) {
	p := &approvalPage{Page: s.Page(c, lang.M("Approvals"), SectionApprovals)}
	var params db.ApprovalListParams
	if p.Decides = p.Person.Can(staff.SeriesApprove); !p.Decides {
		params.AskedBy = p.Person.ID
		p.Title = lang.M("Your requests")
	}
	views, err := s.approvals(c, params)
	if err != nil {
		return nil, err
	}
	for _, v := range views {
		if v.Decided == "" && v.DecidedAt.IsZero() {
			p.Waiting = append(p.Waiting, v)
		} else {
			p.Done = append(p.Done, v)
		}
	}
	p.Empty = kit.Empty{Icon: "circle-check", Title: lang.M("Nothing waits"), Text: lang.M("What others ask for above the value in Settings → Code rules waits here for a second person.")}
	if !p.Decides {
		p.Empty.Text = lang.M("What you ask a second person for is listed here until it is decided.")
	}
	return p, nil
}

// approvals returns the requests that the person may see, prepared for display.
func (s *Server) approvals(c *gin.Context, params db.ApprovalListParams) ([]approvalView, error) {
	person := s.Person(c)
	params.AllPartners, params.PartnerIds = person.Scope.AllPartners, person.Scope.PartnerIDs
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return nil, err
	}
	params.Cards = settings.RefillCards
	rows, err := db.New().ApprovalList(c.Request.Context(), s.Pool, params)
	if err != nil {
		return nil, err
	}
	views := make([]approvalView, len(rows))
	for i, row := range rows {
		if views[i], err = viewApproval(row, person.ID); err != nil {
			return nil, err
		}
	}
	return views, nil
}

// ApprovalCount handles GET /admin/approvals/count: the count in the menu.
func (s *Server) ApprovalCount(c *gin.Context) error {
	item, err := s.approvalItem(c.Request.Context(), s.Person(c))
	if err != nil {
		return err
	}
	return s.Fragment(c, http.StatusOK, "admin/approval_list", "menu-count", item)
}

// approvalItem returns the menu entry with the number of requests that wait for the person.
func (s *Server) approvalItem(ctx context.Context, p staff.Person) (kit.MenuItem, error) {
	settings, err := s.Settings.Get(ctx)
	if err != nil {
		return kit.MenuItem{}, err
	}
	n, err := db.New().ApprovalCount(ctx, s.Pool, db.ApprovalCountParams{StaffID: p.ID, Cards: settings.RefillCards, AllPartners: p.Scope.AllPartners, PartnerIds: p.Scope.PartnerIDs})
	return kit.MenuItem{Title: lang.M("Approvals"), Icon: "user-check", URL: SectionApprovals, Live: SectionApprovals + "/count", Count: n}, err
}

// ApprovalDecide returns the handler that approves or refuses a request by calling decide.
// done is the message shown afterwards, in the given tone.
func (s *Server) ApprovalDecide(decide func(ctx context.Context, actor audit.Actor, id int64, reason string) error, tone kit.Tone, done string) kit.Handler {
	return func(c *gin.Context) error {
		form, err := s.Form(c)
		if err != nil {
			return err
		}
		id, err := strconv.ParseInt(c.Param("id"), 10, 64)
		if err != nil {
			return approval.ErrUnknown
		}
		err = decide(c.Request.Context(), s.Actor(c), id, form.Get("reason"))
		switch {
		case err == nil:
			s.SetFlash(c, tone, done)
		case fault.KindOf(err) == fault.Conflict:
			s.SetFaultFlash(c, err)
		case fault.KindOf(err) == fault.Invalid:
			return s.showApprovalMistake(c, id, form.Get("reason"), err)
		default:
			return err
		}
		return s.Redirect(c, SectionApprovals)
	}
}

// ApprovalWithdraw handles POST /admin/approvals/:id/withdraw: it withdraws a request that
// the person made.
func (s *Server) ApprovalWithdraw(c *gin.Context) error {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return approval.ErrUnknown
	}
	err = s.Cards.Approvals().Withdraw(c.Request.Context(), s.Actor(c), id)
	switch {
	case err == nil:
		s.SetFlash(c, kit.ToneIdle, lang.M("Withdrawn. Nothing of it happens."))
	case fault.KindOf(err) == fault.Conflict:
		s.SetFaultFlash(c, err)
	default:
		return err
	}
	return s.Redirect(c, SectionApprovals)
}

// showApprovalMistake shows the list again, with the error at the form of request id.
func (s *Server) showApprovalMistake(c *gin.Context, id int64, typed string, err error) error {
	p, pageErr := s.newApprovalPage(c)
	if pageErr != nil {
		return pageErr
	}
	for i := range p.Waiting {
		if v := &p.Waiting[i]; v.ID == id {
			v.Error, v.Reason = fault.All(err)[0].Text(), kit.Truncate(typed, 400)
			p.Mistakes = []kit.Mistake{{Field: fmt.Sprintf("reason-%d", id), Text: v.Error}}
		}
	}
	if len(p.Mistakes) == 0 { // the person sees no such waiting request
		return approval.ErrUnknown
	}
	return s.Render(c, http.StatusUnprocessableEntity, "admin/approval_list", p)
}

// countApprovals puts the number of waiting requests beside the menu entry, if the settings
// have a value limit and the person may approve.
func (s *Server) countApprovals(c *gin.Context, p *kit.Page, settings setting.Settings) {
	if settings.ApproveAbove == nil || !p.Person.Can(staff.SeriesApprove) {
		return
	}
	item, err := s.approvalItem(c.Request.Context(), p.Person)
	if err != nil {
		return // a page without the figure is better than none
	}
	item.CountIn(p.Menu)
}
