package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The pages of the demo are valid HTML, and give a checker no cause for a warning. One process
// of the Nu Html Checker reads them all.
func TestPagesAreValidHTML(t *testing.T) {
	t.Parallel()
	checker, err := filepath.Abs(filepath.Join("htmlcheck", "node_modules", "vnu-jar", "build", "dist", "vnu.jar"))
	require.NoError(t, err)
	if _, err := os.Stat(checker); err != nil {
		t.Skip("The Nu Html Checker is not on this machine: .ci/setup test fetches it.")
	}
	java, err := exec.LookPath("java")
	if err != nil {
		t.Skip("There is no Java on this machine.")
	}
	d := sharedDemo(t)
	dir := t.TempDir()
	out := newPageWalk(t, d, dir)
	out.walk("/", "/r", "/r/north", "/portal/login?partner=north", "/portal/help", "/portal/welcome/none", "/portal/offline", "/portal/none", "/admin/login", "/admin/none",
		"/api/docs", "/api/docs/client", "/api/docs/cards", "/api/docs/redemptions", "/api/problems", "/api/problems/card_refused", "/api/problems/quota_exceeded", "/api/problems/none")
	out.post("/portal/login", url.Values{"username": {"customer1"}, "password": {"wrong"}})
	out.post("/portal/help", url.Values{})
	customer := newPageWalk(t, d, dir).signIn("/portal/login", "customer1")
	customer.walk("/portal", "/portal/none")
	customer.post("/portal/finance/refill-card", url.Values{"code": {"wrong"}})
	customer.post("/portal/password", url.Values{})
	require.GreaterOrEqual(t, customer.pages, 10, "the pages of the portal")
	admin := newPageWalk(t, d, dir).signIn("/admin/login", "admin")
	admin.walk("/admin", "/admin/none")
	for _, form := range []string{"/admin/finance/refill-cards/generate", "/admin/customers/new", "/admin/staff", "/admin/partners", "/admin/roles", "/admin/config/general", "/admin/account/password"} {
		admin.post(form, url.Values{})
	}
	require.GreaterOrEqual(t, admin.pages, 80, "the pages of staff")

	// The attributes of htmx are not part of HTML.
	check := exec.CommandContext(t.Context(), java, "-Xmx512m", "-jar", checker, "--format", "json", "--filterpattern", `.*“hx-.*`, dir)
	var told bytes.Buffer
	check.Stderr = &told
	_ = check.Run() // it fails where a page has an error; the messages say which
	var said struct {
		Messages []struct {
			Type, Message, URL, Extract string
			Line                        int `json:"lastLine"`
		}
	}
	require.NoError(t, json.Unmarshal(told.Bytes(), &said), told.String())
	for _, m := range said.Messages {
		page, _ := url.PathUnescape(filepath.Base(m.URL))
		t.Errorf("%s, line %d: %s (%s) in %s", page, m.Line, m.Message, m.Type, strings.Join(strings.Fields(m.Extract), " "))
	}
}

// pageWalk is a person who opens every page that a page leads to.
type pageWalk struct {
	t      *testing.T
	base   string
	dir    string // where the pages are kept
	client *http.Client
	pages  int
}

func newPageWalk(t *testing.T, d *demo, dir string) *pageWalk {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &pageWalk{t: t, base: d.URL, dir: dir, client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (w *pageWalk) signIn(door, username string) *pageWalk {
	w.t.Helper()
	status, _ := w.ask(http.MethodPost, door, url.Values{"username": {username}, "password": {"refill-demo"}})
	require.Equal(w.t, http.StatusSeeOther, status)
	return w
}

// ask sends a request. It returns the body of an HTML page, and an empty text for another.
func (w *pageWalk) ask(method, path string, form url.Values) (status int, page string) {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), method, w.base+path, strings.NewReader(form.Encode()))
	require.NoError(w.t, err)
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := w.client.Do(request)
	require.NoError(w.t, err)
	defer answer.Body.Close() //nolint:errcheck // it is read to its end
	if !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") || answer.StatusCode == http.StatusSeeOther {
		return answer.StatusCode, ""
	}
	body, err := io.ReadAll(answer.Body)
	require.NoError(w.t, err)
	return answer.StatusCode, string(body)
}

// post keeps the answer to a form, as a page with mistakes.
func (w *pageWalk) post(path string, form url.Values) {
	w.t.Helper()
	_, page := w.ask(http.MethodPost, path, form)
	w.keep("POST "+path, page)
}

func (w *pageWalk) keep(name, page string) {
	w.t.Helper()
	if page == "" {
		return
	}
	w.pages++
	name = fmt.Sprintf("%s %s.html", filepath.Base(w.dir), url.PathEscape(name))
	require.NoError(w.t, os.WriteFile(filepath.Join(w.dir, name[max(0, len(name)-200):]), []byte(page), 0o600))
}

var (
	pageLink = regexp.MustCompile(`href="(/(?:portal|admin)[^"#]*)`)
	anyValue = regexp.MustCompile(`[0-9]+|=[^&]*`)
)

// walk opens pages, and what they lead to: two of each form of address. The pages of River UI
// are not ours, and events never end.
func (w *pageWalk) walk(paths ...string) {
	w.t.Helper()
	side := regexp.MustCompile(`^/(admin|portal)\b`).FindString(paths[0])
	seen, forms := map[string]bool{}, map[string]int{}
	for queue := slices.Clone(paths); len(queue) > 0; queue = queue[1:] {
		path := strings.ReplaceAll(queue[0], "&amp;", "&")
		form := anyValue.ReplaceAllString(path, "N")
		if seen[path] || forms[form] == 2 {
			continue
		}
		seen[path] = true
		forms[form]++
		_, page := w.ask(http.MethodGet, path, nil)
		w.keep(path, page)
		for _, link := range pageLink.FindAllStringSubmatch(page, -1) {
			if side != "" && strings.HasPrefix(link[1], side) && !strings.HasPrefix(link[1], "/admin/jobs/ui") {
				queue = append(queue, link[1])
			}
		}
	}
}
