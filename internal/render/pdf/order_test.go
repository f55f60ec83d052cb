package pdf

import (
	"strings"
	"testing"

	"github.com/go-text/typesetting/bidi"
	"github.com/stretchr/testify/require"
)

// Capitals represent Hebrew letters here, as in the examples of UAX 9, so that
// right-to-left runs can be seen.
func TestVisualOrder(t *testing.T) {
	t.Parallel()
	hebrew := func(s string) []rune {
		return []rune(strings.Map(func(r rune) rune {
			if r >= 'A' && r <= 'Z' {
				return 'א' + r - 'A'
			}
			return r
		}, s))
	}
	for _, tc := range []struct{ logical, want string }{
		{"", ""},
		{"car 12", "car 12"},
		{"CAR", "RAC"},
		{"car means CAR.", "car means RAC."},
		{"CAR means car.", ".means car RAC"},
		{"he said CAR 123, 456.", "he said 456 ,123 RAC."},
		{"CAR 10.50 usd", "usd 10.50 RAC"},
		{"abc CAR 12 def", "abc 12 RAC def"},
		{"abc CAR 12% def", "abc 12% RAC def"},
		{"abc CAR 12 + 3 def", "abc 3 + 12 RAC def"},
		{"12 CAR", "RAC 12"},
		{"CAR 24/7.", ".24/7 RAC"},
		{"abc CAR DAR def EAR", "abc RAD RAC def RAE"},
		{"abc ٣ CAR", "abc RAC ٣"},
		{"abc ٣ def", "abc ٣ def"},
		{"CAR\u200e!", "!\u200eRAC"},
	} {
		var got []rune
		text := hebrew(tc.logical)
		for _, s := range visualRuns(new(bidi.Paragraph), text) {
			part := []rune(string(text[s.from:s.to]))
			if s.level%2 == 1 {
				for i, j := 0, len(part)-1; i < j; i, j = i+1, j-1 {
					part[i], part[j] = part[j], part[i]
				}
			}
			got = append(got, part...)
		}
		require.Equal(t, string(hebrew(tc.want)), string(got), tc.logical)
	}
}

func TestRightToLeft(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"": false, "12 … 7": false, "Net شبكة": false, "شبكة Net": true, "(2026) רשת": true, "北风": false, "Сеть": false,
	} {
		require.Equal(t, want, RightToLeft(text), text)
	}
}
