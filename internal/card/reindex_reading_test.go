package card_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/cardcode"
)

// After an index key was compromised the readings of imported codes are written anew as
// well: a card is found in another case and by its short code under the new key alone.
func TestReadingsAreIndexedAgain(t *testing.T) {
	t.Parallel()
	f := &keyFile{bundle: setup(t)}
	ctx := t.Context()
	var out bytes.Buffer
	require.NoError(t, cardcode.WriteNewKey(&out, 1))
	f.text = out.Bytes()
	f.read(t)
	announce(t, f.pool, f.keys)
	f.imported(t, "lowercase7a", "MiXeD7cAsE", "spentCARD7")
	rows := []string{"short,code"}
	for n := range 12 { // the short codes of the last six are no part of the full ones
		short := fmt.Sprintf("shortAB%02d", n)
		full := "202402-INTERNET-" + short
		if n >= 6 {
			full = fmt.Sprintf("202402-ELSEWHERE-%04d", 7000+n)
		}
		rows = append(rows, short+","+full)
	}
	i := f.upload(t, strings.Join(rows, "\n"))
	i.check(t, ticked(planned("short_code", "code"), 12))
	i.run(t)
	good := func(typed string) {
		t.Helper()
		f.unbar(t)
		_, err := f.redeem(t.Context(), f.anna, typed)
		require.NoError(t, err, typed)
	}
	good("SPENTcard7")
	good("SHORTAB00")
	// As they were before short codes were sealed: one that is part of the full code, one not.
	f.owner(t, `update card_reading set sealed = null, seal_key_id = null where kind = 'short' and serial in (2, 8)`)
	old := f.number(t, `select count(*) from card_reading where key_id = 1`)
	require.Positive(t, old)

	// The sealing key rotates first: short codes go along, and keep the old key until then.
	f.add(t, cardcode.WriteSealKey, 2)
	require.Error(t, asOwner(t, f.pool, f.keys).Codes.RetireKey(ctx, audit.System(), 1))
	keyID, err := f.cards.Codes.StartRotation(ctx, f.admin)
	require.NoError(t, err)
	require.NoError(t, f.cards.Codes.Reseal(ctx, keyID, time.Now, noJob))
	require.Zero(t, f.number(t, `select count(*) from card_reading where seal_key_id = 1`))
	require.Positive(t, f.number(t, `select count(*) from card_reading where seal_key_id = 2`))
	good("SHORTAB02")

	f.add(t, cardcode.WriteIndexKey, 2)
	keyID, err = f.cards.Codes.StartReindexing(ctx, f.admin)
	require.NoError(t, err)
	boom := errors.New("killed")
	require.ErrorIs(t, f.cards.Codes.Reindex(ctx, keyID, time.Now, func(context.Context, pgx.Tx) error { return boom }), boom)
	require.NoError(t, f.cards.Codes.Reindex(ctx, keyID, time.Now, noJob))
	left := `select count(*) from card_reading r join card c using (series_id, serial) where r.key_id = 1 and octet_length(c.code_sealed) > 0`
	require.Equal(t, 2, f.number(t, left), "a short code from before, and its reading in any case, that no full code tells")
	require.Equal(t, old, f.number(t, `select count(*) from card_reading`), "as many as before")
	var detail string
	require.NoError(t, f.pool.QueryRow(ctx, `select detail->>'short_codes_left' from audit where action = 'keys.reindex_finished'`).Scan(&detail))
	require.Equal(t, "1", detail)

	for _, typed := range []string{"LOWERCASE7A", "mixed7case", "202402-internet-SHORTab03", "SHORTAB04", "shortAB05", "shortab06", "shortAB09", "SHORTAB10"} {
		good(typed)
	}
	_, err = f.redeem(ctx, f.ben, "shortab00")
	require.Error(t, err, "a used card stays used")
	f.unbar(t)

	// What is found by the new key is found without the old one.
	f.owner(t, `delete from card_reading where key_id = 1`)
	good("SHORTAB11")
	good("shortAB01")
	f.sound(t)
}

// The sealed short code goes with the code of its card.
func TestShortCodesAreErased(t *testing.T) {
	t.Parallel()
	b := setup(t)
	i := b.upload(t, "short,code\nshortAB01,202402-INTERNET-x0000001\nshortAB02,202402-INTERNET-x0000002\nshortAB03,202402-INTERNET-x0000003\n")
	i.check(t, ticked(planned("short_code", "code"), 3))
	i.run(t)
	sealed := `select count(*) from card_reading where sealed is not null`
	require.Equal(t, 3, b.number(t, sealed))
	b.noCodesInClear(t, "shortAB01", "shortAB02")
	var series int64
	require.NoError(t, b.pool.QueryRow(t.Context(), `select series_id from card_reading limit 1`).Scan(&series))
	require.NoError(t, b.cards.VoidCard(t.Context(), b.admin, card.Ref{SeriesID: series, Serial: 1}))
	require.Equal(t, 2, b.number(t, sealed))
	_, err := b.redeem(t.Context(), b.anna, "shortAB02")
	require.NoError(t, err)
	b.owner(t, `update card set code_sealed = '', last_four = null where state = 'used'`) // as housekeeping does in the end
	require.Equal(t, 1, b.number(t, sealed))
	b.sound(t)
}
