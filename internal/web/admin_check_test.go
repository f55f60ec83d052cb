package web

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/web/admin"
)

// The page describes the state of the books. A broken check is on the dashboard of staff
// who may see it, until it is repaired.
func TestChecksPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	operator := s.as(db.StaffRoleOperator)
	page := operator.get(admin.SectionChecks)
	require.Contains(t, page.text("#checks-live > .notice-idle"), "have not been checked yet")
	require.Contains(t, page.text("#rule-1"), "Not checked yet")

	work := func() {
		require.Equal(t, admin.SectionChecks, operator.post(admin.SectionChecks, nil).Header.Get("Location"))
		require.Contains(t, operator.get(admin.SectionChecks).text("#checks-live"), "Being checked now")
		operator.post(admin.SectionChecks, nil)
		require.Contains(t, operator.get(admin.SectionChecks).text("#notice"), "being checked at this moment")
		var id int64
		require.NoError(t, s.Pool.QueryRow(t.Context(), `select id from check_run where ended_at is null`).Scan(&id))
		require.NoError(t, s.Server.admin.Checks.Work(t.Context(), id, time.Now, noJob))
	}
	s.series(2)
	work()
	page = operator.get(admin.SectionChecks)
	require.Contains(t, page.text(".notice-good"), "The books hold")
	require.Contains(t, page.text("table tbody tr"), "Holds")
	require.Contains(t, s.audits(), "check.asked")
	head := page.text(".chain .mono:not(p > .mono)")
	require.Regexp(t, `^1-[0-9a-f]{64}$`, head, "the trail was sealed before it was verified")
	require.Contains(t, s.as(db.StaffRoleAdministrator).get(admin.SectionAudit).text(".chain"), head)
	s.as(db.StaffRoleAdministrator, s.North).get(admin.SectionAudit).none(".chain")

	require.Contains(t, page.text("#code-walk"), "Not begun")
	require.Contains(t, page.text("#checks-live > .notice-warn"), "owns the tables", "the tests sign in as the owner")
	require.NoError(t, s.Server.admin.Cards.Codes.WalkCodes(t.Context()))
	page = operator.get(admin.SectionChecks)
	require.Contains(t, page.text("#code-walk"), "2 cards")
	require.Contains(t, page.text("#code-walk"), "None")

	owner := dbtest.Owner(t, s.Pool)
	_, err := owner.Exec(t.Context(), `create temporary table was as select code_index from card where serial = 2;
		update card set code_index = substr(sha256(code_index), 1, 16) where serial = 2; update code_walk set started_at = now() - interval '2 days'`)
	require.NoError(t, err)
	require.NoError(t, s.Server.admin.Cards.Codes.WalkCodes(t.Context()))
	require.Contains(t, operator.get("/admin").text(".notice-bad[role=alert]"), "the codes of 1 card are not those that they are found by")
	require.Contains(t, operator.get(admin.SectionChecks).text("#code-walk .state-bad"), "1")
	s.as(db.StaffRoleCashier).get("/admin").none(".notice-bad")
	require.Contains(t, s.audits(), "card.tampered")
	_, err = owner.Exec(t.Context(), `update card set code_index = was.code_index from was where serial = 2`)
	require.NoError(t, err)
	require.NoError(t, s.Server.admin.Cards.Codes.WalkCodes(t.Context()))
	operator.get("/admin").none(".notice-bad")

	_, err = owner.Exec(t.Context(), `set session_replication_role = replica; insert into ledger_tx (kind) values ('payment')`)
	require.NoError(t, err)
	work()
	page = operator.get(admin.SectionChecks)
	require.Contains(t, page.text(".notice-bad"), "one rule is broken")
	require.Contains(t, page.text("#rule-1"), "Broken: 1")
	require.Contains(t, page.text("#rule-1"), "What to do")
	require.Contains(t, page.text("#rule-1 .check-examples"), "ledger transaction")
	require.Contains(t, operator.get("/admin").text(".notice-bad[role=alert]"), "The books do not hold: 1 rule is broken.")
	s.as(db.StaffRoleAdministrator, s.North).get("/admin").none(".notice-bad")
	s.as(db.StaffRoleCashier).get("/admin").none(".notice-bad")
	fragment := operator.htmx(admin.SectionChecks)
	require.NotContains(t, fragment.Body, "<html")
	fragment.one("#checks-live")

	_, err = owner.Exec(t.Context(), `delete from ledger_tx where kind = 'payment'`)
	require.NoError(t, err)
	work()
	operator.get("/admin").none(".notice-bad")
	s.exec(`update check_run set started_at = now() - interval '5 hours', ended_at = now() - interval '5 hours' where ended_at is not null`)
	require.Contains(t, operator.get(admin.SectionChecks).text("#checks-live"), "long ago")

	require.Equal(t, http.StatusForbidden, s.as(db.StaffRoleCashier).get(admin.SectionChecks).Status)
	require.Equal(t, http.StatusForbidden, s.as(db.StaffRoleAdministrator, s.North).get(admin.SectionChecks).Status)
	require.Equal(t, http.StatusForbidden, s.as(db.StaffRoleAdministrator, s.North).post(admin.SectionChecks, nil).Status)
}
