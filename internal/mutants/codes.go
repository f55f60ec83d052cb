package main

// codeMutants returns the mutants that remove a protection of the secrecy of codes.
func codeMutants() []mutant {
	return []mutant{
		{
			"a sealed code is not bound to its card", "append",
			"return s.aead.Seal(dst, dst[start:start+nonceLength], []byte(code.symbols), s.bound(bound[:0], serial))",
			"_ = bound; return s.aead.Seal(dst, dst[start:start+nonceLength], []byte(code.symbols), s.bound(nil, 0))",
			"./internal/card", "TestSealedCode", "whoever can write to the database swaps codes between cards",
		},
		{
			"codes are drawn with modulo bias", "draw",
			"b < 248", "b <= 255",
			"./internal/cardcode", "TestDrawIsUniform", "some codes are likelier than others",
		},
		{
			"an order whose codes could be guessed is taken", "checkOdds",
			"if err != nil || chance <= MaxLuckyChance {", "if err != nil || chance <= 1 {",
			"./internal/card", "TestOrderRefusesWhatCouldBeGuessed", "short codes for a million cards are hit by patience",
		},
		{
			"the index of a code has no key", "indexer",
			"return &indexer{hmac.New(sha256.New, key.code())}, nil", "return &indexer{hmac.New(sha256.New, key[:0])}, nil",
			"./internal/cardcode", "TestIndexIsKeyed", "whoever has a dump tries codes at their own desk",
		},
		{
			"a file that had a password is made in clear", "openOptions",
			"	if e.PasswordKeyID == nil {\n		return o, ErrPasswordGone\n	}\n", "	if e.PasswordKeyID == nil {\n		o.Locked = false\n		return o, nil\n	}\n",
			"./internal/job", "TestPasswordEndsWithTheExport", "a job that is run again writes the codes for whoever finds the file",
		},
		{
			"a string of a file with a password stands in clear", "Close",
			`d.file.text(titleOf(d.cfg))`, `fmt.Sprintf("<%X>", titleOf(d.cfg))`,
			"./internal/render/pdf", "TestPasswordOpensTheFile", "readers show nonsense for a title, and it is there to be read",
		},
		{
			"a code prints", "LogValue",
			`func (Code) LogValue() slog.Value { return slog.StringValue("[code]") }`, "func (c Code) LogValue() slog.Value { return slog.StringValue(c.symbols) }",
			"./internal/cardcode", "TestCodeNeverPrints", "the log holds money",
		},
		{
			"the log holds addresses as they were sent", "logAccess",
			`route := c.FullPath()
	if route`, `route := c.Request.URL.String()
	if route`,
			"./internal/web", "TestLogNamesRoutesNotAddresses", "a code in an address ends up in the log",
		},
		{
			"codes of used cards are kept", "query CardShred",
			`c.state = 'used' and octet_length(c.code_sealed) > 0
)`, `c.state = 'void' and octet_length(c.code_sealed) > 0
)`,
			"./internal/card", "TestCodesThatNobodyNeedsAreErased", "a stolen key file opens years of cards",
		},
		{
			"a code is shown without a reason", "Reveal",
			"n < 3 || n > 200", "n > 200",
			"./internal/card", "TestRevealedCode", "nobody has to say why they looked",
		},
		{
			"a code is shown without a line in the trail", "card.Reveal",
			"Revealed{act.OfCard(ref.SeriesID, ref.Serial), reason}", "Edited{act.OfCard(ref.SeriesID, ref.Serial), nil}",
			"./internal/card", "TestRevealedCode", "codes are looked up and spent, and nobody can tell by whom",
		},
		{
			"a file is fetched without a line in the trail", "SendExport",
			"if c.Request.Method == http.MethodGet {\n\t\tnote :=", "if c.Request.Method == \"\" {\n\t\tnote :=",
			"./internal/web", "TestExportIsAskedForAndFetched", "a whole series leaves, and nobody can tell with whom",
		},
		{
			"only the newest index key finds a card", "indexes",
			"for _, id := range ids(k.keys.Load().indexes) {", "for _, id := range []int16{k.CurrentIndex()} {",
			"./internal/card", "TestKeysRunbook", "every card is refused until it has been indexed again",
		},
		{
			"a damaged file ends as if it were whole", "explain",
			"	return ErrDamaged.Because(", "	return io.EOF\n	return ErrDamaged.Because(",
			"./internal/blob", "TestSealedFileThatWasTamperedWith", "a print shop prints half a series and nobody notices",
		},
		{
			"an export asks for no reason", "checkReason",
			`if err != nil || (o.Reason == "" && !settings.ExportReason) {`, `if _ = settings; err != nil || o.Reason == "" {`,
			"./internal/web", "TestExportReason", "who took the codes of a series is known, but not what for",
		},
		{
			"halves that two people fetched are a file", "query ExportSent",
			"sent = case when sent_to = @staff_id::bigint then sent else '{}' end +", "sent = sent +",
			"./internal/card", "TestPrintOnceOfHalves", "the codes of a series are shredded, and nobody has them all",
		},
		{
			"codes are shredded before their file was sent", "Arrived",
			"if e.SentWholeAt == nil || e.SentWholeTo == nil {", "if e.SentWholeTo == nil {\n\t\t\te.SentWholeTo = actor.Staff()\n\t\t}\n\t\tif e.ID < 0 {",
			"./internal/card", "TestPrintOnce$", "a broken download takes the only copy of a series",
		},
		{
			"a key is retired that cards are being sealed under", "writeChunk",
			"s.Codes.HoldKey(ctx, tx, c.keyID)", "error(nil)",
			"./internal/card", "TestKeyOfCardsInTheMakingIsNotRetired", "cards are printed that nobody can ever redeem",
		},
		{
			"a key is retired that a kept file needs", "RetireKey",
			"use.Files > 0", "use.Files < 0",
			"./internal/card", "TestKeyOfAFileIsNotRetired", "files of codes that nobody can open",
		},
		{
			"a key of another length is taken", "parseKeyLine",
			"len(line.key) != length", "len(line.key) == 0",
			"./internal/cardcode", "TestReadKeyringRefuses", "a key file that was cut short seals a million cards",
		},
		{
			"a scanned card sends its code to the server as an address", "Link",
			`"/r" + partner + "#"`, `"/r" + partner + "?code="`,
			"./internal/render", "TestPDF$|TestLayouts", "proxies and logs on the way hold codes",
		},
		{
			"a partner takes a name in addresses that another one had", "migrations/00076_partner_addresses.sql",
			"after insert or update of slug on partner", "after insert on partner",
			"./internal/partner", "TestNamesInAddressesStay", "cards that are sold already lead to a sign-in of somebody else",
		},
		{
			"the pages of a PDF with a password stand in the clear", "stream",
			"f.buf = f.seal(f.buf, deflated)", "f.buf = append(f.buf, deflated...)",
			"./internal/render/pdf", "TestPasswordOpensTheFile", "whoever finds the file reads every code without the password",
		},
		{
			"the password of a PDF outlives its export", "migrations/00026_export_password.sql",
			"new.password_key_id := null;\n  new.password_sealed := null;", "",
			"./internal/job", "TestPasswordEndsWithTheExport|TestExportWithPassword", "a copy of the database and a key file open every file that was sent",
		},
	}
}
