package card_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/cardimport"
	"refill/internal/db"
	"refill/internal/tableimport"
)

// A card whose row says when or by whom it was used is worth nothing here, whatever its
// status says.
func TestUsedCardsAreNoMoney(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const file = "code,price,status,used by,used at\n" +
		"UDAA1111BB,5,active,,\n" +
		"UDAA2222BC,5,active,anna,\n" +
		"UDAA3333BD,5,active,,2026-01-31 10:00:00\n" +
		"UDAA4444BE,5,disabled,ben,31.01.2026\n" +
		"UDAA5555BF,5,active,no,0000-00-00\n" +
		"UDAA6666BG,5,void,carl,\n" +
		"UDAA7777BH,5,expired,dora,\n"
	i := b.upload(t, file)
	i.check(t, planned("code", "price", "status", "used_by", "used_at"))
	require.Empty(t, i.problems(t))
	_, _, report, err := cardimport.ReadImport(i.row(t))
	require.NoError(t, err)
	require.Equal(t, int32(5), report.Groups[0].Void, "the dry run says so")
	require.Equal(t, int64(1000), report.Groups[0].Worth())
	series := i.run(t)
	require.Equal(t, int64(1000), b.outstanding(t, series[0].ID))
	b.sound(t)
	_, err = b.redeem(t.Context(), b.anna, "UDAA2222BC")
	require.Error(t, err)
	_, err = b.redeem(t.Context(), b.anna, "UDAA1111BB")
	require.NoError(t, err)
	_, err = b.redeem(t.Context(), b.anna, "UDAA5555BF")
	require.NoError(t, err)

	// A person may take it for something else.
	again := b.upload(t, "code,price,used by\nUEAA1111BB,5,shop 3\nUEAA2222BC,5,shop 4\n")
	f := planned("code", "price", "used_by")
	f.Meanings = map[string]string{"used_by:" + tableimport.EventText: cardimport.MeansUnused}
	again.check(t, f)
	require.Equal(t, int64(1000), b.outstanding(t, again.run(t)[0].ID))
}

// A date of activation may be that of the sale or of the first use where no status tells,
// and a card with a rest may have been used in part: both are asked.
func TestActivationIsAsked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	i := b.upload(t, "code,price,activation date\nUFAA1111BB,5,2026-01-31\nUFAA2222BC,5,\n")
	f := planned("code", "price", "used_at")
	require.ErrorContains(t, i.importer().Plan(t.Context(), i.admin, i.id, f), "import_meaning")
	f.Meanings = map[string]string{"used_at:" + tableimport.EventDate: cardimport.MeansUsed}
	i.check(t, f)
	require.Equal(t, int64(500), b.outstanding(t, i.run(t)[0].ID))
	rest := b.upload(t, "code,balance,redeemed at\nUGAA1111BB,5,2026-01-31\nUGAA2222BC,5,\n")
	f = planned("code", "remaining", "used_at")
	require.ErrorContains(t, rest.importer().Plan(t.Context(), rest.admin, rest.id, f), "import_meaning")
	f.Meanings = map[string]string{"used_at:" + tableimport.EventDate: cardimport.MeansUnused}
	rest.check(t, f)
	require.Equal(t, int64(1000), b.outstanding(t, rest.run(t)[0].ID))
}

// Answers that were given before there were columns of use know none of them: this file's
// own columns are suggested.
func TestOldAnswersKnowNoColumnsOfUse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const file = "code,price,used by\nUHAA1111BB,5,anna\nUHAA2222BC,5,\n"
	i := b.upload(t, file)
	i.check(t, planned("code", "price"))
	kept, ok, err := b.importer().RememberedForm(t.Context(), b.admin, i.look(t))
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "3", kept.Columns["used_by"])
	f := planned("code", "price")
	f.Columns["used_by"] = "" // a person said that there is none
	i.check(t, f)
	kept, _, err = b.importer().RememberedForm(t.Context(), b.admin, i.look(t))
	require.NoError(t, err)
	require.Empty(t, kept.Columns["used_by"])
}

func (i *importing) row(tb testing.TB) db.CardImport {
	tb.Helper()
	row, err := i.importer().Import(tb.Context(), i.admin, i.id)
	require.NoError(tb, err)
	return row.CardImport
}

func (i *importing) look(tb testing.TB) cardimport.Look {
	tb.Helper()
	look, _, _, err := cardimport.ReadImport(i.row(tb))
	require.NoError(tb, err)
	return look
}
