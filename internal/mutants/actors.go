package main

// actorMutants returns the mutants that confuse the actor of an act, the person who is
// responsible for it, and the person who may decide on it.
func actorMutants() []mutant {
	return []mutant{
		{
			"an act without an actor is one by the program", "internal/audit/by.go",
			"if err := actor.Check(); err != nil {", "if err := actor.Check(); err != nil && actor.ID < 0 {",
			"./internal/card", "TestKindsOfActors", "a way in that forgets to say who acts may do everything",
		},
		{
			"the trail says that the owner did what their client did", "internal/audit/by.go",
			"if actor.Kind != KindClient && actor.Kind != KindDealer {", "if actor.Kind != KindDealer {",
			"./internal/card", "TestKindsOfActors", "nobody can tell a stolen key from its owner",
		},
		{
			"a client has a limit of its own", "Accountable",
			"return ForClient(a.ID, a.Owner, a.KeyMaker)", "return ForSystem()",
			"./internal/card", "TestClientAndOwnerShareALimit", "whoever makes a client doubles their limit",
		},
		{
			"who is nobody's counts within no limit", "Weigh",
			"if a.By.IsNobody() {", "if a.By.IsNobody() && a.Value < 0 {",
			"./internal/card", "TestKindsOfActors", "a dealer or a customer brings cards into use like the program",
		},
		{
			"who is nobody's may everything", "internal/staff/permission.go",
			"return who.IsSystem(), nil", "return true, nil",
			"./internal/card", "TestClientTakesTheRightsOfItsOwner", "a dealer orders cards that are active at once",
		},
		{
			"a program is the second person", "checkDecide",
			"case person == 0:", "case person < 0:",
			"./internal/card", "TestKindsOfActors", "a key approves what another person asked for",
		},
		{
			"who made the key approves", "checkDecide",
			"case a.KeyMaker != nil && person == *a.KeyMaker:", "case a.KeyMaker != nil && person < *a.KeyMaker && person > *a.KeyMaker:",
			"./internal/card", "TestClientsRequestIsDecidedByAThird", "one person asks with a key for another's client, and approves it as themselves",
		},
		{
			"an account of who made the key approves", "checkDecide",
			"if a.KeyMaker == nil || *a.KeyMaker == a.RequestedBy {", "if a.KeyMaker == nil || *a.KeyMaker > 0 {",
			"./internal/card", "TestClientsRequestIsDecidedByAThird", "who made the key approves under another account of theirs",
		},
		{
			"who made the key is forgotten when a series is made", "accountableMaker",
			"series.ClientID, series.KeyMaker", "nil, nil",
			"./internal/card", "TestClientsRequestIsDecidedByAThird", "who made the key approves what comes out of a job",
		},
		{
			"a client withdraws for its owner", "Withdraw",
			"person := actor.Person(); person == 0", "person := actor.Responsible(); person == 0",
			"./internal/card", "TestClientsRequestIsDecidedByAThird", "a key takes back what its owner asked for in person",
		},
		{
			"a client counts by its address", "guessScopes",
			"address = clientScope(actor.ID)", "",
			"./internal/card", "TestGuessesOfAClient", "thirty wrong codes bar a billing system for all its customers",
		},
		{
			"a client hears why a code is refused", "refuse",
			"case a.actor.Reasons() && a.typed:", "case a.actor.Responsible() != 0 && a.typed:",
			"./internal/card", "TestGuessesOfAClient", "a key tells its holder which codes are real",
		},
		{
			"all clients have one limit of wrong codes", "internal/guess/throttle.go",
			"max(1, a.Actor.Terms.WrongCodesHour), time.Hour", "300, time.Hour",
			"./internal/web", "TestAPIWrongCodesOfEachClient", "a client guesses beyond the limit that was set for it",
		},
		{
			"the owner of a client approves its key", "internal/approval/desk.go",
			"if party == actor.Person() {", "if party < 0 {",
			"./internal/client", "TestCashKeyTakesASecondPerson", "one person makes a key that gives out codes, and approves it",
		},
		{
			"a key that gives out codes takes one person", "internal/client/approval.go",
			"if err != nil || settings.ApproveAbove == nil || was.Test {", "if err != nil || settings.ApproveAbove != nil || was.Test {",
			"./internal/client", "TestCashKeyTakesASecondPerson", "one person gives all codes to a program",
		},
		{
			"a customer redeems for another", "checkAttempt",
			"if actor.ID == customerID {", "if actor.ID > 0 {",
			"./internal/card", "TestGuessesOfAClient", "one customer uses up the attempts of another",
		},
		{
			"users of dealers do what is not for them", "internal/act/act.go",
			"actor.Kind == audit.KindDealer && !open", "actor.Kind == audit.KindDealer && !open && actor.ID < 0",
			"./internal/card", "TestOutsiders", "an outsider acts wherever a route forgets them",
		},
	}
}
