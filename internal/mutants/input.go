package main

// inputMutants returns the mutants that remove a check of input.
func inputMutants() []mutant {
	return []mutant{
		{
			"a form is read whatever its size", "limitRequest",
			"http.MaxBytesReader(c.Writer, c.Request.Body, bodyLimit(c.FullPath()))", "http.MaxBytesReader(c.Writer, c.Request.Body, 1<<30)",
			"./internal/web", "TestFormsFromHell", "a few large forms fill the memory",
		},
		{
			"fields are not checked", "form",
			"return c.Request.PostForm, checkFields(c.Request.PostForm)", "return c.Request.PostForm, nil",
			"./internal/web", "TestFormsFromHell", "broken text is the database's to refuse, and a name reads as another",
		},
		{
			"formulas in tables are left armed", "runsAsFormula",
			"case '=', '+', '-', '@', '\\t', '\\r':", "case 0:",
			"./internal/render", "TestCSVHostileCells|TestTableDisarmsFormulas", "a customer's name runs on the desk of who opens the table",
		},
		{
			"a logo of any size is decoded", "ReadLogo",
			"int64(size.Width)*int64(size.Height) > maxLogoPixels", "int64(size.Width)*int64(size.Height) > 1<<40",
			"./internal/partner", "TestReadLogo", "a small file takes gigabytes",
		},
		{
			"rows may be of any length", "peek",
			"end-from > l.most", "end-from > 1<<40",
			"./internal/importfile", "TestLongRowsAreGivenUpEarly", "sixteen megabytes of commas take a gigabyte of every page's memory",
		},
		{
			"elements may be within each other without end", "Token",
			"t.depth > maxDepth", "t.depth < 0",
			"./internal/importfile", "TestWorkbooksThatUnpackToNoTable", "ten kilobytes unpack to more than there is memory",
		},
		{
			"a quotation mark swallows rows", "join",
			"		case isRow:\n			return \"\", 0, 1, false, nil\n", "		case isRow:\n",
			"./internal/importfile", "TestStrayQuotes", "cards are missing from an import, and no word says so",
		},
		{
			"outliers among codes are taken", "codeValue",
			"if !r.shapes[i][name] {", "if false {",
			"./internal/tableimport", "TestTables|TestLengths", "a total or a page number of a report is money",
		},
		{
			"numbers that a spreadsheet has shortened are codes", "isScientific",
			"if at < 1 || at > 22 {", "if at >= 0 {",
			"./internal/tableimport", "TestFilesFromTheField", "a code that no card has is money",
		},
		{
			"a card of a file that was used is money", "takeStatus",
			"if used && meaning != MeansVoid {", "if used && !used {",
			"./internal/card", "TestUsedCardsAreNoMoney", "every card that was redeemed elsewhere is redeemed once more",
		},
		{
			"a year of two digits is one of this century", "dateValue",
			"if d.short && v.Day.Year() >= farYear {", "if false {",
			"./internal/tableimport", "TestTwoDigitYears", "cards that ended in 1999 are good till 2099",
		},
		{
			"an earlier answer outweighs what a file shows", "Recall",
			"	said.dropStale(look, schema)\n", "",
			"./internal/customerimport", "TestRememberedAnswersYieldToTheFile", "a balance of 1.500 is read as 1,500, or the other way round",
		},
		{
			"codes with hidden symbols are codes", "codeValue",
			"case !ticked && isMasked(text):", "case false:",
			"./internal/tableimport", "TestCodesThatWereNotWrittenAsCodes", "four digits that can be guessed are a card",
		},
		{
			"codes that were kept as numbers are codes", "codeValue",
			"case isWrittenNumber(text):", "case false:",
			"./internal/tableimport", "TestCodesThatWereNotWrittenAsCodes", "cards come in that their owners can't redeem",
		},
		{
			"what does not say what is left has its full price", "takePrice",
			"if left.State == tableimport.Empty {", "if false {",
			"./internal/card", "TestImportOfUnknownRemainders", "used cards are money again",
		},
		{
			"no status is not asked for", "Words",
			"case f.AskEmpty && s.Rows > c.Filled:", "case false:",
			"./internal/card", "TestImportAsksWhatNoStatusMeans", "cards of which nothing is known are money",
		},
		{
			"rows that are left out keep a code as their serial", "card",
			"if containsSecret(c.serial, code.Text) || containsSecret(c.serial, value(ColumnShortCode).Text) {", "if c.serial == code.Text {",
			"./internal/card", "TestImportKeepsNoCodeAsSerial", "codes lie in the database in the clear",
		},
		{
			"an open order of day and month is guessed", "dateValue",
			"	case d.depends():\n", "	case false:\n",
			"./internal/tableimport", "TestDates", "cards are good for months too long",
		},
		{
			"ten thousand is read as ten", "decideByCurrency",
			"			a.pointOK = false\n", "			a.comma = false\n",
			"./internal/tableimport", "TestFilesFromTheField|TestAmounts", "every card has a thousandth of its value",
		},
		{
			"an amount that can be two is guessed", "moneyValue",
			"	case a.pointOK && a.comma:\n", "	case false:\n",
			"./internal/tableimport", "TestAmounts", "every card has a thousand times its value",
		},
		{
			"the preview of a file tells codes", "Mask",
			"	case n < 12:\n		return", "	case n < 12:\n		return text +",
			"./internal/tableimport", "TestNoCodeIsTold|TestPreview", "codes lie in the database in the clear",
		},
		{
			"files lie in the clear", "Create",
			`	sealed, err := age.Encrypt(beneath, to)
`, `	_, err = age.Encrypt(io.Discard, to)
	var sealed io.WriteCloser = struct {
		io.Writer
		io.Closer
	}{beneath, io.NopCloser(nil)}
`,
			"./internal/web", "TestUploadsAreSealed", "the disk holds another system's codes",
		},
		{
			"a broken font ends whoever shapes it", "typeset",
			"if broken := recover(); broken != nil {", "if broken := any(nil); broken != nil {",
			"./internal/render/pdf", "TestBrokenFontIsAnError", "one file in a folder of fonts stops every worker",
		},
		{
			"a font may name more characters than there are", "read",
			"for range unicode.MaxRune + 1 {", "for {",
			"./internal/fontdir", "TestBrokenFonts", "one file in a folder of fonts keeps everybody waiting",
		},
		{
			"uploads fill the disk", "uploadRoom",
			"if !known || room >= more+uploadReserve {", "if !known || room >= more {",
			"./internal/web", "TestUploadsNeedRoom", "no file can be exported any more",
		},
		{
			"one person keeps any number of uploads", "checkUpload",
			"case open.N >= mostUploads:", "case open.N < 0:",
			"./internal/card", "TestUploadsOfOnePersonAreBounded", "one member of staff fills the disk",
		},
		{
			"every bad row of a file is kept", "Add",
			"l.kept >= MostKept && l.Counts", "l.kept < 0 && l.Counts",
			"./internal/card", "TestProblemsAreBounded", "a million bad rows stay for ever",
		},
	}
}
