package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
	"refill/internal/staff"
)

// cardChanges is what may be done to one card besides redeeming it.
type cardChanges struct {
	Edit     *cardEdit // nil: not editable
	Actions  []confirmation
	Revealed string // the code, on the answer to the POST that asked for it
}

// cardEdit is the form for what may differ from the series.
type cardEdit struct {
	URL                        string
	ValidTill, Partner, Remark field
}

// cardChanges lists what the person may do to a card as it stands.
func (s *Server) cardChanges(c *gin.Context, series db.SeriesShowRow, row db.CardShowRow, v cardView) (cardChanges, error) {
	var changes cardChanges
	person := s.person(c)
	serial := money.Group(fmt.Sprint(v.Serial))
	if person.Can(staff.CardsReveal) && len(row.CodeSealed) > 0 {
		changes.Actions = append(changes.Actions, confirmation{
			ID: "reveal", Opener: "Reveal code", Title: "Reveal the code of card " + serial + "?", Action: v.URL + "/reveal", Button: "Reveal code",
			Text:   "Whoever knows the code owns the card’s value. It is shown once, and the history keeps who saw it and why.",
			Reason: &field{Name: "reason", Label: "Reason", Required: true, MaxLength: 200, Autocomplete: "off"},
		})
	}
	unused := row.State == db.CardStateActive || row.State == db.CardStateDisabled
	switch series.Series.State {
	case db.SeriesStateReady, db.SeriesStateActive, db.SeriesStateLocked:
	default:
		unused = false
	}
	if !unused || !person.Can(staff.CardsChange) {
		return changes, nil
	}
	edit := &cardEdit{URL: v.URL + "/edit"}
	edit.ValidTill = field{Name: "valid_till", Label: "Valid till", Type: "date", Short: true, Hint: "Empty: as the series, " + series.Series.ValidTill.Format("2 January 2006") + "."}
	if row.ValidTill != nil {
		edit.ValidTill.Value = row.ValidTill.Format(time.DateOnly)
	}
	var err error
	if edit.Partner, err = s.partnerField(c); err != nil {
		return changes, err
	}
	if row.PartnerID != nil {
		edit.Partner.choose(fmt.Sprint(*row.PartnerID))
	}
	edit.Remark = field{Name: "remark", Label: "Remark", Value: v.Remark, MaxLength: 200, Autocomplete: "off", Hint: "For staff. Customers never see it."}
	changes.Edit = edit

	value := money.Amount{Minor: series.Series.Price, Currency: series.Series.Currency}.String()
	toggle := confirmation{
		ID: "disable", Opener: "Disable", Title: "Disable card " + serial + "?", Action: v.URL + "/disable", Button: "Disable card",
		Text: "The card can’t be redeemed until it is enabled again. It keeps its value of " + value + ".",
	}
	if row.State == db.CardStateDisabled {
		toggle = confirmation{
			ID: "enable", Opener: "Enable", Title: "Enable card " + serial + "?", Action: v.URL + "/enable", Button: "Enable card",
			Text: "The card, worth " + value + ", can be redeemed again by whoever has its code.",
		}
	}
	deletion := confirmation{
		ID: "delete", Opener: "Delete", Title: "Delete card " + serial + "?", Action: v.URL + "/delete", Button: "Delete card", Danger: true,
		Text: "The card, worth " + value + ", becomes void: its code can’t be redeemed any more. Its history stays. This can’t be undone.",
	}
	changes.Actions = append(changes.Actions, toggle, deletion)
	return changes, nil
}

// partnerField offers the partners that a card may be kept for.
func (s *Server) partnerField(c *gin.Context) (field, error) {
	person := s.person(c)
	f := field{Name: "partner", Label: "Partner", Options: []option{{Value: "0", Text: "As the series"}}}
	partners, err := db.New().PartnerList(c.Request.Context(), s.Pool, db.PartnerListParams{AllPartners: person.Scope.AllPartners, PartnerIds: person.Scope.PartnerIDs})
	for _, p := range partners {
		f.Options = append(f.Options, option{Value: fmt.Sprint(p.ID), Text: p.Name})
	}
	return f, err
}

// adminCardChange returns the handler of one action on a card. done is what the
// page says afterwards, with the card's serial.
func (s *Server) adminCardChange(change func(ctx context.Context, actor audit.Actor, ref card.Ref) error, done string) handler {
	return func(c *gin.Context) error {
		series, row, err := s.findCard(c)
		if err != nil {
			return err
		}
		err = change(c.Request.Context(), s.actor(c), card.Ref{SeriesID: series.Series.ID, Serial: row.Serial})
		switch {
		case err == nil:
			s.setFlash(c, fmt.Sprintf(done, money.Group(fmt.Sprint(row.Serial))))
		case fault.KindOf(err) == fault.Conflict: // somebody was quicker: show how it stands now
			s.setFlash(c, fault.All(err)[0].Message)
		default:
			return err
		}
		return s.redirect(c, cardURL(series.Series.Number, row.Serial))
	}
}

// cardURL is the address of a card.
func cardURL(number string, serial int32) string {
	return fmt.Sprintf("%s/cards/%d", seriesURL(number), serial)
}

// adminCardEdit handles POST …/cards/:serial/edit.
func (s *Server) adminCardEdit(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	series, row, err := s.findCard(c)
	if err != nil {
		return err
	}
	partner, err := strconv.ParseInt(cmp.Or(form.Get("partner"), "0"), 10, 64)
	if err != nil || partner < 0 {
		partner = -1 // refused at its field
	}
	err = s.Cards.EditCard(c.Request.Context(), s.actor(c), card.Ref{SeriesID: series.Series.ID, Serial: row.Serial},
		card.Edit{ValidTill: form.Get("valid_till"), PartnerID: partner, Remark: form.Get("remark")})
	if err == nil {
		s.setFlash(c, fmt.Sprintf("Card %s is changed.", money.Group(fmt.Sprint(row.Serial))))
		return s.redirect(c, cardURL(series.Series.Number, row.Serial))
	}
	if fault.IsInternal(err) {
		return err
	}
	p, pageErr := s.newCardShowPage(c, "", 0)
	if pageErr != nil {
		return pageErr
	}
	if e := p.Changes.Edit; e != nil {
		e.ValidTill.Value, e.Remark.Value = cut(form.Get("valid_till"), 40), cut(form.Get("remark"), 400)
		e.Partner.choose(form.Get("partner"))
		p.Mistakes = explain(err, &e.ValidTill, &e.Partner, &e.Remark)
	} else {
		p.Mistakes = explain(err)
	}
	return s.render(c, http.StatusUnprocessableEntity, "admin/card_show", p)
}

// adminCardReveal handles POST …/cards/:serial/reveal. The code is on this answer
// and nowhere else: not in an address, not in a cache. The audit row stands
// before it leaves the domain.
func (s *Server) adminCardReveal(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	series, row, err := s.findCard(c)
	if err != nil {
		return err
	}
	code, err := s.Cards.Reveal(c.Request.Context(), s.actor(c), card.Ref{SeriesID: series.Series.ID, Serial: row.Serial}, form.Get("reason"))
	if fault.IsInternal(err) {
		return err
	}
	if s.waits(c, err) {
		return s.redirect(c, cardURL(series.Series.Number, row.Serial))
	}
	p, pageErr := s.newCardShowPage(c, "", 0)
	if pageErr != nil {
		return pageErr
	}
	c.Header("Cache-Control", "no-store")
	if err == nil {
		p.Changes.Revealed = code
		return s.render(c, http.StatusOK, "admin/card_show", p)
	}
	for i := range p.Changes.Actions {
		if a := &p.Changes.Actions[i]; a.ID == "reveal" {
			a.Reason.Value = cut(form.Get("reason"), 400)
			a.Refused = fault.All(err)[0].Message
		}
	}
	p.Mistakes = explain(err)
	return s.render(c, http.StatusUnprocessableEntity, "admin/card_show", p)
}

// cardHistory is everything that happened to a card: to itself, in operations on
// many, and with its series while it still mattered to the card.
func (s *Server) cardHistory(c *gin.Context, series db.Series, row db.CardShowRow) ([]happening, error) {
	ctx, q, scope := c.Request.Context(), db.New(), s.person(c).Scope
	own, err := q.AuditListCard(ctx, s.Pool, db.AuditListCardParams{
		SeriesID: &series.ID, Serial: row.Serial, Size: 100, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs,
	})
	if err != nil {
		return nil, err
	}
	var list []happening
	for _, h := range own {
		one := happening{Text: happened(h.Action, h.Detail), At: h.At}
		if h.CustomerName != nil {
			one.Text += " by " + *h.CustomerName
		}
		if h.StaffName != nil {
			one.Who = *h.StaffName
		}
		list = append(list, one)
	}
	changes, err := q.CardChangeListCard(ctx, s.Pool, db.CardChangeListCardParams{SeriesID: series.ID, Serial: row.Serial, Size: 50})
	if err != nil {
		return nil, err
	}
	for _, ch := range changes {
		one := happening{Text: operationWord(ch.CardChange, ch.PartnerName) + ", with others", Who: ch.CreatedByName, At: ch.CardChange.CreatedAt, URL: changeURL(series.Number, ch.CardChange.ID)}
		if ch.CardChange.StartedAt != nil {
			one.At = *ch.CardChange.StartedAt
		}
		list = append(list, one)
	}
	events, err := q.AuditListSeries(ctx, s.Pool, db.AuditListSeriesParams{SeriesID: &series.ID, Size: 200})
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		text := map[string]string{
			"series.generated": "Made", "series.activated": "Series activated", "series.locked": "Series locked", "series.voided": "Series voided",
			"series.lapsed": "Series expired", "export.finished": "Exported as " + exportFormat(e.Detail),
		}[e.Action]
		if text == "" || (row.UsedAt != nil && e.At.After(*row.UsedAt)) {
			continue
		}
		one := happening{Text: text, At: e.At}
		if e.StaffName != nil {
			one.Who = *e.StaffName
		}
		list = append(list, one)
	}
	slices.SortStableFunc(list, func(a, b happening) int { return b.At.Compare(a.At) })
	return list, nil
}
