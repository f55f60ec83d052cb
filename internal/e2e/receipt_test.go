package e2e_test

import (
	"bytes"
	"context"
	"os/exec"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// printed prints the page on paper of a size in inches, and returns the printed text and the
// number of sheets.
func (b *browser) printed(width, height float64) (text string, sheets int) {
	b.t.Helper()
	var file []byte
	require.NoError(b.t, chromedp.Do(b.ctx, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		got, err := cdp.Call(ctx, t, page.PrintToPDF, page.PrintToPDFParams{PaperWidth: width, PaperHeight: height})
		if err == nil {
			file = got.Data
		}
		return err
	})))
	cmd := exec.CommandContext(b.t.Context(), "pdftotext", "-layout", "-", "-")
	cmd.Stdin = bytes.NewReader(file)
	out, err := cmd.Output()
	require.NoError(b.t, err)
	return string(out), bytes.Count(out, []byte("\f"))
}

// A customer prints or saves the receipt of a payment: one clean sheet with its facts, on
// A4 and A5, dark on white also in the dark theme.
func TestReceiptIsPrinted(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	phone := newBrowser(t, d.URL, 360, 740)
	phone.signIn("/portal/login", "customer1")
	phone.open("/portal/finance/payments")
	// The newest payment may be minutes old, and its page then says "New balance".
	script[bool](phone, `(document.querySelectorAll("tbody a[href*='/payments/']")[1].click(), true)`)
	phone.until("the receipt", `/\/portal\/finance\/payments\/\d+$/.test(location.pathname) && document.querySelector("[data-prints]:not([hidden])")`)
	phone.looks("receipt")
	id := script[string](phone, `location.pathname.split("/").pop()`)
	amount := script[string](phone, `document.querySelector(".balance dd").innerText.trim()`)
	for _, paper := range [][2]float64{{8.27, 11.69}, {5.83, 8.27}, {3.15, 7.87}, {3.15, 5.9}} { // A4, A5, and a roll of 80 mm
		text, sheets := phone.printed(paper[0], paper[1])
		require.Equal(t, 1, sheets, text)
		for _, there := range []string{id, amount, "Balance after it", "When", "Customer"} {
			require.Contains(t, text, there)
		}
		for _, gone := range []string{"Sign out", "All payments", "Print", "Redeem another", "Your balance now"} {
			require.NotContains(t, text, gone)
		}
	}
	require.NoError(t, look(phone.ctx, "print", "dark"))
	require.Equal(t, []string{"rgb(0, 0, 0)", "rgb(255, 255, 255)"}, script[[]string](phone, `[getComputedStyle(document.body).color, getComputedStyle(document.querySelector(".sheet")).backgroundColor]`))
	phone.shot("receipt-print")
}
