package e2e_test

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"refill/internal/dbtest"
)

// closeLimit is how long Chromium may take to end by itself.
const closeLimit = 30 * time.Second

// chromium is one Chromium process for all tests, because its start takes seconds of CPU
// time. Each browser of a test is a window with its own cookies and cache. The first test
// starts the process.
var chromium struct {
	once sync.Once
	ctx  context.Context //nolint:containedctx // chromedp keeps the program in it
	err  error
}

// sharedChromium returns the context of the program that the tests share.
func sharedChromium(t *testing.T) context.Context {
	t.Helper()
	chromium.once.Do(func() {
		var profile string
		if profile, chromium.err = os.MkdirTemp("", "refill-chromium-"); chromium.err != nil { //nolint:usetesting // it outlives the test that starts it
			return
		}
		var end func() error
		chromium.ctx, end, chromium.err = startChromium(profile) //nolint:fatcontext // made once
		dbtest.AtEnd(func() error { return errors.Join(end(), os.RemoveAll(profile)) })
	})
	require.NoError(t, chromium.err)
	return chromium.ctx
}

// startChromium starts the program on a folder, with one empty page.
func startChromium(profile string) (ctx context.Context, end func() error, err error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(profile),
		chromedp.Flag("disable-component-update", true),
		// Two popups of the address bar and a spare renderer would be three processes in
		// each window that no test uses.
		chromedp.Flag("disable-features", "Translate,BlinkGenPropertyTrees,WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup,SpareRendererForSitePerProcess"))
	if path := os.Getenv("CHROME_PATH"); path != "" { //nolint:forbidigo // a test binary has no main that could read it
		options = append(options, chromedp.ExecPath(path))
	}
	alloc, closeAlloc := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, _ = chromedp.NewContext(alloc)
	end = func() error {
		defer closeAlloc()
		limited, cancel := context.WithTimeout(ctx, closeLimit)
		defer cancel()
		return chromedp.Cancel(limited)
	}
	return ctx, end, chromedp.Do(ctx)
}
