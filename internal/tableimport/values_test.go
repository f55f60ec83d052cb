package tableimport_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/tableimport"
)

func amount(text, currency string, decimal tableimport.Decimal) string {
	v := tableimport.ReadAmount(text, currency, decimal)
	if v.State != tableimport.Good {
		return string(v.Reason)
	}
	return fmt.Sprint(v.Minor)
}

// An amount is read in the one way in which it can be, or not at all.
func TestAmounts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, currency string
		decimal        tableimport.Decimal
		want           string
	}{
		{"10", "USD", "", "1000"},
		{"10.50", "USD", "", "1050"},
		{"10,50", "USD", "", "1050"},
		{"10,5", "USD", "", "1050"},
		{"10.0000", "USD", "", "1000"},
		{"10.000", "USD", "", "open_decimal"},
		{"10.000", "USD", tableimport.Point, "1000"},
		{"10.000", "USD", tableimport.Comma, "1000000"},
		{"10,000", "USD", "", "open_decimal"},
		{"10.000", "USD", tableimport.Each, "open_decimal"},
		{"1.234", "USD", "", "123400"},
		{"1,234", "USD", "", "123400"},
		{"1.234", "USD", tableimport.Point, "bad_amount"},
		{"10,50", "USD", tableimport.Point, "bad_amount"},
		{"10.50", "USD", tableimport.Comma, "bad_amount"},
		{"1.234.567", "USD", "", "123456700"},
		{"1,234.50", "USD", "", "123450"},
		{"1.234,50", "USD", "", "123450"},
		{"1,00,000.00", "USD", "", "10000000"},
		{"1,00,000", "INR", "", "10000000"},
		{"1'000.50", "CHF", "", "100050"},
		{"1’000.50", "CHF", "", "100050"},
		{"1 000,50", "EUR", "", "100050"},
		{"1\u00a0000,50", "EUR", "", "100050"},
		{"1\u202f000,50 €", "EUR", "", "100050"},
		{"0.500", "USD", "", "50"},
		{"0,500", "USD", "", "50"},
		{"EC$ 10.50", "XCD", "", "1050"},
		{"XCG 10.50", "XCG", "", "1050"},
		{"ZiG 10.50", "ZWG", "", "1050"},
		{"1.2345", "CLF", "", "12345"},
		{"10.000", "IDR", "", "1000000"},
		{"Rp10.000", "IDR", "", "1000000"},
		{"Rp. 10.000", "IDR", "", "1000000"},
		{"Rp 10.000,00", "IDR", "", "1000000"},
		{"IDR 10,000", "IDR", "", "1000000"},
		{"10000.00", "IDR", "", "1000000"},
		{"10.000", "JPY", "", "10000"},
		{"¥10,000", "JPY", "", "10000"},
		{"10.000", "KWD", "", "10000"},
		{"1.250", "KWD", "", "1250"},
		{"10,000", "KWD", "", "open_decimal"},
		{"10,000", "TND", tableimport.Comma, "10000"},
		{"$10", "USD", "", "1000"},
		{"10 $", "CAD", "", "1000"},
		{"US$ 10", "USD", "", "1000"},
		{"R$ 10,50", "BRL", "", "1050"},
		{"10 €", "USD", "", "wrong_currency"},
		{"EUR 10", "USD", "", "wrong_currency"},
		{"10 eur", "USD", "", "wrong_currency"},
		{"€ 10.50", "EUR", "", "1050"},
		{"10 kr", "SEK", "", "1000"},
		{"10 kr", "USD", "", "wrong_currency"},
		{"10 usd", "USD", "", "1000"},
		{"١٠٫٥٠", "USD", "", "1050"},
		{"١٬٢٥٠٫٥٠", "USD", "", "125050"},
		{"۱۰.۵۰", "USD", "", "1050"},
		{"१०.५०", "USD", "", "1050"},
		{"１０．５０", "USD", "", "1050"},
		{"\u200e10.50\u200f", "USD", "", "1050"},
		{`"10.50"`, "USD", "", "1050"},
		{"'10", "USD", "", "1000"},
		{"10,-", "EUR", "", "1000"},
		{"-10", "USD", "", "negative"},
		{"−10", "USD", "", "negative"},
		{"(10.00)", "USD", "", "negative"},
		{"10-", "USD", "", "negative"},
		{"0", "USD", "", "zero"},
		{"0.00", "USD", "", "zero"},
		{"1E+05", "USD", "", "scientific"},
		{"1e2", "USD", "", "scientific"},
		{"1,5E+3", "USD", "", "scientific"},
		{"10/5", "USD", "", "bad_amount"},
		{"10 + 5", "USD", "", "bad_amount"},
		{"10 USD 2", "USD", "", "bad_amount"},
		{".10", "USD", "", "bad_amount"},
		{"10.", "USD", "", "bad_amount"},
		{"10 5", "USD", "", "bad_amount"},
		{"10..5", "USD", "", "bad_amount"},
		{"10.00.00", "USD", "", "bad_amount"},
		{"1,2,3", "USD", "", "bad_amount"},
		{"10%", "USD", "", "bad_amount"},
		{"10 pieces", "USD", "", "bad_amount"},
		{"ten", "USD", "", "bad_amount"},
		{"0x10", "USD", "", "bad_amount"},
		{"92233720368547758.08", "USD", "", "bad_amount"},
		{"1.5", "JPY", "", "bad_amount"},
		{"10.001", "USD", tableimport.Point, "bad_amount"},
		{"1:30", "USD", "", "bad_amount"},
		{"10k", "USD", "", "bad_amount"},
	} {
		require.Equal(t, c.want, amount(c.text, c.currency, c.decimal), "%q in %s with %q", c.text, c.currency, c.decimal)
	}
}

func date(text string, order tableimport.DateOrder) string {
	v := tableimport.ReadDate(text, order)
	switch {
	case v.None:
		return "none"
	case v.State != tableimport.Good:
		return string(v.Reason)
	case v.Clock > 0:
		return v.Day.Add(v.Clock).Format(time.DateTime)
	}
	return v.Day.Format(time.DateOnly)
}

// A day is read as people and programs write it.
func TestDates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text  string
		order tableimport.DateOrder
		want  string
	}{
		{"2027-12-31", "", "2027-12-31"},
		{"2027/12/31", "", "2027-12-31"},
		{"2027.12.31", "", "2027-12-31"},
		{"2027-12-31", "mdy", "2027-12-31"},
		{"2027-2-3", "", "2027-02-03"},
		{"31-Dec-2027", "", "2027-12-31"},
		{"31-Dec-27", "", "2027-12-31"},
		{"31 December 2027", "", "2027-12-31"},
		{"Dec 31, 2027", "", "2027-12-31"},
		{"December 31st, 2027", "", "2027-12-31"},
		{"Fri, 31 Dec 2027", "", "2027-12-31"},
		{"dec/31/2027", "", "2027-12-31"},
		{"dec/31/2027 23:59:59", "", "2027-12-31 23:59:59"},
		{"2027-Dec-31", "", "2027-12-31"},
		{"31.12.2027", "", "2027-12-31"},
		{"12/31/2027", "", "2027-12-31"},
		{"12/31/2027", "dmy", "bad_date"},
		{"31/12/2027", "mdy", "bad_date"},
		{"05/06/2027", "", "open_date"},
		{"05/06/2027", "open", "open_date"},
		{"05/06/2027", "dmy", "2027-06-05"},
		{"05/06/2027", "mdy", "2027-05-06"},
		{"05/05/2027", "", "2027-05-05"},
		{"31/12/27", "", "2027-12-31"},
		{"05/06/27", "dmy", "2027-06-05"},
		{"27-06-30", "", "open_date"},
		{"27-06-30", "ymd", "2027-06-30"},
		{"2027-12-31T23:59:59Z", "", "2027-12-31 23:59:59"},
		{"2027-12-31T23:59:59.123+02:00", "", "2027-12-31 23:59:59"},
		{"2027-12-31 23:59", "", "2027-12-31 23:59:00"},
		{"2027-12-31 23:59:59 UTC", "", "2027-12-31 23:59:59"},
		{"31/12/2027 11:30 PM", "", "2027-12-31 23:30:00"},
		{"12/31/2027, 12:05:00 AM", "", "2027-12-31 00:05:00"},
		{"20271231", "", "2027-12-31"},
		{"20271231235959", "", "2027-12-31 23:59:59"},
		{"46568", "", "2027-06-30"},
		{"46568.5", "", "2027-06-30 12:00:00"},
		{"31 de diciembre de 2027", "", "2027-12-31"},
		{"31 dic 2027", "", "2027-12-31"},
		{"31 décembre 2027", "", "2027-12-31"},
		{"1er août 2027", "", "2027-08-01"},
		{"31 févr. 2027", "", "bad_date"},
		{"28 févr. 2027", "", "2027-02-28"},
		{"31 de dezembro de 2027", "", "2027-12-31"},
		{"31. Dezember 2027", "", "2027-12-31"},
		{"1. März 2027", "", "2027-03-01"},
		{"31 ديسمبر 2027", "", "2027-12-31"},
		{"٣١ ديسمبر ٢٠٢٧", "", "2027-12-31"},
		{"٢٠٢٧-١٢-٣١", "", "2027-12-31"},
		{"31 كانون الأول 2027", "", "2027-12-31"},
		{"31 Desember 2027", "", "2027-12-31"},
		{"17 Agustus 2027", "", "2027-08-17"},
		{"\u200e2027-06-30\u200f", "", "2027-06-30"},
		{" \u00a02027-06-30", "", "2027-06-30"},
		{"'2027-06-30", "", "2027-06-30"},
		{"0000-00-00", "", "none"},
		{"0000-00-00 00:00:00", "", "none"},
		{"00/00/0000", "", "none"},
		{"00.00.0000", "dmy", "none"},
		{"0", "", "none"},
		{"9999-12-31", "", "none"},
		{"1970-01-01", "", "none"},
		{"never", "", "none"},
		{"Unlimited", "", "none"},
		{"nunca", "", "none"},
		{"2027-02-30", "", "bad_date"},
		{"2027-13-01", "", "bad_date"},
		{"31/31/2027", "", "bad_date"},
		{"1406/04/09", "", "bad_date"},
		{"2570-06-30", "", "bad_date"},
		{"1999-12-31", "", "bad_date"},
		{"30 days", "", "bad_date"},
		{"1d 00:00:00", "", "bad_date"},
		{"4w2d", "", "bad_date"},
		{"2027", "", "bad_date"},
		{"06/2027", "", "bad_date"},
		{"12345678", "", "bad_date"},
		{"5", "", "bad_date"},
		{"soon", "", "bad_date"},
		{"2027-06-30 25:00", "", "bad_date"},
		{"482915663012", "", "bad_date"},
		{"1.23E+11", "", "bad_date"},
	} {
		require.Equal(t, c.want, date(c.text, c.order), "%q as %q", c.text, c.order)
	}
}
