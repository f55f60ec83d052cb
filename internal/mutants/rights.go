package main

// rightsMutants take out what holds an act against the rights of the person for whom it
// is done.
func rightsMutants() []mutant {
	return []mutant{
		{
			"who may order may activate", "internal/card/rights.go",
			"if !activate {", "if !activate || staffID != 0 {",
			"./internal/card", "TestOrderIsNoActivation", "a check box makes money for a person who may not",
		},
		{
			"the program activates for a person who may not any more", "internal/card/rights.go",
			"if actor.StaffID != 0 || by == nil {", "if actor.StaffID == 0 {",
			"./internal/card", "TestActivationIsLostWithTheRight", "cards of a person who was sent away become money",
		},
		{
			"an import is begun for partners of whom its importer sees none", "internal/card/rights.go",
			"unseen := func(id int64) bool { return !actor.Scope.Holds(id) }", "unseen := func(int64) bool { return false }",
			"./internal/card", "TestImportOfFormerPartners", "staff of one partner make cards of another",
		},
		{
			"an approval does what the person who asked may no longer do", "internal/approval/desk.go",
			"if !may {\n\t\treturn ErrAskerMayNot", "if !may && k.Needs == nil {\n\t\treturn ErrAskerMayNot",
			"./internal/card", "TestAskerLosesTheRight", "a right that was taken away goes on working",
		},
		{
			"an approver of one partner gives a series to others", "internal/card/edit_approval.go",
			"PartnerIDs: concerned(p.partnerIDs),", "PartnerIDs: concerned(p.partnerIDs)[:0],",
			"./internal/card", "TestWideningIsDecidedByStaffOfAllItsPartners", "one partner's staff hand out cards to all others' customers",
		},
		{
			"a second press asks for what the first has posted", "internal/customer/payment.go",
			"if paid, err := p.replay(ctx, beginner); err != nil || paid.ID != 0 {\n\t\t\treturn paid, err\n\t\t}\n\t\treturn Paid{}, askCredit", "return Paid{}, askCredit",
			"./internal/customer", "TestPressedTwiceNearTheLimit", "a cashier is told that nothing is posted, and posts it once more",
		},
		{
			"a second press asks to reverse what the first has reversed", "internal/customer/reverse.go",
			"errors.Is(err, ErrReversed) {\n\t\t\treturn ReplayReversal(ctx, beginner, r, original)\n\t\t}\n\t\treturn Paid{}, askCredit", "errors.Is(err, ErrReversed) && r.Key == uuid.Nil {\n\t\t\treturn ReplayReversal(ctx, beginner, r, original)\n\t\t}\n\t\treturn Paid{}, askCredit",
			"./internal/customer", "TestPressedTwiceNearTheLimit", "a request waits that can never be approved",
		},
		{
			"a payment needs no key", "internal/customer/payment.go",
			"if p.Key == uuid.Nil {", "if p.Key == uuid.Nil && p.CustomerID == 0 {",
			"./internal/customer", "TestPaymentTakesAKey", "a payment is called entered that is not",
		},
		{
			"the nil UUID is the key of a form", "internal/web/form.go",
			"if err == nil && key == uuid.Nil {", "if err != nil && key == uuid.Nil {",
			"./internal/web", "TestNilUUIDIsNoKey", "a payment is called entered that is not, and its request is a fault of the program",
		},
	}
}
