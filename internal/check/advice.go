package check

// Rule describes an invariant for staff.
type Rule struct {
	Number int
	Text   string // the rule
	Means  string // what is wrong where the rule is broken
	Todo   string // what staff should do then
}

// Rules returns the descriptions of all invariants.
func Rules() []Rule {
	const books = "Lock the series concerned, keep the database as it is, and have a developer compare the ledger with the audit trail before anything is corrected."
	const rights = "Run refill migrate as the owner of the tables, and find out who changed the rights."
	advice := map[int][2]string{
		1:  {"Money was made or lost within one posting.", books},
		2:  {"A customer’s balance is not what was paid in: somebody changed it past the program, or a posting went wrong.", "Compare the customer’s payments with the balance. Correct it by a payment by hand once the cause is known, never in the database."},
		3:  {"Lines of a customer’s account are missing or were changed.", books},
		4:  {"A card was paid out without being used up, or used up without being paid out.", "Lock the series, look at the card’s history, and pay or reverse by hand what is owed."},
		5:  {"A customer was given more or less than the card’s value.", "Look at the payment: reverse it, or enter the difference by hand."},
		6:  {"Cards of a finished series are missing, or there are too many.", "Lock the series. Cards that were printed and are not there can’t be redeemed: replace them from another series."},
		7:  {"A card was redeemed when it should not have been redeemable.", "Check the clock of the database server, then look at each of the redemptions and reverse those that should not stand."},
		8:  {"A card was spent with another partner than the one it was sold by.", "Look at the redemptions; reverse them, or settle between the partners."},
		9:  {"What moved a customer’s balance does not show in their payments, or a payment has nothing of the kind behind it.", books},
		10: {"What the books say is owed for a series is not what its cards are worth.", books},
		11: {"A redemption could have been sent twice without anybody noticing.", "Look at the customer’s payments around it for a second one."},
		12: {"A series waits for a job that is gone.", "Housekeeping marks it as failed within a minute; press Retry on its page. If that does not come, no worker is running."},
		13: {"A file is offered that may be incomplete.", "Do not print from it. Export the series again and compare the number of cards."},
		14: {"Codes left the house, or money moved, without a trace of who did it.", "Treat a series concerned as known to others: lock it and print it anew. Compare payments without a line with what was paid in, and reverse those that nothing stands behind. Then find out who has access to the database."},
		15: {"The program could change the books that it must only add to.", rights},
		16: {"Codes of cards can’t be read any more, or were moved to other cards. Such a card is refused when it is redeemed.", "Make sure that the key file is the one of this database. Take away access to the database, find who changed the cards named here, and restore their rows from a backup."},
		17: {"The counts on the pages of a series are not those of its cards.", "Redemptions are not affected. Ask a developer to correct the counts."},
		18: {"Something refers to a series or an account that is not there.", books},
		19: {"Somebody with access to the database changed the record of who did what, or it is no longer being sealed.", "Take away access to the database, keep it and its backups as they are, and find what changed by comparing with a backup: refill audit verify names the blocks and the ids. Where rows only wait to be sealed, start a worker."},
		23: {"Other systems were not told of something, or are told late. Money is not affected.", "If entries wait, start a worker with refill work, or look into its log. For a redemption without an event, tell the other system by hand; the list of redemptions of the API has it."},
		20: {"Codes are gone that were not to go, or are there that were to be shredded.", "The cards can be redeemed all the same. Codes that are gone come back only from a backup of the database; keep one from before, and find out who has access to it."},
		21: {"An API client was told that a card is redeemed, and the books say something else.", "Compare the reservation with the payments of the customer and with the client's own records. Correct the balance by hand if it is wrong, and find out who has access to the database."},
		26: {"A value that another system was to get is not on the account of what it got, or is kept here as well.", "Compare the redemptions named here with the entries of the other system, by their ids. Correct it there; have a developer compare the ledger with the audit trail."},
		22: {"A card is held back and no reservation holds it, or not as long.", "The card can be redeemed again at the latest in half an hour. Nothing is lost. Find out who has access to the database."},
		27: {"A customer for tests has real money, or a card that was sold was paid out in test money.", "Lock the series, reverse the redemptions named here, and find out who has access to the database."},
		28: {"Test money and real money are in one account or in one sum.", books},
	}
	var rules []Rule
	for _, inv := range invariants() {
		rules = append(rules, Rule{Number: inv.number, Text: inv.rule, Means: advice[inv.number][0], Todo: advice[inv.number][1]})
	}
	return rules
}
