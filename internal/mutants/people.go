package main

// peopleMutants take out what keeps people to what is theirs.
func peopleMutants() []mutant {
	return []mutant{
		{
			"a code of a second factor counts as long as it is shown", "internal/db/second_factor.sql.go",
			" and last_step < $1", "",
			"./internal/staff", "TestCodesCountOnce", "whoever looks over a shoulder signs in with the same code",
		},
		{
			"a recovery code is not used up", "internal/db/second_factor.sql.go",
			" and used_at is null\n`", "\n`",
			"./internal/staff", "TestCodesCountOnce", "a slip of paper opens the door for ever",
		},
		{
			"a sign-in that was ended by a code goes on", "internal/staff/second_step.go",
			"if n == 0 {\n\t\t\treturn ErrStepOver", "if n < 0 {\n\t\t\treturn ErrStepOver",
			"./internal/staff", "TestCodesCountOnce|TestSignInAsksForTheCode", "one password lets in as often as there are codes",
		},
		{
			"an open page keeps its session awake", "internal/web/session.go",
			"row.Stale && !byItself(c)", "row.Stale",
			"./internal/web", "TestPagesDoNotKeepASessionAwake", "a desk that somebody left in the morning is signed in all day",
		},
		{
			"another site's page may have a file fetched", "internal/web/admin_export_file.go",
			`case "", "none", "same-origin":`, `case "", "none", "same-origin", "same-site", "cross-site":`,
			"./internal/web", "TestPrintedOnce", "a link fetches the one file in somebody's name, and three days later its codes are gone",
		},
		{
			"a sign-in outlives the change of its password", "internal/web/session.go",
			"if n == 0 {\n\t\t\treturn staff.ErrStepOver", "if n < 0 {\n\t\t\treturn staff.ErrStepOver",
			"./internal/web", "TestSignInRacesWithShuttingOut", "a stolen password lets in while it is being changed",
		},
		{
			"sessions begin whatever was ended meanwhile", "internal/db/session.sql.go",
			" and staff.shut_out = $6", " and $6::integer is not null",
			"./internal/staff", "TestSignInsUnderWayEnd", "who is signing in at that moment stays in",
		},
		{
			"a page of another partner's customer opens", "internal/db/customer.sql.go",
			"where customer.id = $1\n  and ($2::boolean or customer.partner_id = any($3::bigint[]))", "where customer.id = $1 and ($2::boolean or $3::bigint[] is not null)",
			"./internal/web", "TestAdminCustomers|Foreign|TestCardIsRedeemedForACustomer", "one reseller reads another's customers",
		},
		{
			"another site's page may post", "internal/web/middleware.go",
			"if err := guard.Check(c.Request); err != nil {", "if err := guard.Check(c.Request); err != nil && c.Request == nil {",
			"./internal/web", "TestAnotherSiteCannotPost", "a link redeems cards in a stranger's name",
		},
		{
			"a route that says nothing lets everybody in", "internal/web/routes.go",
			`doorNobody door = iota
	doorEverybody
`, `doorEverybody door = iota
	doorNobody
`,
			"./internal/web", "TestNobodyIsTheDefault|TestRoutesAreWellFormed", "a forgotten word opens a page to the world",
		},
		{
			"permissions are not asked for", "internal/web/routes.go",
			`if who.permission != "" && !person.Can(who.permission) {`, `if who.permission != "" && person.ID < 0 {`,
			"./internal/web", "TestRoutesTurnAwayOthers", "a cashier prints cards",
		},
		{
			"somebody gives more than they have", "internal/staff/role.go",
			`	if by.Everything {
`, `	if by.Everything || !everything {
`,
			"./internal/staff", "TestNobodyGivesMoreThanTheyHave", "whoever edits staff makes themselves what they like",
		},
		{
			"the last administrator goes", "internal/staff/manage.go",
			`	if n == 0 {
		return ErrLast`, `	if n < 0 {
		return ErrLast`,
			"./internal/staff", "TestSomebodyIsLeft", "nobody is left who could mend anything",
		},
		{
			"wrong passwords are counted, and let through", "internal/staff/signin.go",
			`		if !row.Allowed {
`, `		if !row.Allowed && row.N < 0 {
`,
			"./internal/web", "TestWrongPasswordsAreLimited|TestParallelWrongPasswordsAreLimited", "a list of passwords is tried in a minute",
		},
		{
			"a session keeps its token when rights change", "internal/web/session.go",
			"\tif row.Renew {", "\tif row.Renew && row.ID < 0 {",
			"./internal/web", "TestSessionTokens|TestAdminRoleRenewsSessions", "a token copied before goes on with the new rights",
		},
		{
			"an idle session goes on", "internal/db/session.sql.go",
			"  and session.seen_at > now() - $2::interval and staff.disabled_at is null\n`", "  and $2::interval is not null and staff.disabled_at is null\n`",
			"./internal/web", "TestSessionsEnd", "a desk that was left is an open door",
		},
		{
			"a disabled person's session goes on", "internal/db/session.sql.go",
			"  and session.seen_at > now() - $2::interval and staff.disabled_at is null\n`", "  and session.seen_at > now() - $2::interval\n`",
			"./internal/web", "TestSignInOfTheDisabled", "who was dismissed works on",
		},
		{
			"a session of somebody else's can be ended", "internal/db/session.sql.go",
			`delete from session where id = $1 and (staff_id = $2 or customer_id = $3)
`, `delete from session where id = $1 or staff_id = $2 and customer_id = $3
`,
			"./internal/web", "TestOwnSessions", "anybody signs anybody out",
		},
		{
			"a page may hold inline script", "internal/web/middleware.go",
			"script-src 'self';", "script-src 'self' 'unsafe-inline';",
			"./internal/web", "TestHeadersOnEveryAnswer", "a name that slips through unescaped runs in every browser",
		},
		{
			"a cookie travels in the clear", "internal/web/session.go",
			"Secure: s.overTLS(c.Request)", "Secure: false",
			"./internal/web", "TestSessionCookieOverTLS", "whoever shares the wireless takes over the session",
		},
	}
}
