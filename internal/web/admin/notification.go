package admin

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// SectionNotifications is the address of the list of notifications.
const SectionNotifications = "/admin/notifications"

// notification is something that finished in the background for a person.
type notification struct {
	Text, URL string
	Tone      kit.Tone
	At        time.Time
	Fresh     bool // the person has not seen it
}

// notificationPage is the list of notifications, as a page and behind the bell.
type notificationPage struct {
	kit.Page
	Items []notification
	Empty kit.Empty
}

const (
	notificationsShown  = 50
	notificationsInBell = 8
)

// notifications returns the newest notifications of a person.
func (s *Server) notifications(ctx context.Context, person staff.Person, most int32) (*notificationPage, error) {
	settings, err := s.Settings.Get(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := db.New().NotificationList(ctx, s.Pool, db.NotificationListParams{
		StaffID: person.ID, Cards: settings.RefillCards && person.Can(staff.SeriesView), Size: most,
	})
	if err != nil {
		return nil, err
	}
	p := &notificationPage{}
	p.Bell.Until = s.Now().UTC().Format(time.RFC3339Nano)
	for i, row := range rows {
		if i == 0 {
			p.Bell.Until = row.At.UTC().Format(time.RFC3339Nano)
		}
		n := viewNotification(row)
		if n.Fresh {
			if p.Bell.Fresh == 0 {
				p.Bell.Newest, p.Bell.URL = n.Text, n.URL
			}
			p.Bell.Fresh++
		}
		p.Items = append(p.Items, n)
	}
	return p, nil
}

// viewNotification describes a notification.
func viewNotification(row db.NotificationListRow) notification {
	n := notification{Tone: kit.ToneGood, At: row.At, Fresh: row.Fresh, URL: SeriesURL(row.Number)}
	if row.State == "failed" {
		n.Tone = kit.ToneBad
	}
	text := func(done, failed string, args ...any) {
		n.Text = fmt.Sprintf(done, args...)
		if n.Tone == kit.ToneBad {
			n.Text = fmt.Sprintf(failed, args...)
		}
	}
	switch row.Kind {
	case "export":
		n.URL += "#series-exports"
		text(lang.M("%s of series %s is ready"), lang.M("%s of series %s failed"), formatName(row.Detail), row.Number)
		if row.State == "expired" {
			n.Tone = kit.ToneIdle
			n.Text = fmt.Sprintf(lang.M("%s of series %s was made and is not kept any more"), formatName(row.Detail), row.Number)
		}
	case "series":
		text(lang.M("Series %s is generated"), lang.M("Series %s failed while its cards were being made"), row.Number)
	case "change":
		n.URL = fmt.Sprintf("%s/changes/%d", n.URL, row.ID)
		text(lang.M("The change of cards of series %s is done"), lang.M("The change of cards of series %s failed"), row.Number)
	case "import":
		n.URL = importURL(row.ID)
		text(lang.M("The import of %s is done"), lang.M("The import of %s failed"), row.Detail)
	case "customer-import":
		n.URL = fmt.Sprintf("%s/%d", SectionCustomerImport, row.ID)
		text(lang.M("The import of %s is done"), lang.M("The import of %s failed"), row.Detail)
	case "approval":
		n.URL = SectionApprovals
		n.Text, n.Tone = decisionText(db.ApprovalState(row.State), row.Number)
	}
	return n
}

// decisionText describes the end of a person's own request. number is its series; empty: it
// concerns none.
func decisionText(state db.ApprovalState, number string) (string, kit.Tone) {
	of := func(plain, series string) string {
		if number == "" {
			return plain
		}
		return fmt.Sprintf(series, number)
	}
	switch state {
	case db.ApprovalStateApproved:
		return of(lang.M("Your request was approved"), lang.M("Your request for series %s was approved")), kit.ToneGood
	case db.ApprovalStateRefused:
		return of(lang.M("Your request was refused"), lang.M("Your request for series %s was refused")), kit.ToneWarn
	case db.ApprovalStateOutdated:
		return of(lang.M("Your request was closed: its subject has changed"), lang.M("Your request for series %s was closed: the series has changed")), kit.ToneWarn
	case db.ApprovalStateExpired, db.ApprovalStateWaiting, db.ApprovalStateWithdrawn:
	}
	return of(lang.M("Your request expired undecided"), lang.M("Your request for series %s expired undecided")), kit.ToneWarn
}

// NotificationList handles GET /admin/notifications.
func (s *Server) NotificationList(c *gin.Context) error {
	p, err := s.notifications(c.Request.Context(), s.Person(c), notificationsShown)
	if err != nil {
		return err
	}
	bell := p.Bell
	p.Page = s.Page(c, lang.M("Notifications"), SectionNotifications)
	p.Bell = bell
	p.Empty = kit.Empty{Icon: "bell", Title: lang.M("Nothing yet"), Text: lang.M("What you start here and what finishes in the background is listed here for 30 days: series, files, changes, imports and requests.")}
	return s.Render(c, http.StatusOK, "admin/notification_list", p)
}

// NotificationBell handles GET /admin/notifications/bell: the bell of the top bar.
func (s *Server) NotificationBell(c *gin.Context) error {
	p, err := s.notifications(c.Request.Context(), s.Person(c), notificationsInBell)
	if err != nil {
		return err
	}
	return s.Fragment(c, http.StatusOK, "admin/notification_list", "bell", p.Bell)
}

// NotificationSeen handles POST /admin/notifications/seen: the person has seen the list up to
// a time.
func (s *Server) NotificationSeen(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	until, err := time.Parse(time.RFC3339Nano, form.Get("until"))
	if now := s.Now(); err != nil || until.After(now) {
		until = now
	}
	ctx, person := c.Request.Context(), s.Person(c)
	p, err := s.notifications(ctx, person, notificationsInBell)
	if err != nil {
		return err
	}
	if err := db.New().NotificationSeen(ctx, s.Pool, db.NotificationSeenParams{StaffID: person.ID, Until: until}); err != nil {
		return err
	}
	if !kit.IsHTMX(c) {
		return s.Redirect(c, SectionNotifications)
	}
	return s.Fragment(c, http.StatusOK, "admin/notification_list", "bell-news", p)
}
