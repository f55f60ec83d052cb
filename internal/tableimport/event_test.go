package tableimport_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/tableimport"
)

// used is a schema of cards with the columns of the time and the person of the use.
func used(currency string) tableimport.Schema {
	schema := cards(currency)
	meanings := []tableimport.Meaning{
		{Name: "used", Words: []string{tableimport.EventDate, tableimport.EventText}}, {Name: "unused", Words: []string{tableimport.EventNo}},
	}
	schema.Fields = append(schema.Fields,
		tableimport.Field{Name: "used_at", Kind: tableimport.Event, Headings: tableimport.HeadUsedAt, Meanings: meanings},
		tableimport.Field{Name: "used_by", Kind: tableimport.Event, Headings: tableimport.HeadUsedBy, Meanings: meanings})
	return schema
}

// Columns of use are found by their headings in the seven languages.
func TestColumnsOfUse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		at, by string
		asked  string // true: a person must choose the meaning of a date
	}{
		{"Used at", "Used by", ""},
		{"used_date", "redeemed-by", ""},
		{"Redeemed On", "Claimed by", ""},
		{"Fecha de uso", "Usado por", ""},
		{"Utilisé le", "Utilisée par", ""},
		{"Data de utilização", "Resgatado por", ""},
		{"Eingelöst am", "Benutzt von", ""},
		{"تاريخ الاستخدام", "استخدم بواسطة", ""},
		{"Tanggal pemakaian", "Digunakan oleh", ""},
		{"Activation date", "Used by", "used_at meaning (date)"},
		{"Activated at", "Used by", "used_at meaning (date)"},
		{"Last used", "Used by", "used_at meaning (date)"},
		{"Fecha de activación", "Usado por", "used_at meaning (date)"},
		{"Date d'activation", "Utilisé par", "used_at meaning (date)"},
		{"Aktiviert am", "Eingelöst von", "used_at meaning (date)"},
		{"تاريخ التفعيل", "مستخدم من قبل", "used_at meaning (date)"},
		{"Tanggal aktivasi", "Dipakai oleh", "used_at meaning (date)"},
	} {
		file := fmt.Appendf(nil, "Code,Price,%s,%s\nUSAA1111BB,5,,\nUSAA2222BC,5,2026-01-31 10:00,anna\nUSAA3333BD,5,,-\nUSAA4444BE,5,,ben\nUSAA5555BF,5,0000-00-00,No\n", c.at, c.by)
		s := survey(t, file, used("USD"))
		require.Equal(t, 2, s.Guess["used_at"], c.at)
		require.Equal(t, 3, s.Guess["used_by"], c.by)
		plan := s.Plan(used("USD"))
		require.Equal(t, c.asked, meanings(s, plan), c.at)
		plan.Meanings["used_at"][tableimport.EventDate] = "used"
		require.Equal(t, []string{"/", "used/used", "/", "/used", "/unused"}, uses(t, file, plan), c.at)
	}
}

// meanings returns the open questions about a column of use.
func meanings(s *tableimport.Survey, plan tableimport.Plan) string {
	var all []string
	for _, q := range s.Questions(used("USD"), plan) {
		for _, w := range q.Words {
			all = append(all, fmt.Sprintf("%s %s %s", q.Field, q.Ask, w.Key))
		}
	}
	return strings.Join(all, ", ")
}

// uses returns the meaning of each row, or the reason for which it is left out.
func uses(t *testing.T, file []byte, plan tableimport.Plan) (all []string) {
	t.Helper()
	r := tableimport.NewReader(open(t, file), used("USD"), plan)
	for {
		rec, err := r.Next()
		if err != nil {
			return all
		}
		switch {
		case !rec.Data:
		case rec.Left != nil:
			all = append(all, rec.Left.Field+"."+string(rec.Left.Reason))
		default:
			n := len(rec.Values)
			all = append(all, rec.Values[n-2].Meaning+"/"+rec.Values[n-1].Meaning)
		}
	}
}

// A cell in a column of use has the chosen meaning. A row whose meaning is open is left
// out.
func TestUseAsChosen(t *testing.T) {
	t.Parallel()
	file := []byte("Code,Used at,Left\nUSAA1111BB,2026-01-31,5\nUSAA2222BC,,5\nUSAA3333BD,soon,5\n")
	s := survey(t, file, used("USD"))
	plan := s.Plan(used("USD"))
	require.Equal(t, "used_at meaning (date), used_at meaning (text)", meanings(s, plan), "of what has a rest a part may have been used")
	require.Equal(t, []string{"used_at.status_unknown", "/", "used_at.status_unknown"}, uses(t, file, plan))
	plan.Meanings["used_at"][tableimport.EventDate] = "unused"
	plan.Meanings["used_at"][tableimport.EventText] = ""
	require.Equal(t, []string{"unused/", "/", "used_at.status_unknown"}, uses(t, file, plan))
	adapted := s.Adapt(used("USD"), plan)
	require.Empty(t, meanings(s, adapted))
	require.Equal(t, plan.Meanings["used_at"], adapted.Meanings["used_at"], "what a person chose stays")
}

// A column with the heading "Used" is the status if the file has no other status, unless it
// contains dates. It is never an amount.
func TestBareUsed(t *testing.T) {
	t.Parallel()
	s := survey(t, []byte("Code,Used\nUSAA1111BB,yes\nUSAA2222BC,no\n"), used("USD"))
	require.Equal(t, map[string]int{"code": 0, "status": 1}, s.Guess)
	s = survey(t, []byte("Code,Status,Used\nUSAA1111BB,active,yes\nUSAA2222BC,active,no\n"), used("USD"))
	require.Equal(t, map[string]int{"code": 0, "status": 1, "used_at": 2}, s.Guess)
	s = survey(t, []byte("Code,Status,Used\nUSAA1111BB,active,1.50\nUSAA2222BC,active,2.75\nUSAA3333BD,active,3.10\n"), used("USD"))
	require.Equal(t, map[string]int{"code": 0, "status": 1}, s.Guess)
	s = survey(t, []byte("Code,Used\nUSAA1111BB,2026-01-31\nUSAA2222BC,2026-02-01\n"), used("USD"))
	require.Equal(t, map[string]int{"code": 0, "used_at": 1}, s.Guess)
}

// Words in a status column that may be codes are never shown. One question asks for the
// meaning of all of them.
func TestHiddenWords(t *testing.T) {
	t.Parallel()
	file := []byte("Code,Status\nHIAA1111BB,active\nHIAA2222BC,XK29APQ7\nHIAA3333BD,active\nHIAA4444BE,ZK18BPW3\n")
	s := survey(t, file, cards("USD"))
	plan := s.Plan(tableimport.Schema{Fields: cards("USD").Fields[:1]})
	plan.Columns["status"] = 1
	plan = s.Adapt(cards("USD"), plan)
	questions := s.Questions(cards("USD"), plan)
	require.Len(t, questions, 1)
	require.Equal(t, []tableimport.Word{{Key: tableimport.HiddenWord, Shown: "••••", N: 2}}, questions[0].Words)
	require.Equal(t, []string{"3 status.status_unknown", "5 status.status_unknown"}, left(t, file, plan))
	plan.Meanings["status"][tableimport.HiddenWord] = tableimport.WordsUsed
	require.Empty(t, s.Questions(cards("USD"), plan))
	require.Empty(t, left(t, file, plan))
}

// left lists the rows that are left out.
func left(t *testing.T, file []byte, plan tableimport.Plan) (all []string) {
	t.Helper()
	r := tableimport.NewReader(open(t, file), cards("USD"), plan)
	for {
		rec, err := r.Next()
		if err != nil {
			return all
		}
		if rec.Data && rec.Left != nil {
			all = append(all, fmt.Sprintf("%d %s.%s", rec.Row, rec.Left.Field, rec.Left.Reason))
		}
	}
}

// The order of day, month and year in a column is known only if the values prove it. A
// person must choose where an order is only likely. A two-digit year is refused if its
// century is uncertain.
func TestTwoDigitYears(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		values string
		order  tableimport.DateOrder
	}{
		{"01/02/30", tableimport.OrderOpen},
		{"30-12-27", tableimport.OrderOpen},
		{"30-12-27,29-12-27,28-11-27,27-10-27", tableimport.OrderOpen}, // or the 27th of months of 2030, 2029 …
		{"25-12-30,26-12-30,27-12-30", tableimport.OrderOpen},
		{"12/31/27", tableimport.MonthDayYear},
		{"31.12.99", tableimport.DayMonthYear},
		{"99-12-31", tableimport.YearMonthDay},
		{"05/05/27", ""},
	} {
		file := "Code,Valid till\n"
		for i, value := range strings.Split(c.values, ",") {
			file += fmt.Sprintf("TYAA%d11%dBB,%s\n", i, i, value)
		}
		require.Equal(t, c.order, survey(t, []byte(file), cards("USD")).Columns[1].Dates.Order, c.values)
	}
	for _, c := range []struct {
		text  string
		order tableimport.DateOrder
		want  string
	}{
		{"01/02/30", "", "open_date"},
		{"30-12-27", "", "open_date"},
		{"30-12-27", tableimport.YearMonthDay, "2030-12-27"},
		{"12/31/27", "", "2027-12-31"},
		{"31.12.68", "", "2068-12-31"},
		{"31.12.69", "", "open_century"},
		{"31.12.99", "", "open_century"},
		{"31 Dec 99", "", "open_century"},
		{"99-12-31", "", "open_century"},
		{"31.12.2099", "", "2099-12-31"},
		{"31 Dec 2099", "", "2099-12-31"},
		{"2099-12-31", "", "2099-12-31"},
		{"101227", "", "bad_date"},
		{"010230", "", "bad_date"},
	} {
		require.Equal(t, c.want, date(c.text, c.order), c.text)
	}
}

// A column with the number of uses is found by its heading in the seven languages. A number
// above 0 means that the code was used, with or without the limit of uses ("2 / 5").
func TestCountsOfUse(t *testing.T) {
	t.Parallel()
	for _, heading := range []string{
		"Times Redeemed", "times_redeemed", "Usage count", "usage_count", "Usage / Limit", "Usage/Limit", "Redemptions", "Veces canjeado", "Uso / Límite", "Nombre d'utilisations",
		"Utilisation / Limite", "Vezes resgatado", "Anzahl Einlösungen", "Verwendung / Limit", "عدد مرات الاستخدام", "Jumlah penggunaan",
	} {
		file := fmt.Appendf(nil, "Code,Price,%s\nUSAA1111BB,5,0\nUSAA2222BC,5,1\nUSAA3333BD,5,0 / 1\nUSAA4444BE,5,1 / 1\nUSAA5555BF,5,0 / ∞\nUSAA6666BG,5,2 / 5\nUSAA7777BH,5,0/10\nUSAA8888BK,5,12\nUSAA9999BL,5,\nUSBB1111BL,5,0.0\nUSBB2222BL,5,٠\nUSBB3333BL,5,10 / 10\n", heading)
		s := survey(t, file, used("USD"))
		require.Equal(t, map[string]int{"code": 0, "price": 1, "used_at": 2}, s.Guess, heading)
		plan := s.Plan(used("USD"))
		require.Empty(t, meanings(s, plan), heading)
		require.Equal(t, []string{"/", "used/", "unused/", "used/", "unused/", "used/", "unused/", "used/", "/", "unused/", "/", "used/"}, uses(t, file, plan), heading)
		counts := map[string]int64{}
		for _, w := range s.Events(2) {
			counts[w.Key] = w.N
		}
		require.Equal(t, map[string]int64{tableimport.EventNo: 4, tableimport.EventText: 5}, counts)
	}
	// A limit of uses says nothing about the uses so far, so the column is ignored.
	for _, heading := range []string{"Usage limit", "usage_limit", "Usage limit per user", "Max redemptions", "Uses"} {
		s := survey(t, fmt.Appendf(nil, "Code,Price,%s\nUSAA1111BB,5,1\nUSAA2222BC,5,1\n", heading), used("USD"))
		require.Equal(t, map[string]int{"code": 0, "price": 1}, s.Guess, heading)
	}
	// A date of use takes precedence over the number of uses.
	s := survey(t, []byte("Code,Usage count,Used at\nUSAA1111BB,0,\nUSAA2222BC,1,2026-01-31\n"), used("USD"))
	require.Equal(t, map[string]int{"code": 0, "used_at": 2, "used_by": 1}, s.Guess)
}
