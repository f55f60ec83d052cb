package e2e_test

import (
	"fmt"
	"testing"
)

// An operator starts a check of the books, without waiting for the hourly one.
func TestChecks(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	operator := newBrowser(t, d.URL, 1280, 900)
	operator.signIn("/admin/login", "operator")
	operator.open("/admin/checks")
	operator.until("the first run, which comes by itself", `document.querySelector("table tbody tr") && document.body.innerText.includes("The books hold")`)
	before := script[int](operator, `document.querySelectorAll("table tbody tr").length`)
	operator.press("Run now")
	operator.until("its result, without a reload", fmt.Sprintf(`document.querySelectorAll("table tbody tr").length > %d && !document.querySelector("progress")`, before))
	operator.sees("Oli Operator")
	operator.looks("checks")

	phone := newBrowser(t, d.URL, 360, 740)
	phone.signIn("/admin/login", "operator")
	phone.open("/admin/checks")
	phone.sees("The books hold")
	phone.looks("checks-phone")
}
