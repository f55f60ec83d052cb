package tableimport

import (
	"strconv"
	"strings"

	"refill/internal/money"
)

// signs maps currency signs and customary abbreviations to currencies.
var signs = map[string]string{ //nolint:gochecknoglobals // a table
	"€": "EUR", "£": "GBP EGP LBP SYP SDG SSP GIP FKP SHP", "¥": "JPY CNY", "円": "JPY", "元": "CNY", "₹": "INR", "₨": "INR PKR LKR NPR MUR SCR", "rs": "INR PKR LKR NPR MUR SCR", "re": "INR PKR LKR NPR",
	"₽": "RUB", "руб": "RUB", "р": "RUB", "₺": "TRY", "tl": "TRY", "₦": "NGN", "₱": "PHP", "₫": "VND", "đ": "VND", "₩": "KRW", "₪": "ILS", "฿": "THB", "₴": "UAH", "грн": "UAH", "₸": "KZT", "₲": "PYG", "₡": "CRC", "₵": "GHS", "gh₵": "GHS", "₭": "LAK", "₮": "MNT", "₾": "GEL", "₼": "AZN", "؋": "AFN", "﷼": "IRR YER OMR QAR SAR",
	"rp": "IDR", "rm": "MYR", "r": "ZAR", "r$": "BRL", "zł": "PLN", "zl": "PLN", "kč": "CZK", "ft": "HUF", "lei": "RON MDL", "лв": "BGN", "kr": "SEK NOK DKK ISK", "kr.": "SEK NOK DKK ISK", "fr": "CHF XOF XAF XPF", "sfr": "CHF", "fcfa": "XOF XAF", "cfa": "XOF XAF", "f": "XOF XAF XPF GNF", "ksh": "KES", "kshs": "KES", "tsh": "TZS", "tshs": "TZS", "ush": "UGX", "shs": "UGX KES TZS", "sh": "UGX KES TZS SOS", "birr": "ETB", "br": "ETB BYN", "mt": "MZN", "ar": "MGA", "le": "SLE EGP", "q": "GTQ", "l": "HNL", "c$": "NIO CAD", "b/.": "PAB", "s/": "PEN", "s/.": "PEN", "bs": "BOB VES", "bs.": "BOB VES", "gs": "PYG", "tk": "BDT", "৳": "BDT", "nt$": "TWD", "hk$": "HKD", "s$": "SGD", "a$": "AUD", "au$": "AUD", "nz$": "NZD", "us$": "USD", "u$s": "USD", "usd$": "USD", "ca$": "CAD", "mx$": "MXN", "rd$": "DOP", "j$": "JMD", "tt$": "TTD", "ec$": "XCD", "cg": "XCG", "zig": "ZWG", "z$": "USD", "n$": "NAD", "euro": "EUR", "euros": "EUR", "dollar": "USD", "dollars": "USD", "rupiah": "IDR", "rupees": "INR PKR LKR NPR MUR SCR", "pesos": "MXN COP CLP ARS PHP DOP CUP UYU", "reais": "BRL", "dh": "AED MAD", "dhs": "AED MAD", "dt": "TND", "da": "DZD", "kd": "KWD", "bd": "BHD", "jd": "JOD", "sr": "SAR", "qr": "QAR", "ro": "OMR", "le.": "EGP",
	"$": "USD AUD CAD NZD SGD HKD MXN ARS CLP COP UYU DOP TWD NAD FJD JMD TTD BBD BSD BZD BMD BND GYD KYD LRD SBD SRD XCD CUP CVE ZWG", "د.ك": "KWD", "د.إ": "AED", "ر.س": "SAR", "ر.ق": "QAR", "ر.ع": "OMR", "د.ب": "BHD", "د.ع": "IQD", "د.أ": "JOD", "د.ت": "TND", "د.ج": "DZD", "د.م": "MAD", "ج.م": "EGP", "ل.ل": "LBP", "ل.س": "SYP", "ر.ي": "YER", "ريال": "SAR YER QAR OMR IRR", "دينار": "KWD BHD IQD JOD TND DZD LYD RSD", "درهم": "AED MAD", "جنيه": "EGP SDG", "ليرة": "LBP SYP TRY", "دولار": "USD",
}

// withoutDecimals are currencies with decimals in ISO 4217 that are not in use: in them
// 10.000 is ten thousand.
const withoutDecimals = " IDR IRR LAK LBP SYP UZS MMK COP HUF TZS MGA SLL STN MWK NGN CDF ZWG AMD ALL "

// amountReading is the set of amounts that a text can be, in minor units.
type amountReading struct {
	reason          Reason // not empty: the text is not an amount
	negative        bool
	currency        string // named in the text: the currency of the schema, or another one with ReasonCurrency
	pointOK, comma  bool   // the text is an amount with a point, with a comma as the decimal sign
	minor, minorCom int64
}

// depends reports whether the amount depends on the decimal sign.
func (a amountReading) depends() bool {
	return a.pointOK != a.comma || a.minor != a.minorCom
}

// readAmount reads an amount, with or without a currency before or after it. exact: the
// decimal sign is a point, as in a number of a workbook.
func readAmount(text, currency string, exact bool) amountReading {
	text = unquote(Digits(text))
	if !plainASCII(text) && strings.ContainsAny(text, "٫٬،") {
		exact = exact || strings.ContainsRune(text, '٫')
		text = strings.NewReplacer("٬", "", "٫", ".", "،", ",").Replace(text)
	}
	first, last := digitsOf(text)
	if first < 0 {
		return amountReading{reason: ReasonAmount}
	}
	if isScientific(text) || looselyScientific(text) {
		return amountReading{reason: ReasonScientific}
	}
	var a amountReading
	core := text[first : last+1]
	a.readAffixes(text[:first], text[last+1:], currency)
	if a.reason != "" {
		return a
	}
	digits := money.Digits(currency)
	a.minor, a.pointOK = readNumber(core, '.', ',', digits)
	if !exact {
		a.minorCom, a.comma = readNumber(core, ',', '.', digits)
		a.decideByCurrency(core, currency, digits)
	} else {
		a.minorCom, a.comma = a.minor, a.pointOK
	}
	if !a.pointOK && !a.comma {
		a.reason = ReasonAmount
	}
	return a
}

// digitsOf returns the indexes of the first and the last digit, or -1.
func digitsOf(text string) (first, last int) {
	first, last = -1, -1
	for i := range len(text) {
		if text[i] >= '0' && text[i] <= '9' {
			if last = i; first < 0 {
				first = i
			}
		}
	}
	return first, last
}

// decideByCurrency decides amounts such as 10.000, which are ten or ten thousand, by the number of
// decimals of the currency: without decimals it is ten thousand, with three it is ten.
func (a *amountReading) decideByCurrency(core, currency string, digits int) {
	if !a.pointOK || !a.comma || a.minor == a.minorCom {
		return
	}
	switch {
	case digits == 0 || strings.Contains(withoutDecimals, " "+currency+" "):
		if strings.Contains(core, ".") {
			a.pointOK = false
		} else {
			a.comma = false
		}
	case digits == 3 && strings.Contains(core, "."):
		a.comma = false
	}
}

// readAffixes reads the text before and after the digits: signs and currency.
func (a *amountReading) readAffixes(before, behind, currency string) {
	before, behind = strings.TrimSpace(before), strings.TrimSpace(behind)
	switch behind { // 10,- is ten without decimals
	case ",-", ".-", ",--", ".--":
		behind = ""
	}
	if strings.HasPrefix(before, "(") && strings.HasSuffix(behind, ")") {
		a.negative = true
		before, behind = before[1:], behind[:len(behind)-1]
	}
	if strings.Contains(before, "-") || strings.HasPrefix(behind, "-") || strings.HasSuffix(behind, "-") {
		a.negative = true
		before, behind = strings.ReplaceAll(before, "-", ""), strings.Trim(behind, "-")
	}
	before = strings.TrimPrefix(strings.TrimSpace(before), "+")
	for _, word := range []string{before, strings.TrimSpace(behind)} {
		if word == "" {
			continue
		}
		switch named, known := currencyNamed(word, currency); {
		case !known:
			a.reason = ReasonAmount
			return
		case named != currency:
			a.reason, a.currency = ReasonCurrency, named
		default:
			if a.reason == "" {
				a.currency = named
			}
		}
	}
}

// currencyNamed returns the currency that a word names. An ambiguous sign is the currency
// ours where it can be.
func currencyNamed(word, ours string) (string, bool) {
	word = strings.ToLower(strings.TrimSpace(Digits(word)))
	for _, form := range []string{word, strings.Trim(word, " ."), strings.ReplaceAll(word, " ", "")} {
		if code := strings.ToUpper(form); len(code) == 3 && money.Known(code) {
			return code, true
		}
		if codes := signs[form]; codes != "" {
			if strings.Contains(codes, ours) && ours != "" {
				return ours, true
			}
			return codes[:3], true
		}
	}
	if a, b, two := strings.Cut(word, " "); two { // "usd $"
		one, ok := currencyNamed(a, ours)
		other, also := currencyNamed(b, ours)
		if ok && also && (one == other || other == ours) {
			return one, true
		}
	}
	return "", false
}

// looselyScientific reports whether an amount has an exponent, such as 1E5. Amounts have no
// letters, so that the test is less strict than isScientific.
func looselyScientific(text string) bool {
	at := strings.IndexAny(text, "eE")
	return at > 0 && at < len(text)-1 && strings.Trim(text, "0123456789.,+-eE") == "" && isDigits(text[at-1:at]) && strings.Count(text, "e")+strings.Count(text, "E") == 1
}

// readNumber reads a number with a decimal sign and a sign between thousands, in minor
// units.
func readNumber(core string, point, group byte, digits int) (minor int64, ok bool) {
	whole, fraction := core, ""
	if at := strings.IndexByte(core, point); at >= 0 {
		whole, fraction = core[:at], core[at+1:]
		if !isDigits(fraction) {
			return 0, false
		}
	}
	if len(fraction) > digits { // 10.0000
		if strings.Trim(fraction[digits:], "0") != "" {
			return 0, false
		}
		fraction = fraction[:digits]
	}
	whole, ok = ungroup(whole, group)
	if !ok {
		return 0, false
	}
	minor, err := strconv.ParseInt(whole+fraction+"000"[:digits-len(fraction)], 10, 64)
	return minor, err == nil
}

// ungroup removes the signs between thousands: signs of one kind between groups of three
// digits, or in India of two before the last three.
func ungroup(whole string, group byte) (string, bool) {
	if isDigits(whole) {
		return whole, true
	}
	var sign string
	switch {
	case strings.IndexByte(whole, group) >= 0:
		sign = string(group)
	case strings.Contains(whole, " "):
		sign = " "
	case strings.Contains(whole, "'"):
		sign = "'"
	case strings.Contains(whole, "’"):
		sign = "’"
	default:
		return "", false
	}
	parts := strings.Split(whole, sign)
	last := len(parts) - 1
	middle := 3
	if last > 1 {
		middle = len(parts[1])
	}
	for i, part := range parts {
		if !isDigits(part) {
			return "", false
		}
		switch {
		case i == 0:
			if len(part) > middle || part[0] == '0' {
				return "", false
			}
		case i == last:
			if len(part) != 3 {
				return "", false
			}
		case len(part) != middle || middle < 2 || middle > 3:
			return "", false
		}
	}
	return strings.Join(parts, ""), true
}

// ReadAmount reads one amount above zero in a currency.
func ReadAmount(text, currency string, decimal Decimal) Value {
	return moneyValue(Amount, text, readAmount(text, currency, false), decimal)
}

// moneyValue returns the amount of a reading under a decimal sign.
func moneyValue(kind Kind, text string, a amountReading, decimal Decimal) Value {
	v := Value{State: Bad, Text: text, Reason: a.reason, Currency: a.currency}
	if a.reason != "" {
		return v
	}
	switch {
	case !a.depends():
		v.Minor = a.minor
	case decimal == Point && a.pointOK, decimal == Each && a.pointOK && !a.comma:
		v.Minor = a.minor
	case decimal == Comma && a.comma, decimal == Each && a.comma && !a.pointOK:
		v.Minor = a.minorCom
	case a.pointOK && a.comma:
		v.Reason = ReasonOpenDecimal
		return v
	case decimal == Point || decimal == Comma:
		v.Reason = ReasonAmount
		return v
	case a.pointOK:
		v.Minor = a.minor
	default:
		v.Minor = a.minorCom
	}
	if a.negative {
		v.Minor = -v.Minor
	}
	switch {
	case v.Minor < 0 && kind != Signed:
		v.Reason = ReasonNegative
	case v.Minor == 0 && kind == Amount:
		v.Reason = ReasonZero
	default:
		v.State = Good
	}
	return v
}
