package e2e_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// outlineScript is JavaScript for what a page says and in which order: a line for each
// visible element with words of its own. Rows of tables are data, so only their columns
// count, as one x each. Elements that match the parameter are data too.
const outlineScript = `(data => {
	const lines = [];
	const own = e => [...e.childNodes].filter(n => n.nodeType === Node.TEXT_NODE).map(n => n.data).join(" ").replace(/\s+/g, " ").trim();
	const visit = e => {
		const shown = e.checkVisibility({visibilityProperty: true}) || getComputedStyle(e).display === "contents";
		if (!shown || e.matches("script, style, svg, option, .visually-hidden")) return;
		const tag = e.tagName.toLowerCase() + (e.type && e.tagName === "INPUT" ? "[" + e.type + "]" : "");
		if (e.matches(data)) { lines.push(tag + " (data)"); return; }
		if (tag === "tbody") { lines.push("row: " + "x".repeat(e.rows[0]?.cells.length ?? 0)); return; }
		const words = [own(e), e.getAttribute("aria-label"), e.getAttribute("placeholder"), e.getAttribute("alt")].filter(Boolean).join(" | ");
		if (words || e.matches("input:not([type=hidden]), select, textarea, progress, img, table")) lines.push(words ? tag + ": " + words : tag);
		for (const child of e.children) visit(child);
	};
	visit(document.body);
	return lines.join("\n");
})`

// What differs from one run or day to the next in the words of a page. The order counts.
var passing = []struct {
	pattern *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`[0-9a-f]{12,}…?`), "HASH"},
	{regexp.MustCompile(`\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){2,}\b`), "CODE"},
	{regexp.MustCompile(`••••-\S+`), "CODE"},
	{regexp.MustCompile(`\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b`), "Month"},
	{regexp.MustCompile(`\b(?:January|February|March|April|June|July|August|September|October|November|December)\b`), "Month"},
	{regexp.MustCompile(`(?:[+−-] ?)?\d(?:[\d,.:]*\d)?`), "0"},
	{regexp.MustCompile(`\b0 (?:Month 0|[A-Z]{3,4}\b)`), "0"}, // a day, or a time and its zone
	{regexp.MustCompile(`\b0(?:, 0)+`), "0"},                  // a day and a time
	{regexp.MustCompile(`\b(?:0 (?:s|min|h|days?) ago|just now|yesterday|a moment ago)\b`), "AGO"},
	{regexp.MustCompile(`\b0 (card|customer|payment|request|row|serial|series|sheet|day|second|minute|hour|time|year)s?\b`), "0 $1"},
}

// settle takes out of an outline what differs between runs and days, and lines that are the
// same as the line before, such as the days below a chart.
func settle(outline string) string {
	var kept []string
	for line := range strings.Lines(outline) {
		tag, words, _ := strings.Cut(strings.TrimSpace(line), ": ")
		for _, p := range passing {
			words = p.pattern.ReplaceAllString(words, p.instead)
		}
		line = strings.TrimSuffix(tag+": "+words, ": ")
		if len(kept) == 0 || kept[len(kept)-1] != line {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n") + "\n"
}

// Pages of different days and runs have the same outline; other words have another.
func TestOutlineSettles(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ one, other string }{
		{"p: 1 card of USD 5.00", "p: 1,000 cards of USD 12,345.60"},
		{"time: 1 Dec 2026, 08:06", "time: 31 May 2027, 23:59"},
		{"time: 1 Dec 2026, 06:06:23 CET", "time: 12 Aug 2027, 06:06:23 CEST"},
		{"time: 20 s ago", "time: 3 min ago"},
		{"p: +13 % from USD 4.00", "p: −5 % from USD 1,700.00"},
		{"p: R26-7K2M-9XQD-4HVT-C8P2", "p: R26-2222-AAAA-4HVT-9999"},
		{"span: ••••-••••-••••-VY99", "span: ••••-••••-••••-AAAA"},
		{"code: 3a7bd3e2360a…", "code: 0000000000ff…"},
		{"span: 2 Nov\nspan: 9 Nov\nspan: 17 Nov", "span: 1 May\nspan: 8 May"},
	} {
		require.Equal(t, settle(row.one), settle(row.other))
	}
	require.NotEqual(t, settle("button: Export"), settle("button: Export file"))
	require.NotEqual(t, settle("button: Export\na: More"), settle("a: More\nbutton: Export"))
	require.NotEqual(t, settle("row: xxxxx"), settle("row: xxxxxx"), "a column more")
}
