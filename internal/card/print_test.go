package card_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/card"
	"refill/internal/db"
)

// every fails where a field of a form has no alteration in the test: what a form gets
// later must count as well.
func every(t *testing.T, form any, alterations []string, except ...string) {
	t.Helper()
	known := append(alterations, except...)
	for field := range reflect.TypeOf(form).Fields() {
		if field.IsExported() {
			require.Contains(t, known, field.Name)
		}
	}
}

func names[T any](of map[string]func(*T)) []string {
	var all []string
	for name := range of {
		all = append(all, name)
	}
	return all
}

// The key of a form that is sent again with any other entry is refused, also where the
// entry is wrong by itself; what only looks different is the same.
func TestKeyOfAnOrderWithOtherEntries(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := form(1000)
	f.Partners = []string{fmt.Sprint(b.north.ID), fmt.Sprint(b.south.ID)}
	first, err := b.cards.Order(t.Context(), b.admin, f)
	require.NoError(t, err)
	others := map[string]func(*card.OrderForm){
		"Quantity":  func(f *card.OrderForm) { f.Quantity = "1001" },
		"Prefix":    func(f *card.OrderForm) { f.Prefix += "x" },
		"Price":     func(f *card.OrderForm) { f.Price = "11" },
		"ValidTill": func(f *card.OrderForm) { f.ValidTill = time.Now().AddDate(2, 0, 0).Format(time.DateOnly) },
		"Partners":  func(f *card.OrderForm) { f.Partners = []string{fmt.Sprint(b.north.ID)} },
		"Activate":  func(f *card.OrderForm) { f.Activate = !f.Activate },
		"PrintOnce": func(f *card.OrderForm) { f.PrintOnce = !f.PrintOnce },
	}
	every(t, f, names(others), "Key")
	for name, alter := range others {
		other := f
		alter(&other)
		_, err := b.cards.Order(t.Context(), b.admin, other)
		require.ErrorIs(t, err, card.ErrOrderKeyUsed, name)
	}
	wrong := f
	wrong.Quantity = "many"
	_, err = b.cards.Order(t.Context(), b.admin, wrong)
	require.ErrorIs(t, err, card.ErrOrderKeyUsed)
	same := f
	same.Quantity, same.Partners = " 1,000 ", []string{f.Partners[1], f.Partners[0]}
	again, err := b.cards.Order(t.Context(), b.admin, same)
	require.NoError(t, err)
	require.Equal(t, first, again)
	_, err = b.pool.Exec(t.Context(), `delete from form_print`) // housekeeping, long after
	require.NoError(t, err)
	again, err = b.cards.Order(t.Context(), b.admin, f)
	require.NoError(t, err)
	require.Equal(t, first, again)
}

func TestKeyOfAnOperationWithOtherEntries(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s, another, key := b.series(t, form(9)), b.series(t, form(9)), uuid.New()
	till := func(years int) string { return time.Now().AddDate(years, 0, 0).Format(time.DateOnly) }
	c := card.Operation{SeriesID: s.ID, Operation: db.CardOperationExtend, First: 1, Last: 9, Serials: []int32{2, 4}, ValidTill: till(2)}
	id, err := b.cards.OrderChange(t.Context(), b.admin, c, key)
	require.NoError(t, err)
	others := map[string]func(*card.Operation){
		"SeriesID":  func(c *card.Operation) { c.SeriesID = another.ID },
		"Operation": func(c *card.Operation) { c.Operation = db.CardOperationDisable },
		"First":     func(c *card.Operation) { c.First = 2 },
		"Last":      func(c *card.Operation) { c.Last = 8 },
		"Serials":   func(c *card.Operation) { c.Serials = []int32{2, 4, 6} },
		"Status":    func(c *card.Operation) { c.Status = card.StatusActive },
		"ValidTill": func(c *card.Operation) { c.ValidTill = till(3) },
		"PartnerID": func(c *card.Operation) { c.PartnerID = b.north.ID },
	}
	every(t, c, names(others))
	for name, alter := range others {
		other := c
		alter(&other)
		_, err := b.cards.OrderChange(t.Context(), b.admin, other, key)
		require.ErrorIs(t, err, card.ErrChangeKey, name)
	}
	c.Serials = []int32{4, 2}
	same, err := b.cards.OrderChange(t.Context(), b.admin, c, key)
	require.NoError(t, err)
	require.Equal(t, id, same)
}

func TestKeyOfAnExportWithOtherChoices(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s, key := b.series(t, form(9)), uuid.New()
	o := card.ExportOptions{Layout: "a4", Locked: true, Password: card.NewPassword("heron basket"), First: 1, Last: 5, Reason: "for the printer"}
	id, err := b.cards.RequestExport(t.Context(), b.admin, s.ID, "pdf", o, key)
	require.NoError(t, err)
	others := map[string]func(*card.ExportOptions){
		"Layout":    func(o *card.ExportOptions) { o.Layout = "letter" },
		"BothSides": func(o *card.ExportOptions) { o.BothSides = true },
		"OffsetX":   func(o *card.ExportOptions) { o.OffsetX = 1.5 },
		"OffsetY":   func(o *card.ExportOptions) { o.OffsetY = 1.5 },
		"Parts":     func(o *card.ExportOptions) { o.Parts = true },
		"Columns":   func(o *card.ExportOptions) { o.Columns = []string{"remark"} },
		"Delimiter": func(o *card.ExportOptions) { o.Delimiter = ";" },
		"Encoding":  func(o *card.ExportOptions) { o.Encoding = "utf-16" },
		"ShopID":    func(o *card.ExportOptions) { o.ShopID = "x" },
		"Shop":      func(o *card.ExportOptions) { o.Shop = "x" },
		"SealedAs":  func(o *card.ExportOptions) { o.SealedAs = ".age" },
		"Locked":    func(o *card.ExportOptions) { o.Locked = false },
		"Password":  func(o *card.ExportOptions) { o.Password = card.NewPassword("heron bucket") },
		"First":     func(o *card.ExportOptions) { o.First = 2 },
		"Last":      func(o *card.ExportOptions) { o.Last = 6 },
		"States":    func(o *card.ExportOptions) { o.States = []db.CardState{db.CardStateDisabled} },
		"Reason":    func(o *card.ExportOptions) { o.Reason = "for another printer" },
	}
	every(t, o, names(others))
	for name, alter := range others {
		other := o
		alter(&other)
		_, err := b.cards.RequestExport(t.Context(), b.admin, s.ID, "pdf", other, key)
		require.ErrorIs(t, err, card.ErrExportKey, name)
	}
	same, err := b.cards.RequestExport(t.Context(), b.admin, s.ID, "pdf", o, key)
	require.NoError(t, err)
	require.Equal(t, id, same)
	var printed bool
	require.NoError(t, b.pool.QueryRow(t.Context(), `select exists (select from form_print where print = sha256('heron basket'))`).Scan(&printed))
	require.False(t, printed)
}
