// Package money owns amounts: whole minor units of a currency, how they are read from a
// form and how they are written. The currencies and their decimals are data of Unicode
// CLDR. The package never uses floating point and never converts between currencies.
package money

import (
	"errors"
	"strconv"
	"strings"

	"github.com/bojanz/currency"
)

// Amount is a sum of money in minor units (cents) of an ISO 4217 currency.
type Amount struct {
	Minor    int64
	Currency string
}

// ErrForm refuses text that is no amount, ErrDecimals one with more decimals than the
// currency has.
var (
	ErrForm     = errors.New("not an amount of money")
	ErrDecimals = errors.New("more decimals than the currency has")
	ErrRange    = errors.New("beyond what can be kept")
)

// Test is the currency of what is for testing: the code that ISO 4217 keeps for that. Money in it
// is worth nothing, no report counts it, and no installation has it as its own.
const Test = "XTS"

// Known reports whether code is an ISO 4217 currency in the data of Unicode CLDR, and not Test.
func Known(code string) bool {
	_, known := currency.GetDigits(code) // IsValid would accept an empty code
	return known && code != Test
}

// Digits returns how many decimals the currency has, the column "minor unit" of ISO
// 4217: 0, 2, 3 or 4; 2 for an unknown one.
func Digits(code string) int {
	if n, ok := currency.GetDigits(code); ok {
		return int(n)
	}
	return 2
}

// Parse reads an amount as people type it ("10", "10.5", "1,250.00", "10,50")
// and returns minor units. A comma is a decimal sign when it is the only
// separator and one or two digits follow it; otherwise it groups thousands.
func Parse(text, code string) (int64, error) {
	s := strings.TrimSpace(text)
	s = strings.TrimSpace(strings.TrimPrefix(s, code))
	if strings.Count(s, ",") == 1 && !strings.Contains(s, ".") && len(s)-strings.Index(s, ",") <= 3 {
		s = strings.Replace(s, ",", ".", 1)
	}
	whole, fraction, hasPoint := strings.Cut(s, ".")
	whole, ok := ungroup(whole)
	if !ok || (hasPoint && fraction == "") || !allDigits(fraction) {
		return 0, ErrForm
	}
	digits := Digits(code)
	if len(fraction) > digits {
		return 0, ErrDecimals
	}
	minor, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", digits-len(fraction)), 10, 64)
	if err != nil {
		return 0, ErrRange
	}
	return minor, nil
}

// ungroup removes correctly placed thousands separators from a whole number.
func ungroup(whole string) (string, bool) {
	groups := strings.FieldsFunc(whole, func(r rune) bool { return r == ',' || r == ' ' || r == '\u00a0' || r == '\u202f' })
	if len(groups) == 0 || strings.HasPrefix(whole, ",") || strings.HasSuffix(whole, ",") {
		return "", false
	}
	for i, g := range groups {
		if !allDigits(g) || (i > 0 && len(g) != 3) || (len(groups) > 1 && i == 0 && len(g) > 3) {
			return "", false
		}
	}
	return strings.Join(groups, ""), true
}

func allDigits(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return true
}

// Decimal writes the amount as a machine reads it: "1250.00", "-3.50".
func (a Amount) Decimal() string {
	sign, n := "", uint64(a.Minor) //nolint:gosec // a negative amount is negated in the next line
	if a.Minor < 0 {
		sign, n = "-", -n
	}
	digits := Digits(a.Currency)
	s := strconv.FormatUint(n, 10)
	if len(s) <= digits {
		s = strings.Repeat("0", digits-len(s)+1) + s
	}
	if digits == 0 {
		return sign + s
	}
	return sign + s[:len(s)-digits] + "." + s[len(s)-digits:]
}

// Minus is the sign of a negative figure for people. Files have the hyphen of Decimal.
const Minus = "−"

// String writes the amount as people read it: "USD 1,250.00", "USD −3.50".
func (a Amount) String() string { return a.Currency + " " + a.Figure() }

// Figure writes the amount as people read it where its currency is named beside it:
// "1,250.00", "−3.50".
func (a Amount) Figure() string {
	d := a.Decimal()
	sign := ""
	if strings.HasPrefix(d, "-") {
		sign, d = Minus, d[1:]
	}
	whole, fraction, hasPoint := strings.Cut(d, ".")
	out := sign + Group(whole)
	if hasPoint {
		out += "." + fraction
	}
	return out
}

// Group puts a comma between the thousands of a string of digits.
func Group(digits string) string {
	var b strings.Builder
	for i, r := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(r)
	}
	return b.String()
}
