package main

// peopleMutants returns the mutants that let a person see or change the data of others.
func peopleMutants() []mutant {
	return []mutant{
		{
			"a code of a second factor counts as long as it is shown", "query SecondFactorTake",
			" and last_step < @step", "",
			"./internal/staff", "TestCodesCountOnce", "whoever looks over a shoulder signs in with the same code",
		},
		{
			"a recovery code is not used up", "query RecoveryCodeUse",
			" and used_at is null;", ";",
			"./internal/staff", "TestCodesCountOnce", "a slip of paper opens the door for ever",
		},
		{
			"a sign-in that was ended by a code goes on", "EnterCode",
			"if n == 0 {\n\t\t\treturn ErrStepOver", "if n < 0 {\n\t\t\treturn ErrStepOver",
			"./internal/staff", "TestCodesCountOnce|TestSignInAsksForTheCode", "one password lets in as often as there are codes",
		},
		{
			"an open page keeps its session awake", "findPerson",
			"row.Stale && !byItself(c)", "row.Stale",
			"./internal/web", "TestPagesDoNotKeepASessionAwake", "a desk that somebody left in the morning is signed in all day",
		},
		{
			"another site's page may have a file fetched", "ExportDownload",
			`case "", "none", "same-origin":`, `case "", "none", "same-origin", "same-site", "cross-site":`,
			"./internal/web", "TestPrintedOnce", "a link fetches the one file in somebody's name, and three days later its codes are gone",
		},
		{
			"a sign-in outlives the change of its password", "startSession",
			"if n == 0 {\n\t\t\treturn staff.ErrStepOver", "if n < 0 {\n\t\t\treturn staff.ErrStepOver",
			"./internal/web", "TestSignInRacesWithShuttingOut", "a stolen password lets in while it is being changed",
		},
		{
			"sessions begin whatever was ended meanwhile", "query SessionCreateStaff",
			" and staff.shut_out = @shut_out", " and @shut_out::integer is not null",
			"./internal/staff", "TestSignInsUnderWayEnd", "who is signing in at that moment stays in",
		},
		{
			"a page of another partner's customer opens", "query CustomerGet",
			"and (@all_partners::boolean or customer.partner_id = any(@partner_ids::bigint[]))", "and (@all_partners::boolean or @partner_ids::bigint[] is not null)",
			"./internal/web", "TestAdminCustomers|Foreign|TestCardIsRedeemedForACustomer", "one reseller reads another's customers",
		},
		{
			"another site's page may post", "sameSite",
			"if err := guard.Check(c.Request); err != nil {", "if err := guard.Check(c.Request); err != nil && c.Request == nil {",
			"./internal/web", "TestAnotherSiteCannotPost", "a link redeems cards in a stranger's name",
		},
		{
			"a route that says nothing lets everybody in", "doorNobody",
			`doorNobody door = iota
	doorEverybody
`, `doorEverybody door = iota
	doorNobody
`,
			"./internal/web", "TestNobodyIsTheDefault|TestRoutesAreWellFormed", "a forgotten word opens a page to the world",
		},
		{
			"permissions are not asked for", "admit",
			`if who.permission != "" && !person.Can(who.permission) {`, `if who.permission != "" && person.ID < 0 {`,
			"./internal/web", "TestRoutesTurnAwayOthers", "a cashier prints cards",
		},
		{
			"somebody gives more than they have", "covers",
			`	if by.Everything {
`, `	if by.Everything || !everything {
`,
			"./internal/staff", "TestNobodyGivesMoreThanTheyHave", "whoever edits staff makes themselves what they like",
		},
		{
			"the last administrator goes", "someoneLeft",
			`	if n == 0 {
		return ErrLast`, `	if n < 0 {
		return ErrLast`,
			"./internal/staff", "TestSomebodyIsLeft", "nobody is left who could mend anything",
		},
		{
			"wrong passwords are counted, and let through", "charge",
			"if !row.Allowed {\n\t\t\treturn charged{}, ErrBarred", "if !row.Allowed && row.N < 0 {\n\t\t\treturn charged{}, ErrBarred",
			"./internal/web", "TestWrongPasswordsAreLimited|TestParallelWrongPasswordsAreLimited", "a list of passwords is tried in a minute",
		},
		{
			"a session keeps its token when rights change", "findPerson",
			"\tif row.Renew {", "\tif row.Renew && row.ID < 0 {",
			"./internal/web", "TestSessionTokens|TestAdminRoleRenewsSessions", "a token copied before goes on with the new rights",
		},
		{
			"an idle session goes on", "query SessionGetStaff, SessionListStaff",
			"and session.seen_at > now() - @idle::interval", "and @idle::interval is not null",
			"./internal/web", "TestSessionsEnd", "a desk that was left is an open door",
		},
		{
			"a disabled person's session goes on", "query SessionGetStaff, SessionListStaff",
			" and staff.disabled_at is null;", ";",
			"./internal/web", "TestSignInOfTheDisabled", "who was dismissed works on",
		},
		{
			"a session of somebody else's can be ended", "query SessionEnd",
			"id = @id and (staff_id = sqlc.narg(staff_id) or customer_id = sqlc.narg(customer_id))", "id = @id or staff_id = sqlc.narg(staff_id) and customer_id = sqlc.narg(customer_id)",
			"./internal/web", "TestOwnSessions", "anybody signs anybody out",
		},
		{
			"a page may hold inline script", "policy",
			"script-src 'self';", "script-src 'self' 'unsafe-inline';",
			"./internal/web", "TestHeadersOnEveryAnswer", "a name that slips through unescaped runs in every browser",
		},
		{
			"a cookie travels in the clear", "setCookie",
			"Secure: s.overTLS(c.Request)", "Secure: false",
			"./internal/web", "TestSessionCookieOverTLS", "whoever shares the wireless takes over the session",
		},
	}
}
