package main

// trailMutants returns the mutants that remove a protection of the audit trail.
func trailMutants() []mutant {
	return []mutant{
		{
			"the seals of the trail are not looked at", "block",
			"!hmac.Equal(mac, b.Mac)", "!hmac.Equal(mac, mac)",
			"./internal/audit", "TestTamperedTrail|TestChainIsNotMadeAnew", "whoever has the database makes the chain anew",
		},
		{
			"rows that come in late are not sealed", "unsealed",
			"len(firsts) > 0 {", "len(firsts) > 1<<30 {",
			"./internal/audit", "TestLateLinesAreSealed", "an honest line is taken for tampering",
		},
		{
			"an action has no words", "acts",
			`		"partner.portal_changed":    lang.M("Portal of a partner changed"),
`, "",
			"./internal/web/admin", "TestEveryActHasWords", "the trail speaks in riddles when it is needed",
		},
	}
}
