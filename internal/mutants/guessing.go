package main

// guessMutants take out what stands between a guesser and a card.
func guessMutants() []mutant {
	return []mutant{
		{
			"wrong codes are counted after the limit was looked at", "internal/card/guess.go",
			"	rows, err := s.q.GuessCharge(ctx, s.db, db.GuessChargeParams{", `	var n int32
	if err := s.db.QueryRow(ctx, "select coalesce(max(n), 0) from guess where scope = $1", who).Scan(&n); err != nil {
		return bars{}, err
	}
	if n >= l.Soft {
		return bars{}, ErrBarred
	}
	if _, err := s.db.Exec(ctx, "insert into guess (scope, n, since, allowed) values ($1, 1, now(), true) on conflict (scope) do update set n = guess.n + 1", who); err != nil || who != "" {
		return bars{}, err
	}
	rows, err := s.q.GuessCharge(ctx, s.db, db.GuessChargeParams{`,
			"./internal/card", "TestGuessesAreCharged", "a thousand parallel guesses slip past a limit of ten",
		},
		{
			"a code that nobody has is answered sooner", "internal/card/redeem.go",
			"if err != nil && !errors.Is(err, ErrUnknown) {", "if err != nil {",
			"./internal/card", "TestRefusalsAreAlike", "a stopwatch tells real codes from made-up ones",
		},
		{
			"every X-Forwarded-For is believed", "internal/web/server.go",
			"engine.SetTrustedProxies(s.TrustedProxies)", `engine.SetTrustedProxies([]string{"0.0.0.0/0", "::/0"})`,
			"./internal/web", "TestForwardedAddresses", "a guesser has a new address for every guess",
		},
		{
			"staff hear about cards of other partners", "internal/card/redeem.go",
			"if actor.Scope.AllPartners || why.Code == ErrUnknown.Code {", "if actor.StaffID != 0 {",
			"./internal/web", "TestForeignInFormsIsMissing", "one reseller learns which codes another has sold",
		},
		{
			"addresses are not counted", "internal/db/guess.sql.go",
			`from who where who.allowed
`, `from who where who.allowed and false
`,
			"./internal/card", "TestGuessesFromOneAddress", "a thousand accounts guess from one machine",
		},
		{
			"a barred address charges whom it names", "internal/db/guess.sql.go",
			"  where not exists (select from closed)\n", "",
			"./internal/staff", "TestBarredAddressesChargeNobody", "one machine keeps every name that it knows signed out",
		},
		{
			"looking at a card is free", "internal/card/look.go",
			"s.chargeIn(ctx, actor, customerID, zone(customer.TimeZone), at.limits)", "func() (bars, error) { return bars{}, nil }()",
			"./internal/card", "TestLook", "guessing has a door without a limit",
		},
		{
			"looking at a good card wipes the slate clean", "internal/card/look.go",
			"s.takeBack(ctx, actor, customerID, at.bars)", "s.forgive(ctx, actor, customerID, at.limits)",
			"./internal/card", "TestLookDoesNotForgiveGuesses", "one good card pays for endless guesses",
		},
		{
			"finding a good card wipes the slate clean", "internal/card/find.go",
			"	case err == nil:\n		s.takeBack(ctx, actor, 0, bars)", "	case err == nil:\n		s.forgive(ctx, actor, 0, read.limits)",
			"./internal/card", "TestFindingDoesNotForgiveGuesses", "one good card pays for endless guesses",
		},
		{
			"unknown codes are not counted", "internal/db/guess.sql.go",
			"a.detail->>'reason' = 'card_unknown'", "a.detail->>'reason' = 'card_void'",
			"./internal/card", "TestUnknownCodesAreCountedByPartner", "somebody tries codes all night and no alarm rings",
		},
		{
			"many unknown codes raise no alarm", "internal/web/admin_home.go",
			`a := alarm{
			Text: fmt.Sprintf("Somebody may`, `a := alarm{}
		_ = alarm{
			Text: fmt.Sprintf("Somebody may`,
			"./internal/web", "TestGuessesRaiseAnAlarm", "nobody hears of it",
		},
		{
			"imported codes are throttled like our own", "internal/card/code_imported.go",
			"t.limits = limits.Tightened(pool.Chance)", "_ = pool.Chance",
			"./internal/card", "TestImportedCodesAreThrottledHarder", "short codes of another system are hit by patience",
		},
		{
			"a bar is lifted without a reason", "internal/card/guess.go",
			"\tif err := customer.CheckReason(reason); err != nil {", "\tif err := customer.CheckReason(reason); err != nil && customerID < 0 {",
			"./internal/web", "TestBarIsLifted", "a friend behind the counter lets a guesser go on",
		},
		{
			"what a file finds known is not charged", "internal/card/import_known.go",
			"	if fresh > 0 {\n		barred, err", "	if fresh < 0 {\n		barred, err",
			"./internal/card", "TestDryRunsAddUp", "an import asks which codes exist, one file after another",
		},
		{
			"a file may name any number of cards", "internal/card/import_known.go",
			"	if !over && !barred {", "	if over || !barred {",
			"./internal/card", "TestDryRunIsNoOracle", "a million guesses take five seconds and tell no one",
		},
		{
			"rows of other partners' cards are told", "internal/card/import_known.go",
			"			if !c.Within {\n", "			if false {\n",
			"./internal/card", "TestDryRunsAddUp", "one reseller reads out which codes another has sold",
		},
		{
			"any serial proves that a file was here", "internal/card/import_known.go",
			"	return !twice\n", "	return twice || !twice\n",
			"./internal/card", "TestImportAgain", "a column of made-up serials makes every guess free",
		},
		{
			"whose files named too many cards goes on importing", "internal/card/import.go",
			"	if err := s.mayImport(ctx, actor.StaffID); err != nil {", "	if err := error(nil); err != nil {",
			"./internal/card", "TestDryRunIsNoOracle", "the bar on trying codes by files bars nobody",
		},
	}
}
