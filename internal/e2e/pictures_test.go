package e2e_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

var (
	takePictures = flag.Bool("pictures", false, "take the pictures of the documentation anew; `make pictures` does")
	onlyPictures = flag.String("only", "", "with -pictures: names of those to take, separated by commas")
)

// pictureDir has the pictures; outlineDir has what each shows, in words.
var (
	pictureDir = filepath.Join("..", "..", "docs", "pictures")
	outlineDir = filepath.Join("testdata", "pictures")
)

// pictureLimit is the size of a picture at most, in bytes.
const pictureLimit = 120 << 10

// album takes pictures, and holds those there are against the pages.
type album struct {
	t     *testing.T
	taken []string
}

// screen is the size of a window and how many dots of a picture make one of its pixels.
type screen struct {
	width, height int64
	scale         float64
}

var (
	desk  = screen{1280, 832, 1.2}
	phone = screen{360, 720, 2}
)

// at opens a window of a size.
func (s screen) at(t *testing.T, base string) *browser {
	t.Helper()
	b := newBrowser(t, base, s.width, s.height)
	require.NoError(t, chromedp.Do(b.ctx, chromedp.EmulateViewport(s.width, s.height, chromedp.EmulateScale(s.scale))))
	return b
}

// take holds the page against its picture, or takes the picture anew: in light and, where
// asked for, in dark. data selects what differs from run to run.
func (a *album) take(b *browser, name string, dark bool, data ...string) {
	a.t.Helper()
	a.taken = append(a.taken, name+".webp")
	if dark {
		a.taken = append(a.taken, name+"-dark.webp")
	}
	b.until("the whole page", `document.readyState === "complete" && document.fonts.status === "loaded" && [...document.images].every(i => i.complete)`)
	data = append(data, "#tray", "#bell") // files get ready when they do
	outline := settle(script[string](b, outlineScript+"("+quote(strings.Join(data, ", "))+")"))
	file := filepath.Join(outlineDir, name+".txt")
	if !*takePictures {
		committed, _ := os.ReadFile(file) // without one there is no picture
		if string(committed) != outline {
			a.t.Errorf("The page of docs/pictures/%s.webp has changed: %s\nRun `make pictures ONLY=%s`, look at the pictures, and commit them.", name, firstDifference(string(committed), outline), name)
		}
		return
	}
	if *onlyPictures != "" && !slices.Contains(strings.Split(*onlyPictures, ","), name) {
		return
	}
	a.keep(b, name, "light")
	if dark {
		a.keep(b, name+"-dark", "dark")
		require.NoError(a.t, look(b.ctx, "", "light"))
	}
	require.NoError(a.t, os.WriteFile(file, []byte(outline), 0o644))
}

// keep writes one picture.
func (a *album) keep(b *browser, name, scheme string) {
	a.t.Helper()
	require.NoError(a.t, look(b.ctx, "", scheme))
	quality := int64(80)
	shot, err := chromedp.Call(b.ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatWebp, Quality: &quality})
	require.NoError(a.t, err)
	require.Less(a.t, len(shot.Data), pictureLimit, "%s is too large", name)
	require.NoError(a.t, os.WriteFile(filepath.Join(pictureDir, name+".webp"), shot.Data, 0o644))
}

// firstDifference tells the first line in which two outlines differ.
func firstDifference(committed, now string) string {
	if committed == "" {
		return "there is no picture of it yet."
	}
	was, is := strings.Split(committed, "\n"), strings.Split(now, "\n")
	for i := range max(len(was), len(is)) {
		a, b := "(the end)", "(the end)"
		if i < len(was) {
			a = was[i]
		}
		if i < len(is) {
			b = is[i]
		}
		if a != b {
			return "it said\n\t" + a + "\nand says\n\t" + b
		}
	}
	return "it did not."
}

// The pictures of the documentation show the product as it is. They can't be compared dot by
// dot, because fonts, codes and days differ; what their pages say is compared instead.
func TestPictures(t *testing.T) {
	t.Parallel()
	a := &album{t: t}
	d := ownDemo(t)
	admin := desk.at(t, d.URL)
	admin.signIn("/admin/login", "admin")

	series, codes := a.cards(admin)
	a.portal(d, codes)
	a.lists(admin, series)
	a.counter(d)
	a.working(admin)

	have, err := os.ReadDir(pictureDir)
	require.NoError(t, err)
	var names []string
	for _, entry := range have {
		names = append(names, entry.Name())
	}
	require.ElementsMatch(t, a.taken, names, "docs/pictures has what the test takes and nothing else")
}

// cards orders a series, and exports it.
func (a *album) cards(admin *browser) (series string, codes []string) {
	a.t.Helper()
	admin.open("/admin/finance/refill-cards/generate")
	admin.fill("Quantity", "1000")
	admin.fill("Prefix", "Summer")
	admin.fill("Price", "10.00")
	admin.fill("Partner", "North")
	admin.fill("Valid till", time.Now().AddDate(1, 0, 0).Format(time.DateOnly))
	admin.until("the drawn card", `document.querySelector("#order-preview").innerText.includes("1,000 cards") && document.querySelector("#order-preview img, #order-preview svg")`)
	script[bool](admin, `(document.activeElement.blur(), scrollTo(0, 0), true)`)
	a.take(admin, "generate", false)
	admin.press("Generate")
	admin.until("the series page", `/\/refill-cards\/series\/\d+$/.test(location.pathname)`)
	series = script[string](admin, `location.pathname`)
	admin.until("the cards", `document.querySelectorAll("table tbody tr").length > 10 && !document.querySelector("progress")`)
	admin.fill("Format", "CSV")
	admin.press("Export")
	admin.until("the Download link", downloadLink)
	for _, row := range fetchCSV(a.t, admin, script[string](admin, downloadLink+`.href`))[1:] {
		codes = append(codes, row[1])
	}

	admin.open(series + "/export")
	admin.fill("Format", "PDF, cards to print")
	script[bool](admin, `(document.activeElement.blur(), true)`)
	admin.until("the first sheet", `document.querySelector("#export-preview").innerText.includes("The first sheet") && document.querySelector("#export-preview img")`)
	a.take(admin, "export", false)
	return series, codes
}

// portal redeems a card on a phone.
func (a *album) portal(d *demo, codes []string) {
	a.t.Helper()
	b := phone.at(a.t, d.URL)
	b.open("/portal/login?partner=north")
	a.take(b, "phone-signin", false)
	b.signIn("/portal/login", "customer1")
	b.open("/portal")
	a.take(b, "phone-home", true)
	b.open("/portal/finance/refill-card")
	b.typeIn("Code", codes[6][len("Summer-"):])
	b.press("Check value first")
	b.sees("This card is worth USD 10.00")
	script[bool](b, `(document.activeElement.blur(), scrollTo(0, 0), true)`)
	a.take(b, "phone-check", false)
	b.open("/portal/finance/refill-card")
	b.typeIn("Code", codes[6][len("Summer-"):])
	script[bool](b, `(document.activeElement.blur(), scrollTo(0, 0), true)`)
	a.take(b, "phone-redeem", false)
	b.press("Redeem")
	b.sees("Card redeemed")
	script[bool](b, `(document.activeElement.blur(), scrollTo(0, 0), true)`)
	a.take(b, "phone-receipt", true)
	b.open("/portal/finance/payments")
	a.take(b, "phone-payments", false)
}

// lists looks at what staff look at most.
func (a *album) lists(admin *browser, series string) {
	a.t.Helper()
	admin.open("/admin")
	admin.until("the state of the books", `document.querySelector(".books")`)
	a.take(admin, "dashboard", true, ".recent", ".attention")
	admin.open("/admin/finance/refill-cards/series")
	a.take(admin, "series-list", true)
	admin.open(series)
	admin.until("the chart, which is fetched", `document.querySelector("#series-chart-place .chart, #series-chart-place svg")`)
	a.take(admin, "series", false)
	admin.open(series + "/cards/8")
	a.take(admin, "card", false)
	admin.open("/admin/finance/refill-cards/statistics")
	a.take(admin, "statistics", false)
	admin.open("/admin/audit")
	a.take(admin, "audit", false)

	cards, err := filepath.Abs(filepath.Join("..", "..", "docs", "from-splynx", "cards.csv"))
	require.NoError(a.t, err)
	admin.uploaded(cards)
	admin.press("Check the file")
	admin.sees("Cards to import")
	a.take(admin, "import", false)
}

// counter is the day of a cashier.
func (a *album) counter(d *demo) {
	a.t.Helper()
	b := desk.at(a.t, d.URL)
	b.signIn("/admin/login", "cashier")
	b.open("/admin/customers/1")
	a.take(b, "customer", false)
	b.open("/admin/customers/1/billing/payments/add")
	a.take(b, "payment", false)
}

// working makes a large series. Its page is held where it
// is, because it would be done within seconds.
func (a *album) working(admin *browser) {
	a.t.Helper()
	admin.open("/admin/finance/refill-cards/generate")
	admin.fill("Quantity", "1000000")
	admin.fill("Prefix", "Festival")
	admin.fill("Price", "5.00")
	admin.fill("Partner", "Any")
	admin.fill("Valid till", time.Now().AddDate(1, 0, 0).Format(time.DateOnly))
	admin.press("Generate")
	admin.until("the series page", `/\/refill-cards\/series\/\d+$/.test(location.pathname)`)
	admin.until("some cards", `document.querySelector("progress")?.value > 100000 && (window.fetch = () => new Promise(() => {}), true)`)
	a.take(admin, "progress", false, ".progress-line p")
}
