package card_test

import (
	"crypto/sha256"
	"encoding/hex"
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
	f.Partners = card.Partners{IDs: []int64{b.north.ID, b.south.ID}}
	first, err := b.cards.Order(t.Context(), b.admin, f)
	require.NoError(t, err)
	others := map[string]func(*card.OrderRequest){
		"Quantity":  func(f *card.OrderRequest) { f.Quantity = 1001 },
		"Prefix":    func(f *card.OrderRequest) { f.Prefix += "x" },
		"Price":     func(f *card.OrderRequest) { f.Price = usd(1100) },
		"ValidTill": func(f *card.OrderRequest) { f.ValidTill = time.Now().AddDate(2, 0, 0) },
		"Partners":  func(f *card.OrderRequest) { f.Partners = card.Partners{IDs: []int64{b.north.ID}} },
		"Activate":  func(f *card.OrderRequest) { f.Activate = !f.Activate },
		"currency":  func(f *card.OrderRequest) { f.Price.Currency = "EUR" },
		"PrintOnce": func(f *card.OrderRequest) { f.PrintOnce = !f.PrintOnce },
	}
	every(t, f, names(others), "Key")
	for name, alter := range others {
		other := f
		alter(&other)
		_, err := b.cards.Order(t.Context(), b.admin, other)
		require.ErrorIs(t, err, card.ErrOrderKeyUsed, name)
	}
	wrong := f
	wrong.Quantity = 0
	_, err = b.cards.Order(t.Context(), b.admin, wrong)
	require.ErrorIs(t, err, card.ErrOrderKeyUsed)
	same := f
	same.Prefix, same.Partners.IDs = " QuickAccess ", []int64{b.south.ID, b.north.ID, b.south.ID}
	year, month, date := f.ValidTill.Date()
	same.ValidTill = time.Date(year, month, date, 23, 59, 59, 0, f.ValidTill.Location()) // the same day
	again, err := b.cards.Order(t.Context(), b.admin, same)
	require.NoError(t, err)
	require.Equal(t, first, again)
	_, err = b.pool.Exec(t.Context(), `delete from form_print`) // housekeeping, long after
	require.NoError(t, err)
	again, err = b.cards.Order(t.Context(), b.admin, f)
	require.NoError(t, err)
	require.Equal(t, first, again)
}

// A form that was sent before an upgrade and is sent again after it has the same print:
// the prints are those of the versions that kept the text of a form.
func TestPrintsAreThoseOfEarlierVersions(t *testing.T) {
	t.Parallel()
	b := setup(t)
	kept := func(key uuid.UUID) string {
		var print []byte
		require.NoError(t, b.pool.QueryRow(t.Context(), `select print from form_print where key = $1`, key).Scan(&print))
		return hex.EncodeToString(print)
	}
	earlier := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return hex.EncodeToString(sum[:])
	}
	f := form(1000)
	till := f.ValidTill.Format(time.DateOnly)
	_, err := b.cards.Order(t.Context(), b.admin, f)
	require.NoError(t, err)
	require.Equal(t, earlier(`[{"Quantity":"1000","Prefix":"QuickAccess","Price":"1000","ValidTill":"`+till+`","Partners":["any"],"Activate":true,"PrintOnce":false,"Key":"00000000-0000-0000-0000-000000000000"}]`), kept(f.Key))
	f = form(3)
	f.Prefix, f.Partners, f.Activate, f.PrintOnce = " x", card.Partners{IDs: []int64{b.south.ID, b.north.ID}}, false, true
	_, err = b.cards.Order(t.Context(), b.admin, f)
	require.NoError(t, err)
	require.Equal(t, earlier(fmt.Sprintf(`[{"Quantity":"3","Prefix":"x","Price":"1000","ValidTill":"%s","Partners":["%d","%d"],"Activate":false,"PrintOnce":true,"Key":"00000000-0000-0000-0000-000000000000"}]`, till, b.north.ID, b.south.ID)), kept(f.Key))

	s, key := b.series(t, form(9)), uuid.New()
	_, err = b.cards.OrderChange(t.Context(), b.admin, card.Operation{SeriesID: s.ID, Operation: db.CardOperationExtend, First: 1, Last: 9, Serials: []int32{4, 2}, ValidTill: f.ValidTill.AddDate(0, 0, 1)}, key)
	require.NoError(t, err)
	require.Equal(t, earlier(fmt.Sprintf(`[{"SeriesID":%d,"Operation":"extend","First":1,"Last":9,"Serials":[2,4],"Status":"","ValidTill":"%s","PartnerID":0}]`, s.ID, f.ValidTill.AddDate(0, 0, 1).Format(time.DateOnly))), kept(key))
}

func TestKeyOfAnOperationWithOtherEntries(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s, another, key := b.series(t, form(9)), b.series(t, form(9)), uuid.New()
	till := func(years int) time.Time { return time.Now().AddDate(years, 0, 0) }
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
