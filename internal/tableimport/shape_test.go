package tableimport_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/tableimport"
)

// dice returns a deterministic random source.
type dice struct{ x uint64 }

func (d *dice) n(n int) int {
	d.x ^= d.x << 13
	d.x ^= d.x >> 7
	d.x ^= d.x << 17
	return int(d.x >> 33 % uint64(n)) //nolint:gosec // 31 bits
}

func (d *dice) code(alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[int((d.x>>33)%uint64(len(alphabet)))] //nolint:gosec // 31 bits
		d.n(2)
	}
	return string(b)
}

const (
	numerals = "0123456789"
	base32   = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
	base36   = "abcdefghijklmnopqrstuvwxyz0123456789"
	base57   = "23456789abcdefhijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"
	letters  = "ABCDEFGHJKLMNPQRSTUVWXYZ"
)

// kinds are the codes of common files.
func kinds() map[string]func(d *dice, i int) string {
	return map[string]func(d *dice, i int) string{
		"12 digits": func(d *dice, _ int) string { return d.code(numerals, 12) },
		"8 digits":  func(d *dice, _ int) string { return d.code(numerals, 8) },
		"16 digits in groups": func(d *dice, _ int) string {
			return d.code(numerals, 4) + "-" + d.code(numerals, 4) + "-" + d.code(numerals, 4) + "-" + d.code(numerals, 4)
		},
		"10 of base 32":        func(d *dice, _ int) string { return d.code(base32, 10) },
		"6 of base 36":         func(d *dice, _ int) string { return d.code(base36, 6) },
		"8 of base 36":         func(d *dice, _ int) string { return d.code(base36, 8) },
		"11 of base 57":        func(d *dice, _ int) string { return d.code(base57, 11) },
		"8 letters":            func(d *dice, _ int) string { return d.code(letters, 8) },
		"a prefix":             func(d *dice, _ int) string { return "202402-INTERNET-" + d.code(base57, 8) },
		"a prefix and digits":  func(d *dice, _ int) string { return "RF" + d.code(numerals, 10) },
		"running numbers":      func(_ *dice, i int) string { return fmt.Sprintf("CARD-%06d", i+1) },
		"8 in two groups":      func(d *dice, _ int) string { return d.code(base32, 4) + "-" + d.code(base32, 4) },
		"letters, then digits": func(d *dice, _ int) string { return d.code(letters, 3) + d.code(numerals, 5) },
	}
}

// taken returns the codes that are accepted of a file.
func taken(t *testing.T, lines []string) map[string]bool {
	t.Helper()
	file := []byte("code,price\n" + strings.Join(lines, ",5.00\n") + ",5.00\n")
	schema := cards("USD")
	schema.Fields = []tableimport.Field{schema.Fields[0], schema.Fields[3]}
	plan := survey(t, file, schema).Plan(schema)
	plan.Columns = map[string]int{"code": 0, "price": 1}
	got := map[string]bool{}
	for _, line := range records(t, file, schema, plan) {
		if code, ok := strings.CutSuffix(line, " 500"); ok && !strings.HasPrefix(line, "[") {
			got[code] = true
		}
	}
	return got
}

// In files of every kind and size, codes are accepted, and other texts among them are left
// out.
func TestJunkAmongCodes(t *testing.T) {
	t.Parallel()
	junk := []string{
		"Grand total", "TOTAL", "Totalcards", "Subtotal", "Total: 40.00", "Summe", "Gesamtsumme", "Total général", "المجموع", "Jumlah", "3 cards", "Anzahl: 3",
		"Username", "Password", "Voucher code", "Serial number", "Gültig bis", "# comment", "(empty)", "N/A", "null", "NULL", "undefined", "-", "—", "------", "********",
		"#VALUE!", "#REF!", "#N/A", "#NAME?", "#DIV/0!", "########", "#WERT!", "Err:502", "1.23457E+11", "1,23457E+11", "2.19E+26", "-1.5E-07",
		"Page 1 of 3", "Printed by admin", "End of report", "Voucher list 2026", "see next page", "Spring campaign", "exported 2026-11-30", "2026-11-30 10:15:00",
		"shop@example.net", "http://example.net/", "Expired", "not activated", "Disabled",
	}
	d := &dice{88172645463325252}
	for kind, draw := range kinds() {
		for _, size := range []int{1, 2, 3, 4, 5, 20, 100} {
			lines := make([]string, size)
			for i := range lines {
				lines[i] = draw(d, i)
			}
			got := taken(t, lines)
			missed := 0
			for _, line := range lines {
				if !got[line] {
					missed++
				}
			}
			require.LessOrEqual(t, missed, size/6+1, "%d codes: %s", size, kind)
			if size >= 100 {
				require.LessOrEqual(t, missed, size/33, "%d codes: %s", size, kind)
			}
			for _, bad := range junk {
				at := d.n(size + 1)
				with := append(append(append([]string{}, lines[:at]...), bad), lines[at:]...)
				got := taken(t, with)
				for code := range got {
					require.Contains(t, lines, code, "%d codes: %s, with %q", size, kind, bad)
				}
			}
		}
	}
}

// Rows that repeat, such as footers on every page, do not make each other regular.
func TestJunkThatRepeats(t *testing.T) {
	t.Parallel()
	d := &dice{88172645463325252}
	for kind, draw := range kinds() {
		for _, bad := range []string{"Page %d of 9", "Page %d", "printed 2026-11-3%d", "%d. Voucher", "Total page %d", "shop%d@example.net", "-- %d --"} {
			var lines, with []string
			for page := range 9 {
				for i := range 6 {
					lines = append(lines, draw(d, page*6+i))
					with = append(with, lines[len(lines)-1])
				}
				with = append(with, fmt.Sprintf(bad, page+1))
			}
			for code := range taken(t, with) {
				require.Contains(t, lines, code, "%s, with %q", kind, bad)
			}
		}
	}
}

// Codes that are shorter because a spreadsheet has removed leading zeros are left out. Two
// lengths that are both frequent are accepted.
func TestLengths(t *testing.T) {
	t.Parallel()
	d := &dice{88172645463325252}
	for _, size := range []int{20, 300, 3000} {
		var lines []string
		lost := map[string]bool{}
		for range size {
			code := d.code(numerals, 12)
			if short := strings.TrimLeft(code, "0"); short != code {
				code, lost[short] = short, true
			}
			lines = append(lines, code)
		}
		got := taken(t, lines)
		for code := range lost {
			require.False(t, got[code], "%s of %d", code, size)
		}
		require.Len(t, got, size-len(lost))
	}
	for _, alphabet := range []string{numerals, base32, base57} {
		var lines []string
		for i := range 300 {
			lines = append(lines, d.code(alphabet, 10+2*(i%2)))
		}
		require.Len(t, taken(t, lines), 300, alphabet)
	}
	var names []string
	for i := range 60 {
		names = append(names, "user"+strings.Repeat("x", i%9)+fmt.Sprint(10+i))
	}
	require.Greater(t, len(taken(t, names)), 50)
}
