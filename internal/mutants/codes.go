package main

// codeMutants take out what keeps codes secret.
func codeMutants() []mutant {
	return []mutant{
		{
			"a sealed code is not bound to its card", "internal/card/keyring.go",
			"return s.aead.Seal(dst, dst[start:start+nonceLength], []byte(code.symbols), s.bound(bound[:0], serial))",
			"_ = bound; return s.aead.Seal(dst, dst[start:start+nonceLength], []byte(code.symbols), s.bound(nil, 0))",
			"./internal/card", "TestSealedCode", "whoever can write to the database swaps codes between cards",
		},
		{
			"codes are drawn with modulo bias", "internal/card/code.go",
			"b < 248", "b <= 255",
			"./internal/card", "TestDrawIsUniform", "some codes are likelier than others",
		},
		{
			"an order whose codes could be guessed is taken", "internal/card/odds.go",
			"if err != nil || chance <= MaxLuckyChance {", "if err != nil || chance <= 1 {",
			"./internal/card", "TestOrderRefusesWhatCouldBeGuessed", "short codes for a million cards are hit by patience",
		},
		{
			"the index of a code has no key", "internal/card/indexkey.go",
			"return &indexer{hmac.New(sha256.New, key.code())}, nil", "return &indexer{hmac.New(sha256.New, key[:0])}, nil",
			"./internal/card", "TestIndexIsKeyed", "whoever has a dump tries codes at their own desk",
		},
		{
			"a file that had a password is made in clear", "internal/card/password.go",
			"	if e.PasswordKeyID == nil {\n		return o, ErrPasswordGone\n	}\n", "	if e.PasswordKeyID == nil {\n		o.Locked = false\n		return o, nil\n	}\n",
			"./internal/job", "TestPasswordEndsWithTheExport", "a job that is run again writes the codes for whoever finds the file",
		},
		{
			"a string of a file with a password stands in clear", "internal/export/pdf/document.go",
			`d.file.text(titleOf(d.cfg))`, `fmt.Sprintf("<%X>", titleOf(d.cfg))`,
			"./internal/export/pdf", "TestPasswordOpensTheFile", "readers show nonsense for a title, and it is there to be read",
		},
		{
			"a code prints", "internal/card/code.go",
			`func (Code) LogValue() slog.Value { return slog.StringValue("[code]") }`, "func (c Code) LogValue() slog.Value { return slog.StringValue(c.symbols) }",
			"./internal/card", "TestCodeNeverPrints", "the log holds money",
		},
		{
			"the log holds addresses as they were sent", "internal/web/middleware.go",
			`route := c.FullPath()
	if route`, `route := c.Request.URL.String()
	if route`,
			"./internal/web", "TestLogNamesRoutesNotAddresses", "a code in an address ends up in the log",
		},
		{
			"codes of used cards are kept", "internal/db/card.sql.go",
			`c.state = 'used' and octet_length(c.code_sealed) > 0
)`, `c.state = 'void' and octet_length(c.code_sealed) > 0
)`,
			"./internal/card", "TestCodesThatNobodyNeedsAreErased", "a stolen key file opens years of cards",
		},
		{
			"a code is shown without a reason", "internal/card/reveal.go",
			"n < 3 || n > 200", "n > 200",
			"./internal/card", "TestRevealedCode", "nobody has to say why they looked",
		},
		{
			"a code is shown without a line in the trail", "internal/card/reveal.go",
			`Action: "card.revealed", SeriesID: ref.SeriesID`, `Action: "card.edited", SeriesID: ref.SeriesID`,
			"./internal/card", "TestRevealedCode", "codes are looked up and spent, and nobody can tell by whom",
		},
		{
			"a file is fetched without a line in the trail", "internal/web/admin_export_file.go",
			"if c.Request.Method == http.MethodGet {", `if c.Request.Method == "" {`,
			"./internal/web", "TestExportIsAskedForAndFetched", "a whole series leaves, and nobody can tell with whom",
		},
		{
			"only the newest index key finds a card", "internal/card/indexkey.go",
			"for _, id := range ids(k.keys.Load().indexes) {", "for _, id := range []int16{k.CurrentIndex()} {",
			"./internal/card", "TestKeysRunbook", "every card is refused until it has been indexed again",
		},
		{
			"a damaged file ends as if it were whole", "internal/blob/sealed.go",
			"	return ErrDamaged.With(", "	return io.EOF\n	return ErrDamaged.With(",
			"./internal/blob", "TestSealedFileThatWasTamperedWith", "a print shop prints half a series and nobody notices",
		},
		{
			"an export asks for no reason", "internal/card/export_options.go",
			`if err != nil || (o.Reason == "" && !settings.ExportReason) {`, `if _ = settings; err != nil || o.Reason == "" {`,
			"./internal/web", "TestExportReason", "who took the codes of a series is known, but not what for",
		},
		{
			"halves that two people fetched are a file", "internal/db/export.sql.go",
			"sent = case when sent_to = $1::bigint then sent else '{}' end +", "sent = sent +",
			"./internal/card", "TestPrintOnceOfHalves", "the codes of a series are shredded, and nobody has them all",
		},
		{
			"codes are shredded before their file was sent", "internal/card/printonce.go",
			"if e.SentWholeAt == nil || e.SentWholeTo == nil {", "if e.SentWholeTo == nil {\n\t\t\te.SentWholeTo = &actor.StaffID\n\t\t}\n\t\tif e.ID < 0 {",
			"./internal/card", "TestPrintOnce$", "a broken download takes the only copy of a series",
		},
		{
			"a key is retired that cards are being sealed under", "internal/card/generate.go",
			"s.holdKey(ctx, tx, c.keyID)", "error(nil)",
			"./internal/card", "TestKeyOfCardsInTheMakingIsNotRetired", "cards are printed that nobody can ever redeem",
		},
		{
			"a key is retired that a kept file needs", "internal/card/retire.go",
			"use.Files > 0", "use.Files < 0",
			"./internal/card", "TestKeyOfAFileIsNotRetired", "files of codes that nobody can open",
		},
		{
			"a key of another length is taken", "internal/card/keyfile.go",
			"len(line.key) != length", "len(line.key) == 0",
			"./internal/card", "TestReadKeyringRefuses", "a key file that was cut short seals a million cards",
		},
		{
			"a scanned card sends its code to the server as an address", "internal/export/design.go",
			`meta.PortalURL + "/r#",`, `meta.PortalURL + "/r?code=",`,
			"./internal/export", "TestPDF$|TestLayouts", "proxies and logs on the way hold codes",
		},
		{
			"the pages of a PDF with a password stand in the clear", "internal/export/pdf/file.go",
			"f.buf = f.seal(f.buf, deflated)", "f.buf = append(f.buf, deflated...)",
			"./internal/export/pdf", "TestPasswordOpensTheFile", "whoever finds the file reads every code without the password",
		},
		{
			"the password of a PDF outlives its export", "migrations/00026_export_password.sql",
			"new.password_key_id := null;\n  new.password_sealed := null;", "",
			"./internal/job", "TestPasswordEndsWithTheExport|TestExportWithPassword", "a copy of the database and a key file open every file that was sent",
		},
	}
}
