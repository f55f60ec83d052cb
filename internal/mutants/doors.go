package main

// doorMutants returns the mutants with which one person could do, in an indirect way, an
// act that needs two people, or could do the same act twice.
func doorMutants() []mutant {
	return []mutant{
		{
			"a form enters a customer each time it is sent", "create",
			"	if n.Key != uuid.Nil {\n		key = &n.Key", "	if n.Key == uuid.Nil {\n		key = &n.Key",
			"./internal/customer", "TestCustomersOfOneKeyRace", "a press too many makes a second customer with an account of their own",
		},
		{
			"a customer under an alarm is erased", "Erase",
			"		if alarm {", "		if alarm && false {",
			"./internal/theft", "TestCustomersUnderAlarmAreKept", "a thief asks to be forgotten while they are looked for",
		},
		{
			"one person switches a rule about theft off", "guarded",
			"	case s.Weakens(after):\n		return ErrProtectionGuarded\n", "",
			"./internal/approval", "TestWeakerRulesTakeTwo", "the alarm is silenced before the box is emptied",
		},
		{
			"a network that is left out of the counts is no weaker rule", "Weakens",
			"|| is.sharesMore(was)", "|| is.sharesMore(was) && false",
			"./internal/approval", "TestWeakerRulesTakeTwo", "one line makes every address one that many people share",
		},
		{
			"a second factor that was reset and set up again proves that an account is another person", "query ApprovalShared",
			"a.action <> 'staff.second_factor_reset'", "true",
			"./internal/card", "TestOnePersonIsNotTwo", "whoever resets a factor sets up another, and approves for themselves",
		},
		{
			"anybody vouches that an account is another person", "query ApprovalControls, ApprovalShared",
			"v.action = 'staff.vouched' and v.staff_id is null", "v.action = 'staff.vouched'",
			"./internal/card", "TestOnePersonIsNotTwo", "one person says that they are two",
		},
		{
			"an operation that is taken up again counts for who ordered it", "accountableStaff",
			"		return *change.RetriedBy", "		return change.CreatedBy",
			"./internal/card", "TestOperationTakenUpCountsForWhoTakesIt", "the failed operations of colleagues are limits to be used up",
		},
		{
			"what may be a serial is tried as a code", "findByCode",
			"found || isSerial || text == \"\"", "found || isSerial && false || text == \"\"",
			"./internal/web", "TestFindAsCode", "whoever looks for serials is barred from trying codes",
		},
		{
			"readings stay under an index key that was seen", "reindexCards",
			"s.reindexReadings(ctx, tx, keyID, opened, page)", "s.reindexReadings(ctx, tx, keyID, nil, page)",
			"./internal/card", "TestReadingsAreIndexedAgain", "who has the old key and a copy of the database goes on trying short codes",
		},
		{
			"short codes are not sealed again", "resealCards",
			"s.resealShorts(ctx, tx, keyID, page)", "s.resealShorts(ctx, tx, keyID, nil)",
			"./internal/card", "TestReadingsAreIndexedAgain", "the key is given up and no short code opens any more",
		},
		{
			"a short code outlives its card", "migrations/00063_sealed_short_codes.sql",
			"when (octet_length(old.code_sealed) > 0", "when (false and octet_length(old.code_sealed) > 0",
			"./internal/card", "TestShortCodesAreErased", "a stolen key file opens what should be gone",
		},
	}
}
