package main

// rightsMutants returns the mutants that remove a check of the permissions of the person
// for whom an act is done.
func rightsMutants() []mutant {
	return []mutant{
		{
			"who may order may activate", "checkActivate",
			"if !activate {", "if !activate || staffID != 0 {",
			"./internal/card", "TestOrderIsNoActivation", "a check box makes money for a person who may not",
		},
		{
			"the program activates for a person who may not any more", "stillMayActivate",
			"if !actor.IsSystem() {", "if actor.IsSystem() {",
			"./internal/card", "TestActivationIsLostWithTheRight", "cards of a person who was sent away become money",
		},
		{
			"an import is begun for partners of whom its importer sees none", "checkImportFor",
			"unseen := func(id int64) bool { return !actor.Scope.Holds(id) }", "unseen := func(int64) bool { return false }",
			"./internal/card", "TestImportOfFormerPartners", "staff of one partner make cards of another",
		},
		{
			"an approval does what the person who asked may no longer do", "checkAsker",
			"if !may {\n\t\treturn ErrAskerMayNot", "if !may && k.Needs == nil {\n\t\treturn ErrAskerMayNot",
			"./internal/card", "TestAskerLosesTheRight", "a right that was taken away goes on working",
		},
		{
			"an approver of one partner gives a series to others", "askEdit",
			"PartnerIDs: requestPartners(p.partnerIDs),", "PartnerIDs: requestPartners(p.partnerIDs)[:0],",
			"./internal/card", "TestWideningIsDecidedByStaffOfAllItsPartners", "one partner's staff hand out cards to all others' customers",
		},
		{
			"a second press asks for what the first has posted", "internal/customer/payment.go",
			"if paid, err := p.replay(ctx, beginner); err != nil || paid.ID != 0 {\n\t\t\treturn paid, err\n\t\t}\n\t\treturn billing.Paid{}, askCredit", "return billing.Paid{}, askCredit",
			"./internal/customer", "TestPressedTwiceNearTheLimit", "a cashier is told that nothing is posted, and posts it once more",
		},
		{
			"a second press asks to reverse what the first has reversed", "internal/customer/reverse.go",
			"if _, done, err := r.Original(ctx, beginner); err != nil || done.ID != 0 {\n\t\t\treturn done, err\n\t\t}\n\t\treturn billing.Paid{}, askCredit", "return billing.Paid{}, askCredit",
			"./internal/customer", "TestPressedTwiceNearTheLimit", "a request waits that can never be approved",
		},
		{
			"a payment needs no key", "Pay",
			"if p.Key == uuid.Nil {", "if p.Key == uuid.Nil && p.CustomerID == 0 {",
			"./internal/customer", "TestPaymentTakesAKey", "a payment is called entered that is not",
		},
		{
			"the nil UUID is the key of a form", "readKey",
			"if err != nil || key == uuid.Nil {", "if err != nil {",
			"./internal/web", "TestFormWithoutItsKeyIsRefused", "a payment is called entered that is not, and its request is a fault of the program",
		},
		{
			"a form without a key gets one", "readKey",
			"return uuid.Nil, ErrNoKey", "return uuid.New(), nil",
			"./internal/web", "TestFormWithoutItsKeyIsRefused", "a payment that a broken page sends twice is entered twice",
		},
		{
			"the module's switch is a matter of pages", "moduleFault",
			"if !settings.RefillCards {", "if false {",
			"./internal/card", "TestModuleOffRefusesEveryAct", "a channel beside the pages redeems cards that are switched off",
		},
		{
			"the portal's switch is a matter of pages", "checkOffered",
			"!customer.PortalRefillCard", "false",
			"./internal/card", "TestPortalSwitchHoldsInTheDomain", "customers redeem where their provider does not offer it",
		},
		{
			"figures are read without a scope", "internal/report/report.go",
			"if r.scope.PartnerIDs == nil {", "if r.scope.PartnerIDs == nil && r.scope.AllPartners {",
			"./internal/report", "TestFiguresOfAScope", "a reader of no partner sees the series of all",
		},
		{
			"a login of the program may change the ledger", "internal/db/login.go",
			"\"grant \"+AppRole+\" to \"+name)", "\"grant \"+AppRole+\" to \"+name, \"grant update on ledger_entry to \"+name)",
			"./internal/db", "TestLogin", "who breaks into a web process rewrites the ledger",
		},
		{
			"passwords of logins are sent as they are", "internal/db/login.go",
			"verifier, err := scramVerifier(l.Password, salt, scramRounds)", "verifier, err := l.Password, error(nil)",
			"./internal/db", "TestNoPasswordInStatements", "the log of the server has the password of the web processes",
		},
		{
			"the owner's login reaches the database through a pooler", "checkPooled",
			"if s.needsRole() {", "if s.needsRole() && s.Login == \"\" {",
			"./internal/db", "TestPooledSessionsAreChecked", "web processes may change the ledger",
		},
	}
}
