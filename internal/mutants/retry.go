package main

// retryMutants returns the mutants that remove a check that is repeated when an act
// continues later, or is continued by another person.
func retryMutants() []mutant {
	return []mutant{
		{
			"the approval of a file that failed has no end", "query ApprovalOfExport",
			"a.state = 'approved' and a.decided_at > now() - interval '24 hours'\n    and s.edited_version", "a.state = 'approved'\n    and s.edited_version",
			"./internal/card", "TestApprovalOfFailedFileEnds", "an approval of last year makes a file today",
		},
		{
			"a file is made under the approval of another series than it is by now", "query ApprovalOfExport",
			"and s.edited_version <= a.version and s.price = a.price", "",
			"./internal/card", "TestApprovalOfFailedFileEnds", "what was approved is not what is in the file",
		},
		{
			"a file is made for a person who may not ask for it any more", "checkExport",
			"Permissions: staff.Stored(staff.SeriesExport)}", "Permissions: staff.Stored()}",
			"./internal/card", "TestApprovalOfFailedFileEnds", "a right that was taken away goes on working",
		},
		{
			"a series that is taken up again counts for the person who ordered it", "accountableMaker",
			"cmp.Or(series.RetriedBy, series.CreatedBy)", "cmp.Or(series.CreatedBy, series.RetriedBy)",
			"./internal/card", "TestSeriesTakenUpCountsForWhoTakesIt", "the failed orders of colleagues are limits to be used up",
		},
		{
			"a barred person lifts their bar with a second account", "CheckLift",
			"if err == nil && controls {", "if err == nil && controls && barred < 0 {",
			"./internal/card", "TestBarIsNotLiftedByAnAccountOfTheBarred", "a member of staff guesses codes without an end",
		},
		{
			"a second factor proves that the account of a barred person is another person", "query ApprovalControls",
			" and f.created_at < a.at", "",
			"./internal/card", "TestBarIsNotLiftedByAnAccountOfTheBarred", "one telephone more, and the bar is gone",
		},
		{
			"what waits of an erased customer goes on waiting", "Erase",
			"if err := approval.WithdrawCustomer(ctx, tx, actor, e.CustomerID); err != nil {", "if err := approval.WithdrawCustomer(ctx, tx, actor, -1); err != nil {",
			"./internal/customer", "TestErasureWithdrawsWhatWaits", "a request waits that can never be approved",
		},
		{
			"one person switches the second factor of staff off", "Weakens",
			"was.StaffFactor && !is.StaffFactor || ", "",
			"./internal/approval", "TestSecondFactorGoesWithTwo", "a password that was seen is enough to sign in as a colleague",
		},
		{
			"fewer guesses a day are no weaker rule", "rules",
			"		{p.GuessesDaily, true},\n", "",
			"./internal/approval", "TestWeakerRulesTakeTwo", "codes become so short that they are guessed",
		},
		{
			"a file has arrived because a person says so who did not fetch it", "Arrived",
			"if fetchedBy != fetcher {", "if fetchedBy != fetcher && fetcher < 0 {",
			"./internal/card", "TestArrivalIsSaidByWhoFetched", "the only codes of a series go, and the file lies nowhere",
		},
		{
			"a byte of a file that was fetched is the whole file", "Sent",
			"		if !sent.Whole {", "		if !sent.Whole && sent.SentWholeAt == nil {",
			"./internal/card", "TestArrivalIsSaidByWhoFetched", "the only codes of a series go, and the file lies nowhere",
		},
		{
			"a request about a series of several partners is decided by staff of one", "migrations/00033_approval_subjects.sql",
			"sp.partner_id <> all(scope)", "sp.partner_id is null",
			"./internal/card", "TestRequestsOfSeveralPartners", "one partner's staff bring cards of all into use",
		},
	}
}
