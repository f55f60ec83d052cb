package main

// importMutants returns the mutants with which an imported file could create value that
// nothing proves.
func importMutants() []mutant {
	return []mutant{
		{
			"a file that says two things of one code is taken by its first row", "recordClaim",
			"if differs {", "if differs && false {",
			"./internal/card", "TestContradictingRowsStopAnImport", "a list of events makes money of every used card",
		},
		{
			"what is confirmed is whatever was read last", "Confirm",
			"		if imp.Run != run {\n", "		if imp.Run < run {\n",
			"./internal/web", "TestConfirmedIsWhatWasShown", "a page says 120.00, and 12,000.00 come in",
		},
		{
			"what is confirmed of customers is whatever was read last", "Confirm",
			" || imp.Run != run {", " {",
			"./internal/web", "TestConfirmedIsWhatWasShown", "a page says 4.00, and 4,000.00 are credited",
		},
		{
			"a formula without a result is an empty cell", "row",
			"if has.formula && text == \"\" &&", "if false && has.formula && text == \"\" &&",
			"./internal/importfile", "TestFormulasWithoutResult", "cards get the price of cards that have none",
		},
		{
			"hidden rows are read", "row",
			`Hidden: hidden == "1" || hidden == "true"`, `Hidden: hidden == "x"`,
			"./internal/importfile", "TestHiddenRows", "used cards that a filter hid come in",
		},
		{
			"hidden rows make cards", "Next",
			"	if row.Hidden {", "	if row.Hidden && false {",
			"./internal/tableimport", "TestHiddenRowsAreLeftOut", "used cards that a filter hid come in",
		},
		{
			"a share is an amount", "number",
			"	if f.percent {", "	if f.percent && false {",
			"./internal/importfile", "TestPercentages", "a coupon of 10 % is a card of 0.10",
		},
		{
			"a page is a list of codes", "OpenTable",
			", isMarkup(head):", ":",
			"./internal/importfile", "TestTextThatIsNoTable", "the books owe for cards that nobody can hold",
		},
		{
			"merged cells are read by their first row", "LookAt",
			"if err == nil && table.Merged() >=", "if false && table.Merged() >=",
			"./internal/tableflow", "TestMergedRowsAreRefused", "cards get the price of cards that have none",
		},
		{
			"a status is dropped where each word stands once", "agrees",
			"(!c.MayBeCode || h.rank == 0)", "!c.MayBeCode",
			"./internal/tableimport", "TestGuessesOfShortAndDoubtfulFiles", "the used cards of a short file are money again",
		},
		{
			"the code of one card is the short code of another", "guess",
			"	s.dropAmbiguousCode(schema)\n", "",
			"./internal/tableimport", "TestGuessesOfShortAndDoubtfulFiles", "one printed card opens two",
		},
		{
			"who used a card is named to whoever sees the card", "query CardList, CardListBack, CardShow",
			"customer.id = c.used_by and (", "customer.id = c.used_by and (true or ",
			"./internal/web", "TestMovedCustomersAreNotNamed", "a partner reads the names of another's customers",
		},
		{
			"signs in a code open another count", "readImported",
			"	t.length = code.length()\n", "	t.length = code.written()\n",
			"./internal/card", "TestImportedCodesAmongSigns", "a guesser adds a dot to every fifth try",
		},
		{
			"a code in two spellings makes two cards", "identity",
			"id.strong = append(id.strong, bare)", "_ = bare",
			"./internal/card", "TestSignsAreNoSymbols", "one printed card pays twice, once with dots and once with slashes",
		},
		{
			"cards from before are not found without their signs", "furtherReadings",
			"if bare := code.bare(); bare.indexed() != code.indexed() {", "if bare := code.bare(); len(bare.symbols) < 0 {",
			"./internal/card", "TestSignsOfCardsFromBefore", "the second spelling of a card is imported as another",
		},
		{
			"two rows of one customer: the first counts", "readAll",
			"if got.of != nil && c.seen.contradicts(got.of) {", "if false {",
			"./internal/customerimport", "TestContradictingRowsStopAnImport", "a customer who has nothing left comes in with a balance",
		},
		{
			"a count of uses is no use", "timesUsed",
			"const timesUsed = \"times redeemed|", "const timesUsed = \"",
			"./internal/tableimport", "TestCountsOfUse", "used coupons are money again",
		},
		{
			"a search for customers leads to the address of a code", "CustomerSearch",
			"	if !secret {\n		return s.Redirect", "	if !secret || secret {\n		return s.Redirect",
			"./internal/web", "TestSearchKeepsCodesOutOfAddresses", "codes stand in the history of browsers and in the log",
		},
		{
			"a code that a file repeats is kept and shown whole", "maskSecrets",
			"c.Secret, c.Words, c.Distinct = true, nil, MaxWords+1", "_ = c",
			"./internal/tableimport", "TestRepeatedCodesAreNotTold", "a copy of the database holds the codes of a list of events",
		},
	}
}
