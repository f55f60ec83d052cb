package e2e_test

import (
	"encoding/base64"
	"io"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/stretchr/testify/require"
)

// Above the limit in the settings, bringing cards into use takes two people: one requests it
// and another decides. Each sees at once what the other did. The setting concerns the whole
// installation, so the test has a demo of its own.
func TestApprovals(t *testing.T) {
	t.Parallel()
	d := ownDemo(t)
	admin := newBrowser(t, d.URL, 1280, 900)
	admin.signIn("/admin/login", "admin")
	admin.open("/admin/config/vouchers")
	admin.fill("A second person approves exports and activations above", "100.00")
	admin.press("Save")
	admin.sees("Saved.")
	admin.open("/admin/config/roles")
	admin.until("the role", `[...document.querySelectorAll("a")].find(a => a.innerText.trim() === "Operator")`)
	script[bool](admin, `([...document.querySelectorAll("a")].find(a => a.innerText.trim() === "Operator").click(), true)`)
	admin.until("its permissions", find+`("Approve what others ask to activate or export")`)
	script[bool](admin, `(`+find+`("Approve what others ask to activate or export").click(), true)`)
	admin.press("Save")
	admin.sees("Saved. It holds from now on.")

	admin.open("/admin/finance/refill-cards/generate")
	admin.fill("Quantity", "20")
	admin.fill("Price", "10.00")
	admin.fill("Partner", "Any")
	admin.fill("Valid till", time.Now().AddDate(1, 0, 0).Format(time.DateOnly))
	admin.press("Generate")
	admin.until("the series page", `/\/refill-cards\/series\/\d+$/.test(location.pathname)`)
	admin.sees("Waiting for approval by somebody else: Activate 20 cards worth USD 200.00")
	admin.looks("approval-asked")

	second := newBrowser(t, d.URL, 1280, 900)
	second.signIn("/admin/login", "operator")
	second.open("/admin")
	second.until("how many wait", `document.querySelector("#menu-count").innerText.trim().startsWith("1")`)
	second.open("/admin/approvals")
	second.sees("Activate 20 cards worth USD 200.00")
	second.looks("approvals")
	decide := func(button string) {
		t.Helper()
		second.until("the form", `document.querySelector(".approval-form")`)
		script[bool](second, `(document.querySelector(".approval-form input").value = "the boxes are here", true)`)
		script[bool](second, `([...document.querySelectorAll(".approval-form button")].find(b => b.innerText.trim().startsWith("`+button+`")).click(), true)`)
	}
	// An error message, and the text typed after it, stay when the page refreshes itself.
	script[bool](second, `(document.querySelector(".approval-form button").click(), true)`)
	second.until("the mistake", `document.querySelector(".approval-form .form-error")`)
	refreshed := func() {
		t.Helper()
		script[bool](second, `new Promise(done => {
			document.addEventListener("htmx:finally:request", (e) => e.target.id === "approvals-live" && setTimeout(() => done(true), 50));
			htmx.trigger(document.body, "approval");
		})`)
	}
	refreshed()
	require.True(t, script[bool](second, `Boolean(document.querySelector(".approval-form .form-error"))`), "the mistake is still shown")
	second.fill("Reason", "half a sen")
	refreshed()
	require.Equal(t, "half a sen", script[string](second, `document.querySelector(".approval-form [name=reason]").value`))
	script[bool](admin, `window.sameDocument = true`)
	decide("Approve")
	second.sees("Approved.")
	second.sees("the boxes are here")
	admin.until("the series becoming active, without a reload", `document.querySelector("#series-head .state").innerText.trim() === "Active" && window.sameDocument`)

	admin.fill("Format", "CSV")
	admin.press("Export")
	admin.sees("Waits for approval")
	admin.looks("approval-export")
	second.until("it, without a reload", `document.querySelector("#approvals-live").innerText.includes("Export the codes of 20 cards")`)
	decide("Approve")
	admin.until("the Download link", downloadLink)
	second.until("that nothing waits", `!document.querySelector(".approval-form")`)
	require.Equal(t, "0", script[string](second, `document.querySelector("#menu-count").firstChild.textContent.trim()`))

	// After approval the file is made with the options that were requested.
	chosen := func(about string) string {
		t.Helper()
		admin.looks("approval-foretold")
		admin.press("Export")
		admin.until("that it waits", `[...document.querySelectorAll(".files li")].some(li => li.innerText.includes("Waits for approval"))`)
		decide("Approve")
		link := `[...document.querySelectorAll(".files li")].find(li => li.innerText.includes(` + quote(about) + `))?.querySelector("a[href*=exports]")`
		admin.until("the file", link)
		text := script[string](admin, `fetch(`+link+`.href).then(r => r.arrayBuffer()).then(b => btoa(Array.from(new Uint8Array(b), c => String.fromCharCode(c)).join("")))`)
		file, err := base64.StdEncoding.DecodeString(text)
		require.NoError(t, err)
		return string(file)
	}
	choose := script[string](admin, `location.pathname`) + "/export"
	admin.open(choose)
	admin.sees("worth USD 200.00 together, so each file of them takes a second person")
	admin.pick("Labels Avery L7160, A4")
	admin.tick("Open with a password")
	admin.fill("Password", "seven herons 77")
	locked := chosen("PDF with password")
	require.True(t, strings.HasPrefix(locked, "%PDF-1.7"))
	require.Contains(t, locked, "/CFM/AESV3")
	admin.sees("Labels Avery L7160")
	admin.open(choose)
	admin.fill("Format", "CSV, a table for programs")
	admin.fill("Delimiter", "Semicolon")
	script[bool](admin, `(document.querySelector("input[name=columns][value=printed_serial]").click(), true)`)
	admin.fill("First serial", "11")
	require.Regexp(t, `^serial;code;price;currency;valid_till;series;status;printed_serial\r?\n11;`, chosen("from serial 11"))

	// Encrypted for a print shop, it opens with that shop's key alone.
	shop, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	other, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	for name, identity := range map[string]*age.X25519Identity{"Printhouse": shop, "Other": other} {
		admin.open("/admin/config/print-shops")
		admin.fill("Name", name)
		admin.fill("Public key", identity.Recipient().String())
		admin.press("Add print shop")
		admin.sees(identity.Recipient().String())
	}
	admin.open(choose)
	admin.fill("Encrypt for", "Printhouse, age")
	envelope := chosen("encrypted for Printhouse")
	_, err = age.Decrypt(strings.NewReader(envelope), other)
	require.Error(t, err)
	clear, err := age.Decrypt(strings.NewReader(envelope), shop)
	require.NoError(t, err)
	table, err := io.ReadAll(clear)
	require.NoError(t, err)
	require.Equal(t, 21, strings.Count(string(table), "\n"), "a heading and every card")

	// Several small series of one day count like one large series.
	for _, quantity := range []string{"6", "5"} {
		admin.open("/admin/finance/refill-cards/generate")
		admin.fill("Quantity", quantity)
		admin.fill("Price", "10.00")
		admin.fill("Partner", "Any")
		admin.fill("Valid till", time.Now().AddDate(1, 0, 0).Format(time.DateOnly))
		if quantity == "5" {
			admin.sees("In the past 24 hours you have activated cards worth USD 60.00 by yourself; with these it is more than USD 100.00")
			admin.looks("approval-day")
		}
		admin.press("Generate")
		admin.until("the series page", `/\/refill-cards\/series\/\d+$/.test(location.pathname)`)
		if quantity == "6" {
			admin.until("that it is active", `document.querySelector("#series-head .state").innerText.trim() === "Active"`)
		}
	}
	admin.sees("Waiting for approval by somebody else: Activate 5 cards worth USD 50.00")

	phone := newBrowser(t, d.URL, 360, 740)
	phone.signIn("/admin/login", "operator")
	phone.open("/admin/approvals")
	phone.until("the next one", `document.querySelector(".approval-form")`)
	phone.sees("had activated cards worth USD 60.00 without a second person")
	phone.looks("approvals-phone")
}
