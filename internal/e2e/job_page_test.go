package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// An operator at the jobs: a queue is paused and resumed, a job is opened and deleted,
// the guarded queues have no such button; River's own pages only show. Queues are the
// installation's, so the demo is this test's own.
func TestJobsInTheBrowser(t *testing.T) {
	t.Parallel()
	d := ownDemo(t)
	desk := newBrowser(t, d.URL, 1280, 900)
	desk.signIn("/admin/login", "operator")
	desk.open("/admin/jobs")
	desk.sees("Nothing is wrong.")
	desk.looks("jobs")
	require.False(t, script[bool](desk, `!!document.querySelector("#queue-seal button") || !!document.querySelector("#queue-check button")`))
	desk.press("Pause change")
	desk.until("the question", `document.querySelector("#pause-change").open`)
	desk.looks("jobs-pause")
	script[bool](desk, `(document.querySelector("#pause-change form button:not([type=button])").click(), true)`)
	desk.sees("Queue change is paused.")
	desk.looks("jobs-paused")
	script[bool](desk, `(document.querySelector("#queue-change form button").click(), true)`)
	desk.sees("Queue change goes on.")

	desk.open("/admin/jobs?state=completed")
	desk.until("a job that is done", `document.querySelector("tr[id^=job-] a[href$='#delete-job']")`)
	script[bool](desk, `(document.querySelector("tr[id^=job-] a[href$='#delete-job']").click(), true)`)
	desk.until("the question", `document.querySelector("#delete-job")?.open`)
	desk.looks("job-delete")
	script[bool](desk, `(document.querySelector("#delete-job form button:not([type=button])").click(), true)`)
	desk.sees("is deleted.")

	phone := newBrowser(t, d.URL, 360, 740)
	phone.signIn("/admin/login", "operator")
	phone.open("/admin/jobs?queue=maintenance")
	script[bool](phone, `(setTheme("dark"), true)`)
	phone.looks("jobs-phone-dark")
	script[bool](phone, `(document.querySelector("tr[id^=job-] a").click(), true)`)
	phone.until("the job", `/\/jobs\/\d+$/.test(location.pathname) && document.readyState === "complete"`)
	phone.looks("job-phone-dark")
	phone.open("/admin/jobs?state=completed&queue=seal")
	script[bool](phone, `(document.querySelector("tr[id^=job-] a").click(), true)`)
	phone.sees("They can’t be cancelled or deleted.")
	phone.looks("job-guarded-phone-dark")

	// Second factors become required while a page with typed text is open. The background
	// requests of the page are refused without a message, and the typed text is kept.
	cashier, admin := newBrowser(t, d.URL, 1280, 900), newBrowser(t, d.URL, 1280, 900)
	cashier.signIn("/admin/login", "cashier")
	cashier.open("/admin/customers/new")
	cashier.fill("Name", "Nell Newcomer")
	admin.signIn("/admin/login", "admin")
	admin.open("/admin/config/general")
	script[bool](admin, find+`("Staff must use a second factor").click() === undefined`)
	admin.press("Save")
	admin.sees("Set yours up, then you can go on.")
	script[bool](cashier, `(htmx.trigger(document.body, "resync"), true)`)
	cashier.until("the notice", `!document.querySelector("#factor-needed").hidden`)
	cashier.looks("second-factor-open-page")
	require.Equal(t, "/admin/customers/new", script[string](cashier, `location.pathname`))
	require.Equal(t, "Nell Newcomer", script[string](cashier, find+`("Name").value`))
}
