package web

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/check"
	"refill/internal/db"
	"refill/internal/dbtest"
	adminpages "refill/internal/web/admin"
)

// history creates the data of a report: series of both partners and of any, redemptions, a
// void, a lapse, a lock. Reports depend on time, so the events are on four days of last
// month and one day of this month.
func history(t *testing.T, s *site) (anySeries, north, south, void, lapsed db.Series) {
	t.Helper()
	ctx := t.Context()
	admin := audit.ByStaff(s.newStaff("historian", db.StaffRoleAdministrator), audit.Everything())
	anna, carol := s.newCustomer("anna", s.North), s.newCustomer("carol", s.South)
	redeem := func(customer int64, series db.Series, serials ...int32) {
		for _, serial := range serials {
			_, err := s.Server.admin.Cards.Redeem(ctx, admin, card.Redemption{CustomerID: customer, Card: card.Ref{SeriesID: series.ID, Serial: serial}, Key: uuid.New()})
			require.NoError(t, err)
		}
	}
	// at moves all ledger transactions since its last call to a time in the past.
	var last int64
	at := func(ago time.Duration) {
		owner := dbtest.Owner(t, s.Pool) //nolint:contextcheck // it has the context of the test
		for _, sql := range []string{
			`set session_replication_role = replica`,
			fmt.Sprintf(`update ledger_tx set at = now() - interval '%d seconds' where id > %d`, int(ago.Seconds()), last),
			`update series set activated_at = (select min(at) from ledger_tx where kind = 'activate' and series_id = series.id)`,
			fmt.Sprintf(`update payment set at = now() - interval '%d seconds' where tx_id > %d`, int(ago.Seconds()), last),
		} {
			_, err := owner.Exec(ctx, sql)
			require.NoError(t, err)
		}
		require.NoError(t, s.Pool.QueryRow(ctx, `select coalesce(max(id), 0) from ledger_tx`).Scan(&last))
	}
	const day = 24 * time.Hour
	anySeries, _ = s.series(20)
	north, _ = s.series(10, s.North)
	south, _ = s.series(10, s.South)
	void, _ = s.series(7, s.North)
	lapsed, _ = s.series(5)
	at(40 * day)
	redeem(anna, anySeries, 1, 2, 3)
	redeem(carol, anySeries, 4)
	redeem(anna, north, 1)
	at(20 * day)
	redeem(carol, south, 1, 2)
	redeem(anna, void, 1)
	redeem(carol, lapsed, 5)
	at(3 * day)
	require.NoError(t, s.Server.admin.Cards.Void(ctx, admin, void.ID, "a test"))
	at(2 * day)
	s.exec(`update series set valid_till = current_date - 3 where id = $1`, lapsed.ID)
	n, err := s.Server.admin.Cards.LapseExpired(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	at(day)
	redeem(anna, north, 2)
	require.NoError(t, s.Server.admin.Cards.Lock(ctx, admin, south.ID))
	// Some cards of an active series have expired by dates of their own.
	s.exec(`update card set valid_till = current_date - 5 where series_id = $1 and serial in (10, 11)`, anySeries.ID)
	s.exec(`update card set valid_till = current_date + 5 where series_id = $1 and serial = 12`, anySeries.ID)
	return anySeries, north, south, void, lapsed
}

// fetchTable downloads a report as CSV. It returns the header, and the rows by their first
// column.
func fetchTable(b *browser, path string) (map[string]map[string]string, []map[string]string) {
	b.site.t.Helper()
	got := b.get(path)
	require.Equal(b.site.t, http.StatusOK, got.Status, got.Body)
	rows, err := csv.NewReader(strings.NewReader(got.Body)).ReadAll()
	require.NoError(b.site.t, err)
	byFirst, list := map[string]map[string]string{}, []map[string]string{}
	for _, row := range rows[1:] {
		named := map[string]string{}
		for i, name := range rows[0] {
			named[name] = row[i]
		}
		byFirst[row[0]] = named
		list = append(list, named)
	}
	return byFirst, list
}

// ledgerSum returns a sum from the ledger itself.
func ledgerSum(t *testing.T, s *site, sql string) string {
	t.Helper()
	var sum int64
	require.NoError(t, s.Pool.QueryRow(t.Context(), sql).Scan(&sum))
	sign := ""
	if sum < 0 {
		sign, sum = "-", -sum
	}
	return fmt.Sprintf("%s%d.%02d", sign, sum/100, sum%100)
}

const ofKind = `select coalesce(sum(e.amount), 0)::bigint from ledger_entry e join ledger_tx t on t.id = e.tx_id join account a on a.id = e.account_id where `

func TestReportFiguresEqualTheLedger(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anySeries, north, south, void, lapsed := history(t, s)
	admin := s.as(db.StaffRoleAdministrator)

	series, _ := fetchTable(admin, adminpages.SectionStatistics+"?format=csv&period=all")
	require.Equal(t, "20", series[anySeries.Number]["Amount"])
	for _, c := range []struct {
		of                                              db.Series
		used, active, expired, disabled, inactive, void string
	}{
		{anySeries, "4", "14", "2", "0", "0", "0"},
		{north, "2", "8", "0", "0", "0", "0"},
		{south, "2", "0", "0", "0", "8", "0"},
		{void, "1", "0", "0", "0", "0", "6"},
		{lapsed, "1", "0", "4", "0", "0", "0"},
	} {
		row := series[c.of.Number]
		require.Equal(t, []string{c.used, c.active, c.expired, c.disabled, c.inactive, c.void},
			[]string{row["Used"], row["Active"], row["Expired"], row["Disabled"], row["Inactive"], row["Void"]}, row)
	}
	total := series["Total"]
	require.Equal(t, "52", total["Amount"])
	require.Equal(t, ledgerSum(t, s, ofKind+`t.kind = 'redeem' and a.kind = 'customer'`), total["Used sum"])
	require.Equal(t, "100.00", total["Used sum"])
	require.Equal(t, "10", total["Used"])

	_, periods := fetchTable(admin, adminpages.SectionStatistics+"/outstanding?format=csv&period=all&unit=day")
	require.Greater(t, len(periods), 40)
	totals := periods[len(periods)-1]
	for column, kinds := range map[string]string{"Issued": "'activate'", "Redeemed": "'redeem'", "Voided": "'void'", "Expired": "'lapse', 'renew'", "Repriced": "'reprice'"} {
		require.Equal(t, ledgerSum(t, s, ofKind+`a.kind = 'outstanding' and t.kind in (`+kinds+`)`), totals[column], column)
	}
	outstanding := ledgerSum(t, s, ofKind+`a.kind = 'outstanding'`)
	require.Equal(t, "320.00", outstanding)
	require.Equal(t, outstanding, totals["Closing"])
	require.Equal(t, "0.00", totals["Opening"])
	for i := 1; i < len(periods)-1; i++ {
		require.Equal(t, periods[i-1]["Closing"], periods[i]["Opening"], "one period's closing is the next one's opening")
	}
	require.Equal(t, outstanding, periods[len(periods)-2]["Closing"])
	require.Contains(t, admin.get(adminpages.SectionStatistics+"/outstanding").Body, "USD 320.00")

	// A past period is computed backwards from now.
	till := time.Now().UTC().AddDate(0, 0, -10).Format(time.DateOnly)
	_, before := fetchTable(admin, adminpages.SectionStatistics+"/outstanding?format=csv&period=custom&to="+till)
	require.Equal(t, ledgerSum(t, s, ofKind+`a.kind = 'outstanding' and t.at < now() - interval '10 days'`), before[len(before)-1]["Closing"])
	require.Equal(t, "470.00", before[len(before)-1]["Closing"])

	_, breakage := fetchTable(admin, adminpages.SectionStatistics+"/breakage?format=csv&period=all")
	last := breakage[len(breakage)-1]
	require.Equal(t, ledgerSum(t, s, ofKind+`a.kind = 'breakage'`), last["Total"])
	require.Equal(t, []string{"40.00", "60.00", "100.00"}, []string{last["Expired"], last["Voided"], last["Total"]})

	_, redemptions := fetchTable(admin, adminpages.SectionStatistics+"/redemptions?format=csv&period=all")
	require.Equal(t, ledgerSum(t, s, `select sum(amount)::bigint from payment where type = 'refill_card'`), redemptions[len(redemptions)-1]["Sum"])
	require.Len(t, redemptions, 6)
	_, ofSouth := fetchTable(admin, adminpages.SectionStatistics+fmt.Sprintf("/redemptions?format=csv&period=all&partner=%d", s.South.ID))
	require.Equal(t, ledgerSum(t, s, fmt.Sprintf(`select sum(amount)::bigint from payment where partner_id = %d`, s.South.ID)), ofSouth[len(ofSouth)-1]["Sum"])

	times, _ := fetchTable(admin, adminpages.SectionStatistics+"/time-to-use?format=csv&period=all")
	require.Equal(t, []string{"20", "20"}, []string{times[anySeries.Number]["Median, days"], times[anySeries.Number]["90 %, days"]})
	require.Equal(t, "4", times[anySeries.Number]["8 to 30 days"])
	require.Equal(t, "10", times["Total"]["Cards"])
}

func TestReportSoundBooks(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.series(3)
	broken, err := check.Run(t.Context(), s.Pool, nil)
	require.NoError(t, err)
	require.Empty(t, broken)
}

func TestReportPages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	paths := []string{"", "/outstanding", "/redemptions", "/breakage", "/time-to-use"}
	for _, path := range paths {
		got := admin.get(adminpages.SectionStatistics + path)
		require.Equal(t, http.StatusOK, got.Status)
		require.Contains(t, got.text(".empty-title"), "Nothing in this period")
	}
	anySeries, north, _, _, _ := history(t, s)
	for _, path := range paths {
		for _, query := range []string{"?period=all", "?period=month&unit=week", "?period=last-month&unit=month", "?period=year", "?period=custom", "?period=custom&from=1999-01-01", "?sort=-Series&page=99", "?page=99999999999999999999", "?page=-99999999999999999999", "?partner=-1", "?partner=77&unit=year"} {
			got := admin.get(adminpages.SectionStatistics + path + query)
			require.Contains(t, []int{http.StatusOK, http.StatusUnprocessableEntity}, got.Status, path+query)
			require.Equal(t, path, strings.TrimPrefix(strings.Split(got.one(`.report-words [aria-current]`).AttrOr("href", ""), "?")[0], adminpages.SectionStatistics))
		}
	}
	got := admin.get(adminpages.SectionStatistics + "/redemptions?period=all")
	require.Positive(t, got.doc().Find(".chart rect.part-1").Length(), "partners have colours of their own")
	require.Equal(t, "North South", got.text(".chart-legend"))
	require.Equal(t, "Total", strings.TrimSpace(got.doc().Find("tfoot td").First().Text()))

	sorted := admin.get(adminpages.SectionStatistics + "?period=all&sort=Used")
	require.Equal(t, anySeries.Number+" Test", strings.TrimSpace(sorted.doc().Find("tbody tr").Last().Find("td").First().Text()), "the prefix is below the number")
	require.Equal(t, "ascending", sorted.one(`th[aria-sort]`).AttrOr("aria-sort", ""))
	filtered := admin.get(fmt.Sprintf("%s?partner=%d", adminpages.SectionStatistics, s.North.ID))
	require.Equal(t, 2, filtered.doc().Find("tbody tr").Length())
	require.Contains(t, filtered.Body, north.Number)

	// Filled-in days are used even if the choice of period is unchanged.
	filled := admin.get(adminpages.SectionStatistics + "?period=all&was=all&from=2026-01-05&to=2026-01-06")
	require.Contains(t, filled.text(".head-note"), "5 Jan 2026 to 6 Jan 2026")
	require.Contains(t, admin.get(adminpages.SectionStatistics+"?period=all&was=custom&from=2026-01-05").text(".head-note"), "Up to")

	bad := admin.get(adminpages.SectionStatistics + "?period=custom&from=2026-13-01&to=2026-01-01")
	require.Equal(t, http.StatusUnprocessableEntity, bad.Status)
	require.Contains(t, bad.Body, "From must be a date such as 2026-01-31.")
	require.Equal(t, "2026-13-01", bad.one("#f-from").AttrOr("value", ""))
	require.Contains(t, admin.get(adminpages.SectionStatistics+"?period=custom&from=2026-02-01&to=2026-01-01").Body, "To must not lie before From.")
}

func TestReportOfOnesPartners(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anySeries, north, south, _, _ := history(t, s)
	manager := s.as(db.StaffRoleAdministrator, s.North)
	series, _ := fetchTable(manager, adminpages.SectionStatistics+"?format=csv&period=all")
	require.Contains(t, series, north.Number)
	require.NotContains(t, series, south.Number)
	require.NotContains(t, series, anySeries.Number)
	_, redemptions := fetchTable(manager, adminpages.SectionStatistics+"/redemptions?format=csv&period=all")
	require.Equal(t, ledgerSum(t, s, fmt.Sprintf(`select sum(amount)::bigint from payment where partner_id = %d`, s.North.ID)), redemptions[len(redemptions)-1]["Sum"])
	foreign := fmt.Sprintf("&partner=%d", s.South.ID)
	require.Equal(t, manager.get(adminpages.SectionStatistics+"?format=csv&partner=77").Body, manager.get(adminpages.SectionStatistics+"?format=csv"+foreign).Body)

	cashier := s.as(db.StaffRoleCashier)
	require.Equal(t, http.StatusForbidden, cashier.get(adminpages.SectionStatistics).Status)
	cashier.get("/admin").none(`.menu a[href="` + adminpages.SectionStatistics + `"]`)
}

func TestReportFiles(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	history(t, s)
	admin := s.as(db.StaffRoleAdministrator)
	page := admin.get(adminpages.SectionStatistics + "?sort=-Used")
	links := page.doc().Find(".head-actions a")
	require.Equal(t, 2, links.Length())
	asCSV := admin.get(links.Eq(0).AttrOr("href", ""))
	require.Equal(t, "attachment; filename=refill-cards-statistics.csv", asCSV.Header.Get("Content-Disposition"))
	rows, err := csv.NewReader(strings.NewReader(asCSV.Body)).ReadAll()
	require.NoError(t, err)
	asXLSX := admin.get(links.Eq(1).AttrOr("href", ""))
	book, err := excelize.OpenReader(bytes.NewReader([]byte(asXLSX.Body)))
	require.NoError(t, err)
	defer book.Close() //nolint:errcheck // only read
	sheet, err := book.GetRows("Sheet1")
	require.NoError(t, err)
	require.Len(t, sheet, len(rows))
	require.Equal(t, rows[0], sheet[0])
	for i := range rows {
		require.Equal(t, rows[i][0], sheet[i][0])
		require.Equal(t, rows[i][5], sheet[i][5])
	}
	require.Contains(t, s.audits(), "table.exported")
}
