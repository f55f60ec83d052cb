package main

// theftMutants returns the mutants that remove a part of the detection of theft, or of the
// erasure of a person.
func theftMutants() []mutant {
	return []mutant{
		{
			"a box with a card missing is none", "findRuns",
			"\t\tcounts := func(u used) bool {", "\t\tgap := int32(0)\n\t\tcounts := func(u used) bool {",
			"./internal/theft", "TestStolenBox", "a thief who keeps one card of five raises no alarm",
		},
		{
			"an acknowledged run counts again", "findRuns",
			" && u.at.After(settled)", "",
			"./internal/theft", "TestAcknowledgedCountsNoMore", "the same alarm comes back every hour until people stop reading it",
		},
		{
			"lines of transactions under way are passed by", "step",
			"if through < cursor.Bound && !cursor.Ripe {", "if false {",
			"./internal/theft", "TestLookersAtOnceAndLateLines", "redemptions that commit late are never looked at",
		},
		{
			"an open alarm is raised again", "raise",
			"	if open != 0 {", "	if open != 0 && false {",
			"./internal/theft", "TestStolenBox", "one box fills the page with alarms",
		},
		{
			"what is usual is not asked", "over",
			"max(least, factor*usual.Cards)", "least",
			"./internal/theft", "TestFarMoreThanOthers", "every hotel raises an alarm every day",
		},
		{
			"the counter of a shop counts as an address", "count",
			"row.StaffID == nil && row.Address != nil", "row.Address != nil",
			"./internal/theft", "TestFarMoreThanOthers", "a cashier who works raises an alarm",
		},
		{
			"the value is not counted", "over",
			"return many || dear, usual.Cards, nil", "return many || dear && false, usual.Cards, nil",
			"./internal/theft", "TestValueCountsAsWell", "the dearest cards of a box go first, unseen",
		},
		{
			"a refusal does not name its card", "internal/card/refusal.go",
			"		refused.SeriesID, refused.Serial, refused.SeriesState = r.card.SeriesID, r.card.Serial, r.card.SeriesState\n", "",
			"./internal/theft", "TestRefusedAttempts", "nobody hears that a box was opened before it was on sale",
		},
		{
			"alarms close without a reason", "Acknowledge",
			"n < 3 || n > 300", "n > 300",
			"./internal/theft", "TestAcknowledge", "an alarm is clicked away and nobody knows why",
		},
		{
			"alarms of others are acknowledged", "Acknowledge",
			"AllPartners: actor.Scope.AllPartners", "AllPartners: true",
			"./internal/theft", "TestAcknowledge", "one reseller closes the alarms of another",
		},
		{
			"staff acknowledge alarms about themselves", "Acknowledge",
			"*alarm.StaffID == person", "*alarm.StaffID == person && false",
			"./internal/theft", "TestShownCodesThatAreRedeemed", "who takes codes closes the alarm about it",
		},
		{
			"alarms of other partners are shown", "AlarmList, homeTheft",
			"AllPartners: p.Person.Scope.AllPartners, PartnerIds", "AllPartners: true, PartnerIds",
			"./internal/web", "TestAlarmsKeepToPartners", "one reseller reads who redeems the cards of another",
		},
		{
			"the card of a refused code is shown to everybody", "query AuditList",
			"audit.action <> 'card.refused' or (not series.any_partner", "true or (not series.any_partner",
			"./internal/web", "TestRefusedCardIsNotShownToOthers", "a shop learns which series another has, from a code that was refused",
		},
		{
			"an erased customer is edited", "change",
			"if was.ErasedAt != nil {", "if false {",
			"./internal/customer", "TestErasedCustomersStayErased", "a name comes back that was to be forgotten",
		},
		{
			"sessions survive an erasure", "erase",
			"shutOut(ctx, tx, was.ID)", "db.New().CustomerShutOut(ctx, tx, was.ID)",
			"./internal/customer", "TestErase$", "an erased person goes on in the portal, with address and browser on record",
		},
		{
			"a username survives in the counts of passwords", "erase",
			"Username: was.Username", `Username: ""`,
			"./internal/customer", "TestErase$", "the name of an erased person stays for a month",
		},
		{
			"remarks on cards survive an erasure", "erase",
			"q.CustomerEraseRemarks(ctx, tx, &was.ID)", "q.CustomerEraseRemarks(ctx, tx, new(int64))",
			"./internal/customer", "TestErase$", "the name that staff wrote on a card stays",
		},
		{
			"a balance is left without a word", "check",
			"case balance != 0 && !e.Stays:", "case false:",
			"./internal/customer", "TestErasureIsConfirmed", "a person loses money that nobody noticed",
		},
		{
			"an erasure does not hold the customer", "query CustomerGetForUpdate",
			"from customer where id = @id for update", "from customer where id = @id",
			"./internal/customer", "TestErasureRaces", "a card is redeemed for a person who is being erased, and its value is gone",
		},
		{
			"money comes in after an erasure", "enter",
			"if erased != nil && p.Type", "if erased != nil && false && p.Type",
			"./internal/customer", "TestErasedCustomersStayErased", "money is entered for a person who cannot use it",
		},
	}
}
