package card_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/card"
)

// An imported code is read with the signs that people put between its groups or round it,
// as a code of ours is, and found by staff in the groups that are printed. No such sign
// makes an attempt one of another length, with a count of its own.
func TestImportedCodesAmongSigns(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var codes []string
	for n := range 20 {
		codes = append(codes, fmt.Sprintf("AK7Q-%02dMX-Z9PW", n+10))
	}
	b.imported(t, codes...)
	for _, typed := range []string{
		strings.ReplaceAll(codes[0], "-", "."), strings.ReplaceAll(codes[1], "-", "_"), strings.ReplaceAll(codes[2], "-", " / "), codes[3] + ".", `"` + codes[4] + `"`,
		strings.ToLower(strings.ReplaceAll(codes[6], "-", ".")), "*" + codes[7] + "*", strings.ReplaceAll(codes[8], "-", ":"), strings.ReplaceAll(codes[9], "-", ", "),
	} {
		_, err := b.look(t, b.anna, typed)
		require.NoError(t, err, typed)
		_, err = b.redeem(t.Context(), b.anna, typed)
		require.NoError(t, err, typed)
	}
	for _, typed := range []string{strings.ReplaceAll(codes[11], "-", " "), strings.ToLower(strings.ReplaceAll(codes[12], "-", " ")), strings.ReplaceAll(codes[13], "-", ".")} {
		_, err := b.cards.FindByCode(t.Context(), b.admin, typed)
		require.NoError(t, err, typed)
	}
	require.Zero(t, b.counted(t, "%:imported%"))
	_, err := b.cards.FindByCode(t.Context(), b.admin, strings.ReplaceAll(codes[14], "-", " - "))
	require.NoError(t, err, "groups with a dash between")
	for _, typed := range []string{"Amina 12 Mayer", "Ann-Lee 12 Mayr", "Ada 7, Mayer 33", "12 Mayer 34 Ade", "Mayer 123 Adey", "Jane Doexyz Abc", "John Smith 01", "Anna Maria", "Cafe 24 North", "Wei Longname 2026"} {
		_, err := b.cards.FindByCode(t.Context(), b.admin, typed)
		require.Error(t, err, typed)
	}
	require.Zero(t, b.counted(t, "%"), "names are no codes")

	wrong := 0
	for n := range 12 {
		sign := []string{"-", ".", "_", " . ", "..", "/-", ""}[n%7]
		if _, err := b.redeem(t.Context(), b.ben, fmt.Sprintf("AK7Q%s%02dMX%sZ9PX", sign, n+10, sign)); err != nil && refused(err) == refused(card.ErrRefused) {
			wrong++
		}
		b.forward(t)
	}
	require.Equal(t, 5, wrong, "all spellings are one count")
	var counts int
	require.NoError(t, b.pool.QueryRow(t.Context(), `select count(*) from guess where scope like 'customer:%:imported:%' and n > 0`).Scan(&counts))
	require.Equal(t, 1, counts)
	b.sound(t)
}
