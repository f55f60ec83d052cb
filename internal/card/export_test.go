package card

import "refill/internal/cardcode"

// DrawForTest draws a well-formed code that is no card's.
func DrawForTest() cardcode.Code {
	return (&cardcode.Drawer{}).Draw(cardcode.Format{Alphabet: cardcode.Letters, Length: 16})
}

// UsualForTest is the format that codes have by default.
func UsualForTest() []cardcode.Format {
	return []cardcode.Format{{Alphabet: cardcode.Letters, Length: 16}}
}
