package approval

// What requests keep of what exactly was asked for, for kinds that several packages
// read. Fields are only added, never renamed: rows hold them.

// ImportFacts are those of an import of cards.
type ImportFacts struct {
	File   string `json:"file"`
	Active bool   `json:"active"` // its cards are to be redeemable at once
	Run    int32  `json:"run"`    // the dry run that found what it is worth
}

// BalancesFacts are those of customers that come with opening balances.
type BalancesFacts struct {
	Import    int64  `json:"import"` // the id of the import that asks
	Run       int32  `json:"run"`    // of its dry run
	File      string `json:"file"`
	Customers int64  `json:"customers"`
	Credits   int64  `json:"credits"` // together, in minor units: what customers are credited
	Debts     int64  `json:"debts"`   // together, in minor units: what customers owe; Request.Value is both added up
}
