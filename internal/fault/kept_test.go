package fault_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/fault"
	"refill/internal/money"
)

// What is kept in the database reads as it was, with every type of argument.
func TestKept(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	at := time.Date(2026, 7, 4, 13, 5, 0, 0, time.UTC)
	amount := money.Amount{Minor: 125_050, Currency: "USD"}
	for _, value := range []fault.Value{
		fault.Number(1_000),
		fault.Numbers{3, 5},
		fault.Money(amount), fault.Figure(amount), fault.Size(12_345_678),
		fault.Duration(time.Minute), fault.Day(at), fault.Time(at.In(berlin)), fault.ZonedTime(at.In(berlin)), fault.ZonedTime(at), fault.Clock(at.In(berlin)),
		fault.Text("a “text” {of} <ours>"), fault.Name("EUR"),
	} {
		f := fault.Field("file", "import_broken", "{n, plural, one {Row {v}} other {# rows, such as {v}}}.").With("v", value).With("n", fault.Number(2))
		got := fault.Kept(f.Because(errors.New("a secret")).Keep())
		require.Equal(t, f.Text(), got.Text())
		require.ErrorIs(t, got, f)
		require.IsType(t, value, got.Args[0].Value)
		require.Equal(t, f.Error(), got.Error(), "the log has the same, and no cause")
	}
}

func TestKeptText(t *testing.T) {
	t.Parallel()
	require.Nil(t, fault.Kept(""))
	require.Empty(t, fault.Kept("").Text())
	for _, text := range []string{"The disk is full.", `{"a": 1}`, "{", "Rows {n} to {m}"} {
		require.Equal(t, text, fault.Kept(text).Text(), "as an earlier version wrote it")
	}
	later := fault.Kept(`{"code":"a","message":"At {v}.","args":[{"name":"v","type":"later","value":7}]}`)
	require.Equal(t, "At 7.", later.Text(), "as a later version wrote it")
}
