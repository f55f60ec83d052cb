package main

// guessMutants returns the mutants that remove a protection of cards against guessing.
func guessMutants() []mutant {
	return []mutant{
		{
			"wrong codes are counted after the limit was looked at", "internal/guess/throttle.go",
			"	rows, err := t.q.GuessCharge(ctx, t.db, db.GuessChargeParams{", `	var n int32
	if err := t.db.QueryRow(ctx, "select coalesce(max(n), 0) from guess where scope = $1", who).Scan(&n); err != nil {
		return Charge{}, err
	}
	if n >= l.Soft {
		return Charge{}, ErrBarred
	}
	if _, err := t.db.Exec(ctx, "insert into guess (scope, n, since, allowed) values ($1, 1, now(), true) on conflict (scope) do update set n = guess.n + 1", who); err != nil || who != "" {
		return Charge{}, err
	}
	rows, err := t.q.GuessCharge(ctx, t.db, db.GuessChargeParams{`,
			"./internal/card", "TestGuessesAreCharged", "a thousand parallel guesses slip past a limit of ten",
		},
		{
			"a code that nobody has is answered sooner", "card.settle",
			"if err != nil && !errors.Is(err, ErrUnknown) {", "if err != nil {",
			"./internal/card", "TestRefusalsAreAlike", "a stopwatch tells real codes from made-up ones",
		},
		{
			"every X-Forwarded-For is believed", "clientAddress",
			"if !ok || !s.trusted(client) {", "if !ok {",
			"./internal/web", "TestForwardedAddresses", "a guesser has a new address for every guess",
		},
		{
			"staff hear about cards of other partners", "internal/card/attempt.go",
			"if a.actor.Scope.AllPartners && len(a.actor.Scope.Hidden) == 0 || why.Code == ErrUnknown.Code {", "if a.actor.Person() != 0 {",
			"./internal/web", "TestForeignInFormsIsMissing", "one reseller learns which codes another has sold",
		},
		{
			"addresses are not counted", "query GuessCharge",
			`from who where who.allowed
`, `from who where who.allowed and false
`,
			"./internal/card", "TestGuessesFromOneAddress", "a thousand accounts guess from one machine",
		},
		{
			"a barred address charges whom it names", "query GuessCharge",
			"  where not exists (select from closed)\n", "",
			"./internal/staff", "TestBarredAddressesChargeNobody", "one machine keeps every name that it knows signed out",
		},
		{
			"trying a code is free", "internal/card/attempt.go",
			"	if a.typed {\n		if err := s.chargeTyped(ctx, a); err != nil {", "	if a.typed {\n		if err := error(nil); err != nil {",
			"./internal/card", "TestLook", "guessing has a door without a limit",
		},
		{
			"looking at a good card wipes the slate clean", "internal/card/look.go",
			"s.runAttempt(ctx, a, s.Guesses.TakeBack,", "s.runAttempt(ctx, a, s.Guesses.Forgive,",
			"./internal/card", "TestLookDoesNotForgiveGuesses", "one good card pays for endless guesses",
		},
		{
			"finding a good card wipes the slate clean", "internal/card/find.go",
			"s.runAttempt(ctx, a, s.Guesses.TakeBack,", "s.runAttempt(ctx, a, s.Guesses.Forgive,",
			"./internal/card", "TestFindingDoesNotForgiveGuesses", "one good card pays for endless guesses",
		},
		{
			"unknown codes are not counted", "query GuessCountUnknown",
			"a.detail->>'reason' = 'card_unknown'", "a.detail->>'reason' = 'card_void'",
			"./internal/card", "TestUnknownCodesAreCountedByPartner", "somebody tries codes all night and no alarm rings",
		},
		{
			"many unknown codes raise no alarm", "homeGuesses",
			`a := alarm{
			Text: fmt.Sprintf(lang.M("Somebody may`, `a := alarm{}
		_ = alarm{
			Text: fmt.Sprintf(lang.M("Somebody may`,
			"./internal/web", "TestGuessesRaiseAnAlarm", "nobody hears of it",
		},
		{
			"imported codes are throttled like our own", "internal/guess/throttle.go",
			"l = l.Tightened(a.Chance)", "_ = a.Chance",
			"./internal/card", "TestImportedCodesAreThrottledHarder", "short codes of another system are hit by patience",
		},
		{
			"a bar is lifted without a reason", "ClearCustomer, LiftStaffBar",
			"\tif err := audit.CheckReason(reason); err != nil {", "\tif err := audit.CheckReason(reason); err != nil && reason != \"\" {",
			"./internal/web", "TestBarIsLifted|TestStaffBarIsLifted", "a friend behind the counter lets a guesser go on",
		},
		{
			"staff lift their own bar", "CheckLift",
			"if by == barred {", "if by == barred && barred < 0 {",
			"./internal/web", "TestStaffBarIsLifted", "a member of staff guesses codes without an end",
		},
		{
			"a good card wipes out wrong imported codes", "internal/guess/throttle.go",
			"		if c.imported {\n			return t.takeBackOne(ctx, dbtx, c)\n		}\n", "",
			"./internal/card", "TestImportedCodesAreThrottledHarder", "a cheap card between guesses keeps every bar away from short codes",
		},
		{
			"one weak import tightens the limits of all codes", "chanceAt",
			"if n := int32(length); shape.Shortest <= n && n <= shape.Longest {", "if n := int32(length); n > 0 {",
			"./internal/card", "TestWeakImportDoesNotTightenStrongCodes", "typing errors in a strong code bar a customer for a month",
		},
		{
			"dead imports are charged like live ones", "matchesShapesAt",
			"(dead || shape.Known)", "(dead || true)",
			"./internal/card", "TestTypingErrorsAreFreeOfDeadImports", "typing errors in codes of ours cost something for ever",
		},
		{
			"a reading that fits two cards finds one of them", "fit",
			"rows[0].Level > 0 && len(rows) > 1", "rows[0].Level > 0 && len(rows) > 2",
			"./internal/card", "TestImportedCodesInAnyCase", "one customer spends the card of another",
		},
		{
			"a reading is believed without its proof", "fit",
			"if row.Kind != nil && !s.proofValid(row) {", "if row.Kind != nil && !s.proofValid(row) && false {",
			"./internal/card", "TestForgedReadingFindsNothing", "whoever writes to the database leads a cheap code to a dear card",
		},
		{
			"the second spelling of a code in a file is another card", "identity",
			"id := identity{strong: append([]Code{c.code}, c.code.ownReadings(formats)...)}", "id := identity{strong: []Code{c.code}}; _ = formats",
			"./internal/card", "TestSpellingsAreOneCode", "one printed card pays twice",
		},
		{
			"two imports at once do not wait for one another", "saveChunk",
			"if err := s.q.ReadingLock(ctx, tx); err != nil {", "if err := error(nil); err != nil {",
			"./internal/card", "TestSpellingsRace", "one printed card pays twice",
		},
		{
			"the end of a code is found that no screen shows", "lastFour",
			"shown := []rune(c.shown())", "shown := []rune(c.symbols)",
			"./internal/card", "TestEndFindsWhatTheMaskShows", "a cashier puts short codes together out of the search box",
		},
		{
			"a search that finds no card leaves no line", "internal/card/attempt.go",
			"	if err := s.recordRefusal(", "	if a.customerID == 0 {\n		return refused.answer\n	}\n	if err := s.recordRefusal(",
			"./internal/card", "TestRefusalsInTheTrail", "staff try codes and no alarm rings",
		},
		{
			"a form that loses a race for its key leaves no line", "internal/card/attempt.go",
			"	if err := s.recordRefusal(", "	if errors.Is(refused.answer, ErrKeyReused) {\n		return refused.answer\n	}\n	if err := s.recordRefusal(",
			"./internal/card", "TestRefusalsInTheTrail", "one key shared by many forms tries codes without a trace",
		},
		{
			"names are tried as codes", "ReadSearch",
			"!isWords(text)", "!isWords(text) || isWords(text)",
			"./internal/web", "TestFindCustomersFirst", "staff who search for customers are barred",
		},
		{
			"what a file finds known is not charged", "chargeHits",
			"	if fresh > 0 {\n		barred, err", "	if fresh < 0 {\n		barred, err",
			"./internal/card", "TestDryRunsAddUp", "an import asks which codes exist, one file after another",
		},
		{
			"a file may name any number of cards", "chargeHits",
			"	if !over && !barred {", "	if over || !barred {",
			"./internal/card", "TestDryRunIsNoOracle", "a million guesses take five seconds and tell no one",
		},
		{
			"rows of other partners' cards are told", "lookUpCodes",
			"			if !c.Within {\n", "			if false {\n",
			"./internal/card", "TestDryRunsAddUp", "one reseller reads out which codes another has sold",
		},
		{
			"any serial proves that a file was here", "firstSerial",
			"	return !twice\n", "	return twice || !twice\n",
			"./internal/card", "TestImportAgain", "a column of made-up serials makes every guess free",
		},
		{
			"whose files named too many cards goes on importing", "checkImportBar",
			"	if err != nil || till.IsZero() {\n		return err\n	}\n	return ErrImportBarred.With", "	if err != nil || !till.IsZero() || till.IsZero() {\n		return err\n	}\n	return ErrImportBarred.With",
			"./internal/card", "TestDryRunIsNoOracle", "the bar on trying codes by files bars nobody",
		},
	}
}
