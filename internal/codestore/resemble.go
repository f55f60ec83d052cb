package codestore

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"refill/internal/audit"
	"refill/internal/cardcode"
)

// A Likeness is the form of the codes that a text may be: how many symbols they have and of
// which classes. It holds nothing of a code.
type Likeness struct {
	From, To        int // symbols without separators; To 0: any number, because a prefix may precede the code
	Digits, Letters bool
	Imported        bool
}

// String writes a likeness for the script of the search palette, such as "g16-0dl". The first
// letter says whether the codes are generated or imported.
func (l Likeness) String() string {
	text := "g"
	if l.Imported {
		text = "i"
	}
	text += fmt.Sprintf("%d-%d", l.From, l.To)
	if l.Digits {
		text += "d"
	}
	if l.Letters {
		text += "l"
	}
	return text
}

// Likenesses returns the forms of all generated and imported codes.
func (s *Store) Likenesses(ctx context.Context) ([]Likeness, error) {
	formats, _, err := s.Formats(ctx, false)
	if err != nil {
		return nil, err
	}
	shapes, _, err := s.ImportedShapes(ctx, false)
	if err != nil {
		return nil, err
	}
	list := make([]Likeness, 0, len(formats)+len(shapes))
	for _, f := range formats {
		list = append(list, Likeness{From: f.Length, Digits: true, Letters: f.Alphabet != cardcode.Digits})
	}
	for _, shape := range shapes {
		digits, letters := cardcode.SymbolsOf(uint8(shape.Classes)) //nolint:gosec // three bits
		list = append(list, Likeness{From: int(shape.Shortest), To: int(shape.Longest), Digits: digits, Letters: letters, Imported: true})
	}
	return list, nil
}

// IsSecret reports whether a text must not appear in an address, nor be searched while it is
// typed: it may be a code, a code with a typing error, or most of a code. It looks up no card
// and charges nothing.
func (s *Store) IsSecret(ctx context.Context, actor audit.Actor, text string) (bool, error) {
	if may, err := s.MayHoldCode(ctx, actor, text); err != nil || may {
		return may, err
	}
	likenesses, err := s.Likenesses(ctx)
	return err == nil && Resembles(text, likenesses), err
}

// nameOfCard matches a series and a serial, the name of a card, which is no secret.
var nameOfCard = regexp.MustCompile(`^\s*#?\d{6,12}\s*[-–—/,:]\s*#?\d[\d,.]{0,9}\s*$`)

// notInCode matches words with a letter that no generated code has.
var notInCode = regexp.MustCompile(`[iloILO]|[^\x00-\x7f]`)

// Resembles reports whether a text has at least three quarters of the symbols of a code, or
// all of them with wrong ones among them. static/js/palette.js has the same rule.
func Resembles(text string, likenesses []Likeness) bool {
	text = cardcode.PlainText(text)
	n, digits, letters := 0, 0, 0
	for _, r := range text {
		switch {
		case unicode.IsDigit(r):
			n, digits = n+1, digits+1
		case unicode.IsLetter(r) || unicode.IsNumber(r):
			n, letters = n+1, letters+1
		}
	}
	if strings.Contains(text, "@") && !strings.Contains(text, "#") {
		return false
	}
	words := digits == 0 && wordGap.MatchString(text)
	named := nameOfCard.MatchString(text)
	for _, l := range likenesses {
		count, least := n, l.From-l.From/4
		switch {
		case words && (l.Imported || notInCode.MatchString(text)):
			continue
		case l.Imported && (n > l.To || digits > 0 && !l.Digits || letters > 0 && !l.Letters):
			continue
		case l.Imported:
		case l.Letters && letters == 0:
			if least = l.From; strings.ContainsAny(text, "01") {
				continue // a code of letters and digits has neither 0 nor 1
			}
		case !l.Letters:
			count = digits
		}
		if named {
			least = l.From
		}
		if count >= least {
			return true
		}
	}
	return utf8.RuneCountInString(text) > longestName
}

// longestName is how long a text may be that is searched as a name.
const longestName = 120
