package main

// importMutants take out what keeps a file from making money that it does not prove.
func importMutants() []mutant {
	return []mutant{
		{
			"a file that says two things of one code is taken by its first row", "internal/card/import_check.go",
			"	return c.against.fault()\n", "	return nil\n",
			"./internal/card", "TestContradictingRowsStopAnImport", "a list of events makes money of every used card",
		},
		{
			"what is confirmed is whatever was read last", "internal/card/import.go",
			"		if imp.Run != run {\n", "		if imp.Run < run {\n",
			"./internal/web", "TestConfirmedIsWhatWasShown", "a page says 120.00, and 12,000.00 come in",
		},
		{
			"what is confirmed of customers is whatever was read last", "internal/customerimport/confirm.go",
			" || imp.Run != run {", " {",
			"./internal/web", "TestConfirmedIsWhatWasShown", "a page says 4.00, and 4,000.00 are credited",
		},
	}
}
