package main

// keyMutants returns the mutants that weaken the separation of keys, or the detection of
// cards that were changed in the database.
func keyMutants() []mutant {
	return []mutant{
		{
			"a card is paid whose index was swapped", "internal/card/attempt.go",
			"return row, s.Codes.CheckFound(row)", "return row, nil",
			"./internal/card", "TestSwappedIndexIsNotPaid", "who can write to the database turns a cheap card into a dear one",
		},
		{
			"the MAC of a shredded card is not compared", "checkMAC",
			"!hmac.Equal(mac, c.mac)", "!hmac.Equal(mac, mac)",
			"./internal/card", "TestSwappedIndexOfShreddedCardsIsNotPaid", "cards that were printed once can be swapped",
		},
		{
			"a shredded card may lack its MAC for ever", "mayLackMAC",
			"return !macsKept || ", "return !macsKept || shredded != nil || ",
			"./internal/card", "TestMACsOfCardsShreddedBefore", "who takes the MAC away may swap the card",
		},
		{
			"a swapped card is shredded", "ShredCodes",
			"if err := kept.check(s.keys); err != nil {", "if err := kept.check(s.keys); err != nil && seriesID < 0 {",
			"./internal/card", "TestSwappedIndexIsNotShredded", "a wrong index is bound to its card for ever",
		},
		{
			"the walk tells nobody what it finds", "checkRow",
			"		s.reportTampered(ctx, audit.System(), t)\n		return nil\n", "		_ = t\n		return nil\n",
			"./internal/card", "TestWalkComesToEveryCard", "a changed card is found when its customer complains",
		},
		{
			"an index key goes with its sealing key", "WithoutSealKey",
			"line.word != sealWord || line.id != id", "line.id != id",
			"./internal/card", "TestKeysRunbook", "the code of a deleted card comes in as good by an import",
		},
		{
			"a key is retired whose index key has no line of its own", "RetireKey",
			"s.keys.IndexIsCombined(keyID)", "keyID < 0",
			"./internal/card", "TestCombinedKeyIsNotRetired", "no card from before is found any more",
		},
		{
			"a key that is not announced is used", "CheckKeys",
			"	set.Limit(seal, index)\n", "	_, _ = seal, index\n",
			"./internal/card", "TestApplicationAnnouncesNoKeys", "cards are sealed under a key that other processes lack",
		},
		{
			"the application may announce keys", "migrations/grants.sql",
			"grant select on key_canary, index_canary to refill_app;", "grant select, insert on key_canary, index_canary to refill_app;",
			"./internal/card", "TestApplicationAnnouncesNoKeys", "who breaks into the application stops all redemptions",
		},
		{
			"new cards are indexed under an old key", "checkIndexKey",
			"if indexKeyID < newest {", "if indexKeyID < 0*newest {",
			"./internal/card", "TestNewCardsAreUnderTheNewestIndexKey", "cards are made under a key that was seen",
		},
		{
			"a process that is behind lets guesses through for nothing", "internal/card/attempt.go",
			"	if behind := s.checkKeysOfRefusal(ctx, refused); behind != nil {\n", "	if behind := s.checkKeysOfRefusal(ctx, refused); behind != nil {\n		s.Guesses.TakeBack(ctx, a.charges)\n",
			"./internal/card", "TestFindingDoesNotForgiveGuesses", "codes are guessed without a limit while keys rotate",
		},
		{
			"the folder of the key file is not synced", "replaceFile",
			"return settle(path)", "return nil",
			"./cmd/refill", "TestKeyFileIsSyncedWithItsFolder", "a power cut takes the new key, and what was sealed under it",
		},
		{
			"a redemption is not held against the price of its day", "invariants",
			"where p.amount <> coalesce(h.price, s.price)", "where p.amount is null",
			"./internal/check", "TestPlantedFaults", "repricing a series hides what was paid too much before",
		},
		{
			"a redemption without a line in the trail breaks nothing", "invariants",
			"and a.at = t.at and a.customer_id = p.customer_id)", "or true)",
			"./internal/check", "TestPlantedFaults", "money is moved by a statement, and the checks are content",
		},
		{
			"the rights of the login are not looked at", "invariants",
			"where login.rolname = session_user and not", "where login.rolname = '' and not",
			"./internal/check", "TestLoginOfTheProgram", "the program can change the ledger by another role, and the checks are content",
		},
	}
}
