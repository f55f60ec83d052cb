package tableimport

// Reason is why a row or a value is left out. It is stored.
type Reason string

// The reasons. A reason up to ReasonTotal means that the row does not belong to the table.
const (
	ReasonComment     Reason = "comment"
	ReasonTitle       Reason = "title"
	ReasonHeading     Reason = "heading"
	ReasonTotal       Reason = "total"
	ReasonSwallowed   Reason = "swallowed"
	ReasonHidden      Reason = "hidden"
	ReasonMissing     Reason = "missing"
	ReasonPlaceholder Reason = "placeholder"
	ReasonSheetError  Reason = "sheet_error"
	ReasonScientific  Reason = "scientific"
	ReasonLostDigits  Reason = "lost_digits"
	ReasonLostZeros   Reason = "lost_zeros"
	ReasonMasked      Reason = "masked"
	ReasonNumber      Reason = "number"
	ReasonShape       Reason = "shape"
	ReasonWord        Reason = "word"
	ReasonAmount      Reason = "bad_amount"
	ReasonNegative    Reason = "negative"
	ReasonZero        Reason = "zero"
	ReasonCurrency    Reason = "wrong_currency"
	ReasonOpenDecimal Reason = "open_decimal"
	ReasonDate        Reason = "bad_date"
	ReasonOpenDate    Reason = "open_date"
	ReasonCentury     Reason = "open_century"
	ReasonStatus      Reason = "status_unknown"
	ReasonOpenStatus  Reason = "status_open"
	ReasonLong        Reason = "too_long"
)

// Words returns the reason as text for staff, with advice where there is any.
func (r Reason) Words() string {
	switch r {
	case ReasonComment:
		return "is a comment"
	case ReasonTitle:
		return "is a title above the table"
	case ReasonHeading:
		return "is a row of headings"
	case ReasonTotal:
		return "is a total"
	case ReasonSwallowed:
		return "a quotation mark joins several lines to one row; correct the quotation marks in the file, or remove them"
	case ReasonHidden:
		return "is hidden in the sheet, by a filter or by hand; show it and save the file again if it belongs to the table"
	case ReasonMissing:
		return "has no value"
	case ReasonPlaceholder:
		return "stands for no value"
	case ReasonSheetError:
		return "is an error of the spreadsheet; correct it there and save the file again"
	case ReasonScientific:
		return "was shortened by a spreadsheet, which has lost the digits; export the file again with this column as text"
	case ReasonLostDigits:
		return "has zeros for its last digits, which a spreadsheet has lost; export the file again with this column as text"
	case ReasonLostZeros:
		return "is shorter than the others, as if a spreadsheet had taken off its leading zeros; export the file again with this column as text"
	case ReasonMasked:
		return "has symbols that are hidden; export the file again with whole codes, or tick it if it is right"
	case ReasonNumber:
		return "is written as a number, such as 12,345 or 12345.0; export the file again with this column as text"
	case ReasonShape:
		return "differs in length or symbols from the rest of the file; tick it if it is right"
	case ReasonWord:
		return "is a word, not a code; tick it if it is right"
	case ReasonAmount:
		return "is not an amount"
	case ReasonNegative:
		return "is negative"
	case ReasonZero:
		return "is zero"
	case ReasonCurrency:
		return "is in another currency"
	case ReasonOpenDecimal:
		return "can be read as two amounts; choose the decimal sign"
	case ReasonDate:
		return "is not a date"
	case ReasonOpenDate:
		return "can be read as two dates; choose the order of day and month"
	case ReasonCentury:
		return "has a year of two digits that may be of either century; write the year with four digits"
	case ReasonStatus:
		return "is not a known status; choose what it means"
	case ReasonOpenStatus:
		return "can mean either; choose what it means"
	case ReasonLong:
		return "is too long"
	}
	return string(r)
}
