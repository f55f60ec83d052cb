package main

// sessionMutants returns the mutants that remove a rule of background jobs, sign-ins, long
// responses or event streams.
func sessionMutants() []mutant {
	return []mutant{
		{
			"the queue that seals the trail can be paused", "operate.changeQueue",
			"if _, pausing := done.(QueuePaused); pausing && !MayStop(queue) {", "if queue == \"\" {",
			"./internal/operate", "TestGuardedJobs", "an operator acts while nobody seals what they do",
		},
		{
			"jobs that check the books can be cancelled", "MayStop",
			"!slices.Contains(Guarded(), queue)", "!slices.Contains(Guarded()[:1], queue)",
			"./internal/operate", "TestGuardedJobs", "money that is missing is never looked for",
		},
		{
			"all queues are paused by River's name for them", "changeQueue",
			"if queue == allQueues {", "if queue == \"\" {",
			"./internal/operate", "TestGuardedJobs", "a star pauses what can't be paused by name",
		},
		{
			"a job is acted on though it can't be written down", "operate.change",
			"			return fmt.Errorf(\"%s %d: %w\", done.Action(), id, err)\n		}\n		return act.Record(ctx, tx, actor, done)\n", "			return fmt.Errorf(\"%s %d: %w\", done.Action(), id, err)\n		}\n		return nil\n",
			"./internal/operate", "TestActAndAuditRowAreOne|TestJobsOfEveryKind", "jobs vanish and the trail knows of none",
		},
		{
			"a live job is deleted", "Delete",
			"if err == nil && !Ended(row.State) {", "if err == nil && row == nil {",
			"./internal/operate", "TestJobsOfEveryKind", "a series waits for ever for cards",
		},
		{
			"River's own pages may act", "RiverUI",
			"if c.Request.Method != http.MethodGet && c.Request.Method != http.MethodHead {", "if c.Request.Method == http.MethodTrace {",
			"./internal/web", "TestRiverUIOnlyReads", "the second door has no rule and no audit row",
		},
		{
			"guesses from elsewhere count against a known browser", "scopes",
			"if id != 0 {\n\t\t\twho", "if id < 0 {\n\t\t\twho",
			"./internal/web", "TestGuessesDoNotKeepTheOwnerOut", "four wrong passwords a second keep anybody out",
		},
		{
			"a known browser may guess without end", "scopes",
			"who = fmt.Sprintf(\"signin:device:%d\", id)", "who = fmt.Sprintf(\"signin:device:%d:%s\", id, a.RequestID)",
			"./internal/web", "TestGuessesDoNotKeepTheOwnerOut", "a stolen cookie takes the limit away",
		},
		{
			"a browser is known for every name", "query KnownDeviceFindStaff",
			"and staff.username = lower(@username)", "and lower(@username) is not null",
			"./internal/web", "TestKnownBrowsersAreNoKeys", "one account of one's own gives new guesses at all others",
		},
		{
			"a browser keeps its token for ever", "RememberDevice",
			"if was != nil {", "if was == nil {",
			"./internal/web", "TestKnownBrowsersAreNoKeys", "a copied cookie stays good",
		},
		{
			"browsers stay known after another password", "setPassword",
			"if err := ForgetDevices(ctx, tx, Owner{StaffID: id}, device); err != nil {", "if device == nil && id < 0 {\n\t\tvar err error",
			"./internal/web", "TestKnownBrowsersAreForgotten", "a thief's browser is still known",
		},
		{
			"one's own password is counted with strangers'", "proveOwn",
			"RequestID: actor.RequestID, Own: true})", "RequestID: actor.RequestID})",
			"./internal/web", "TestGuessesDoNotKeepFromOnesOwnPassword", "guesses keep people from changing a password that was found out",
		},
		{
			"a download goes on without its person", "askAgain",
			"case !stays && slices.Contains(ids, one.session):", "case !stays && slices.Contains(ids, -1):",
			"./internal/web", "TestDownloadsEndWithTheirPerson/disabled", "who was dismissed takes a million codes along",
		},
		{
			"a download goes on without its right", "askAgain",
			"case stays && one.permission != \"\" && !person.Can(one.permission), stays && !covers(person.Scope, one.scope):", "case stays && ids == nil && person.Can(one.permission) && covers(person.Scope, one.scope):",
			"./internal/web", "TestDownloadsEndWithTheirPerson", "a right that was taken away is used for another hour",
		},
		{
			"events name what is another partner's", "visible",
			"if person.Scope.AllPartners {", "if person.ID != 0 {",
			"./internal/web", "TestEventsAreScoped", "one reseller counts another's series",
		},
		{
			"one session opens any number of streams", "enter",
			"s.bySession[session] >= sessionStreams || ", "",
			"./internal/web", "TestStreamsAreCapped", "one cashier takes every connection that the server has",
		},
		{
			"what a page asks by itself takes it away", "failItself",
			"if why == \"\" || !isHTMX(c) || !byItself(c) {", "if why != \"\" || !isHTMX(c) || !byItself(c) {",
			"./internal/web", "TestPagesDoNotKeepASessionAwake", "a form that was half filled in is gone",
		},
		{
			"the same key answers for other entries of an order", "earlierOrder",
			"err != nil || (known && !same) {", "err != nil || (known && !same && row.ID == 0) {",
			"./internal/card", "TestKeyOfAnOrderWithOtherEntries", "an order that was never placed is shown as done",
		},
		{
			"the same key answers for other cards", "earlierOperation",
			"if known && !same || row.SeriesID", "if known && !same && row.ID == 0 || row.SeriesID",
			"./internal/card", "TestKeyOfAnOperationWithOtherEntries", "cards that were to be disabled go on paying",
		},
		{
			"the same key answers for another file", "requestedBefore",
			"if !same || row.SeriesID", "if !same && row.ID == 0 || row.SeriesID",
			"./internal/cardfile", "TestKeyOfAnExportWithOtherChoices", "a printer gets the wrong half of a series",
		},
		{
			"long after, the same key answers for another file", "chose",
			"return slices.Equal(a, b), err", "return len(a) == len(b), err",
			"./internal/cardfile", "TestKeyOfAnExportOfLongAgo", "a printer gets the wrong half of a series",
		},
		{
			"the same key answers for a file with another password", "samePassword",
			"subtle.ConstantTimeCompare(kept, []byte(typed.text)) == 1", "subtle.ConstantTimeCompare(kept, kept) == 1",
			"./internal/cardfile", "TestKeyOfAnExportWithOtherChoices", "nobody can open the file, or the wrong people can",
		},
		{
			"the same key answers for another comment", "replay",
			" || done.Comment != p.Comment {", " {",
			"./internal/customer", "TestPay", "a payment for one invoice stands for another",
		},
		{
			"every X-Forwarded-Proto is believed", "overTLS",
			"return ok && s.trusted(peer) && forwardedProto(r) == \"https\"", "return ok && peer.IsValid() && forwardedProto(r) == \"https\"",
			"./internal/web", "TestCookiesOfTLSBehindAProxy", "a header decides which cookies a browser may show",
		},
		{
			"the demo listens where others are", "checkExposed",
			"if !isLoopback(ctx, host) {", "if host == \"nowhere\" {",
			"./cmd/refill", "TestDemoIsNotExposed", "everybody on the network is its administrator",
		},
	}
}
