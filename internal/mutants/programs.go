package main

// programMutants returns the mutants that let a program do by the API what it may not, or do
// it twice.
func programMutants() []mutant {
	return []mutant{
		{
			"a repeated request changes a state again", "actedBefore",
			"return known, err", "return false, err",
			"./internal/web", "TestAPISeries", "a line that breaks unlocks a series that was locked for theft meanwhile",
		},
		{
			"a client may what its owner may", "query StaffMay",
			" and @permission::text = any(api_client.permissions)", "",
			"./internal/web", "TestAPIActivatesWithItsOwnPermission", "a key that may order cards brings them into use",
		},
		{
			"a file of codes leaves unencrypted", "ExportFile",
			`if options.ShopID == "" {`, `if options.ShopID == "-" {`,
			"./internal/web", "TestAPIExports", "a stolen key is a box of cards",
		},
		{
			"the version of a customer does not count", "Change",
			"if version != 0 && was.Version != version {", "if version != 0 && was.Version < 0 {",
			"./internal/web", "TestAPICustomers", "a program undoes what a person has just changed",
		},
		{
			"a client reads the requests of others", "query ApprovalOfClient",
			" and a.client_id = @client_id::bigint", " and @client_id::bigint is not null",
			"./internal/web", "TestAPIPaymentWaits", "one program learns what another one asks for",
		},
	}
}
