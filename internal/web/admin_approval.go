package web

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
	"refill/internal/setting"
	"refill/internal/staff"
)

// approvalPage is what waits for a second person, and what was decided lately.
type approvalPage struct {
	page
	Waiting  []approvalView
	Done     []approvalView
	Empty    empty
	Mistakes []mistake
}

// adminApprovalList handles GET /admin/approvals.
func (s *Server) adminApprovalList(c *gin.Context) error {
	p, err := s.newApprovalPage(c)
	if err != nil {
		return err
	}
	return s.part(c, http.StatusOK, "admin/approval_list", "approvals-live", p)
}

// formerApprovals is where the page was when only cards could wait; links to it are kept.
const formerApprovals = "/admin/finance/refill-cards/approvals"

// adminApprovalMoved handles GET /admin/finance/refill-cards/approvals.
func (s *Server) adminApprovalMoved(c *gin.Context) error { return s.redirect(c, sectionApprovals) }

func (s *Server) newApprovalPage(c *gin.Context) (*approvalPage, error) {
	p := &approvalPage{page: s.page(c, "Approvals", sectionApprovals)}
	views, err := s.approvals(c, db.ApprovalListParams{})
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
	p.Empty = empty{Icon: "circle-check", Title: "Nothing waits", Text: "What others ask for above the value in Config → Vouchers waits here for a second person."}
	return p, nil
}

// approvals reads requests that the person may see.
func (s *Server) approvals(c *gin.Context, params db.ApprovalListParams) ([]approvalView, error) {
	person := s.person(c)
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

// adminApprovalCount handles GET /admin/approvals/count: the figure in the
// menu.
func (s *Server) adminApprovalCount(c *gin.Context) error {
	item, err := s.approvalItem(c.Request.Context(), s.person(c))
	if err != nil {
		return err
	}
	return s.fragment(c, http.StatusOK, "admin/approval_list", "menu-count", item)
}

// approvalItem is the entry of the menu with how many wait for the person.
func (s *Server) approvalItem(ctx context.Context, p staff.Person) (menuItem, error) {
	settings, err := s.Settings.Get(ctx)
	if err != nil {
		return menuItem{}, err
	}
	n, err := db.New().ApprovalCount(ctx, s.Pool, db.ApprovalCountParams{StaffID: p.ID, Cards: settings.RefillCards, AllPartners: p.Scope.AllPartners, PartnerIds: p.Scope.PartnerIDs})
	return menuItem{Title: "Approvals", Icon: "user-check", URL: sectionApprovals, Live: sectionApprovals + "/count", Count: n}, err
}

// adminApprovalDecide returns the handler of a yes or a no. done is what the page
// says afterwards.
func (s *Server) adminApprovalDecide(decide func(ctx context.Context, actor audit.Actor, id int64, reason string) error, done string) handler {
	return func(c *gin.Context) error {
		form, err := s.form(c)
		if err != nil {
			return err
		}
		id, err := strconv.ParseInt(c.Param("id"), 10, 64)
		if err != nil {
			return approval.ErrUnknown
		}
		err = decide(c.Request.Context(), s.actor(c), id, form.Get("reason"))
		switch {
		case err == nil:
			s.setFlash(c, done)
		case fault.KindOf(err) == fault.Conflict:
			s.setFlash(c, fault.All(err)[0].Message)
		case fault.KindOf(err) == fault.Invalid:
			return s.showApprovalMistake(c, id, form.Get("reason"), err)
		default:
			return err
		}
		return s.redirect(c, sectionApprovals)
	}
}

// showApprovalMistake shows the list with what is to be mended at one of its forms.
func (s *Server) showApprovalMistake(c *gin.Context, id int64, typed string, err error) error {
	p, pageErr := s.newApprovalPage(c)
	if pageErr != nil {
		return pageErr
	}
	for i := range p.Waiting {
		if v := &p.Waiting[i]; v.ID == id {
			v.Error, v.Reason = fault.All(err)[0].Message, cut(typed, 400)
			p.Mistakes = []mistake{{Field: fmt.Sprintf("reason-%d", id), Text: v.Error}}
		}
	}
	if len(p.Mistakes) == 0 { // not this person's, or not there
		return approval.ErrUnknown
	}
	return s.render(c, http.StatusUnprocessableEntity, "admin/approval_list", p)
}

// countApprovals puts a figure beside the menu's entry, where a second person is
// asked for at all.
func (s *Server) countApprovals(c *gin.Context, p *page, settings setting.Settings) {
	if settings.ApproveAbove == nil || !p.Person.Can(staff.SeriesApprove) {
		return
	}
	item, err := s.approvalItem(c.Request.Context(), p.Person)
	if err != nil {
		return // a page without the figure is better than none
	}
	item.countIn(p.Menu)
}

// countIn puts the figure of an entry beside it, wherever in a menu it is.
func (i menuItem) countIn(menu []menuItem) {
	for k := range menu {
		if menu[k].URL == i.URL {
			menu[k].Live, menu[k].Count = i.Live, i.Count
		}
		i.countIn(menu[k].Children)
	}
}
