package web

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"refill/internal/check"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/mail"
	"refill/internal/mailing"
	"refill/internal/web/admin"
	"refill/internal/web/kit"
	"refill/internal/web/portal"
)

// hellValues returns values that no field should accept.
func hellValues() map[string]string {
	return map[string]string{
		"nothing":          "",
		"below zero":       "-1",
		"beyond a float":   "1e309",
		"beyond an int64":  "9223372036854775808",
		"right to left":    "\u202e\u200f\u2066evil\u2069\u202c",
		"long":             strings.Repeat("ä", 8000),
		"controls, markup": "\a\x1b[31m\r\n\u2028<script>alert('\"')</script>{{.}}%s",
	}
}

// hellBodies returns bodies that are broken as a whole, with their media type. field is the
// name of a field of the form.
func hellBodies(field string) map[string][2]string {
	many := strings.Builder{}
	for i := range 10_001 {
		fmt.Fprintf(&many, "%x&", i)
	}
	field = url.QueryEscape(field)
	return map[string][2]string{
		"a field of 10 MB":    {formType, field + "=" + strings.Repeat("x", 10<<20)},
		"10,000 fields":       {formType, many.String()},
		"NUL":                 {formType, field + "=a%00b"},
		"NUL in a name":       {formType, field + "=x&%00=x"},
		"bad UTF-8":           {formType, field + "=%ff%fe"},
		"bad UTF-8 in a name": {formType, field + "=x&%c0%80=x"},
		"a broken escape":     {formType, field + "=%zz"},
		"semicolons":          {formType, field + "=1;b=2"},
		"a control character": {formType, field + "=a%1bb"},
		"a turned text":       {formType, "x=%E2%80%AEabc"},
		"a field twice":       {formType, "x=1&x=2"},
	}
}

// postedForm is the fields of a form as a browser sends it without changes.
type postedForm map[string]string

// fields returns the names of the form's fields, in order.
func (f postedForm) fields() []string {
	names := []string{}
	for name := range f {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// values returns the form with one field changed.
func (f postedForm) values(field string, values ...string) url.Values {
	form := url.Values{}
	for name, value := range f {
		form.Set(name, value)
	}
	form[field] = values
	return form
}

// read adds the controls of a form. It fails if a field occurs twice that checkFields
// accepts only once.
func (f postedForm) read(t *testing.T, form *goquery.Selection) {
	t.Helper()
	seen := map[string]bool{"partners": false, "serial": false, "columns": false}
	form.Find("input[name], select[name], textarea[name]").Each(func(_ int, e *goquery.Selection) {
		name, _ := e.Attr("name")
		if several, ok := seen[name]; !e.Is("[type=radio]") {
			require.False(t, several, "%s has %s twice", form.AttrOr("action", "a form"), name)
			if !ok {
				seen[name] = true
			}
		}
		value, _ := e.Attr("value")
		switch {
		case e.Is("select"):
			value, _ = e.Find("option[selected], option").First().Attr("value")
		case e.Is("textarea"):
			value = e.Text()
		}
		if f[name] == "" {
			f[name] = value
		}
	})
}

// crawl reads every form on the pages, by the route that the form is posted to.
func (w *hell) crawl() {
	w.t.Helper()
	patterns := map[string]*regexp.Regexp{}
	for _, r := range w.Server.pages() {
		if r.method == post {
			patterns[r.path] = regexp.MustCompile("^" + regexp.MustCompile(`[:*][a-z]+`).ReplaceAllString(r.path, `[^/]+`) + "$")
		}
	}
	enter := func(action string, form *goquery.Selection) {
		if u, err := url.Parse(action); err == nil {
			action = u.Path
		}
		for path, pattern := range patterns {
			if pattern.MatchString(action) && (path == action || w.forms[action] == nil) {
				if w.forms[path] == nil {
					w.forms[path] = postedForm{}
				}
				if form != nil {
					w.forms[path].read(w.t, form)
				}
			}
		}
	}
	for _, r := range w.Server.pages() {
		path := w.path(r.path)
		if r.method != get || r.path == kit.EventsPath || strings.Contains(r.path, "*") {
			continue
		}
		answer := w.who(r).get(path)
		if answer.Status != http.StatusOK || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") {
			continue
		}
		answer.doc().Find("form[method=post], [hx-post]").Each(func(_ int, e *goquery.Selection) {
			enter(e.AttrOr("action", e.AttrOr("hx-post", "")), e.Closest("form"))
		})
		answer.doc().Find("[formaction]").Each(func(_ int, e *goquery.Selection) {
			enter(e.AttrOr("formaction", ""), nil) // its fields belong to another form
		})
	}
}

// hell is the state of one walk over the routes of a site.
type hell struct {
	*site
	held   holding
	staff  *browser
	nobody *browser
	buyer  *browser
	forms  map[string]postedForm
}

func newHell(t *testing.T) *hell {
	t.Helper()
	sender, err := mail.New(mail.Config{URL: "smtp+plain://127.0.0.1:1", From: "refill@example.net"}) // no server is there
	require.NoError(t, err)
	w := &hell{forms: hiddenForms(), site: newSiteOn(t, dbtest.MailPool(t), func(d *Deps) {
		d.Admin.Mail = mailing.New(mailing.Config{DB: d.Pool, Sender: sender, Settings: d.Settings, Log: d.Log, Now: testClock})
	})}
	w.nobody = w.browser()
	w.signedIn()
	w.held = w.holds(w.partner("Hell"))
	w.crawl()
	for path, of := range matrixForms() {
		if w.forms[path] == nil {
			w.forms[path] = postedForm{}
		}
		for name, values := range of(w.held) {
			w.forms[path][name] = values[0]
		}
	}
	return w
}

// hiddenForms returns the forms that the pages of this site do not show in its state.
func hiddenForms() map[string]postedForm {
	return map[string]postedForm{
		admin.CodePath:                                  {"code": "123456", "next": "", "with": ""},
		kit.WelcomePath + ":token":                      {"password": "", "with": "password"},
		admin.OneCard + "/release":                      {"reason": "because"},
		admin.OneCustomer + "/access/help/close":        {},
		admin.SectionAccount + "/mail/choose":           {"files": "on", "approvals": "on", "alarms": "on"},
		admin.SectionAccount + "/mail/remove":           {},
		admin.MailConfirmPath + ":token":                {},
		admin.SectionFactor + "/off":                    {"password": testPassword, "code": "123456"},
		admin.SectionFactor + "/codes":                  {"password": testPassword, "code": "123456"},
		admin.SectionStaff + "/:id/clear-guesses":       {"reason": "because"},
		admin.SectionStaff + "/:id/enable":              {},
		admin.OneCustomerImport + "/plan":               {"name": "1", "username": "2", "headings": "on", "default_partner": "1", "comment": "", "decimal": ""},
		admin.OneCustomerImport + "/sheet":              {"sheet": "x"},
		admin.OneCustomerImport + "/confirm":            {},
		admin.OneCustomerImport + "/cancel":             {},
		admin.OneCustomerImport + "/resume":             {},
		"/admin/exports/:id/arrived":                    {},
		admin.OneWebhook + "/edit":                      {"name": "x", "url": "http://127.0.0.1:9/", "version": "1"},
		admin.OneWebhook + "/secret":                    {},
		admin.OneWebhook + "/test":                      {},
		admin.OneWebhook + "/enable":                    {},
		admin.OneWebhook + "/disable":                   {},
		admin.OneWebhook + "/replay":                    {"since": "2026-01-01"},
		admin.OneDelivery + "/retry":                    {},
		"/admin/exports/:id/discard":                    {},
		admin.SectionStaff + "/:id/second-factor/reset": {},
		admin.SectionSessions + "/others/end":           {},
		admin.SectionSessions + "/:id/end":              {},
		portal.SectionDevices + "/others/end":           {},
		portal.SectionDevices + "/:id/end":              {},
		admin.SectionChecks:                             {},
		admin.SectionFind + "/suggest":                  {"find": "x"},
		admin.SectionViews:                              {"at": admin.SectionSeries, "query": "status=active", "name": "Mine"},
		admin.SectionViews + "/:id":                     {"at": admin.SectionSeries, "name-1": "Mine"},
		admin.SectionViews + "/:id/delete":              {"at": admin.SectionSeries},
		admin.OneApproval + "/withdraw":                 {},
		admin.SectionPrintShops + "/remove":             {"id": "x"},
		admin.SectionJobs + "/:id/retry":                {},
		admin.SectionJobs + "/:id/delete":               {},
		"/admin/queues/:name/pause":                     {},
		"/admin/queues/:name/resume":                    {},
	}
}

// signedIn signs in a new person wherever the last form has signed one out.
func (w *hell) signedIn() {
	w.t.Helper()
	if w.staff == nil || w.staff.get(admin.SectionAccount).Status != http.StatusOK {
		w.staff = w.as(db.StaffRoleAdministrator)
	}
	if w.buyer == nil || w.buyer.get(portal.SectionHome).Status != http.StatusOK {
		w.buyer = w.asCustomer(fmt.Sprintf("buyer-%d", w.people.Add(1)), w.North)
	}
	w.exec(`delete from guess`)
}

// path replaces the parameters of a route by existing items.
func (w *hell) path(path string) string {
	w.t.Helper()
	if filled, known := w.held.fill(path); known {
		return filled
	}
	id := func(sql string) string {
		var n int64
		require.NoError(w.t, w.Pool.QueryRow(w.t.Context(), sql).Scan(&n))
		return fmt.Sprint(n)
	}
	switch {
	case strings.HasPrefix(path, admin.SectionStaff+"/:id"):
		return strings.Replace(path, ":id", fmt.Sprint(w.newStaff(fmt.Sprintf("victim-%d", w.people.Add(1)), db.StaffRoleCashier)), 1)
	case strings.HasPrefix(path, admin.SectionRoles+"/:id"):
		return strings.Replace(path, ":id", id(`select max(id) from role`), 1)
	case strings.HasPrefix(path, admin.SectionJobs+"/:id"):
		return strings.Replace(path, ":id", id(`select max(id) from river_job`), 1)
	case strings.HasPrefix(path, "/admin/queues"):
		return strings.Replace(path, ":name", "export", 1)
	case strings.HasPrefix(path, admin.RiverUIPath):
		return admin.RiverUIPath + "/api/jobs/cancel"
	}
	return samplePath(path)
}

// who returns the browser that has access to a route.
func (w *hell) who(r route) *browser {
	return map[kit.Door]*browser{kit.DoorEverybody: w.nobody, kit.DoorStaff: w.staff, kit.DoorCustomer: w.buyer}[r.who.door]
}

// walk sends every broken value and body to a route.
func (w *hell) walk(r route) {
	w.t.Helper()
	w.signedIn()
	path, b, form, before := w.path(r.path), w.who(r), w.forms[r.path], w.state()
	reads := len(form) > 0
	if !reads {
		form = postedForm{"x": ""}
	}
	fields := form.fields()
	kept := true // every request so far was refused
	answered := func(name string, g *got) {
		w.t.Helper()
		require.Less(w.t, g.Status, http.StatusInternalServerError, "%s: %s: %s", r.path, name, g.Body)
		kept = kept && g.Status >= http.StatusBadRequest
	}
	for name, body := range hellBodies(fields[0]) {
		g := b.do(r.method, path, body[1], "Content-Type", body[0])
		answered(name, g)
		if reads {
			require.GreaterOrEqual(w.t, g.Status, http.StatusBadRequest, "%s takes %s", r.path, name)
			require.Positive(w.t, g.doc().Find("h1, [role=alert]").Length(), "%s says nothing to %s", r.path, name)
		}
	}
	for name, kind := range map[string]string{"JSON": "application/json", "plain text": "text/plain", "half a multipart form": "multipart/form-data; boundary=x", "no boundary": "multipart/form-data"} {
		answered(name, b.do(r.method, path, "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n{", "Content-Type", kind))
	}
	for _, field := range fields {
		for name, value := range hellValues() {
			answered(field+": "+name, b.post(path, form.values(field, value)))
		}
	}
	if kept {
		require.Equal(w.t, before, w.state(), "%s refused everything and yet changed something", r.path)
	} else if strings.Contains(r.path, ":") { // restore what the next route needs
		w.exec(`delete from guess`)
		w.held = w.holds(w.partner(fmt.Sprintf("Hell %d", w.people.Add(1))))
	}
	read := &countedReader{r: strings.NewReader(strings.Repeat("x", 1<<20))}
	request := httptest.NewRequestWithContext(w.t.Context(), r.method, w.URL+path, read)
	request.Header.Set("Content-Type", formType)
	for _, cookie := range b.client.Jar.Cookies(w.origin()) {
		request.AddCookie(cookie)
	}
	w.Server.Handler().ServeHTTP(httptest.NewRecorder(), request)
	require.LessOrEqual(w.t, read.n, bodyLimit(r.path)+1, "%s reads on", r.path)
}

// countedReader counts the bytes that are read.
type countedReader struct {
	r io.Reader
	n int64
}

// Read implements io.Reader.
func (c *countedReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// For every input to every form, the response is readable for people, and nothing is half
// done. The routes come from the router itself, the fields from the pages.
func TestFormsFromHell(t *testing.T) {
	t.Parallel()
	const walks = 4
	for i := range walks {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			w := newHell(t)
			mine := []route{}
			for n, r := range w.Server.pages() {
				if r.method != get && n%walks == i {
					mine = append(mine, r)
				}
			}
			// Settings of the whole installation come last, because they turn off what the
			// other forms need.
			slices.SortStableFunc(mine, func(a, b route) int {
				config := func(r route) int {
					return strings.Count(strings.TrimPrefix(r.path, admin.SectionIntegrations), "/config/")
				}
				return config(a) - config(b)
			})
			for _, r := range mine {
				w.walk(r)
			}
			require.NotContains(t, w.Log.String(), `"msg":"panic"`)
			broken, err := check.Run(t.Context(), w.Pool, nil)
			require.NoError(t, err)
			require.Empty(t, broken)
		})
	}
}

// The walk knows the fields of every form: either a page of its site shows the form, or
// hiddenForms lists it.
func TestRoutesFormsAreFound(t *testing.T) {
	t.Parallel()
	w := newHell(t)
	for _, r := range w.Server.pages() {
		if r.method == post {
			require.NotNil(t, w.forms[r.path], "no page shows the form of %s: give it a line in hiddenForms", r.path)
		}
	}
}
