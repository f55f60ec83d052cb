package web

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/db"
)

func TestAdminAudit(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := t.Context()
	admin := s.as(db.StaffRoleAdministrator)
	any1, _ := s.series(1)
	south, _ := s.series(1, s.South)
	sue := s.newCustomer("sue", s.South)
	require.NoError(t, audit.Record(ctx, s.Pool, audit.Actor{StaffID: admin.ID}, audit.Entry{
		Action: "series.touched", SeriesID: south.ID, Detail: map[string]any{"prefix": "New", "prefix_before": "Old", "price": 5, "price_before": 5},
	}))

	page := admin.get(sectionAudit)
	first := strings.Join(strings.Fields(page.doc().Find("tbody tr").First().Text()), " ")
	require.Contains(t, first, "Touched "+south.Number)
	require.Contains(t, first, "PrefixOld → New")
	require.NotContains(t, first, "Price", "what did not change is left out")

	count := func(query string) int {
		got := admin.get(sectionAudit + "?" + query)
		require.Equal(t, http.StatusOK, got.Status, query)
		return got.doc().Find("tbody tr").Length()
	}
	require.Equal(t, 1, count("what=series.touched"))
	require.Equal(t, 1, count("what=series.touched&series="+south.Number))
	require.Zero(t, count("what=series.touched&series="+any1.Number))
	require.Zero(t, count("series=none-such"))
	require.Equal(t, 1, count("customer="+fmt.Sprint(sue)))
	require.Positive(t, count("what=series.&who="+fmt.Sprint(admin.ID)))
	require.Zero(t, count("what=payment."))
	require.Equal(t, 1, count("address=127.0.0.1"), "the sign-in; the rest had no browser")
	require.Zero(t, count("from=2001-01-01&to=2001-02-01"))
	require.Positive(t, count("from=2001-01-01"))
	for _, query := range []string{"from=yesterday", "customer=x", "address=home"} {
		require.Equal(t, http.StatusUnprocessableEntity, admin.get(sectionAudit+"?"+query).Status, query)
	}
	require.Contains(t, admin.get(sectionAudit+"?what=payment.").text(".empty-title"), "Nothing matches")

	file := admin.get(sectionAudit + "?what=series.touched&format=csv")
	require.Contains(t, file.Header.Get("Content-Disposition"), "refill-audit.csv")
	require.Contains(t, file.Body, "Prefix: Old → New")
	require.Equal(t, 2, strings.Count(strings.TrimSpace(file.Body), "\n")+1, file.Body)
	require.Equal(t, http.StatusOK, admin.get(sectionAudit+"?format=xlsx").Status)
}

// Staff of some partners see their own acts, their customers, and series for
// them; never a customer of somebody else's, not even by a series for anybody.
func TestAdminAuditOfOthers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	north := s.as(db.StaffRoleAdministrator, s.North)
	anybody, codes := s.series(1)
	southern, _ := s.series(1, s.South)
	northern, _ := s.series(1, s.North)
	s.newCustomer("nora", s.North)
	sue := s.asCustomer("sue", s.South)
	redeemed := sue.post(sectionRedeem, url.Values{"code": {codes[0]}, "key": {uuid.NewString()}})
	require.Equal(t, http.StatusSeeOther, redeemed.Status, redeemed.Body)

	body := north.get(sectionAudit).text("#main")
	require.Contains(t, body, anybody.Number)
	require.Contains(t, body, northern.Number)
	require.Contains(t, body, "Test nora")
	require.Contains(t, body, "Signed in", "their own")
	require.NotContains(t, body, southern.Number)
	require.NotContains(t, body, "sue")
	require.NotContains(t, body, "Redeemed")
	require.Contains(t, s.as(db.StaffRoleAdministrator).get(sectionAudit).text("#main"), "Redeemed")
	require.NotContains(t, north.get(sectionAudit+"?format=csv").Body, "sue")
}

func TestAdminAuditPages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	s.exec(`insert into audit (action, detail) select 'thing.counted', jsonb_build_object('n', n) from generate_series(1, 2100) n`)
	page := admin.get(sectionAudit + "?what=thing.")
	require.Equal(t, auditPerPage, page.doc().Find("tbody tr").Length())
	page.none("a[rel=prev]")
	next := admin.get(page.one("a[rel=next]").AttrOr("href", ""))
	require.Contains(t, next.doc().Find("tbody tr").First().Text(), "2050")
	require.Equal(t, sectionAudit+"?what=thing.", next.one("a[rel=prev]").AttrOr("href", ""))
	require.Equal(t, 2101, strings.Count(admin.get(sectionAudit+"?what=thing.&format=csv").Body, "\n"))
}

// Every action that the program records can be said.
func TestEveryActionHasWords(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[a-z_]+\.[a-z_]+$`)
	found := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			pair, ok := n.(*ast.KeyValueExpr)
			if !ok {
				return true
			}
			key, ok := pair.Key.(*ast.Ident)
			value, text := pair.Value.(*ast.BasicLit)
			if !ok || !text || key.Name != "Action" {
				return true
			}
			action, err := strconv.Unquote(value.Value)
			if err != nil || !form.MatchString(action) {
				return true
			}
			found++
			words := happened(action, []byte(`{"format": "csv", "cards": 2, "quantity": 2, "rows": 2}`))
			require.Regexp(t, `^\S.*[a-z]`, words, "%s in %s", action, path)
			// One word says itself, as in "series.locked"; two need better ones.
			_, verb, _ := strings.Cut(action, ".")
			_, chosen := acts()[action]
			require.False(t, !chosen && strings.Contains(verb, "_") && strings.EqualFold(words, strings.ReplaceAll(verb, "_", " ")),
				"%s in %s: give it words in acts.go", action, path)
			return true
		})
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, found, 15)
}
