package web

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/cardimport"
	"refill/internal/db"
	"refill/internal/tableflow"
	adminpages "refill/internal/web/admin"
	"refill/internal/web/portal"
)

// importCards imports a file as a worker does; columns names its columns in order.
func (s *site) importCards(admin *browser, text string, columns ...string) {
	s.t.Helper()
	actor := audit.ByStaff(admin.ID, audit.Everything())
	imports := s.Server.admin.Imports
	sum := sha256.Sum256([]byte(text))
	look, err := imports.LookAtFile(s.t.Context(), strings.NewReader(text), int64(len(text)), "")
	require.NoError(s.t, err)
	id, err := imports.NewImport(s.t.Context(), actor, cardimport.Upload{Kind: db.ImportKindCards, FileName: "cards.csv", Name: cardimport.NewUploadName(), KeyID: 1, Size: int64(len(text)), SHA256: sum[:], Look: look})
	require.NoError(s.t, err)
	f := cardimport.Form{Price: "10", ValidTill: "2099-12-31", Partners: []string{card.AnyPartner}, Activate: true, Answers: tableflow.Answers{Headings: true, Columns: map[string]string{}, Dates: "iso"}}
	for n, column := range columns {
		f.Columns[column] = fmt.Sprint(n + 1)
	}
	open := func(db.CardImport) (io.ReaderAt, func(), error) { return strings.NewReader(text), func() {}, nil }
	for row := range strings.Count(text, "\n") {
		f.Rows = append(f.Rows, int32(row+1)) // however their codes differ
	}
	require.NoError(s.t, imports.Plan(s.t.Context(), actor, id, f))
	require.NoError(s.t, imports.Check(s.t.Context(), id, open, noJob))
	require.NoError(s.t, imports.Confirm(s.t.Context(), actor, id, 1))
	require.NoError(s.t, imports.Run(s.t.Context(), id, open, time.Now, noJob))
}

// find types into the box on every page.
// Where the search has an address, the answer is that of the address.
func (b *browser) find(text string) *got {
	found := b.post(adminpages.SectionFind, url.Values{"find": {text}})
	if to := found.Header.Get("Location"); strings.HasPrefix(to, adminpages.SectionFind+"?") {
		return b.get(to)
	}
	return found
}

// charges returns the number of counted attempts.
func (s *site) charges() (n int) {
	s.t.Helper()
	require.NoError(s.t, s.Pool.QueryRow(s.t.Context(), `select coalesce(sum(n), 0) from guess where scope like 'staff:%'`).Scan(&n))
	return n
}

// A customer is found whatever keyboard the name was typed on. Text that means a customer
// is never tried as a code.
func TestFindCustomersFirst(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	jose := s.newCustomer("jose.n", s.North)
	s.exec(`update customer set name = 'José  Núñez-Øster Weiß', phone = '+49 (30) 1234-5678', email = 'jn@example.net' where id = $1`, jose)
	other := s.newCustomer("other", s.North)
	s.exec(`update customer set name = 'Ivan Petrov', phone = '+49 (0)89/777 66' where id = $1`, other)
	admin := s.as(db.StaffRoleAdministrator)
	s.importCards(admin, "code\n301234560000\n301234560001\nJohnSmith01\nJohnSmith02\n", "code")
	for _, text := range []string{
		"jose", "JOSÉ", "José", "josé núñez", "jose  nunez", "Nunez-Oster", "weiss", "oster weiss", "JN@example.NET",
		"0301234", "030 1234", "+49 (30) 1234-5678", "49301234", "030/1234-56", "(030) 12345678", "٠٣٠١٢٣٤", fmt.Sprint(jose), fmt.Sprintf("#%d", jose), fmt.Sprintf("customer %d", jose),
	} {
		found := admin.find(text)
		require.Equal(t, http.StatusOK, found.Status, text)
		require.Contains(t, found.Body, "José", text)
		require.NotContains(t, found.Body, "Petrov", text)
		listed := admin.get(adminpages.SectionCustomers + "?q=" + url.QueryEscape(text))
		require.Contains(t, listed.Body, "José", text)
	}
	require.Contains(t, admin.find("08977766").text(".found"), "Petrov", "the zero of (0) is dialled inside the country")
	for range 8 { // unknown names are no codes
		for _, text := range []string{"Jane Doexyz Abc", "John  Smith01", "Wei Longname", "Anna-Maria Müller", "M. Mustermann"} {
			found := admin.find(text)
			require.Equal(t, http.StatusOK, found.Status, text)
			require.Contains(t, found.text("main"), "Nothing matches", text)
		}
	}
	require.Zero(t, s.charges())
	require.Contains(t, admin.find("%%").text("main"), "Nothing matches")
	require.Contains(t, admin.find("__").text("main"), "Nothing matches")
	require.Contains(t, admin.find("\u0301\u0301").text("main"), "Nothing matches", "an accent alone is nothing to look for")
}

// The search box finds everything in the form that pages print, also in the form of the
// settings, and a code with its groups separated.
func TestFindWhatPagesPrint(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	series, codes := s.series(1200, s.North)
	admin := s.as(db.StaffRoleAdministrator)
	for text, serial := range map[string]int32{
		series.Number + " / 1,143": 1143, series.Number + "-1143": 1143, series.Number + "-0001143": 1143, "Series " + series.Number + ", serial 1,143": 1143,
	} {
		require.Equal(t, adminpages.CardURL(series.Number, serial), admin.find(text).Header.Get("Location"), text)
	}
	require.Contains(t, admin.find("1,143").text("main table"), series.Number+"-1143")
	require.Contains(t, admin.find("0001143").text("main table"), series.Number+"-1143")
	for _, text := range []string{series.Number, series.Number[:4], series.Number[:5], "series " + series.Number, series.Prefix, strings.ToLower(series.Prefix[:4])} {
		require.Contains(t, admin.find(text).text(".found"), series.Number, text)
	}
	require.Zero(t, s.charges())
	spaced := strings.ReplaceAll(strings.TrimPrefix(codes[8], series.Prefix+"-"), "-", " ")
	require.Equal(t, adminpages.CardURL(series.Number, 9), admin.find(spaced).Header.Get("Location"))
	require.Contains(t, s.as(db.StaffRoleAdministrator, s.South).find(series.Number[:4]).text("main"), "Nothing matches")
}

// A lockout of a member of staff is shown where it applies. Another person can lift it with
// a reason.
func TestStaffBarIsLifted(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	clerk := s.as(db.StaffRoleCashier)
	id := clerk.ID
	for range 6 {
		clerk.find(s.unknownCode())
	}
	barred := clerk.find("nobody.like.this")
	require.Contains(t, barred.text("#barred"), "Too many wrong codes. Some codes can’t be tried before")
	require.Equal(t, http.StatusTooManyRequests, clerk.find(s.unknownCode()).Status)
	require.Equal(t, http.StatusForbidden, clerk.post(adminpages.StaffURL(id)+"/clear-guesses", url.Values{"reason": {"mine"}}).Status)

	admin := s.as(db.StaffRoleAdministrator)
	page := admin.get(adminpages.StaffURL(id))
	require.Contains(t, page.text("#barred"), "can’t try a code of some kind before")
	require.Contains(t, admin.post(adminpages.StaffURL(id)+"/clear-guesses", url.Values{"reason": {""}}).text("#clear #f-reason-error"), "Give a reason")
	require.Equal(t, http.StatusNotFound, admin.post(adminpages.StaffURL(999999)+"/clear-guesses", url.Values{"reason": {"who"}}).Status)
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.StaffURL(id)+"/clear-guesses", url.Values{"reason": {"a box of damaged cards"}}).Status)
	admin.get(adminpages.StaffURL(id)).none("#barred")
	clerk.find("nobody.like.this").none("#barred")
	require.Contains(t, admin.get(adminpages.SectionAudit+"?what=guesses.staff_cleared").text("main"), "a box of damaged cards")

	for range 6 {
		admin.find(s.unknownCode())
	}
	own := admin.ID
	admin.get(adminpages.StaffURL(own)).none("#clear")
	require.Equal(t, http.StatusConflict, admin.post(adminpages.StaffURL(own)+"/clear-guesses", url.Values{"reason": {"mine"}}).Status)
	require.NotEmpty(t, admin.get(adminpages.StaffURL(own)).text("#barred"))
}

// The browser changes nothing in a code that the server would not change. Where cards of
// other systems may be redeemed, the field neither offers capitals nor groups the code by
// script.
func TestCodeFieldsStayAsTyped(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	anna := s.asCustomer("anna", s.North)
	id := s.newCustomer("ben", s.North)
	fields := func() []string {
		var all []string
		for _, page := range []*got{anna.get(portal.SectionRedeem), admin.get(adminpages.CustomerURL(id))} {
			field := page.one("#f-code")
			_, asTyped := field.Attr("data-as-typed")
			all = append(all, fmt.Sprint(field.AttrOr("autocapitalize", ""), " ", asTyped))
		}
		return all
	}
	require.Equal(t, []string{"characters false", "characters false"}, fields())
	s.importCards(admin, "short code,full code\nirfUPbEZ,202402-INTERNET-irfUPbEZ\nZq8LmN2p,202402-INTERNET-Zq8LmN2p\n", "short_code", "code")
	require.Eventually(t, func() bool { return fields()[0] == "none true" }, 10*time.Second, 100*time.Millisecond, "two seconds at most")
	require.Equal(t, []string{"none true", "none true"}, fields())
	shown := anna.redeem("IRFUPBEZ-wrong")
	require.Equal(t, "IRFUPBEZ-wrong", shown.one("#f-code").AttrOr("value", ""), "kept as typed")
	_, asTyped := shown.one("#f-code").Attr("data-as-typed")
	require.True(t, asTyped)
	require.Equal(t, http.StatusSeeOther, anna.redeem("Irfupbez").Status)
	require.Equal(t, http.StatusSeeOther, anna.redeem("202402-INTERNET-Zq8LmN2p").Status)
	require.Contains(t, anna.redeem("Жук-12").text("#f-code-error"), "Switch your keyboard to Latin letters")
}

// A text that may be a serial, or has another meaning, is looked up as a code only on
// request. Only then does it count as an attempt.
func TestFindAsCode(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	s.importCards(admin, "code\n830117\n830118\n", "code")
	s.series(3)
	ben := s.newCustomer("ben", s.North)
	s.exec(`update customer set phone = '830118' where id = $1`, ben)
	asCode := func(text string) *got { return admin.post("/admin/find", url.Values{"find": {text}, "as": {"code"}}) }

	found := admin.find("830117")
	require.Contains(t, found.text("main"), "Nothing matches")
	require.Equal(t, "830117", found.one("#as-code input[name=find]").AttrOr("value", ""))
	require.Contains(t, found.text("#as-code"), "counts as an attempt")
	require.Equal(t, "no-store", found.Header.Get("Cache-Control"))
	require.Contains(t, admin.find("830118").text("main"), "ben", "a phone number")
	require.Equal(t, 1, admin.find("830118").doc().Find("#as-code").Length())
	admin.find("2").none("#as-code") // no card has a code like it
	admin.find("30118").none("#as-code")
	s.as(db.StaffRoleOperator).find("830117").none("#as-code") // without the permission for cards the button is missing
	require.Zero(t, s.charges())

	require.Contains(t, asCode("830117").Header.Get("Location"), "/cards/")
	require.Contains(t, asCode("830118").Header.Get("Location"), "/cards/")
	require.Zero(t, s.charges(), "a good one takes back its own charge")
	wrong := asCode("830119")
	require.Contains(t, wrong.text(".notice-bad"), "no card")
	require.Equal(t, 1, s.charges())
	require.Contains(t, asCode("2").text("main"), "Nothing matches")
	require.Equal(t, 1, s.charges(), "what is not charged is not looked up")
	for range 12 {
		wrong = asCode("830119")
	}
	require.Equal(t, http.StatusTooManyRequests, wrong.Status)
	require.NotEmpty(t, wrong.text("#barred"))
	require.Equal(t, http.StatusTooManyRequests, asCode("830117").Status, "whether there is such a card or not")
	require.Contains(t, admin.find("2").text("main table"), "-2", "serials can be searched all the same")
}

// Staff may type a code into the search for customers by mistake. Such a text is in no URL:
// not in the one that the form redirects to, nor in any link of the page.
func TestSearchKeepsCodesOutOfAddresses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	series, codes := s.series(3, s.North)
	admin := s.as(db.StaffRoleAdministrator)
	for n := range 60 {
		s.newCustomer(fmt.Sprintf("kim%02d", n), s.North)
	}
	cardPage := adminpages.CardURL(series.Number, 2)
	mistyped := strings.Replace(codes[0], codes[0][len(codes[0])-1:], "2", 1)
	for _, address := range []string{adminpages.SectionCustomers, cardPage} {
		page := admin.get(address)
		require.Equal(t, "post", page.one(`main form[role=search]`).AttrOr("method", ""))
		for _, code := range []string{codes[0], strings.ToLower(codes[0]), strings.ReplaceAll(codes[0], "-", " "), mistyped, "Test GYHK YXDQ UZRX EPPF"} { // the last one is a code without a digit
			found := admin.post(address, url.Values{"q": {code}})
			require.Equal(t, http.StatusOK, found.Status, code)
			require.Equal(t, "no-store", found.Header.Get("Cache-Control"))
			require.Equal(t, code, found.one("main form[role=search] [name=q]").AttrOr("value", ""), "to be mended")
			found.doc().Find("a[href]").Each(func(_ int, link *goquery.Selection) {
				require.NotContains(t, link.AttrOr("href", ""), "q=", code)
			})
		}
		long := admin.post(address, url.Values{"q": {"https://" + strings.Repeat("portal.", 9) + "example/r#" + codes[0]}})
		require.Equal(t, http.StatusOK, long.Status, "the address of a QR code, longer than what is looked for")
		found := admin.post(address, url.Values{"q": {" kim 7 "}})
		require.Equal(t, http.StatusSeeOther, found.Status)
		require.Equal(t, address+"?q=kim+7", found.Header.Get("Location"))
		require.Equal(t, address, admin.post(address, url.Values{"q": {""}}).Header.Get("Location"))
	}
	require.Equal(t, fmt.Sprintf("%s?partner=%d&q=kim&status=active", adminpages.SectionCustomers, s.North.ID),
		admin.post(adminpages.SectionCustomers, url.Values{"q": {"kim"}, "partner": {fmt.Sprint(s.North.ID)}, "status": {"active"}}).Header.Get("Location"))
	require.Equal(t, cardPage+"/customers", admin.get(cardPage).one("#f-customer").AttrOr("hx-post", ""), "typed letters stand in no address either")
	require.Zero(t, s.charges(), "a search for customers is no try at a code")

	// A phone number that may be a code is found, but without a link to more results.
	s.importCards(admin, "code\n4915112300\n4915112301\n", "code")
	s.exec(`update customer set phone = '4915112345'`)
	found := admin.post(adminpages.SectionCustomers, url.Values{"q": {"4915112345"}})
	require.Equal(t, http.StatusOK, found.Status)
	require.Equal(t, 50, found.doc().Find("tbody tr").Length())
	require.Contains(t, found.text("main"), "There are more.")
	require.NotContains(t, found.Body, "q=4915112345")
	found = admin.post(cardPage+"/customers", url.Values{"q": {"4915112345"}})
	require.Equal(t, http.StatusOK, found.Status)
	require.Positive(t, found.doc().Find("[role=option]").Length())
}
