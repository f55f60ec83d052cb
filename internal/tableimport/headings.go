package tableimport

import (
	"strings"
)

// headingOf returns the fields that a heading may name. Where the whole heading is unknown,
// it ignores text in brackets and a currency at the end.
func headingOf(text string) ([]heading, bool) {
	if len(text) > 100 {
		return nil, false
	}
	known := knownHeadings()
	for _, form := range headingForms(text) {
		if about, ok := known[form]; ok {
			return about, true
		}
	}
	return nil, false
}

// headingForms returns the forms of a heading to look up, the whole one first.
func headingForms(text string) []string {
	whole := headingKey(text)
	if whole == "" {
		whole = strings.TrimSpace(text)
	}
	forms := []string{whole}
	if strings.ContainsRune(text, '/') { // "Usage / Limit" is another column than "Usage limit"
		forms = []string{headingKey(strings.ReplaceAll(text, "/", " of ")), whole}
	}
	short := text
	if at := strings.IndexAny(short, "([{"); at > 0 {
		short = short[:at]
		forms = append(forms, headingKey(short))
	}
	words := strings.Fields(Fold(short))
	if len(words) > 1 {
		last := words[len(words)-1]
		if _, ok := currencyNamed(strings.Trim(last, ".,:;/"), ""); ok && len(last) <= 4 {
			words = words[:len(words)-1]
			if len(words) > 1 && (words[len(words)-1] == "in" || words[len(words)-1] == "en") {
				words = words[:len(words)-1]
			}
			forms = append(forms, headingKey(strings.Join(words, " ")))
		}
	}
	return forms
}

// headingCurrency returns the currency in a heading of an amount, such as "Price (USD)".
func headingCurrency(text, ours string) string {
	if len(text) > 100 {
		return ""
	}
	about, ok := headingOf(text)
	money := false
	for _, h := range about {
		money = money || h.about == HeadPrice || h.about == HeadRemaining || h.about == HeadBalance
	}
	if !ok || !money {
		return ""
	}
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(" ()[]{}/,:_-", r) }) {
		if len(word) == 3 && strings.ToUpper(word) != word && plainASCII(word) { // "all", "try"
			continue
		}
		if _, known := headingOf(word); known {
			continue
		}
		if named, ok := currencyNamed(word, ours); ok {
			return named
		}
	}
	return ""
}
