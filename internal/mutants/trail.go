package main

// trailMutants take out what makes the audit trail be believed.
func trailMutants() []mutant {
	return []mutant{
		{
			"the seals of the trail are not looked at", "internal/audit/verify.go",
			"!hmac.Equal(mac, b.Mac)", "!hmac.Equal(mac, mac)",
			"./internal/audit", "TestTamperedTrail|TestChainIsNotMadeAnew", "whoever has the database makes the chain anew",
		},
		{
			"rows that come in late are not sealed", "internal/audit/chain.go",
			"len(firsts) > 0 {", "len(firsts) > 1<<30 {",
			"./internal/audit", "TestLateLinesAreSealed", "an honest line is taken for tampering",
		},
		{
			"an action has no words", "internal/web/acts.go",
			`		"partner.portal_changed":    "Portal of a partner changed",
`, "",
			"./internal/web", "TestEveryActionHasWords", "the trail speaks in riddles when it is needed",
		},
	}
}
