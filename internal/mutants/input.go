package main

// inputMutants take out what is done to whatever comes in.
func inputMutants() []mutant {
	return []mutant{
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
			"a logo of any size is decoded", "internal/customer/logo.go",
			"int64(size.Width)*int64(size.Height) > maxLogoPixels", "int64(size.Width)*int64(size.Height) > 1<<40",
			"./internal/customer", "TestReadLogo", "a small file takes gigabytes",
		},
		{
			"rows may be of any length", "internal/importfile/csv.go",
			"	c.in.left = maxRow\n", "	c.in.left = 1 << 40\n",
			"./internal/importfile", "TestLongRowsAreGivenUpEarly", "sixteen megabytes of commas take a gigabyte of every page's memory",
		},
		{
			"elements may be within each other without end", "internal/importfile/bounds.go",
			"t.depth > maxDepth", "t.depth < 0",
			"./internal/importfile", "TestWorkbooksThatUnpackToNoTable", "ten kilobytes unpack to more than there is memory",
		},
		{
			"files lie in the clear", "internal/blob/sealed.go",
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
			"a broken font ends whoever shapes it", "internal/export/pdf/line.go",
			"if broken := recover(); broken != nil {", "if broken := any(nil); broken != nil {",
			"./internal/export/pdf", "TestBrokenFontIsAnError", "one file in a folder of fonts stops every worker",
		},
		{
			"a font may name more characters than there are", "internal/fontdir/scan.go",
			"for range unicode.MaxRune + 1 {", "for {",
			"./internal/fontdir", "TestBrokenFonts", "one file in a folder of fonts keeps everybody waiting",
		},
		{
			"uploads fill the disk", "internal/web/admin_import_room.go",
			"if !known || room >= more+uploadReserve {", "if !known || room >= more {",
			"./internal/web", "TestUploadsNeedRoom", "no file can be exported any more",
		},
		{
			"one person keeps any number of uploads", "internal/card/import_room.go",
			"case open.N >= mostUploads:", "case open.N < 0:",
			"./internal/card", "TestUploadsOfOnePersonAreBounded", "one member of staff fills the disk",
		},
		{
			"every bad row of a file is kept", "internal/card/import_left.go",
			"l.kept >= mostProblems && l.counts", "l.kept < 0 && l.counts",
			"./internal/card", "TestProblemsAreBounded", "a million bad rows stay for ever",
		},
	}
}
