package main

// moneyMutants returns the mutants that remove a protection against creating or losing money.
func moneyMutants() []mutant {
	return []mutant{
		{
			"a redemption does not look at the card's state", "query CardLook, CardUse",
			"  and c.state = 'active' and s.state = 'active' and k.disabled_at is null\n", "  and k.disabled_at is null\n",
			"./internal/card", "TestRace|TestRedeem", "one card pays everybody who types it at once",
		},
		{
			"a redemption does not look at the date", "query CardUse",
			"  and coalesce(sqlc.narg('as_of')::timestamptz, now()) < card_expires_at(coalesce(c.valid_till, s.valid_till), s.time_zone)\n", "",
			"./internal/card", "TestValidTill|TestRedeemRefusals", "expired cards pay",
		},
		{
			"a redemption does not look at reservations", "query CardUse",
			"  and (coalesce(c.reserved_until <= now(), true) or c.reserved_by = sqlc.narg('reservation')::uuid)\n", "",
			"./internal/card", "TestReserve$|TestReservationAfterItsTime", "a card is credited by a billing system and redeemed in the portal",
		},
		{
			"a redemption does not look at the partner", "query CardLook, CardUse",
			"and card_is_for(s.id, s.partner_lock, s.any_partner, c.partner_id, k.partner_id)", "and true",
			"./internal/card", "TestRedeemRefusals", "one reseller's cards are spent at another's",
		},
		{
			"a redemption does not look at the test mark", "query CardLook, CardUse",
			"and (s.currency = 'XTS') = (select p.test from partner p where p.id = k.partner_id)", "and true",
			"./internal/card", "TestTestCardsAndRealOnesStayApart", "test cards pay real customers",
		},
		{
			"a redemption does not share the lock of its series", "internal/card/redeem.go",
			"s.q.SeriesShare(ctx, batch, int32(card.SeriesID))", "error(nil)",
			"./internal/card", "TestVoidRacesWithRedemptions", "value is both redeemed and written off",
		},
		{
			"an answer to COMMIT that got lost is a failure", "internal/billing/settle.go",
			"return unsettled.Because(err)", "return err",
			"./internal/billing", "TestSettleDoesNotGuess", "a customer is told that a card was not redeemed that was",
		},
		{
			"a no at COMMIT is called unknown", "internal/billing/settle.go",
			"refused {", "refused && ctx == nil {",
			"./internal/billing", "TestSettleDoesNotGuess", "people press again what can never hold",
		},
		{
			"a deadlock is a refusal", "internal/billing/settle.go",
			"!db.Retryable(err)", "db.Retryable(err) || err != nil || ctx != nil",
			"./internal/billing", "TestSettleTriesAgain", "a card that is good is refused because another was redeemed",
		},
		{
			"a movement without a line in the trail", "internal/billing/billing.go",
			"if err := act.Record(ctx, batch, actor, p.Act); err != nil {", "if err := error(nil); err != nil {",
			"./internal/billing", "TestPost", "money moves and nobody can say who moved it",
		},
		{
			"a redemption is not handed over", "internal/card/redeem.go",
			"HandsOver: true, Kind: db.LedgerKindRedeem", "HandsOver: false, Kind: db.LedgerKindRedeem",
			"./internal/card", "TestRedeemOutside", "customers whose balance is kept in another system can redeem nothing",
		},
		{
			"a value that was handed over is not taken back", "internal/billing/reverse.go",
			"HandsBack: original.HandedBy, Beside", "Beside",
			"./internal/card", "TestRedeemOutside", "a reversed card leaves its value in another system",
		},
		{
			"a movement needs no key", "internal/billing/billing.go",
			"if p.Key == uuid.Nil {", "if p.CustomerID == 0 {",
			"./internal/billing", "TestPost", "every form without a key is the same form",
		},
		{
			"statements that are sent together have no deadline", "internal/db/deadline.go",
			"_ pgx.TraceBatchStartData) context.Context {\n	return d.begin(ctx)", "_ pgx.TraceBatchStartData) context.Context {\n	return ctx",
			"./internal/db", "TestBatchesHaveADeadline", "a request waits for a network that swallows everything",
		},
		{
			"a form whose outcome is unknown loses its key with the database", "internal/web/portal/redeem.go",
			"	} else if pageErr != nil {", "	}\n	if pageErr != nil {",
			"./internal/web", "TestPortalRedeemUnsettledWithoutDatabase", "nobody can tell what became of the card",
		},
		{
			"a redemption does not hold its customer", "query CardUse",
			" for key share) k", ") k",
			"./internal/card", "TestRedeemWhileTheCustomerMoves", "a customer who is moved spends the old partner's card at the new one",
		},
		{
			"a redemption may have begun before the activation", "query CardLook, CardUse",
			"  and s.activated_at <= now()\n", "",
			"./internal/card", "TestRedeemBegunBeforeTheActivation", "the books are red for good over an honest redemption",
		},
		{
			"a row of a file whose series has another price is passed over", "saveChunk",
			"if len(of) > 0 {", "if len(of) < 0 {",
			"./internal/card", "TestSeriesStaysWhileItIsImported", "cards that people hold are gone",
		},
		{
			"inactive cards come in active", "createSeries",
			"plan.Activate && !g.Inactive", "plan.Activate",
			"./internal/web", "TestFilesFromTheField", "cards that were never sold are money",
		},
		{
			"a series may be worth anything", "checkFaceValue",
			"if value > maxFaceValue {", "if value < 0 {",
			"./internal/card", "TestImportIsHeldAgainstTheFaceValue", "sums run over and the books are wrong",
		},
		{
			"voiding an import leaves its value outstanding", "void",
			"	if Posted(series) {\n		if err := s.postBreakage", "	if false {\n		if err := s.postBreakage",
			"./internal/card", "TestVoidImport", "the books count cards that are void",
		},
		{
			"imported cards are for everybody", "createSeries",
			"Lock: lock, ", "",
			"./internal/card", "TestImportIsForItsPartners", "one reseller's cards are spent at another's",
		},
		{
			"two workers make the same serials", "query SeriesGetForUpdate",
			" for no key update", "",
			"./internal/card", "TestGenerateTwiceAtOnce", "a series has too few cards, or too many",
		},
		{
			"somebody approves their own", "checkDecide",
			"case person == a.RequestedBy:", "case person < 0:",
			"./internal/card", "TestActivationTakesTwo", "the second person is the first",
		},
		{
			"an account of one's own approves", "checkShared",
			"err == nil && shared", "err == nil && shared && one == other",
			"./internal/card", "TestNobodyApprovesTheirOwn", "whoever may edit staff makes a second person for themselves",
		},
		{
			"what is activated when generated asks nobody", "finish",
			"hold = !alone", "hold = hold && alone",
			"./internal/card", "TestEveryActivationTakesTwo", "a tick on the form leads around the second person",
		},
		{
			"a file is made whether approved or not", "checkExport",
			"if approved > 0 && value <= approved {", "if approved >= 0 {",
			"./internal/card", "TestExportTakesTwo", "a job that was queued before, or by hand, leads around the second person",
		},
		{
			"what one person did that day is forgotten", "Weigh",
			"o.Others, o.Same = sum.Others, sum.Same", "o.Others, o.Same = 0, sum.Same",
			"./internal/card", "AddUp", "several small series do what one large one may not",
		},
		{
			"acts of one person don't wait for each other", "Alone",
			"q.SoloActLock(ctx, tx, int32(a.By.Staff()))", "error(nil)",
			"./internal/card", "TestActsOfOnePersonRace", "small series at the same moment slip past the limit together",
		},
		{
			"cards are redeemed without their codes at will", "credit",
			"if r.Card.SeriesID != 0 {\n\t\tif err := checkRedeemWithoutCode", "if r.Card.SeriesID < 0 {\n\t\tif err := checkRedeemWithoutCode",
			"./internal/card", "TestCardsRedeemedWithoutTheirCodeAddUp", "a member of staff moves any number of cards to the balance of a friend",
		},
		{
			"an approved file is anybody's", "checkFetch",
			"if actor.Responsible() == e.CreatedBy {", "if e.ID > 0 {",
			"./internal/card", "TestFileOfAnotherCounts", "whoever may export fetches what others were granted",
		},
		{
			"known codes become dearer", "checkReprice",
			"if act.Value > 0 {", "if act.Value < 0 {",
			"./internal/card", "TestPriceOfKnownCodesIsWeighed", "codes are shown or imported while they are cheap, and made dear then",
		},
		{
			"many cards that are enabled count once a day", "checkEnable",
			"act.Value = n * series.Price", "act.Value, act.SeriesID = n*series.Price, series.ID",
			"./internal/card", "TestEnabledPartsAddUp", "what others take out of use comes back in parts",
		},
		{
			"disabled cards come back under way", "changeNext",
			"accountableStaff(change)), approval.Taking(tx)); err != nil {", "accountableStaff(change)), approval.Taking(tx)); err != nil && advance.Changed < 0 {",
			"./internal/card", "TestEnablingTakesTwo", "an operation that was ordered while little was disabled brings back what was disabled since",
		},
		{
			"expired cards come back one by one", "checkCardIntoUse",
			"if expired(row.ValidTill) && !expired(till) {", "if expired(row.ValidTill) && expired(till) {",
			"./internal/card", "TestEveryWayIntoUseIsWeighed", "any value comes back into use by one person, card by card",
		},
		{
			"a partner is enabled whatever that brings into use", "partner.Enable",
			"if waits = o.Over(); waits {", "if waits = o.Over() && id < 0; waits {",
			"./internal/customer", "TestPartnerIsEnabledOnce", "closing a partner and opening it again leads around the second person",
		},
		{
			"an expired series is renewed by one person", "weighEdit",
			"		use = approval.UseDate\n", "		use = \"\"\n",
			"./internal/card", "TestRenewalTakesTwo", "a date brings any value back into use",
		},
		{
			"a series is given to more partners by one person", "widensSeries",
			"return len(ids) == 0 || slices.ContainsFunc(ids, added), nil", "return len(ids) < 0 && slices.ContainsFunc(ids, added), nil",
			"./internal/card", "TestEveryWayIntoUseIsWeighed", "cards that were printed for one partner are spent at another",
		},
		{
			"a code that is revealed is no export", "holdReveal",
			"if err != nil || !o.Over() {", "if err != nil || o.Before() >= 0 {",
			"./internal/card", "TestRevealsAreAsAnExport", "forty codes are read one by one where a file of forty takes two",
		},
		{
			"an approved code is revealed again and again", "query ApprovalTakeReveal",
			"set used_at = now()", "set used_at = null",
			"./internal/card", "TestRevealsAreAsAnExport", "one approval is a licence for ever",
		},
		{
			"one person deletes any number of cards in parts", "checkVoid",
			"	if err == nil && o.Over() {\n		return ErrVoidNeedsSecond", "	if err == nil && o.Limit == nil && o.Over() {\n		return ErrVoidNeedsSecond",
			"./internal/card", "TestDeletionInPartsIsMeasured|TestVoidingAnImportIsMeasured", "printed cards lose their value by one hand",
		},
		{
			"a deletion waits for no second person", "holdDeletion",
			"if err != nil || !o.Over() || deleted.Value == 0 {", "if err != nil || deleted.Value >= 0 {",
			"./internal/card", "TestDeletionTakesTwo", "a series that is on sale is gone",
		},
		{
			"a deletion is of whatever the series is by now", "deletionKind",
			"series.Version == a.Version && cards <= a.Cards", "cards <= a.Cards",
			"./internal/card", "TestDeletionIsOfTheSeriesAsItWas", "what is deleted is not what was approved",
		},
		{
			"an approval is of whatever the series is by now", "approvals",
			"return ready && series.Version == a.Version && ", "return ready && ",
			"./internal/card", "TestApprovalHoldsTheVersion", "what is activated is for other partners than what was approved",
		},
		{
			"control through a third person is not seen", "query ApprovalControls, ApprovalShared",
			"join control on control.owner = reach.holder", "join control on control.owner = reach.owner",
			"./internal/card", "TestOnePersonIsNotTwo", "one person has two sign-ins made by a third and is two people",
		},
		{
			"one person raises the limit", "guarded",
			"	case s.RaisesLimit(after):\n		return ErrLimitGuarded\n", "",
			"./internal/approval", "TestLimitTakesTwo", "the limit is emptied, used and set back",
		},
		{
			"a higher limit is kept before it is approved", "ChangeSettings",
			"kept.ApproveAbove = before.ApproveAbove\n", "\n",
			"./internal/approval", "TestLimitTakesTwo", "asking is enough",
		},
		{
			"credits by hand are nobody's", "checkCredit",
			"if err == nil && o.Over() {", "if err == nil && o.Over() && minor < 0 {",
			"./internal/customer", "TestPaymentTakesTwo", "a cashier enters any sum alone",
		},
		{
			"an import waits for nobody", "askForApproval",
			"	if err != nil || !o.Over() {\n		return false, err\n	}\n	if actor", "	if err != nil || o.Before() >= 0 {\n		return false, err\n	}\n	if actor",
			"./internal/card", "TestImportTakesTwo", "codes that were made up come in worth any value",
		},
		{
			"the application may change the ledger", "migrations/grants.sql",
			"grant select, insert on ledger_tx,", "grant select, insert, update, delete on ledger_tx,",
			"./internal/card", "TestLedgerOnlyGrows", "a hole in the program is a hole in the books",
		},
		{
			"nothing but the rights of a role keeps the ledger", "migrations/00003_ledger.sql",
			`before update or delete or truncate on ledger_tx
`, `before truncate on ledger_tx
`,
			"./internal/card", "TestLedgerOnlyGrows", "whoever works as the owner of the tables changes what was booked",
		},
		{
			"an invariant finds nothing", "invariants",
			"having count(e.tx_id) < 2 or sum(e.amount) <> 0", "having count(e.tx_id) < 0",
			"./internal/check", "TestPlantedFaults", "books that do not add up look sound",
		},
		{
			"a broken rule raises no alarm", "homeChecks",
			"if last.Broken > 0 {", "if last.Broken > 1<<30 {",
			"./internal/web", "TestChecksPage", "nobody hears that money is missing",
		},
	}
}
