package admin

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// cardChanges is what the person may do to one card, other than redeem it.
type cardChanges struct {
	Edit     *cardEdit // nil: not editable
	Actions  []kit.Confirmation
	Revealed string // the code, only in the response to the POST that reveals it
}

// cardEdit is the form for the values of a card that may differ from those of its series.
type cardEdit struct {
	URL                        string
	ValidTill, Partner, Remark kit.Field
}

// cardChanges returns what the person may do to a card in its present state.
func (s *Server) cardChanges(c *gin.Context, series db.SeriesShowRow, row db.CardShowRow, v cardView) (cardChanges, error) {
	var changes cardChanges
	person := s.Person(c)
	name := kit.CardName(series.Series.Number, v.Serial)
	if person.Can(staff.CardsReveal) && len(row.CodeSealed) > 0 {
		changes.Actions = append(changes.Actions, kit.Confirmation{
			ID: "reveal", Opener: lang.M("Reveal code"), Title: fmt.Sprintf(lang.M("Reveal the code of card %s?"), name), Action: v.URL + "/reveal", Button: lang.M("Reveal code"),
			Text:   lang.M("A person who knows the code can take the card’s value. It is shown once, and the history keeps who saw it and why."),
			Reason: &kit.Field{Name: "reason", Label: lang.M("Reason"), Required: true, MaxLength: 200, Autocomplete: "off"},
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
	edit.ValidTill = kit.Field{Name: "valid_till", Label: lang.M("Valid till"), Type: "date", Short: true, Hint: lang.M("Empty: as the series, ") + kit.Day(series.Series.ValidTill) + "."}
	if row.ValidTill != nil {
		edit.ValidTill.Value = row.ValidTill.Format(time.DateOnly)
	}
	var err error
	if edit.Partner, err = s.partnerField(c, db.Deref(row.PartnerID)); err != nil {
		return changes, err
	}
	if row.PartnerID != nil {
		edit.Partner.Choose(fmt.Sprint(*row.PartnerID))
	}
	edit.Remark = kit.Field{Name: "remark", Label: lang.M("Remark"), Value: v.Remark, MaxLength: 200, Autocomplete: "off", Hint: lang.M("For staff. Customers never see it.")}
	changes.Edit = edit

	value := money.Amount{Minor: series.Series.Price, Currency: series.Series.Currency}.String()
	toggle := kit.Confirmation{
		ID: "disable", Opener: lang.M("Disable"), Title: fmt.Sprintf(lang.M("Disable card %s?"), name), Action: v.URL + "/disable", Button: lang.M("Disable card"),
		Text: fmt.Sprintf(lang.M("The card can’t be redeemed until it is enabled again. It keeps its value of %s."), value),
	}
	if row.State == db.CardStateDisabled {
		toggle = kit.Confirmation{
			ID: "enable", Opener: lang.M("Enable"), Title: fmt.Sprintf(lang.M("Enable card %s?"), name), Action: v.URL + "/enable", Button: lang.M("Enable card"),
			Text: fmt.Sprintf(lang.M("The card, worth %s, can be redeemed again by anyone who has its code."), value),
		}
	}
	deletion := kit.Confirmation{
		ID: "delete", Opener: lang.M("Delete"), Title: fmt.Sprintf(lang.M("Delete card %s?"), name), Action: v.URL + "/delete", Button: lang.M("Delete card"), Danger: true,
		Text: fmt.Sprintf(lang.M("The card, worth %s, becomes void: its code can’t be redeemed any more. Its history stays. This can’t be undone."), value),
	}
	changes.Actions = append(changes.Actions, toggle)
	if v.Redeemable && person.Can(staff.SeriesActivate) {
		changes.Actions = append(changes.Actions, kit.Confirmation{
			ID: "replace", Opener: lang.M("Replace"), Title: fmt.Sprintf(lang.M("Replace card %s?"), name), Action: v.URL + "/replace", Button: lang.M("Replace card"),
			Text:   fmt.Sprintf(lang.M("For a lost or damaged card. This card becomes void, and a new one worth %s is made, with a new code, for the same customers and till the same day. This can’t be undone."), value),
			Hidden: []kit.Hidden{{Name: "key", Value: uuid.NewString()}},
			Reason: &kit.Field{Name: "reason", Label: lang.M("Reason"), Autocomplete: "off", Hint: lang.M("What happened to the card. It stays in the audit trail.")},
		})
	}
	changes.Actions = append(changes.Actions, deletion)
	return changes, nil
}

// CardReplace handles POST …/cards/:serial/replace.
func (s *Server) CardReplace(c *gin.Context) error {
	form, key, err := s.KeyedForm(c)
	if err != nil {
		return err
	}
	series, row, err := s.findCard(c)
	if err != nil {
		return err
	}
	ref := card.Ref{SeriesID: series.Series.ID, Serial: row.Serial}
	made, err := s.Cards.Replace(c.Request.Context(), s.Actor(c), ref, form.Get("reason"), key)
	switch {
	case err == nil:
		s.SetFlash(c, kit.ToneGood, lang.M("The old card is void. This is the series of the card that replaces it."))
		return s.Redirect(c, SeriesURL(made.Number))
	case fault.IsInternal(err):
		return err
	case fault.KindOf(err) == fault.Conflict:
		s.SetFaultFlash(c, err)
		return s.Redirect(c, CardURL(series.Series.Number, row.Serial))
	}
	p, pageErr := s.newCardShowPage(c, "", 0)
	if pageErr != nil {
		return pageErr
	}
	for i := range p.Changes.Actions {
		if one := &p.Changes.Actions[i]; one.ID == "replace" {
			one.Refuse(err, form.Get("reason"))
			one.Hidden = []kit.Hidden{{Name: "key", Value: key.String()}}
		}
	}
	return s.Render(c, http.StatusUnprocessableEntity, "admin/card_show", p)
}

// partnerField returns a select field with the partners that a card may be limited to,
// including the present one.
func (s *Server) partnerField(c *gin.Context, present ...int64) (kit.Field, error) {
	f := kit.Field{Name: "partner", Label: lang.M("Partner"), Options: []kit.Option{{Value: "0", Text: lang.M("As the series")}}}
	partners, err := s.offeredPartners(c.Request.Context(), s.Person(c).Scope, present...)
	f.Options = append(f.Options, partners...)
	return f, err
}

// CardChange returns the handler that applies change to a card. done is the message shown
// afterwards, a format with one place for the serial.
func (s *Server) CardChange(change func(ctx context.Context, actor audit.Actor, ref card.Ref) error, done string) kit.Handler {
	return func(c *gin.Context) error {
		series, row, err := s.findCard(c)
		if err != nil {
			return err
		}
		err = change(c.Request.Context(), s.Actor(c), card.Ref{SeriesID: series.Series.ID, Serial: row.Serial})
		switch {
		case err == nil:
			s.SetFlash(c, kit.ToneGood, fmt.Sprintf(done, kit.CardName(series.Series.Number, int64(row.Serial))))
		case fault.KindOf(err) == fault.Conflict: // the card changed meanwhile: show its present state
			s.SetFaultFlash(c, err)
		default:
			return err
		}
		return s.Redirect(c, CardURL(series.Series.Number, row.Serial))
	}
}

// CardURL returns the address of a card.
func CardURL(number string, serial int32) string {
	return fmt.Sprintf("%s/cards/%d", SeriesURL(number), serial)
}

// CardEdit handles POST …/cards/:serial/edit.
func (s *Server) CardEdit(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	series, row, err := s.findCard(c)
	if err != nil {
		return err
	}
	till, wrongTill := readCardDay(form.Get("valid_till"))
	var unread kit.Unread
	unread.Note(wrongTill)
	edit := card.Edit{ValidTill: till, PartnerID: readCardPartner(cmp.Or(form.Get("partner"), "0")), Remark: form.Get("remark")}
	ref := card.Ref{SeriesID: series.Series.ID, Serial: row.Serial}
	if unread.Any() {
		err = unread.Merge(s.Cards.CheckCardEdit(c.Request.Context(), s.Actor(c), ref, edit))
	} else {
		err = s.Cards.EditCard(c.Request.Context(), s.Actor(c), ref, edit)
	}
	if err == nil {
		s.SetFlash(c, kit.ToneGood, fmt.Sprintf(lang.M("Card %s is changed."), kit.CardName(series.Series.Number, int64(row.Serial))))
		return s.Redirect(c, CardURL(series.Series.Number, row.Serial))
	}
	if fault.IsInternal(err) {
		return err
	}
	p, pageErr := s.newCardShowPage(c, "", 0)
	if pageErr != nil {
		return pageErr
	}
	if e := p.Changes.Edit; e != nil {
		e.ValidTill.Value, e.Remark.Value = kit.Truncate(form.Get("valid_till"), 40), kit.Truncate(form.Get("remark"), 400)
		e.Partner.Choose(form.Get("partner"))
		p.Mistakes = kit.Explain(err, &e.ValidTill, &e.Partner, &e.Remark)
	} else {
		p.Mistakes = kit.Explain(err)
	}
	return s.Render(c, http.StatusUnprocessableEntity, "admin/card_show", p)
}

// CardReveal handles POST …/cards/:serial/reveal. The code appears only in this response:
// never in an address, never in a cache. The audit entry is written before the domain
// returns the code.
func (s *Server) CardReveal(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	series, row, err := s.findCard(c)
	if err != nil {
		return err
	}
	code, err := s.Cards.Reveal(c.Request.Context(), s.Actor(c), card.Ref{SeriesID: series.Series.ID, Serial: row.Serial}, form.Get("reason"))
	if fault.IsInternal(err) {
		return err
	}
	if s.waits(c, err) {
		return s.Redirect(c, CardURL(series.Series.Number, row.Serial))
	}
	p, pageErr := s.newCardShowPage(c, "", 0)
	if pageErr != nil {
		return pageErr
	}
	c.Header("Cache-Control", "no-store")
	if err == nil {
		p.Changes.Revealed = code
		return s.Render(c, http.StatusOK, "admin/card_show", p)
	}
	for i := range p.Changes.Actions {
		if a := &p.Changes.Actions[i]; a.ID == "reveal" {
			a.Reason.Value = kit.Truncate(form.Get("reason"), 400)
			a.Refused = fault.All(err)[0].Text()
		}
	}
	p.Mistakes = kit.Explain(err)
	return s.Render(c, http.StatusUnprocessableEntity, "admin/card_show", p)
}

// cardHistory returns what happened to a card, newest first: its own events, operations on
// many cards, and the events of its series until the card was used.
func (s *Server) cardHistory(c *gin.Context, series db.Series, row db.CardShowRow) ([]happening, error) {
	ctx, q, scope := c.Request.Context(), db.New(), s.Person(c).Scope
	own, err := q.AuditListCard(ctx, s.Pool, db.AuditListCardParams{
		SeriesID: &series.ID, Serial: row.Serial, Size: 100, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs,
	})
	if err != nil {
		return nil, err
	}
	var list []happening
	words := newNarrator()
	for _, h := range own {
		one := happening{Text: words.describe(h.Action, h.Detail), At: h.At}
		if h.CustomerName != nil {
			one.Text += " by " + *h.CustomerName
		}
		one.Who = audit.Who(h.Detail, h.StaffName, h.ClientName)
		list = append(list, one)
	}
	changes, err := q.CardChangeListCard(ctx, s.Pool, db.CardChangeListCardParams{SeriesID: series.ID, Serial: row.Serial, Size: 50})
	if err != nil {
		return nil, err
	}
	for _, ch := range changes {
		one := happening{Text: operationWord(ch.CardChange, ch.PartnerName) + lang.M(", with others"), Who: audit.Named(&ch.CreatedByName, ch.ClientName), At: ch.CardChange.CreatedAt, URL: changeURL(series.Number, ch.CardChange.ID)}
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
		text := ofSeries(words.read(e.Action, e.Detail))
		if text == "" || (row.UsedAt != nil && e.At.After(*row.UsedAt)) {
			continue
		}
		list = append(list, happening{Text: text, At: e.At, Who: audit.Who(e.Detail, e.StaffName, e.ClientName)})
	}
	slices.SortStableFunc(list, func(a, b happening) int { return b.At.Compare(a.At) })
	return list, nil
}
