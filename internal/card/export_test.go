package card

// DrawForTest draws a well-formed code that is no card's.
func DrawForTest() Code { return (&drawer{}).draw(Format{Letters, 16}) }

// UsualForTest is the format that codes have by default.
func UsualForTest() []Format { return []Format{{Letters, 16}} }
