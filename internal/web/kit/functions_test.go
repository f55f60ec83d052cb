package kit

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/blob"
	"refill/internal/dbtest"
	"refill/internal/setting"
)

func TestNumber(t *testing.T) {
	t.Parallel()
	for v, want := range map[any]string{0: "0", int64(1_000_000): "1,000,000", int32(-1234): "−1,234", uint8(7): "7", 999: "999"} {
		got, err := Number(v)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := Number("12")
	require.Error(t, err)

	word, err := Plural(1, "card", "cards")
	require.NoError(t, err)
	require.Equal(t, "card", word)
	word, err = Plural(int64(1000), "card", "cards")
	require.NoError(t, err)
	require.Equal(t, "cards", word)
}

func TestAgo(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for d, want := range map[time.Duration]string{
		3 * time.Second: "just now", -3 * time.Second: "just now", 40 * time.Second: "40 s ago",
		5 * time.Minute: "5 min ago", 3 * time.Hour: "3 h ago", 30 * time.Hour: "1 day ago",
		100 * time.Hour: "4 days ago", -90 * time.Minute: "in 1 h", 60 * 24 * time.Hour: "23 Sep 2026",
	} {
		require.Equal(t, want, ago(now, now.Add(-d)), d.String())
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{999: "999 B", 1500: "2 kB", 12_340_000: "12.3 MB", 5_000_000_000: "5.0 GB"} {
		require.Equal(t, want, blob.SizeText(n))
	}
}

func TestLocalTime(t *testing.T) {
	t.Parallel()
	pool := dbtest.Pool(t)
	_, err := pool.Exec(t.Context(), `insert into setting (name, value) values ('time_zone', '"Asia/Kathmandu"')`)
	require.NoError(t, err)
	s := &Kit{Config: Config{Settings: setting.NewStore(pool, time.Now), Now: time.Now}}
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	require.Equal(t, "17:45", s.Local(at).Format("15:04"), "the installation's zone")
	require.Equal(t, "13:00", s.Local(at.In(Zone("Europe/Berlin"))).Format("15:04"), "a zone of its own")
	require.Equal(t, "12:00", s.Local(at.In(Zone("UTC"))).Format("15:04"), "UTC on purpose")
	require.Equal(t, "12:00", at.In(Zone("No/Such")).Format("15:04"))
}
