package card

// DrawForTest draws a well-formed code that is no card's.
func DrawForTest() Code { return (&drawer{}).draw(CodeLength) }
