package main

// customerMutants returns the mutants that remove a check of the import of customers.
func customerMutants() []mutant {
	const pkg = "./internal/customerimport"
	return []mutant{
		{
			"opening balances wait for no second person", "customerimport.askForApproval",
			"if err != nil || !o.Over() {\n\t\treturn false, err", "if true {\n\t\treturn false, err",
			pkg, "TestOpeningBalancesTakeTwo", "one person credits any amount by a file",
		},
		{
			"the credits of a file count for no payments", "recordSolo",
			"_, err = approval.Alone(ctx, tx, payment)", "err = nil",
			pkg, "TestOpeningBalancesTakeTwo", "one person credits the limit twice, by a file and by hand",
		},
		{
			"a file read anew keeps the approval of the old plan", "PlanImport, ChooseSheet",
			"approval.WithdrawImport(ctx, tx, actor, id)", "approval.WithdrawImport(ctx, tx, actor, -id)",
			pkg, "TestOpeningBalancesTakeTwo", "other columns are imported than were approved",
		},
		{
			"an import enters more than its dry run found", "take",
			"if b.customers < 1 || b.value < value {", "if b.customers < -1 {",
			pkg, "TestNoMoreThanTheDryRunFound", "more is credited than was shown and approved",
		},
		{
			"a chunk is not held against the counter", "customerimport.saveChunk",
			" || imp.RowsDone != b.before { // stopped, or another worker has imported the chunk\n\t\treturn ErrNotWanted", " {\n\t\treturn ErrNotWanted",
			pkg, "TestImportGoesOn", "two workers count the same rows twice",
		},
		{
			"known customers of other partners are told by row", "known",
			"reasons[i] = reasonKnownHidden", "reasons[i] = reasonKnownUsername",
			pkg, "TestOtherPartnersStayHidden", "staff of one partner read out who the customers of another are",
		},
		{
			"a file may name any number of customers of other partners", "charge",
			"if n <= mostHidden {", "if n <= 1<<40 {",
			pkg, "TestOtherPartnersStayHidden", "a million guesses an hour find every username",
		},
		{
			"opening balances take no permission", "checkRights",
			"staff.PaymentsEnter)", "staff.CustomersEdit)",
			pkg, "TestFormRefusals", "who may only edit customers gives them money",
		},
		{
			"a customer of a file who is here already is entered again", "known",
			"case hasID && byID:", "case hasID && byID && !byID:",
			pkg, "TestImport", "an import that is repeated is left with errors, or doubles balances",
		},
	}
}
