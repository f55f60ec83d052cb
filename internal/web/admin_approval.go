package web

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
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

// approvalView is one request.
type approvalView struct {
	ID        int64
	URL       string
	What      string // "Activate 6 cards"
	Worth     string
	Series    string
	SeriesURL string
	By        string
	At        time.Time
	ExpiresAt time.Time
	Before    string // what the asker had done by themselves that day, where that is why
	Activates bool
	Own       bool // the viewer asked for it: somebody else decides
	State     badge
	Decided   string
	DecidedAt time.Time
	For       string // why they want it, in their words
	Reason    string
	Error     string // at the reason, as it was typed
}

// adminApprovalList handles GET …/refill-cards/approvals.
func (s *Server) adminApprovalList(c *gin.Context) error {
	p, err := s.newApprovalPage(c)
	if err != nil {
		return err
	}
	return s.part(c, http.StatusOK, "admin/approval_list", "approvals-live", p)
}

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
	p.Empty = empty{Icon: "circle-check", Title: "Nothing waits", Text: "What others ask to activate or export above the value in Config → Vouchers waits here for a second person."}
	return p, nil
}

// approvals reads requests about series that the person may see.
func (s *Server) approvals(c *gin.Context, params db.ApprovalListParams) ([]approvalView, error) {
	person := s.person(c)
	params.AllPartners, params.PartnerIds = person.Scope.AllPartners, person.Scope.PartnerIDs
	rows, err := db.New().ApprovalList(c.Request.Context(), s.Pool, params)
	if err != nil {
		return nil, err
	}
	views := make([]approvalView, len(rows))
	for i, row := range rows {
		views[i] = viewApproval(row, person.ID)
	}
	return views, nil
}

// viewApproval says a request in words.
func viewApproval(row db.ApprovalListRow, viewer int64) approvalView {
	a := row.Approval
	v := approvalView{
		ID: a.ID, URL: fmt.Sprintf("%s/%d", sectionApprovals, a.ID), Worth: money.Amount{Minor: a.Value, Currency: row.Currency}.String(),
		What:   "Activate " + cardCount(a.Cards),
		Series: row.SeriesNumber, SeriesURL: seriesURL(row.SeriesNumber),
		By: row.AskedBy, At: a.RequestedAt, ExpiresAt: a.ExpiresAt, Own: a.RequestedBy == viewer, Activates: a.Kind == db.ApprovalKindActivate,
		For: row.WantedFor, Decided: row.DecidedName, Reason: a.Reason,
	}
	did := "activated"
	if a.Kind == db.ApprovalKindExport {
		v.What, did = "Export the codes of "+cardCount(a.Cards), "exported"
	}
	if a.Before > 0 {
		v.Before = fmt.Sprintf("In the 24 hours before, %s had %s cards worth %s without a second person.", row.AskedBy, did, money.Amount{Minor: a.Before, Currency: row.Currency})
	}
	if a.DecidedAt != nil {
		v.DecidedAt = *a.DecidedAt
	}
	switch {
	case row.Expired, a.State == db.ApprovalStateExpired:
		v.State = badge{"Expired", toneIdle}
		if v.DecidedAt.IsZero() {
			v.DecidedAt = a.ExpiresAt
		}
	case a.State == db.ApprovalStateWaiting:
		v.State = badge{"Waits", toneWarn}
	case a.State == db.ApprovalStateApproved:
		v.State = badge{"Approved", toneGood}
	case a.State == db.ApprovalStateRefused:
		v.State = badge{"Refused", toneBad}
	case a.State == db.ApprovalStateOutdated:
		v.State = badge{"Series has changed", toneIdle}
	default:
		v.State = badge{"Withdrawn", toneIdle}
	}
	return v
}

// adminApprovalCount handles GET …/refill-cards/approvals/count: the figure in the
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
	n, err := db.New().ApprovalCount(ctx, s.Pool, db.ApprovalCountParams{StaffID: p.ID, AllPartners: p.Scope.AllPartners, PartnerIds: p.Scope.PartnerIDs})
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
			return card.ErrNoApproval
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
		return card.ErrNoApproval
	}
	return s.render(c, http.StatusUnprocessableEntity, "admin/approval_list", p)
}

// countApprovals puts a figure beside the menu's entry, where a second person is
// asked for at all.
func (s *Server) countApprovals(c *gin.Context, p *page, settings setting.Settings) {
	if settings.ApproveAbove == nil || !settings.RefillCards || !p.Person.Can(staff.SeriesApprove) {
		return
	}
	item, err := s.approvalItem(c.Request.Context(), p.Person)
	if err != nil {
		return // a page without the figure is better than none
	}
	for i := range p.Menu {
		for j := range p.Menu[i].Children {
			for k := range p.Menu[i].Children[j].Children {
				if one := &p.Menu[i].Children[j].Children[k]; one.URL == sectionApprovals {
					one.Live, one.Count = item.Live, item.Count
				}
			}
		}
	}
}
