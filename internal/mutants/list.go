package main

// mutant is the program with one protection taken out, and the tests that must
// notice.
type mutant struct {
	name    string
	file    string // from the root of the repository
	old     string // wherever it stands in the file …
	new     string // … it is replaced by this
	pkg     string // whose tests are run
	run     string // which of them
	because string // what would happen in the field
}

// mutants are the faults that software of this kind is known for. Each was seen
// to be caught by the tests named here.
func mutants() []mutant {
	return []mutant{
		{
			"a code of a second factor counts as long as it is shown", "internal/db/second_factor.sql.go",
			" and last_step < $1", "",
			"./internal/staff", "TestCodesCountOnce", "whoever looks over a shoulder signs in with the same code",
		},
		{
			"a recovery code is not used up", "internal/db/second_factor.sql.go",
			" and used_at is null\n`", "\n`",
			"./internal/staff", "TestCodesCountOnce", "a slip of paper opens the door for ever",
		},
		{
			"a sign-in that was ended by a code goes on", "internal/staff/second_step.go",
			"if n == 0 {", "if n < 0 {",
			"./internal/staff", "TestCodesCountOnce|TestSignInAsksForTheCode", "one password lets in as often as there are codes",
		},
		{
			"a redemption does not look at the card's state", "internal/db/card.sql.go",
			"  and c.state = 'active' and s.state = 'active' and k.disabled_at is null\n", "  and k.disabled_at is null\n",
			"./internal/card", "TestRace|TestRedeem", "one card pays everybody who types it at once",
		},
		{
			"a redemption does not look at the date", "internal/db/card.sql.go",
			"  and now() < card_expires_at(coalesce(c.valid_till, s.valid_till), s.time_zone)\n  and card_is_for", "  and card_is_for",
			"./internal/card", "TestValidTill|TestRedeemRefusals", "expired cards pay",
		},
		{
			"a redemption does not look at the partner", "internal/db/card.sql.go",
			"  and card_is_for(s.id, s.partner_lock, s.any_partner, c.partner_id, k.partner_id)\n", "",
			"./internal/card", "TestRedeemRefusals", "one reseller's cards are spent at another's",
		},
		{
			"a redemption does not share the lock of its series", "internal/card/redeem.go",
			"s.q.SeriesShare(ctx, tx, int32(card.SeriesID))", "error(nil)",
			"./internal/card", "TestVoidRacesWithRedemptions", "value is both redeemed and written off",
		},
		{
			"wrong codes are counted after the limit was looked at", "internal/card/guess.go",
			"	rows, err := s.q.GuessCharge(ctx, s.db, db.GuessChargeParams{", `	var n int32
	if err := s.db.QueryRow(ctx, "select coalesce(max(n), 0) from guess where scope = $1", who).Scan(&n); err != nil {
		return err
	}
	if n >= l.Soft {
		return ErrBarred
	}
	if _, err := s.db.Exec(ctx, "insert into guess (scope, n, since, allowed) values ($1, 1, now(), true) on conflict (scope) do update set n = guess.n + 1", who); err != nil || who != "" {
		return err
	}
	rows, err := s.q.GuessCharge(ctx, s.db, db.GuessChargeParams{`,
			"./internal/card", "TestGuessesAreCharged", "a thousand parallel guesses slip past a limit of ten",
		},
		{
			"a sealed code is not bound to its card", "internal/card/keyring.go",
			"return s.aead.Seal(dst, dst[start:start+nonceLength], []byte(code.symbols), s.bound(bound[:0], serial))",
			"_ = bound; return s.aead.Seal(dst, dst[start:start+nonceLength], []byte(code.symbols), s.bound(nil, 0))",
			"./internal/card", "TestSealedCode", "whoever can write to the database swaps codes between cards",
		},
		{
			"a code that nobody has is answered sooner", "internal/card/redeem.go",
			"if err != nil && !errors.Is(err, ErrUnknown) {", "if err != nil {",
			"./internal/card", "TestRefusalsAreAlike", "a stopwatch tells real codes from made-up ones",
		},
		{
			"codes are drawn with modulo bias", "internal/card/code.go",
			"b < 248", "b <= 255",
			"./internal/card", "TestDrawIsUniform", "some codes are likelier than others",
		},
		{
			"two workers make the same serials", "internal/db/series.sql.go",
			" for no key update", "",
			"./internal/card", "TestGenerateTwiceAtOnce", "a series has too few cards, or too many",
		},
		{
			"every X-Forwarded-For is believed", "internal/web/server.go",
			"engine.SetTrustedProxies(s.TrustedProxies)", `engine.SetTrustedProxies([]string{"0.0.0.0/0", "::/0"})`,
			"./internal/web", "TestForwardedAddresses", "a guesser has a new address for every guess",
		},
		{
			"a page of another partner's customer opens", "internal/db/customer.sql.go",
			"where customer.id = $1\n  and ($2::boolean or customer.partner_id = any($3::bigint[]))", "where customer.id = $1 and ($2::boolean or $3::bigint[] is not null)",
			"./internal/web", "TestAdminCustomers|Foreign|TestCardIsRedeemedForACustomer", "one reseller reads another's customers",
		},
		{
			"staff hear about cards of other partners", "internal/card/redeem.go",
			"if actor.Scope.AllPartners || why.Code == ErrUnknown.Code {", "if actor.StaffID != 0 {",
			"./internal/web", "TestForeignInFormsIsMissing", "one reseller learns which codes another has sold",
		},
		{
			"another site's page may post", "internal/web/middleware.go",
			"if err := guard.Check(c.Request); err != nil {", "if err := guard.Check(c.Request); err != nil && c.Request == nil {",
			"./internal/web", "TestAnotherSiteCannotPost", "a link redeems cards in a stranger's name",
		},
		{
			"a form is read whatever its size", "internal/web/middleware.go",
			"http.MaxBytesReader(c.Writer, c.Request.Body, bodyLimit(c.FullPath()))", "http.MaxBytesReader(c.Writer, c.Request.Body, 1<<30)",
			"./internal/web", "TestFormsFromHell", "a few large forms fill the memory",
		},
		{
			"fields are not checked", "internal/web/form.go",
			"return c.Request.PostForm, checkFields(c.Request.PostForm)", "return c.Request.PostForm, nil",
			"./internal/web", "TestFormsFromHell", "broken text is the database's to refuse, and a name reads as another",
		},
		{
			"formulas in tables are left armed", "internal/export/csv.go",
			"case '=', '+', '-', '@', '\\t', '\\r':", "case 0:",
			"./internal/export", "TestCSVHostileCells|TestTableDisarmsFormulas", "a customer's name runs on the desk of who opens the table",
		},
		{
			"somebody approves their own", "internal/card/approval.go",
			"actor.StaffID == 0 || actor.StaffID == a.RequestedBy", "actor.StaffID == 0",
			"./internal/card", "TestActivationTakesTwo", "the second person is the first",
		},
		{
			"an account of one's own approves", "internal/card/approval.go",
			"	if shared {\n", "	if shared && a.ID < 0 {\n",
			"./internal/card", "TestNobodyApprovesTheirOwn", "whoever may edit staff makes a second person for themselves",
		},
		{
			"what is activated when generated asks nobody", "internal/card/generate.go",
			"hold = !alone", "hold = hold && alone",
			"./internal/card", "TestEveryActivationTakesTwo", "a tick on the form leads around the second person",
		},
		{
			"a file is made whether approved or not", "internal/card/approval.go",
			"	if value > approved {\n", "	if value > approved && approved > 0 {\n",
			"./internal/card", "TestExportTakesTwo", "a job that was queued before, or by hand, leads around the second person",
		},
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
	}
}
