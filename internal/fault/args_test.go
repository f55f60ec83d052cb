package fault_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/fault"
	"refill/internal/money"
)

// Arguments are written as the pages write such values, and in the log as a machine
// reads them.
func TestArgs(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	at := time.Date(2026, 7, 4, 13, 5, 0, 0, time.UTC)
	amount := money.Amount{Minor: -125_000, Currency: "USD"}
	for _, c := range []struct {
		value       fault.Value
		pages, logs string
	}{
		{fault.Number(1_000_000), "1,000,000", "1000000"},
		{fault.Number(-1_000), "-1,000", "-1000"},
		{fault.Numbers{}, "", ""},
		{fault.Numbers{7}, "7", "7"},
		{fault.Numbers{3, 5, 1_200}, "3, 5 and 1,200", "3, 5 and 1,200"},
		{fault.Money(amount), "USD −1,250.00", "USD -1250.00"},
		{fault.Figure(amount), "−1,250.00", "-1250.00"},
		{fault.Size(999), "999 B", "999"},
		{fault.Size(12_345_678), "12.3 MB", "12345678"},
		{fault.Duration(time.Hour), "1 hour", "1h0m0s"},
		{fault.Duration(90 * time.Minute), "90 minutes", "1h30m0s"},
		{fault.Duration(30 * time.Second), "30 seconds", "30s"},
		{fault.Day(at), "4 Jul 2026", "2026-07-04"},
		{fault.Time(at.In(berlin)), "4 July 2026 at 15:05", "2026-07-04T15:05:00+02:00"},
		{fault.Time(at.Add(time.Second).In(berlin)), "4 July 2026 at 15:06", "2026-07-04T15:05:01+02:00"},
		{fault.Clock(at.In(berlin)), at.In(berlin).Format("15:04:05") + " CEST", "2026-07-04T15:05:00+02:00"},
		{fault.ZonedTime(at.In(berlin)), "4 July 2026 at 15:05 CEST", "2026-07-04T15:05:00+02:00"},
		{fault.Text("4FR2-9XKM"), "4FR2-9XKM", "…"},
		{fault.Name("EUR"), "EUR", "EUR"},
	} {
		f := fault.New(fault.Invalid, "a", "{v}").With("v", c.value)
		require.Equal(t, c.pages, f.Text())
		require.Equal(t, "a (v="+c.logs+")", f.Error())
	}
}

func TestWith(t *testing.T) {
	t.Parallel()
	f := fault.New(fault.Invalid, "order_quantity", "Order {least} to {most} cards.")
	one := f.With("least", fault.Number(1))
	full := one.With("most", fault.Number(9_000))
	require.Equal(t, "Order 1 to 9,000 cards.", full.Text())
	require.Equal(t, "Order 1 to {most} cards.", one.Text())
	require.Empty(t, f.Args, "the original is not changed")
	require.Equal(t, []fault.Arg{{Name: "least", Value: fault.Number(1)}, {Name: "most", Value: fault.Number(9_000)}}, full.Args, "in order")
	require.ErrorIs(t, full, f)
	require.Equal(t, "order_quantity (least=1 most=9000): boom", full.Because(errors.New("boom")).Error())
	three := full.With("third", fault.Number(3))
	four, five := three.With("fourth", fault.Number(4)), three.With("fourth", fault.Number(5))
	require.Equal(t, fault.Number(4), four.Args[3].Value, "two copies share no memory")
	require.Equal(t, fault.Number(5), five.Args[3].Value)
	require.Equal(t, "Text of {most} may hold braces", fault.New(fault.Invalid, "a", "Text of {v}").With("v", fault.Text("{most} may hold braces")).With("most", fault.Number(1)).Text())
}

func TestPlural(t *testing.T) {
	t.Parallel()
	f := fault.New(fault.Conflict, "a", "{n, plural, one {# card of {owner} waits} other {# cards of {owner} wait}} for {days} days.").
		With("owner", fault.Name("Nord")).With("days", fault.Number(2))
	require.Equal(t, "1 card of Nord waits for 2 days.", f.With("n", fault.Number(1)).Text())
	require.Equal(t, "1,200 cards of Nord wait for 2 days.", f.With("n", fault.Number(1200)).Text())
	require.Equal(t, "0 cards of Nord wait for 2 days.", f.With("n", fault.Number(0)).Text())
}

// A catalogue is made of patterns: whole sentences, one for each plural form.
func TestParse(t *testing.T) {
	t.Parallel()
	p, err := fault.Parse("{n, plural, one {Row {row} says} other {# rows say}} more than {most}.")
	require.NoError(t, err)
	require.Equal(t, fault.Pattern{Count: "n", One: "Row {row} says more than {most}.", Other: "{n} rows say more than {most}.", Names: []string{"n", "row", "most"}}, p)
	p, err = fault.Parse("It’s like #1f4e79.")
	require.NoError(t, err)
	require.Equal(t, fault.Pattern{Other: "It’s like #1f4e79."}, p)
	for _, bad := range []string{
		"{", "}", "{a b}", "{}", "{A}", "{n, plural, other {x}}", "{n, plural, one {x}}",
		"{n, plural, one {# a} other {# b}} and {m, plural, one {# c} other {# d}}",
	} {
		_, err := fault.Parse(bad)
		require.Error(t, err, bad)
		require.Equal(t, bad, fault.New(fault.Invalid, "a", bad).Text(), "and is shown as it is")
	}
}
