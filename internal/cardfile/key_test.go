package cardfile_test

import (
	"reflect"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/cardfile"
	"refill/internal/db"
	"refill/internal/render"
)

// The key of a form that is sent again with any other choice is refused; with the same
// choice it is answered with the file that was asked for.
func TestKeyOfAnExportWithOtherChoices(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s, key := b.series(t, 9), uuid.New()
	o := cardfile.Options{Layout: "a4-2x5", Locked: true, Password: cardfile.NewPassword("heron basket"), First: 1, Last: 5, Reason: "for the printer"}
	id, err := b.files.Request(t.Context(), b.admin, s.ID, "pdf", o, key)
	require.NoError(t, err)
	others := map[string]func(*cardfile.Options){
		"Layout":    func(o *cardfile.Options) { o.Layout = "letter-2x5" },
		"BothSides": func(o *cardfile.Options) { o.BothSides = true },
		"QR":        func(o *cardfile.Options) { o.QR = render.QRNone },
		"OffsetX":   func(o *cardfile.Options) { o.OffsetX = 1.5 },
		"OffsetY":   func(o *cardfile.Options) { o.OffsetY = 1.5 },
		"Parts":     func(o *cardfile.Options) { o.Parts = true },
		"Columns":   func(o *cardfile.Options) { o.Columns = []string{"remark"} },
		"Delimiter": func(o *cardfile.Options) { o.Delimiter = ";" },
		"Encoding":  func(o *cardfile.Options) { o.Encoding = "utf-16" },
		"ShopID":    func(o *cardfile.Options) { o.ShopID = "x" },
		"Shop":      func(o *cardfile.Options) { o.Shop = "x" },
		"SealedAs":  func(o *cardfile.Options) { o.SealedAs = ".age" },
		"Locked":    func(o *cardfile.Options) { o.Locked = false },
		"Password":  func(o *cardfile.Options) { o.Password = cardfile.NewPassword("heron bucket") },
		"First":     func(o *cardfile.Options) { o.First = 2 },
		"Last":      func(o *cardfile.Options) { o.Last = 6 },
		"States":    func(o *cardfile.Options) { o.States = []db.CardState{db.CardStateDisabled} },
		"Reason":    func(o *cardfile.Options) { o.Reason = "for another printer" },
	}
	for field := range reflect.TypeFor[cardfile.Options]().Fields() {
		require.Contains(t, others, field.Name, "what a choice gets later counts as well")
	}
	for name, alter := range others {
		other := o
		alter(&other)
		_, err := b.files.Request(t.Context(), b.admin, s.ID, "pdf", other, key)
		require.ErrorIs(t, err, cardfile.ErrKey, name)
	}
	other := b.series(t, 9)
	_, err = b.files.Request(t.Context(), b.admin, other.ID, "pdf", o, key)
	require.ErrorIs(t, err, cardfile.ErrKey)
	_, err = b.files.Request(t.Context(), b.admin, s.ID, "csv", o, key)
	require.ErrorIs(t, err, cardfile.ErrKey)
	_, err = b.files.Request(t.Context(), b.person(t, "other"), s.ID, "pdf", o, key)
	require.ErrorIs(t, err, cardfile.ErrState)
	same, err := b.files.Request(t.Context(), b.admin, s.ID, "pdf", o, key)
	require.NoError(t, err)
	require.Equal(t, id, same)
	var printed bool
	require.NoError(t, b.pool.QueryRow(t.Context(), `select exists (select from form_print where print = sha256('heron basket'))`).Scan(&printed))
	require.False(t, printed)
}

// Long after, when the print of the form is gone, the choice that the export keeps is
// what counts.
func TestKeyOfAnExportOfLongAgo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.printShop(t)
	for name, one := range map[string]struct {
		series db.Series
		format string
		asked  cardfile.Options
	}{
		"nothing chosen":  {b.series(t, 5), "csv", cardfile.Options{Reason: " for the printer "}},
		"chosen":          {b.series(t, 5), "pdf", cardfile.Options{Layout: "a4-2x5", OffsetX: 1.5, States: []db.CardState{db.CardStateActive}}},
		"for a shop":      {b.series(t, 5), "csv", cardfile.Options{ShopID: "one", Columns: []string{"link"}}},
		"printed once":    {b.series(t, 5, once), "csv", cardfile.Options{}},
		"with a password": {b.series(t, 5), "pdf", cardfile.Options{Locked: true, Password: cardfile.NewPassword("heron basket")}},
	} {
		key := uuid.New()
		id, err := b.files.Request(t.Context(), b.admin, one.series.ID, one.format, one.asked, key)
		require.NoError(t, err, name)
		_, err = b.pool.Exec(t.Context(), `delete from form_print`) // housekeeping
		require.NoError(t, err)
		same, err := b.files.Request(t.Context(), b.admin, one.series.ID, one.format, one.asked, key)
		require.NoError(t, err, name)
		require.Equal(t, id, same, name)
		for what, alter := range map[string]func(*cardfile.Options){
			"serials": func(o *cardfile.Options) { o.First = 2 },
			"columns": func(o *cardfile.Options) { o.Columns = []string{"partner"} },
			"reason":  func(o *cardfile.Options) { o.Reason = "for another printer" },
		} {
			other := one.asked
			alter(&other)
			_, err = b.files.Request(t.Context(), b.admin, one.series.ID, one.format, other, key)
			require.ErrorIs(t, err, cardfile.ErrKey, "%s, other %s", name, what)
		}
	}
}
