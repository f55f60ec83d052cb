package approval

// The details of requests that several packages read. Stored rows contain them: fields may
// be added, never renamed.

// ImportFacts are the details of an import of cards.
type ImportFacts struct {
	File   string `json:"file"`
	Active bool   `json:"active"` // the cards are to be redeemable at once
	Run    int32  `json:"run"`    // the dry run that found what it is worth
}

// BalancesFacts are the details of an import of customers with opening balances.
type BalancesFacts struct {
	Import    int64  `json:"import"` // the id of the import that asks
	Run       int32  `json:"run"`    // of its dry run
	File      string `json:"file"`
	Customers int64  `json:"customers"`
	Credits   int64  `json:"credits"` // total credited to customers, in minor units
	Debts     int64  `json:"debts"`   // total owed by customers, in minor units; Request.Value is Credits plus Debts
}
