package main

// theftMutants take out what finds a thief, and what keeps an erased person erased.
func theftMutants() []mutant {
	return []mutant{
		{
			"a box with a card missing is none", "internal/theft/run.go",
			"<= gap+1; i", "<= 1; i",
			"./internal/theft", "TestStolenBox", "a thief who keeps one card of five raises no alarm",
		},
		{
			"an acknowledged run counts again", "internal/theft/run.go",
			" && u.at.After(settled)", "",
			"./internal/theft", "TestAcknowledgedCountsNoMore", "the same alarm comes back every hour until people stop reading it",
		},
		{
			"lines of transactions under way are passed by", "internal/theft/theft.go",
			"if through < cursor.Bound && !cursor.Ripe {", "if false {",
			"./internal/theft", "TestLookersAtOnceAndLateLines", "redemptions that commit late are never looked at",
		},
		{
			"an open alarm is raised again", "internal/theft/alarm.go",
			"	if open != 0 {", "	if open != 0 && false {",
			"./internal/theft", "TestStolenBox", "one box fills the page with alarms",
		},
		{
			"what is usual is not asked", "internal/theft/tally.go",
			"max(least, factor*usual.Cards)", "least",
			"./internal/theft", "TestFarMoreThanOthers", "every hotel raises an alarm every day",
		},
		{
			"the counter of a shop counts as an address", "internal/theft/tally.go",
			"row.StaffID == nil && row.Address != nil", "row.Address != nil",
			"./internal/theft", "TestFarMoreThanOthers", "a cashier who works raises an alarm",
		},
		{
			"the value is not counted", "internal/theft/tally.go",
			"return many || dear, usual.Cards, nil", "return many || dear && false, usual.Cards, nil",
			"./internal/theft", "TestValueCountsAsWell", "the dearest cards of a box go first, unseen",
		},
		{
			"a refusal does not name its card", "internal/card/refused.go",
			"	entry.SeriesID, entry.Serial = r.card.SeriesID, r.card.Serial\n", "",
			"./internal/theft", "TestRefusedAttempts", "nobody hears that a box was opened before it was on sale",
		},
		{
			"alarms close without a reason", "internal/theft/alarm.go",
			"n < 3 || n > 300", "n > 300",
			"./internal/theft", "TestAcknowledge", "an alarm is clicked away and nobody knows why",
		},
		{
			"alarms of others are acknowledged", "internal/theft/alarm.go",
			"AllPartners: actor.Scope.AllPartners", "AllPartners: true",
			"./internal/theft", "TestAcknowledge", "one reseller closes the alarms of another",
		},
		{
			"staff acknowledge alarms about themselves", "internal/theft/alarm.go",
			"*alarm.StaffID == actor.StaffID", "*alarm.StaffID == actor.StaffID && false",
			"./internal/theft", "TestShownCodesThatAreRedeemed", "who takes codes closes the alarm about it",
		},
		{
			"alarms of other partners are shown", "internal/web/admin_alarm.go",
			"AllPartners: p.Person.Scope.AllPartners, PartnerIds", "AllPartners: true, PartnerIds",
			"./internal/web", "TestAlarmsKeepToPartners", "one reseller reads who redeems the cards of another",
		},
		{
			"the card of a refused code is shown to everybody", "internal/db/audit.sql.go",
			"audit.action <> 'card.refused' or (not series.any_partner", "true or (not series.any_partner",
			"./internal/web", "TestRefusedCardIsNotShownToOthers", "a shop learns which series another has, from a code that was refused",
		},
		{
			"an erased customer is edited", "internal/customer/edit.go",
			"if was.ErasedAt != nil {", "if false {",
			"./internal/customer", "TestErasedCustomersStayErased", "a name comes back that was to be forgotten",
		},
		{
			"sessions survive an erasure", "internal/customer/erase.go",
			"shutOut(ctx, tx, was.ID)", "db.New().CustomerShutOut(ctx, tx, was.ID)",
			"./internal/customer", "TestErase$", "an erased person goes on in the portal, with address and browser on record",
		},
		{
			"a username survives in the counts of passwords", "internal/customer/erase.go",
			"Username: was.Username", `Username: ""`,
			"./internal/customer", "TestErase$", "the name of an erased person stays for a month",
		},
		{
			"remarks on cards survive an erasure", "internal/customer/erase.go",
			"q.CustomerEraseRemarks(ctx, tx, &was.ID)", "q.CustomerEraseRemarks(ctx, tx, new(int64))",
			"./internal/customer", "TestErase$", "the name that staff wrote on a card stays",
		},
		{
			"a balance is left without a word", "internal/customer/erase.go",
			"case balance != 0 && !e.Stays:", "case false:",
			"./internal/customer", "TestErasureIsConfirmed", "a person loses money that nobody noticed",
		},
		{
			"an erasure does not hold the customer", "internal/db/customer.sql.go",
			"from customer where id = $1 for update", "from customer where id = $1",
			"./internal/customer", "TestErasureRaces", "a card is redeemed for a person who is being erased, and its value is gone",
		},
		{
			"money comes in after an erasure", "internal/customer/payment.go",
			"if erased != nil && p.Type", "if erased != nil && false && p.Type",
			"./internal/customer", "TestErasedCustomersStayErased", "money is entered for a person who cannot use it",
		},
	}
}
