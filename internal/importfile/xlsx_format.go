package importfile

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// cellFormat is a number format of a workbook, by the grammar of ECMA-376 part 1, section
// 18.8.31.
type cellFormat struct {
	date, clock bool   // shows a date, a time of day
	elapsed     bool   // shows hours beyond 24
	digits      string // pattern of zeros for a whole number, such as 0000-0000; empty: none
	currency    string // currency in the format
	percent     bool   // shows the number as a percentage
}

// builtin returns a built-in format, which workbooks refer to only by number. The East
// Asian formats differ by language, but each is a date.
func builtin(id int) cellFormat {
	switch {
	case id == 9, id == 10:
		return cellFormat{percent: true}
	case id >= 14 && id <= 17, id >= 27 && id <= 31, id == 36, id >= 50 && id <= 54, id == 57, id == 58:
		return cellFormat{date: true}
	case id == 22:
		return cellFormat{date: true, clock: true}
	case id >= 18 && id <= 21, id >= 32 && id <= 35, id == 45, id == 47:
		return cellFormat{clock: true}
	case id == 46:
		return cellFormat{elapsed: true}
	}
	return cellFormat{}
}

// parseFormat parses the format of positive numbers. Quoted texts, escaped signs, colours,
// conditions and locales are not parts of a date.
func parseFormat(code string) cellFormat {
	var f cellFormat
	var pattern, literal strings.Builder
	whole := true // only digit placeholders and signs between them
	months := false
	for i := 0; i < len(code); {
		switch c := code[i]; c {
		case ';':
			i = len(code)
			continue
		case '"':
			end := strings.IndexByte(code[i+1:], '"')
			if end < 0 {
				end = len(code) - i - 1
			}
			text := code[i+1 : i+1+end]
			literal.WriteString(text)
			pattern.WriteString(text)
			i += end + 2
			continue
		case '\\':
			if i+1 < len(code) {
				literal.WriteByte(code[i+1])
				pattern.WriteByte(code[i+1])
			}
			i += 2
			continue
		case '_', '*': // space as wide as the next sign, or filled with it
			i += 2
			continue
		case '[':
			end := strings.IndexByte(code[i:], ']')
			if end < 0 {
				end = len(code) - i
			}
			f.bracket(code[i+1 : min(i+end, len(code))])
			i += end + 1
			continue
		case '0', '#', '?':
			pattern.WriteByte(c)
		case '-', ' ', '(', ')', '+', ':', '$':
			literal.WriteByte(c)
			pattern.WriteByte(c)
		default:
			rest := strings.ToLower(code[i:])
			switch {
			case strings.HasPrefix(rest, "general"):
				i += len("general")
				whole = false
				continue
			case strings.HasPrefix(rest, "am/pm"):
				i += len("am/pm")
				f.clock, whole = true, false
				continue
			case strings.HasPrefix(rest, "e+"), strings.HasPrefix(rest, "e-"): // 0.00E+00
			case c|0x20 == 'y', c|0x20 == 'd', c|0x20 == 'e', c|0x20 == 'b':
				f.date = true
			case strings.HasPrefix(rest, "mmm"):
				f.date = true
			case c|0x20 == 'm':
				months = true
			case c == '%':
				f.percent = true
			case c|0x20 == 'h', c|0x20 == 's':
				f.clock = true
			case c >= 0x80: // a currency sign without quotes
				literal.WriteByte(c)
				pattern.WriteByte(c)
				i++
				continue
			}
			whole = false
		}
		i++
	}
	if months && !f.clock {
		f.date = true // 12/31
	}
	if f.date {
		f.elapsed = false
	}
	if text := pattern.String(); whole && strings.ContainsRune(text, '0') && strings.Count(text, "0") > 1 && strings.Count(text, "0")+strings.Count(text, "#") <= MaxCell {
		f.digits = text
	}
	if f.currency == "" {
		f.currency = currencyIn(literal.String())
	}
	if f.currency != "" {
		f.digits = ""
	}
	return f
}

// bracket parses the text in brackets: [Red], [>=100], [$€-407], [h].
func (f *cellFormat) bracket(text string) {
	switch lower := strings.ToLower(text); {
	case strings.HasPrefix(text, "$"):
		sign, _, _ := strings.Cut(text[1:], "-")
		f.currency = currencyIn(sign)
	case lower == "h", lower == "hh", lower == "m", lower == "mm", lower == "s", lower == "ss":
		f.elapsed = true
	}
}

// currencyIn returns a literal text that is a currency code or sign. Package tableimport
// interprets it.
func currencyIn(text string) string {
	text = strings.Trim(text, " -+():.")
	if len(text) == 3 && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" {
		return text
	}
	for _, sign := range []string{"€", "$", "£", "¥", "₹", "₽", "₺", "₦", "₱", "₫", "₩", "₪", "฿", "₴", "Rp", "R$", "zł", "kr", "Kč"} {
		if text == sign {
			return sign
		}
	}
	return ""
}

// number returns the text and the kind of a number as a cell shows it, in a form that can
// be parsed again: dates as ISO 8601, numbers with a point and without groups.
func (f cellFormat) number(text string, from time.Time) (string, CellKind) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
		return clean(text), CellText // not a number: shown as it is
	}
	if (f.date || f.clock || f.elapsed) && n >= 0 && n < 3e6 {
		return f.dateTime(n, from)
	}
	if f.percent {
		shown, err := strconv.ParseFloat(strconv.FormatFloat(n*100, 'g', 15, 64), 64)
		if err != nil {
			return clean(text), CellText
		}
		return strconv.FormatFloat(shown, 'f', -1, 64) + " %", CellText
	}
	exact := strings.Trim(text, "0123456789") == ""
	if f.digits != "" && n >= 0 && n == math.Trunc(n) && (n < 1e15 || exact) {
		if !exact {
			text = strconv.FormatFloat(n, 'f', 0, 64)
		}
		return padded(f.digits, text), CellText
	}
	switch {
	case exact:
	case math.Abs(n) >= 1e15: // a spreadsheet stores 15 digits; further digits are lost
		return strconv.FormatFloat(n, 'E', 14, 64), CellNumber
	case strings.ContainsAny(text, "eE."): // 1.2E+3, 12.0, 0.30000000000000004
		if rounded, err := strconv.ParseFloat(strconv.FormatFloat(n, 'g', 15, 64), 64); err == nil {
			n = rounded
		}
		text = strconv.FormatFloat(n, 'f', -1, 64)
	}
	if f.currency != "" {
		text += " " + f.currency
	}
	return text, CellNumber
}

// dateTime returns a date, a time or both.
func (f cellFormat) dateTime(n float64, from time.Time) (string, CellKind) {
	seconds := int64(math.Round(n * 86400))
	switch {
	case f.elapsed, !f.date && n >= 1:
		two := func(n int64) string {
			if n < 10 {
				return "0" + strconv.FormatInt(n, 10)
			}
			return strconv.FormatInt(n, 10)
		}
		return strconv.FormatInt(seconds/3600, 10) + ":" + two(seconds/60%60) + ":" + two(seconds%60), CellText
	case !f.date:
		return time.Unix(seconds, 0).UTC().Format(time.TimeOnly), CellText
	case !f.clock:
		return from.AddDate(0, 0, int(n)).Format(time.DateOnly), CellDate
	}
	return from.Add(time.Duration(seconds) * time.Second).Format(time.DateTime), CellDate
}

// padded fills the digits of a whole number into a pattern from the right; surplus digits
// go in front.
func padded(pattern, digits string) string {
	places := strings.Count(pattern, "0") + strings.Count(pattern, "#") + strings.Count(pattern, "?")
	if len(digits) < places {
		digits = strings.Repeat("0", places-len(digits)) + digits
	}
	var b strings.Builder
	next, significant := -1, false // index of the next digit; whether a digit was written
	for i := range len(pattern) {
		c := pattern[i]
		if c != '0' && c != '#' && c != '?' {
			b.WriteByte(c)
			continue
		}
		if next < 0 {
			next = len(digits) - places
			b.WriteString(digits[:next])
			significant = next > 0
		}
		if d := digits[next]; c == '0' || significant || d != '0' {
			b.WriteByte(d)
			significant = true
		}
		next++
	}
	return strings.TrimSpace(b.String())
}
