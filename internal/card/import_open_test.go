package card_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/cardimport"
	"refill/internal/tableimport"
)

// Of a column that says what is left of a card, nothing written is not the full price.
func TestImportOfUnknownRemainders(t *testing.T) {
	t.Parallel()
	b := setup(t)
	i := b.upload(t, "code,price,balance\nQQAA1111BB,5,5\nQQAA2222BC,5,\nQQAA3333BD,5,-\nQQAA4444BE,5,N/A\nQQAA5555BF,5,2.50\nQQAA6666BG,5\n")
	i.check(t, planned("code", "price", "remaining"))
	require.Equal(t, []string{"3  remaining.missing", "4  remaining.missing", "5  remaining.missing", "7  remaining.missing"}, i.problems(t))
	series := i.run(t)
	require.Len(t, series, 2)
	require.Equal(t, []int64{250, 500}, []int64{series[0].Price, series[1].Price})
	b.sound(t)
}

// A column of serials may hold the code in another spelling: neither a card nor a row
// that is left out keeps it.
func TestImportKeepsNoCodeAsSerial(t *testing.T) {
	t.Parallel()
	b := setup(t)
	i := b.upload(t, "code,login,price\nRRAA1111BB,rraa1111bb,5\nRRAA2222BC,rraa2222bc,five\nRRAA3333BD,RRAA-3333-BD,5x\nRRAA4444BE,rraa 4444 be,5\nRRAA5555BEXX,rraa5555bexx,5\nab1,AB-1,5\n")
	i.check(t, planned("code", "serial", "price"))
	require.Equal(t, []string{"3  price.bad_amount", "4  price.bad_amount", "6  code.shape", "7  code.shape"}, i.problems(t))
	i.run(t)
	var kept int
	require.NoError(t, b.pool.QueryRow(t.Context(), `select count(*) from card where imported_serial is not null`).Scan(&kept))
	require.Zero(t, kept)
}

// Where the file contains the URLs of QR codes, the code in each URL is imported. Customers
// redeem a card by its code or by its URL.
func TestImportOfAddresses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	i := b.upload(t, "code\nhttps://old.example/login#AAAA1111BB\nhttps://old.example/login#AAAA2222BC\nhttps://old.example/login#AAAA3333BD\n")
	i.check(t, planned("code"))
	i.run(t)
	for _, typed := range []string{"AAAA1111BB", "https://old.example/login#AAAA2222BC", "aaaa3333bd"} {
		_, err := b.redeem(t.Context(), b.anna, typed)
		require.NoError(t, err, typed)
	}
	again := b.upload(t, "code\nAAAA-1111-BB\nAAAA-2222-BC\nAAAA-3333-BD\n")
	again.check(t, planned("code"))
	require.Len(t, again.problems(t), 3, "each is known")
}

// A serial that several cards of an import have says of none of them that its owner has
// had it: a code beside it is charged like any other.
func TestSharedSerialsAreNoProof(t *testing.T) {
	t.Parallel()
	b := setup(t)
	text := "serial,code\n"
	for n := range 40 {
		text += fmt.Sprintf("batch-1,%08d\n", 1000*n+7)
	}
	i := b.upload(t, text)
	i.check(t, planned("serial", "code"))
	i.run(t)
	hits := func() (n int) {
		require.NoError(t, b.pool.QueryRow(t.Context(), `select count(*) from card_import_hit`).Scan(&n))
		return n
	}
	b.upload(t, "serial,code\nbatch-1,00003007\n").check(t, planned("serial", "code"))
	require.Equal(t, 1, hits())
}

// An expired card may be renewed: its code is a hit like that of a live one.
func TestExpiredCardsAreCharged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.northern(t, 30)
	_, err := b.pool.Exec(t.Context(), `update series set valid_till = '2020-01-01' where import_id is not null`)
	require.NoError(t, err)
	require.ErrorIs(t, b.upload(t, numbered(0, 30_000)).try(t.Context(), planned("code")), cardimport.ErrImportProbes)
}

// An answer to what one file left open does not outweigh what the next file shows.
func TestRememberedAnswersYieldToTheFile(t *testing.T) {
	t.Parallel()
	b := setup(t)
	rows := "code,price,till\nOOAA1111BB,%s,%s\nOOAA2222BC,2.000,06/07/2027\n"
	f := planned("code", "price", "valid_till")
	f.Dates, f.Decimal = "mdy", ","
	open := b.upload(t, fmt.Sprintf(rows, "1.000", "05/06/2027"))
	open.check(t, f)
	look := func(text string) cardimport.Look {
		look, err := b.importer().LookAtFile(t.Context(), strings.NewReader(text), int64(len(text)), "")
		require.NoError(t, err)
		return look
	}
	kept, ok, err := b.importer().RememberedForm(t.Context(), b.admin, look(fmt.Sprintf(rows, "3.000", "05/06/2027")))
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, []string{"mdy", ","}, []string{kept.Dates, kept.Decimal}, "open again")
	kept, _, err = b.importer().RememberedForm(t.Context(), b.admin, look(fmt.Sprintf(rows, "1.50", "25/12/2027")))
	require.NoError(t, err)
	require.Equal(t, []string{"", ""}, []string{kept.Dates, kept.Decimal}, "the file shows both")
}

// Nothing in the column of the status may mean never used, or nothing known: it is asked.
func TestImportAsksWhatNoStatusMeans(t *testing.T) {
	t.Parallel()
	b := setup(t)
	i := b.upload(t, "code,status,price\nSSAA1111BB,used,5\nSSAA2222BC,,5\nSSAA3333BD,-,5\nSSAA4444BE,unused,5\n")
	f := planned("code", "status", "price")
	require.ErrorContains(t, i.importer().Plan(t.Context(), i.admin, i.id, f), "import_meaning")
	f.Meanings = map[string]string{tableimport.NoWord: cardimport.MeansLeaveOut}
	i.check(t, f)
	require.Equal(t, []string{"3  status.status_unknown", "4  status.status_unknown"}, i.problems(t))
	f.Meanings = map[string]string{tableimport.NoWord: cardimport.MeansActive}
	i.check(t, f)
	require.Empty(t, i.problems(t))
	require.Equal(t, int64(1500), b.outstanding(t, i.run(t)[0].ID))
	whole := b.upload(t, "code,status,price\nTTAA1111BB,used,5\nTTAA2222BC,unused,5\n")
	whole.check(t, planned("code", "status", "price"))
}
