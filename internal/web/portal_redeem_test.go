package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/cardcode/codetest"
	"refill/internal/dbtest"
	"refill/internal/partner"
	"refill/internal/setting"
	"refill/internal/web/portal"
)

// redeem sends the portal's form with its idempotency key.
func (b *browser) redeem(code string) *got {
	b.site.t.Helper()
	shown := b.get(portal.SectionRedeem)
	require.Equal(b.site.t, http.StatusOK, shown.Status)
	return b.post(portal.SectionRedeem, url.Values{"code": {code}, "key": {shown.one("#redeem-form [name=key]").AttrOr("value", "")}})
}

func TestPortalRedeem(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna := s.asCustomer("anna", s.North)
	series, codes := s.series(5)
	shown := anna.get(portal.SectionRedeem)
	require.Equal(t, "Code", shown.text("#redeem-form label"))
	require.Equal(t, "Redeem", shown.text("#redeem-form button.btn-primary"))
	require.Equal(t, "no-store", shown.Header.Get("Cache-Control"))
	field := shown.one("#f-code")
	for name, want := range map[string]string{"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"} {
		require.Equal(t, want, field.AttrOr(name, ""), name)
	}
	form := url.Values{"code": {" " + strings.ToLower(codes[1])}, "key": {shown.one("#redeem-form [name=key]").AttrOr("value", "")}}
	first := anna.post(portal.SectionRedeem, form)
	require.Equal(t, http.StatusSeeOther, first.Status, first.Body)
	again := anna.post(portal.SectionRedeem, form)
	require.Equal(t, first.Header.Get("Location"), again.Header.Get("Location"), "a double submit gets the same receipt")

	receipt := anna.get(first.Header.Get("Location"))
	require.Contains(t, receipt.text("main"), "Card redeemed")
	require.Contains(t, receipt.text("main"), "New balanceUSD 10.00")
	require.Contains(t, receipt.text("main"), "Series"+series.Number+" Serial2")
	require.Contains(t, anna.get(portal.SectionHome).text(".balance"), "USD 10.00")
	require.NotContains(t, s.Log.String(), strings.ToLower(codes[1][5:]))
	require.NotContains(t, s.Log.String(), codes[1][5:])

	ben := s.asCustomer("ben", s.North)
	require.Equal(t, http.StatusNotFound, ben.get(first.Header.Get("Location")).Status, "another's receipt")

	form.Set("code", codes[2])
	other := anna.post(portal.SectionRedeem, form)
	require.Equal(t, http.StatusConflict, other.Status, "another card under a key that has done its work")
	require.Contains(t, other.text("#f-code-error"), "Press Redeem again")
	require.NotEqual(t, form.Get("key"), other.one("[name=key]").AttrOr("value", ""))
	require.Equal(t, codes[2], other.one("#f-code").AttrOr("value", ""))
	form.Set("key", other.one("[name=key]").AttrOr("value", ""))
	require.Equal(t, http.StatusSeeOther, anna.post(portal.SectionRedeem, form).Status, "pressed again, as it says")
}

func TestPortalRedeemRefusals(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna, ben := s.asCustomer("anna", s.North), s.asCustomer("ben", s.North)
	_, codes := s.series(5)
	_, foreign := s.series(1, s.South)
	require.Equal(t, http.StatusSeeOther, anna.redeem(codes[0]).Status)

	typing := ben.redeem(codes[1][:12])
	require.Equal(t, http.StatusUnprocessableEntity, typing.Status)
	require.Contains(t, typing.text("#f-code-error"), "too short")
	require.Equal(t, codes[1][:12], typing.one("#f-code").AttrOr("value", ""), "what was typed is kept")
	require.Equal(t, "true", typing.one("#f-code").AttrOr("aria-invalid", ""))
	require.Equal(t, "f-code", typing.one("[autofocus]").AttrOr("id", ""), "the focus is where the mistake is")

	unknown := ben.redeem(s.unknownCode()).text("#f-code-error")
	require.Equal(t, unknown, ben.redeem(codes[0]).text("#f-code-error"), "used by somebody else")
	require.Equal(t, unknown, ben.redeem(foreign[0]).text("#f-code-error"), "of another partner")
	require.Contains(t, anna.redeem(codes[0]).text("#f-code-error"), "You used this card on")

	for range 2 {
		ben.redeem(s.unknownCode())
	}
	barred := ben.redeem(codes[1])
	require.Equal(t, http.StatusTooManyRequests, barred.Status)
	require.Contains(t, barred.text("#f-code-error"), "You can try again from")
	require.Equal(t, "no-store", barred.Header.Get("Cache-Control"))
	require.NotContains(t, s.Log.String(), codes[1][5:])
}

// A form without its key is shown again with a new one. Without a key, a double click would
// redeem once and then be refused.
func TestPortalRedeemWithoutKey(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna := s.asCustomer("anna", s.North)
	_, codes := s.series(1)
	for _, key := range []string{"", "no uuid"} {
		again := anna.post(portal.SectionRedeem, url.Values{"code": {codes[0]}, "key": {key}})
		require.Equal(t, http.StatusUnprocessableEntity, again.Status)
		require.Equal(t, "form_key_missing", again.fault("code"))
		require.Equal(t, codes[0], again.one("#f-code").AttrOr("value", ""))
		require.NoError(t, uuid.Validate(again.one("[name=key]").AttrOr("value", "")))
	}
	require.Contains(t, anna.get(portal.SectionHome).text(".balance"), "USD 0.00")
}

// If the response to COMMIT is lost, the form says so and keeps its key. A retry with this
// key shows that the card was redeemed, once.
func TestPortalRedeemUnsettled(t *testing.T) {
	t.Parallel()
	line := &dbtest.Line{}
	s := newSite(t, func(d *Deps) {
		line.Pool = d.Pool
		d.Cards = card.New(line, codetest.Keys(t), d.Admin.Jobs, d.Settings, d.Log)
	})
	anna := s.asCustomer("anna", s.North)
	_, codes := s.series(1)
	form := url.Values{"code": {codes[0]}, "key": {uuid.NewString()}}
	line.Cut(true)
	unsettled := anna.post(portal.SectionRedeem, form)
	require.Equal(t, http.StatusServiceUnavailable, unsettled.Status, unsettled.Body)
	require.Contains(t, unsettled.text("#f-code-error"), "Press Redeem again")
	require.Equal(t, form.Get("key"), unsettled.one("[name=key]").AttrOr("value", ""))
	require.Equal(t, codes[0], unsettled.one("#f-code").AttrOr("value", ""))
	line.Cut(false)
	settled := anna.post(portal.SectionRedeem, form)
	require.Equal(t, http.StatusSeeOther, settled.Status, settled.Body)
	require.Contains(t, anna.get(settled.Header.Get("Location")).text("main"), "New balanceUSD 10.00")
}

// If the database stays away, the form is still shown, with its key and without the
// balance. Without that key the outcome of the redemption could not be found.
func TestPortalRedeemUnsettledWithoutDatabase(t *testing.T) {
	t.Parallel()
	line := &dbtest.Line{}
	line.Lost = func() { line.Close() }
	s := newSite(t, func(d *Deps) {
		line.Pool = d.Pool
		d.Cards = card.New(line, codetest.Keys(t), d.Admin.Jobs, d.Settings, d.Log)
	})
	anna := s.asCustomer("anna", s.North)
	_, codes := s.series(1)
	form := url.Values{"code": {codes[0]}, "key": {uuid.NewString()}}
	line.Cut(true)
	unsettled := anna.post(portal.SectionRedeem, form)
	require.Equal(t, http.StatusServiceUnavailable, unsettled.Status, unsettled.Body)
	require.Contains(t, unsettled.text("#f-code-error"), "Press Redeem again")
	require.Equal(t, form.Get("key"), unsettled.one("[name=key]").AttrOr("value", ""))
	require.Equal(t, codes[0], unsettled.one("#f-code").AttrOr("value", ""))
	unsettled.none(".balance")
}

func TestPortalWithoutRefillCards(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna, carol := s.asCustomer("anna", s.North), s.asCustomer("carol", s.South)
	_, codes := s.series(1)
	require.NoError(t, partner.ChangeOffers(t.Context(), s.Pool, audit.System(), func(id int64, o *partner.Offer) { o.RefillCard = id != s.South.ID }))
	require.Equal(t, http.StatusNotFound, carol.get(portal.SectionRedeem).Status)
	require.Equal(t, http.StatusNotFound, carol.post(portal.SectionRedeem, url.Values{"code": {codes[0]}, "key": {uuid.NewString()}}).Status)
	carol.get(portal.SectionHome).none("a[href='" + portal.SectionRedeem + "']")
	require.Equal(t, http.StatusOK, anna.get(portal.SectionRedeem).Status)
	require.NoError(t, s.Server.Settings.Change(t.Context(), audit.System(), func(v *setting.Settings) { v.RefillCards = false }))
	require.Equal(t, http.StatusNotFound, anna.get(portal.SectionRedeem).Status)
	anna.get(portal.SectionHome).none("a[href='" + portal.SectionRedeem + "']")
}

func TestScannedCard(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	page := s.browser().get("/r")
	require.Equal(t, http.StatusOK, page.Status)
	require.Contains(t, page.text("main"), "Sign in, then type the code", "without script")
	require.Equal(t, portal.SectionRedeem, page.one("[data-scan]").AttrOr("href", ""))
}

// A card of a partner leads to a page in the look of the partner, and to a sign-in in the same
// look. A former name does too. A name that no open partner has shows what /r shows.
func TestScannedCardOfPartner(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna, carol, nobody := s.asCustomer("anna", s.North), s.asCustomer("carol", s.South), s.browser()
	require.Equal(t, nobody.get("/r").Body, nobody.get("/r/north").Body)
	s.exec(`update partner set slug = 'south', brand = 'Southern' where id = $1`, s.South.ID)
	s.exec(`update partner set slug = 'north-old' where id = $1`, s.North.ID)
	s.exec(`update partner set slug = 'north', brand = 'Northlight', accent = '#ffd400', help = 'Call 555 0100.' where id = $1`, s.North.ID)
	for _, name := range []string{"north", "North", "north-old"} {
		page := nobody.get("/r/" + name)
		require.Equal(t, http.StatusOK, page.Status)
		require.Equal(t, "Northlight", page.text(".brand"), name)
		require.Contains(t, page.text("main"), "Call 555 0100.")
		page.one("link[href^='/brand/']")
		page.one("a[href='/portal/help?partner=north']")
		to := page.one("[data-scan]").AttrOr("href", "")
		door := nobody.get(to)
		require.Equal(t, "Northlight", door.text(".brand"))
		require.Equal(t, portal.SectionRedeem, door.one("[name=next]").AttrOr("value", ""))
		wrong := nobody.post("/portal/login", url.Values{"username": {"carol"}, "password": {"wrong"}, "partner": {"north"}, "next": {portal.SectionRedeem}})
		require.Equal(t, "Northlight", wrong.text(".brand"), "the form keeps it")
		require.Equal(t, portal.SectionRedeem, anna.get(to).Header.Get("Location"), "with a session there is no sign-in on the way")
		require.Equal(t, "Southern", carol.get(carol.get(to).Header.Get("Location")).text(".brand"), "a customer of another partner sees their own brand")
	}
	require.Empty(t, nobody.client.Jar.Cookies(s.origin()), "the address tells the partner, not a cookie")
	s.exec(`update partner set slug = null where id = $1`, s.North.ID)
	require.Equal(t, "Northlight", nobody.get(nobody.get("/r/north").one("[data-scan]").AttrOr("href", "")).text(".brand"), "cards outlive the name")
	plain := nobody.get("/r").Body
	s.exec(`update partner set disabled_at = now() where id = $1`, s.North.ID)
	for _, name := range []string{"north", "none", "a%20b", strings.Repeat("x", 300), "%E2%80%AE"} {
		require.Equal(t, plain, nobody.get("/r/"+name).Body, name)
	}
}

// look sends the portal's form by its other button, which only checks the code.
func (b *browser) look(code string) *got {
	b.site.t.Helper()
	shown := b.get(portal.SectionRedeem)
	button := shown.one("#redeem-form button[formaction]")
	require.Equal(b.site.t, "Check value first", strings.TrimSpace(button.Text()))
	return b.post(button.AttrOr("formaction", ""), url.Values{"code": {code}, "key": {shown.one("#redeem-form [name=key]").AttrOr("value", "")}})
}

func TestPortalCheckValue(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna := s.asCustomer("anna", s.North)
	series, codes := s.series(3)
	sentThere := anna.look(" " + strings.ToLower(codes[1]))
	require.Equal(t, http.StatusSeeOther, sentThere.Status, "so that the way back is an address that can be loaded")
	require.Equal(t, portal.SectionRedeem+"/check", sentThere.Header.Get("Location"), "and no code is in it")
	require.NotContains(t, sentThere.Header.Get("Set-Cookie"), codes[1][5:9])
	seen := anna.get(sentThere.Header.Get("Location"))
	require.Equal(t, http.StatusOK, seen.Status)
	require.Equal(t, "no-store", seen.Header.Get("Cache-Control"))
	require.Equal(t, "This card is worth USD 10.00", seen.text("h1"))
	require.Contains(t, seen.text("main"), "Your new balanceUSD 10.00")
	require.Contains(t, seen.text("main"), "Series"+series.Number)
	require.Equal(t, "Redeem USD 10.00", seen.text("main form button"))
	require.Contains(t, anna.get(portal.SectionHome).text(".balance"), "USD 0.00", "nothing has moved")
	fragment := anna.do(post, portal.SectionRedeem+"/check", url.Values{"code": {codes[1]}}.Encode(), "Content-Type", formType, "HX-Request", "true")
	require.Equal(t, "This card is worth USD 10.00", fragment.text("#redeem h1"))
	fragment.none("header")
	require.Equal(t, "This card is worth USD 10.00 · North", fragment.text("title"))
	form := seen.one("main form")
	sent := url.Values{}
	for _, name := range []string{"code", "key"} {
		sent.Set(name, form.Find("[name="+name+"]").AttrOr("value", ""))
	}
	done := anna.post(form.AttrOr("action", ""), sent)
	require.Equal(t, http.StatusSeeOther, done.Status, done.Body)
	require.Equal(t, done.Header.Get("Location"), anna.post(portal.SectionRedeem, sent).Header.Get("Location"), "pressed twice, redeemed once")
	require.Equal(t, portal.SectionRedeem, anna.get(portal.SectionRedeem+"/check").Header.Get("Location"), "redeemed, it is worth nothing")

	own := anna.look(codes[1])
	require.Equal(t, http.StatusUnprocessableEntity, own.Status)
	require.Contains(t, own.text("#f-code-error"), "You used this card on")
	ben := s.asCustomer("ben", s.North)
	used, unknown := ben.look(codes[1]), ben.look(s.unknownCode())
	require.Equal(t, used.text("#f-code-error"), unknown.text("#f-code-error"))
	require.Equal(t, portal.SectionRedeem, ben.get(portal.SectionRedeem+"/check").Header.Get("Location"))
	require.NotContains(t, s.Log.String(), codes[1][5:])
	for range 3 {
		ben.look(s.unknownCode())
	}
	require.Equal(t, http.StatusTooManyRequests, ben.look(codes[0]).Status, "looks count as tries")
	require.Equal(t, http.StatusTooManyRequests, ben.redeem(codes[0]).Status)
	s.exec(`update partner set portal_refill_card = false where id = $1`, s.North.ID)
	require.Equal(t, http.StatusNotFound, anna.post(portal.SectionRedeem+"/check", sent).Status)
}
