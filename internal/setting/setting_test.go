package setting_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/dbtest"
	"refill/internal/fault"
	"refill/internal/setting"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// untouched are the settings of a database for tests.
func untouched() setting.Settings {
	s := setting.Default()
	s.CurrencyConfirmed = true
	return s
}

func TestChange(t *testing.T) {
	t.Parallel()
	tx := dbtest.Tx(t)
	store := setting.NewStore(tx, time.Now)
	got, err := store.Get(t.Context())
	require.NoError(t, err)
	require.Equal(t, untouched(), got)

	require.NoError(t, store.Change(t.Context(), audit.System(), func(s *setting.Settings) { s.FileHours, s.RefillCards = 48, false }))
	got, err = store.Get(t.Context())
	require.NoError(t, err)
	want := untouched()
	want.FileHours, want.RefillCards = 48, false
	require.Equal(t, want, got, "the one who changed it sees it at once")

	var rows int
	var detail string
	require.NoError(t, tx.QueryRow(t.Context(), `select (select count(*) from setting), detail::text from audit where action = 'setting.changed'`).Scan(&rows, &detail))
	require.Equal(t, 3, rows, "a setting with its default value has no row")
	require.JSONEq(t, `{"file_hours": 48, "refill_cards": false}`, detail)

	require.NoError(t, store.Change(t.Context(), audit.System(), func(*setting.Settings) {}))
	var changes int
	require.NoError(t, tx.QueryRow(t.Context(), `select count(*) from audit where action = 'setting.changed'`).Scan(&changes))
	require.Equal(t, 1, changes, "no change, no line")
}

func TestCacheEnds(t *testing.T) {
	t.Parallel()
	tx := dbtest.Tx(t)
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	here := setting.NewStore(tx, func() time.Time { return now })
	elsewhere := setting.NewStore(tx, func() time.Time { return now })
	_, err := here.Get(t.Context())
	require.NoError(t, err)
	require.NoError(t, elsewhere.Change(t.Context(), audit.System(), func(s *setting.Settings) { s.Brand = "Northlight" }))
	got, err := here.Get(t.Context())
	require.NoError(t, err)
	require.Equal(t, "Refill", got.Brand)
	now = now.Add(3 * time.Second)
	got, err = here.Get(t.Context())
	require.NoError(t, err)
	require.Equal(t, "Northlight", got.Brand)
}

// Currencies that are new in ISO 4217, and those without or with four decimals.
func TestCurrencies(t *testing.T) {
	t.Parallel()
	store := setting.NewStore(dbtest.Tx(t), time.Now)
	for _, code := range []string{"XCD", "XCG", "ZWG", "SLE", "VED", "UGX", "CLF"} {
		require.NoError(t, store.Change(t.Context(), audit.System(), func(s *setting.Settings) { s.Currency = code }), code)
		got, err := store.Get(t.Context())
		require.NoError(t, err)
		require.Equal(t, code, got.Currency)
	}
}

func TestChangeRefuses(t *testing.T) {
	t.Parallel()
	tx := dbtest.Tx(t)
	store := setting.NewStore(tx, time.Now)
	for field, spoil := range map[string]func(*setting.Settings){
		"brand":         func(s *setting.Settings) { s.Brand = "" },
		"currency":      func(s *setting.Settings) { s.Currency = "XXX" },
		"time_zone":     func(s *setting.Settings) { s.TimeZone = "Mars/Olympus" },
		"file_hours":    func(s *setting.Settings) { s.FileHours = 0 },
		"guesses_daily": func(s *setting.Settings) { s.GuessesDaily = -1 },
	} {
		faults := fault.All(store.Change(t.Context(), audit.System(), spoil))
		require.Len(t, faults, 1, field)
		require.Equal(t, field, faults[0].Field)
	}
	got, err := store.Get(t.Context())
	require.NoError(t, err)
	require.Equal(t, untouched(), got, "nothing is half done")
}

func TestQuestionableAddress(t *testing.T) {
	t.Parallel()
	for address, questionable := range map[string]bool{
		"": false, "https://refill.example.net": false, "https://refill.example.net:8443": false, "https://203.0.113.7": false,
		"http://refill.example.net": true, "https://localhost": true, "https://cards.localhost": true, "http://127.0.0.1:8080": true,
		"https://127.9.0.1": true, "https://[::1]:8080": true, "http://0.0.0.0": true,
	} {
		require.Equal(t, questionable, setting.QuestionableAddress(address), address)
		s := setting.Default()
		require.Equal(t, questionable, s.CheckAddress(address) != nil, address)
		s.ConfirmedAddress = address
		require.NoError(t, s.CheckAddress(address), "it is confirmed")
	}
}
