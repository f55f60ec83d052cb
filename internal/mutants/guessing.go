package main

// guessMutants take out what stands between a guesser and a card.
func guessMutants() []mutant {
	return []mutant{
		{
			"wrong codes are counted after the limit was looked at", "internal/card/guess.go",
			"	rows, err := s.q.GuessCharge(ctx, s.db, db.GuessChargeParams{", `	var n int32
	if err := s.db.QueryRow(ctx, "select coalesce(max(n), 0) from guess where scope = $1", who).Scan(&n); err != nil {
		return err
	}
	if n >= l.Soft {
		return ErrBarred
	}
	if _, err := s.db.Exec(ctx, "insert into guess (scope, n, since, allowed) values ($1, 1, now(), true) on conflict (scope) do update set n = guess.n + 1", who); err != nil || who != "" {
		return err
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
			"every X-Forwarded-For is believed", "internal/web/proxy.go",
			"if !ok || !s.trusted(client) {", "if !ok {",
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
			"s.chargeTyped(ctx, actor, customerID, zone(customer.TimeZone), &at)", "error(nil)",
			"./internal/card", "TestLook", "guessing has a door without a limit",
		},
		{
			"looking at a good card wipes the slate clean", "internal/card/look.go",
			"	s.takeBack(ctx, at.charges)\n	return Seen{", "	s.forgive(ctx, at.charges)\n	return Seen{",
			"./internal/card", "TestLookDoesNotForgiveGuesses", "one good card pays for endless guesses",
		},
		{
			"finding a good card wipes the slate clean", "internal/card/find.go",
			"	case err == nil:\n		s.takeBack(ctx, at.charges)", "	case err == nil:\n		s.forgive(ctx, at.charges)",
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
			"imported codes are throttled like our own", "internal/card/guess.go",
			"l = l.Tightened(at.chance)", "_ = at.chance",
			"./internal/card", "TestImportedCodesAreThrottledHarder", "short codes of another system are hit by patience",
		},
		{
			"a bar is lifted without a reason", "internal/card/guess_clear.go",
			"\tif err := customer.CheckReason(reason); err != nil {", "\tif err := customer.CheckReason(reason); err != nil && reason != \"\" {",
			"./internal/web", "TestBarIsLifted|TestStaffBarIsLifted", "a friend behind the counter lets a guesser go on",
		},
		{
			"staff lift their own bar", "internal/card/guess_clear.go",
			"if actor.StaffID == barred {", "if actor.StaffID == barred && barred < 0 {",
			"./internal/web", "TestStaffBarIsLifted", "a member of staff guesses codes without an end",
		},
		{
			"a good card wipes out wrong imported codes", "internal/card/guess.go",
			"		if c.imported {\n			s.takeBack(ctx, []charge{c})\n			continue\n		}\n", "",
			"./internal/card", "TestImportedCodesAreThrottledHarder", "a cheap card between guesses keeps every bar away from short codes",
		},
		{
			"one weak import tightens the limits of all codes", "internal/card/shape.go",
			"if n := int32(length); shape.Shortest <= n && n <= shape.Longest {", "if n := int32(length); n > 0 {",
			"./internal/card", "TestWeakImportDoesNotTightenStrongCodes", "typing errors in a strong code bar a customer for a month",
		},
		{
			"dead imports are charged like live ones", "internal/card/shape.go",
			"(dead || shape.Known)", "(dead || true)",
			"./internal/card", "TestTypingErrorsAreFreeOfDeadImports", "typing errors in codes of ours cost something for ever",
		},
		{
			"a reading that fits two cards finds one of them", "internal/card/reading.go",
			"rows[0].Level > 0 && len(rows) > 1", "rows[0].Level > 0 && len(rows) > 2",
			"./internal/card", "TestImportedCodesInAnyCase", "one customer spends the card of another",
		},
		{
			"a reading is believed without its proof", "internal/card/reading.go",
			"if row.Kind != nil && !s.proves(row) {", "if row.Kind != nil && !s.proves(row) && false {",
			"./internal/card", "TestForgedReadingFindsNothing", "whoever writes to the database leads a cheap code to a dear card",
		},
		{
			"the second spelling of a code in a file is another card", "internal/card/reading_same.go",
			"id := identity{strong: append([]Code{c.code}, c.code.ownReadings(formats)...)}", "id := identity{strong: []Code{c.code}}; _ = formats",
			"./internal/card", "TestSpellingsAreOneCode", "one printed card pays twice",
		},
		{
			"two imports at once do not wait for one another", "internal/card/import_run.go",
			"if err := s.q.ReadingLock(ctx, tx); err != nil {", "if err := error(nil); err != nil {",
			"./internal/card", "TestSpellingsRace", "one printed card pays twice",
		},
		{
			"the end of a code is found that no screen shows", "internal/card/lastfour.go",
			"shown := []rune(c.shown())", "shown := []rune(c.symbols)",
			"./internal/card", "TestEndFindsWhatTheMaskShows", "a cashier puts short codes together out of the search box",
		},
		{
			"a search that finds no card leaves no line", "internal/card/find.go",
			"if auditErr := s.recordRefusal(ctx, actor, 0, at, reason, nil); auditErr != nil {", "if auditErr := error(nil); auditErr != nil && reason != \"\" {",
			"./internal/card", "TestRefusalsInTheTrail", "staff try codes and no alarm rings",
		},
		{
			"a form that loses a race for its key leaves no line", "internal/card/refusal.go",
			"return cmp.Or(s.recordRefusal(ctx, actor, r.CustomerID, at, reason, err), reused)", "_, _ = reason, r\n\treturn cmp.Or(reused)",
			"./internal/card", "TestRefusalsInTheTrail", "one key shared by many forms tries codes without a trace",
		},
		{
			"names are tried as codes", "internal/card/find.go",
			"if areWords(text) {", "if areWords(text) && false {",
			"./internal/web", "TestFindCustomersFirst", "staff who search for customers are barred",
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
			"whose files named too many cards goes on importing", "internal/card/import_known.go",
			"	if err != nil || till.IsZero() {\n		return err\n	}\n	return ErrBarred.Saying", "	if err != nil || !till.IsZero() || till.IsZero() {\n		return err\n	}\n	return ErrBarred.Saying",
			"./internal/card", "TestDryRunIsNoOracle", "the bar on trying codes by files bars nobody",
		},
	}
}
