package tableimport

import (
	"strings"
	"sync"
	"unicode"
)

// isPlaceholder reports whether a text means "no value": one of the known words, or signs
// only.
func isPlaceholder(text string) bool {
	if len(text) > 40 {
		return false
	}
	signs := true
	for i := range len(text) {
		if c := text[i]; c >= '0' && c <= '9' {
			return false
		} else if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80 {
			signs = false
		}
	}
	if signs {
		return text != ""
	}
	if !plainASCII(text) && strings.IndexFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '∞' }) < 0 {
		return true
	}
	_, ok := placeholderKeys()[Fold(text)]
	return ok
}

var placeholderKeys = sync.OnceValue(func() map[string]struct{} { //nolint:gochecknoglobals // a table, made once
	return keys(placeholders, Fold)
})

// keys returns the set of words in a text that separates them by bars.
func keys(words string, key func(string) string) map[string]struct{} {
	set := map[string]struct{}{}
	for word := range strings.SplitSeq(words, "|") {
		set[key(word)] = struct{}{}
	}
	return set
}

// isSheetError reports whether a text is an error of a spreadsheet: #VALUE! and its
// translations, ##### of a column that is too narrow, Err:502.
func isSheetError(text string) bool {
	if len(text) < 3 || len(text) > 40 {
		return false
	}
	if text[0] == '#' {
		last := text[len(text)-1]
		return strings.Trim(text, "#") == "" || (last == '!' || last == '?') && !strings.ContainsAny(text, " \t")
	}
	return strings.HasPrefix(text, "Err:") && isDigits(text[4:])
}

func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}

// isScientific reports whether a text is a number with an exponent, as a spreadsheet shows
// a number that is too long: 1.23457E+11. A code such as 12E45678 is not: a spreadsheet
// writes a decimal sign, or a sign before the exponent.
func isScientific(text string) bool {
	if len(text) < 4 || text[len(text)-1] < '0' || text[len(text)-1] > '9' {
		return false
	}
	if text[0] == '+' || text[0] == '-' {
		text = text[1:]
	}
	at := strings.IndexByte(text, 'E')
	if at < 0 {
		at = strings.IndexByte(text, 'e')
	}
	if at < 1 || at > 22 {
		return false
	}
	mantissa, exponent := text[:at], text[at+1:]
	signed := strings.HasPrefix(exponent, "+") || strings.HasPrefix(exponent, "-")
	if signed {
		exponent = exponent[1:]
	}
	if len(exponent) > 3 || !isDigits(exponent) {
		return false
	}
	if !isDigits(mantissa[:1]) || !signed && len(mantissa) > 1 && mantissa[1] != '.' && mantissa[1] != ',' {
		return false
	}
	whole, fraction, pointed := strings.Cut(strings.Replace(mantissa, ",", ".", 1), ".")
	return len(whole) <= 3 && isDigits(whole) && (!pointed || isDigits(fraction)) && (signed || pointed && len(whole) == 1)
}

type totals struct{ total, sum, noun, count map[string]struct{} }

var totalKeys = sync.OnceValue(func() totals { //nolint:gochecknoglobals // a table, made once
	return totals{keys(totalWords, Fold), keys(sumWords, Fold), keys(totalNouns, Fold), keys(countNouns, Fold)}
})

// totalLike tells whether a text names a total.
type totalLike uint8

const (
	noTotal totalLike = iota
	mayBeTotal
	isTotal
)

// totalOf reads a text such as "Grand total", "Total: 3 cards", "TOTAL CARDS", "3 rows".
func totalOf(text string) totalLike {
	if len(text) > 80 || strings.IndexFunc(text, unicode.IsLetter) < 0 {
		return noTotal
	}
	k := totalKeys()
	var words []string
	numbers := 0
	for word := range strings.FieldsSeq(Fold(text)) {
		word = strings.Trim(word, `.,:;=()[]"'*#-_`)
		switch {
		case word == "":
		case strings.Trim(word, "0123456789.,") == "":
			numbers++
		default:
			words = append(words, word)
		}
	}
	for n := min(3, len(words)); n > 0; n-- {
		phrase := strings.Join(words[:n], " ")
		_, sure := k.total[phrase]
		_, perhaps := k.sum[phrase]
		if !sure && !perhaps || !allIn(words[n:], k.noun) {
			continue
		}
		if sure || numbers > 0 || n < len(words) {
			return isTotal
		}
		return mayBeTotal
	}
	if len(words) == 1 {
		if noun, ok := strings.CutPrefix(words[0], "total"); ok && allIn([]string{noun}, k.noun) {
			return isTotal // "Totalcards"
		}
	}
	if numbers > 0 && len(words) > 0 && allIn(words, k.count) {
		return isTotal
	}
	return noTotal
}

func allIn(words []string, set map[string]struct{}) bool {
	for _, word := range words {
		if _, ok := set[word]; !ok {
			return false
		}
	}
	return true
}

// isMasked reports whether symbols of a code are hidden by a run of stars, dots or bullets,
// or by four or more X without another letter beside them. The rest of such a code is
// easily guessed.
func isMasked(text string) bool {
	var before, last rune // the symbol before the run of equal symbols, and the symbol of the run
	n := 0
	for _, r := range text + " " {
		if r == last {
			n++
			continue
		}
		if isMaskRun(last, n) && (last != 'X' && last != 'x' || !unicode.IsLetter(before) && !unicode.IsLetter(r)) {
			return true
		}
		before, last, n = last, r, 1
	}
	return false
}

// isMaskRun reports whether n equal symbols hide others.
func isMaskRun(symbol rune, n int) bool {
	switch symbol {
	case '…', '⋯':
		return true
	case '•', '●', '∙', '·', '⁕', '∗', '█', '▪', '■', '○', '◦':
		return n >= 2
	case '*', '#', '.':
		return n >= 3
	case 'X', 'x':
		return n >= 4
	}
	return false
}

// isWrittenNumber reports whether a text is a number in the format of a program that
// calculates with it: with signs between thousands, or with zeros as decimals. A code that
// was stored as a number looks different on the card, and has lost its leading zeros.
func isWrittenNumber(text string) bool {
	if text == "" || text[0] < '0' || text[0] > '9' || text[len(text)-1] > '9' {
		return false
	}
	if at := strings.LastIndexAny(text, ".,"); at >= 5 && at < len(text)-1 && strings.Trim(text[at+1:], "0") == "" && isDigits(text[:at]) {
		return true // 12345678.0
	}
	whole, fraction, pointed := strings.Cut(text, ".")
	if pointed && !isDigits(fraction) || strings.IndexByte(whole, ',') < 0 {
		return false
	}
	for i, part := range strings.Split(whole, ",") {
		if !isDigits(part) || i == 0 && len(part) > 3 || i > 0 && len(part) != 3 {
			return false
		}
	}
	return true // 12,345,678
}
