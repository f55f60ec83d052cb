package web

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/db"
	adminpages "refill/internal/web/admin"
)

// A column that looks like balances, or like other data about money, but is not read, is
// named on the page before and after the dry run.
func TestUnreadColumnsAreNamed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	for _, c := range []struct{ upload, text, field, want string }{
		{adminpages.SectionCustomerImport, "username,name,balance\nann,Ann,1.50\nbob,Bob,2.50\n", "balance", "Column 3, “balance”, looks like balances and is not read."},
		{adminpages.SectionImport, "code,price,used at\nUNRD-1111-BB,5,\nUNRD-2222-BC,5,2026-01-31\nUNRD-3333-BD,5,\n", "used_at", "Column 3, “used at”, looks like a sign that cards were used and is not read."},
	} {
		at := admin.uploadTo(c.upload, "file.csv", c.text).Header.Get("Location")
		page := admin.get(at)
		page.none("#unread")
		form, work := page.plan(), s.work
		if c.upload == adminpages.SectionCustomerImport {
			form, work = page.customerPlan(), s.workCustomers
			form.Set("default_partner", fmt.Sprint(s.North.ID))
		}
		form.Set(c.field, "")
		require.Equal(t, http.StatusSeeOther, admin.post(at+"/plan", form).Status)
		work(at)
		require.Contains(t, admin.get(at).text("#unread"), c.want, "the report")
		require.Contains(t, admin.get(at+"?columns=1").text("#unread"), c.want, "the columns")
		next := admin.get(admin.uploadTo(c.upload, "next.csv", c.text).Header.Get("Location"))
		require.Contains(t, next.text("#unread"), c.want, "what was said of another file of this shape")
	}
}
