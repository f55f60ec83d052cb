package admin

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"

	"refill/internal/billing"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/partner"
	"refill/internal/render"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// outsidePage lists redemptions whose value was handed over to another system, which has not
// acknowledged it.
type outsidePage struct {
	kit.Page
	Partners  kit.Field // shown if there is a choice
	Filtered  bool
	Rows      []outsideRow
	CSV, XLSX string
	Pager     kit.Pager
	Empty     kit.Empty
}

// outsideRow is one redemption of the list.
type outsideRow struct {
	ID          int64
	URL         string // of the payment
	At          time.Time
	Amount      string
	Series      string
	Serial      int64
	Customer    string
	CustomerURL string
	ExternalID  string
	Partner     string
	Reference   string
}

// outsidePerPage is the number of redemptions on a page of the list.
const outsidePerPage = 50

// OutsideList handles GET …/refill-cards/outside.
func (s *Server) OutsideList(c *gin.Context) error {
	ctx := c.Request.Context()
	p := &outsidePage{Page: s.Page(c, lang.M("Not yet credited outside"), SectionOutside)}
	chosen := c.Query("partner")
	params := db.HandoverOpenListParams{
		Age: billing.LateAfter, Size: outsidePerPage + 1, PartnerID: NumberOf(chosen),
		AllPartners: p.Person.Scope.AllPartners, PartnerIds: p.Person.Scope.PartnerIDs,
	}
	if format, ok := kit.TableFormat(c); ok {
		return s.sendOutside(c, format, params)
	}
	if after, ok := idParam(c, "after"); ok {
		params.AfterID, p.Pager.Newer = after, kit.ListURL(SectionOutside, "partner", chosen)
	}
	rows, err := db.New().HandoverOpenList(ctx, s.Pool, params)
	if err != nil {
		return err
	}
	for _, row := range rows[:min(len(rows), outsidePerPage)] {
		p.Rows = append(p.Rows, viewOutside(row))
	}
	if len(rows) > outsidePerPage {
		p.Pager.Older = kit.ListURL(SectionOutside, "partner", chosen, "after", fmt.Sprint(rows[outsidePerPage-1].TxID))
	}
	partners, err := s.offeredPartners(ctx, p.Person.Scope, params.PartnerID)
	if err != nil {
		return err
	}
	if len(partners) > 1 {
		p.Partners = kit.Field{Name: "partner", Label: lang.M("Partner"), Value: chosen, Options: append([]kit.Option{{Text: lang.M("All partners")}}, partners...)}
		for i, o := range p.Partners.Options {
			p.Partners.Options[i].Selected = o.Value == chosen
		}
	}
	p.Filtered = params.PartnerID != 0
	p.CSV, p.XLSX = kit.ListURL(SectionOutside, "partner", chosen, "format", string(render.TableCSV)), kit.ListURL(SectionOutside, "partner", chosen, "format", string(render.TableXLSX))
	p.Empty = kit.Empty{Icon: "circle-check", Title: lang.M("Everything is credited"), Text: lang.M("Redemptions whose value another system has not acknowledged within ten minutes are listed here.")}
	return s.Render(c, http.StatusOK, "admin/outside_list", p)
}

func viewOutside(row db.HandoverOpenListRow) outsideRow {
	v := outsideRow{
		ID: row.PaymentID, URL: StaffReceiptURL(row.CustomerID, row.PaymentID), At: row.At, Amount: money.Amount{Minor: row.Amount, Currency: row.Currency}.String(),
		Series: row.SeriesNumber, Customer: row.CustomerName, CustomerURL: CustomerURL(row.CustomerID), ExternalID: row.ExternalID,
		Partner: row.PartnerName, Reference: row.Reference,
	}
	if row.Serial != nil {
		v.Serial = int64(*row.Serial)
	}
	return v
}

// sendOutside answers with the list as a file.
func (s *Server) sendOutside(c *gin.Context, format render.TableFormat, params db.HandoverOpenListParams) error {
	columns := []render.Column{
		{Name: "redemption", Kind: render.ColumnNumber},
		{Name: "at", Kind: render.ColumnTime},
		{Name: "card"},
		{Name: "amount", Kind: render.ColumnMoney},
		{Name: "currency"},
		{Name: "customer"},
		{Name: "external_id"},
		{Name: "partner"},
		{Name: "reference"},
	}
	params.Size = tablePage
	return s.SendTable(c, "not-credited-outside", format, columns, func(ctx context.Context, tx pgx.Tx, row func(cells ...any) error) error {
		for {
			rows, err := db.New().HandoverOpenList(ctx, tx, params)
			if err != nil || len(rows) == 0 {
				return err
			}
			for _, one := range rows {
				v := viewOutside(one)
				params.AfterID = one.TxID
				err := row(v.ID, v.At, kit.CardName(v.Series, v.Serial), money.Amount{Minor: one.Amount, Currency: one.Currency}, one.Currency, v.Customer, v.ExternalID, v.Partner, v.Reference)
				if err != nil {
					return err
				}
			}
		}
	})
}

// homeOutside raises the alarm where another system has not acknowledged redemptions.
func (s *Server) homeOutside(ctx context.Context, p *homePage, _ setting.Settings) error {
	n, err := db.New().HandoverOpenCount(ctx, s.Pool, db.HandoverOpenCountParams{Age: billing.LateAfter, AllPartners: p.Person.Scope.AllPartners, PartnerIds: p.Person.Scope.PartnerIDs})
	if err != nil || n == 0 {
		return err
	}
	p.Alarms = append(p.Alarms, alarm{
		Text: fmt.Sprintf(lang.M("Another system has not credited %s for more than ten minutes. Customers may be without their money."), kit.Count(n, lang.M("redeemed card"), lang.M("redeemed cards"))),
		URL:  SectionOutside, Link: lang.M("See which"),
	})
	return nil
}

// menuOutside adds the list to the menu of a person who has anything to do with it.
func (s *Server) menuOutside(c *gin.Context, p *kit.Page, settings setting.Settings) bool {
	if !settings.RefillCards || !p.Person.Can(staff.PaymentsView) {
		return false
	}
	shown, err := db.New().HandoverShown(c.Request.Context(), s.Pool, db.HandoverShownParams{AllPartners: p.Person.Scope.AllPartners, PartnerIds: p.Person.Scope.PartnerIDs})
	return err == nil && shown // a page without the entry is better than none
}

// PaymentAcknowledge handles POST /admin/customers/:id/billing/payments/:payment/acknowledge: a
// person says that the other system has credited a redemption.
func (s *Server) PaymentAcknowledge(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	p, row, err := s.newPaymentShowPage(c)
	if err != nil {
		return err
	}
	_, err = billing.Acknowledge(c.Request.Context(), s.Pool, s.Actor(c), billing.Acknowledgement{PaymentID: row.ID, Reference: form.Get("reference")})
	if fault.KindOf(err) == fault.Invalid && p.Acknowledge != nil {
		p.Acknowledge.Value = kit.Truncate(form.Get("reference"), 300)
		p.Mistakes = kit.Explain(err, p.Acknowledge)
		return s.Render(c, s.RefuseForm(c, err), "admin/payment_show", p)
	}
	if err != nil {
		return err
	}
	s.SetFlash(c, kit.ToneGood, fmt.Sprintf(lang.M("Payment %d is acknowledged."), row.ID))
	return s.Redirect(c, p.Payment.URL)
}

// viewHandover adds to the page of a redemption how its value was handed over.
func viewHandover(p *paymentShowPage, row db.PaymentGetRow) {
	p.Handed, p.Acknowledged, p.AcknowledgedAs = row.HandedBy != 0, row.AcknowledgedAt, row.AcknowledgedAs
	if p.Handed && row.HandoverOpen && p.Person.Can(staff.PaymentsEnter) {
		p.Acknowledge = &kit.Field{
			Name: "reference", Label: lang.M("Entry in the other system"), Required: true, MaxLength: billing.MaxAckReference, Autocomplete: "off",
			Hint: lang.M("What the credit is called there. It is kept for good."),
		}
	}
}

// keepingField returns the choice where a partner keeps the balances of its customers.
func keepingField(now db.BalancesKept) *kit.Field {
	return &kit.Field{
		Name: "balances", Label: lang.M("Balances are kept"),
		Options: []kit.Option{
			{Value: string(db.BalancesKeptHere), Text: lang.M("Here"), Selected: now == db.BalancesKeptHere},
			{Value: string(db.BalancesKeptOutside), Text: lang.M("In another system"), Selected: now == db.BalancesKeptOutside},
		},
	}
}

// PartnerKeep handles POST /admin/partners/:id/balances.
func (s *Server) PartnerKeep(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	row, _, err := s.partnerOfAddress(c)
	if err != nil {
		return err
	}
	if err := partner.Keep(c.Request.Context(), s.Pool, s.Actor(c), row.ID, db.BalancesKept(form.Get("balances"))); err != nil {
		return err
	}
	return s.saved(c, PartnerURL(row.ID), nil)
}
