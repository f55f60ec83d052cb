package main

// mailMutants returns the mutants that let e-mail do what it must not.
func mailMutants() []mutant {
	return []mutant{
		{
			"a link by e-mail takes those of staff away", "query CustomerLinkDeleteMailed",
			" and used_at is null and mailed;", " and used_at is null;",
			"./internal/mailing", "TestLinkIsMailed", "a stranger who knows the username makes the links of staff worthless",
		},
		{
			"a confirmation link works for ever", "query MailStaffConfirm",
			" and token_until > now();", ";",
			"./internal/mailing", "TestAddressIsConfirmed", "an old mailbox confirms an address long after",
		},
		{
			"a name may add a header", "oneLine",
			"unicode.IsControl(r) || ", "",
			"./internal/mail", "TestNoHeaderIsAdded", "a brand with a line break sends copies to strangers",
		},
	}
}
