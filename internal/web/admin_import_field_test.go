package web

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/cardimport"
	"refill/internal/db"
	"refill/internal/setting"
)

// fieldCase is a realistic file and its expected result.
type fieldCase struct {
	file     string
	currency string            // of the installation; empty: USD
	asked    map[string]string // answers to the questions of the form, by the name of the control
	choose   map[string]string // other options that the person changes
	cards    []string          // code, price in minor units, valid till, state
	left     []string          // rows that are left out, with the reason
}

func fieldCases() []fieldCase {
	return []fieldCase{
		{
			file: "comments.csv", cards: []string{"34054701 1000 2099-12-31 active", "21562302 1000 2099-12-31 active", "03579403 1000 2099-12-31 active", "89388804 1000 2099-12-31 active"},
			left: []string{"1 comment", "2 headings"},
		},
		{file: "placeholder.csv", choose: map[string]string{"code": "2", "serial": ""}, left: []string{"2 stands for no value", "3 stands for no value", "4 stands for no value"}},
		{
			file: "roll.csv", cards: []string{"9fGhT2kLmQx 1000 2099-12-31 active", "4wPzR7nVbYs 1000 2099-12-31 active", "cD8jKs3TuNe 1000 2099-12-31 active"},
			left: []string{"1 comment", "2 comment", "3 comment", "4 comment", "5 comment", "6 comment", "7 comment"},
		},
		{file: "total.csv", cards: []string{"AA11BB2201 500 2027-06-30 active", "AA11BB2202 500 2027-06-30 active", "AA11BB2203 1000 2027-06-30 active"}, left: []string{"5 total"}},
		{file: "mangled.csv", cards: []string{"482915663012 500 2027-06-30 active"}, left: []string{"2 lost the digits", "3 lost the digits", "4 error of the spreadsheet"}},
		{file: "excel-text.csv", cards: []string{"0012345678 500 2027-06-30 active", "0012345680 500 2027-06-30 active"}},
		{file: "case.csv", cards: []string{"lowercase7a 1000 2027-06-30 active", "UPPERCASE7B 1000 2027-06-30 active", "MiXeD7cAsE 1000 2027-06-30 active"}},
		{file: "splynx.csv", cards: []string{"202402-INTERNET-irfUPbEZ 1000 2027-06-30 active", "202402-INTERNET-Zq8LmN2p 1000 2027-06-30 void", "202402-INTERNET-aB3dE9xQ 1000 2027-06-30 disabled"}},
		{file: "inactive.csv", cards: []string{"INACT1BB22 1000 2027-06-30 inactive", "ACTIV1BB23 1000 2027-06-30 active"}},
		{file: "carriage-return.csv", cards: []string{"CR11BB2201 500 2027-06-30 active", "CR11BB2202 500 2027-06-30 active"}},
		{file: "separator-line.csv", cards: []string{"SP11BB2201 500 2027-06-30 active", "SP11BB2202 500 2027-06-30 active"}},
		{file: "spanish.csv", cards: []string{"ES11BB2201 500 2027-06-30 active", "ES11BB2202 500 2027-06-30 void"}},
		{file: "portuguese.csv", cards: []string{"PT11BB2201 500 2027-06-30 active", "PT11BB2202 500 2027-06-30 void"}},
		{file: "hotspot.csv", cards: []string{"kx7m2q 1000 2099-12-31 active", "ab3d9z 1000 2099-12-31 active", "zz9k4p 1000 2099-12-31 active"}},
		{file: "numeric-status.csv", asked: map[string]string{"meaning-0": cardimport.MeansActive, "meaning-1": cardimport.MeansUsed}, cards: []string{"NX7281AB 1000 2099-12-31 active", "NX7281AC 1000 2099-12-31 void"}},
		{
			file: "dates.csv", choose: map[string]string{"default_valid_till": ""},
			cards: []string{"DT11AA0001 500 2027-12-31 active", "DT11AA0002 500 2027-12-31 active", "DT11AA0003 500 2027-12-31 active", "DT11AA0004 500 2027-12-31 active"}, left: []string{"6 has no date"},
		},
		{file: "used.csv", cards: []string{
			"US11BB2201 500 2027-06-30 active", "US11BB2202 500 2027-06-30 void", "US11BB2203 500 2027-06-30 void", "US11BB2204 500 2027-06-30 active",
		}},
		{
			file: "hidden-status.csv", choose: map[string]string{"status": "2"}, asked: map[string]string{"meaning-0": cardimport.MeansLeaveOut},
			cards: []string{"HS11BB2201 1000 2099-12-31 active", "HS11BB2204 1000 2099-12-31 active"}, left: []string{"3 status", "4 status"},
		},
		{file: "thousands-idr.csv", currency: "IDR", // a currency without three decimals
			cards: []string{"ID11AA0001 1000000 2027-06-30 active", "ID11AA0002 2500000 2027-06-30 active", "ID11AA0003 10000000 2027-06-30 active"}},
		{file: "arabic-digits.csv", cards: []string{"77113456 1000 2027-06-30 active"}},
		{file: "formats.xlsx", cards: []string{"000012345678 1000 2027-06-30 active", "482915663012 1000 2027-06-30 active"}, left: []string{"lost the digits", "error of the spreadsheet", "total"}},
		{file: "stray-quote.csv", cards: []string{
			"QT11AA0001 500 2027-06-30 active", "QT11AA0002 500 2027-06-30 active", "QT11AA0003 500 2027-06-30 active",
			"QT11AA0004 500 2027-06-30 active", "QT11AA0005 500 2027-06-30 active", "QT11AA0006 500 2027-06-30 active",
		}},
	}
}

// Every file in the folder can be imported by the pages, and results in exactly its cards.
func TestFilesFromTheField(t *testing.T) {
	t.Parallel()
	tested := map[string]bool{"README.md": true}
	for _, c := range fieldCases() {
		tested[c.file] = true
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			if c.currency != "" {
				require.NoError(t, s.Server.Settings.Change(t.Context(), audit.System(), func(v *setting.Settings) { v.Currency = c.currency }))
			}
			s.importsField(c)
		})
	}
	files, err := os.ReadDir(filepath.Join("testdata", "field"))
	require.NoError(t, err)
	for _, file := range files {
		require.True(t, tested[file.Name()], "%s has no line", file.Name())
	}
}

// importsField imports one file, from the upload to its cards.
func (s *site) importsField(c fieldCase) {
	t := s.t
	text, err := os.ReadFile(filepath.Join("testdata", "field", c.file))
	require.NoError(t, err)
	admin := s.as(db.StaffRoleAdministrator)
	uploaded := admin.upload(c.file, string(text))
	require.Equal(t, http.StatusSeeOther, uploaded.Status, uploaded.Body)
	at := uploaded.Header.Get("Location")
	form := admin.get(at).plan()
	for name, value := range c.choose {
		form.Set(name, value)
	}
	if len(c.asked) > 0 {
		refused := admin.post(at+"/plan", form)
		require.Equal(t, http.StatusUnprocessableEntity, refused.Status, "what is open is asked, not guessed")
		for name := range c.asked {
			require.Equal(t, 1, refused.doc().Find("#f-"+name+"-error").Length(), "asked at %s", name)
		}
		for name, value := range c.asked {
			form.Set(name, value)
		}
	}
	planned := admin.post(at+"/plan", form)
	require.Equal(t, http.StatusSeeOther, planned.Status, planned.Body)
	s.work(at)
	report := admin.get(at)
	s.leavesOut(admin, at, c.left)
	if len(c.cards) > 0 {
		confirmed := admin.post(at+"/confirm", admin.get(at).confirmation())
		require.Equal(t, http.StatusSeeOther, confirmed.Status, report.text("main"))
		s.work(at)
		require.Contains(t, admin.get(at).text("main"), "Cards imported")
	} else {
		require.Contains(t, report.text("main"), "No row makes a card")
	}
	var unused []string
	for _, one := range c.cards {
		if code, isVoid := strings.CutSuffix(one, " void"); isVoid { // its code is erased: it is found by its serial
			found, err := s.Server.admin.Cards.FindByCode(t.Context(), audit.System(), code[:strings.Index(code, " ")])
			require.NoError(t, err)
			require.Equal(t, db.CardStateVoid, found.State)
			continue
		}
		unused = append(unused, one)
	}
	require.ElementsMatch(t, unused, s.imported())
	for _, one := range c.cards {
		code, _, _ := strings.Cut(one, " ")
		require.NotContains(t, report.Body, code, "no code is shown in full")
		require.NotContains(t, admin.get(at+"?columns=1").Body, code)
		require.NotContains(t, s.Log.String(), code)
	}
}

// leavesOut compares the downloaded list of rows with the expected one.
func (s *site) leavesOut(admin *browser, at string, right []string) {
	t := s.t
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(admin.get(at+"/problems").Body, "\ufeff"))).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows[1:], len(right), rows)
	for i, row := range rows[1:] {
		number, why, found := strings.Cut(right[i], " ")
		if found && strings.Trim(number, "0123456789") == "" {
			require.Equal(t, number, row[0])
		} else {
			why = right[i]
		}
		require.Contains(t, row[3], why)
	}
}

// imported returns the imported cards, with their codes as printed.
func (s *site) imported() []string {
	var all []string
	series, err := s.Pool.Query(s.t.Context(), `select id from series where import_id is not null order by id`)
	require.NoError(s.t, err)
	var ids []int64
	for series.Next() {
		var id int64
		require.NoError(s.t, series.Scan(&id))
		ids = append(ids, id)
	}
	require.NoError(s.t, series.Err())
	for _, id := range ids {
		one, err := db.New().SeriesGet(s.t.Context(), s.Pool, id)
		require.NoError(s.t, err)
		require.NoError(s.t, s.Server.admin.Cards.EachSelected(s.t.Context(), one, card.Selection{States: []db.CardState{db.CardStateActive, db.CardStateDisabled}}, func(page []card.Unsealed) error {
			for _, c := range page {
				state := string(c.State)
				if one.ImportInactive {
					state = "inactive"
					require.Equal(s.t, db.SeriesStateReady, one.State)
				}
				all = append(all, fmt.Sprintf("%s %d %s %s", c.Code.Reveal(""), one.Price, c.ValidTill.Format(time.DateOnly), state))
			}
			return nil
		}))
	}
	return all
}
