package card_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refill/internal/card"
	"refill/internal/cardimport"
	"refill/internal/dbtest"
)

// The same printed code in two spellings is one card, whichever comes first: in one
// file, in two files, and where one is a card of ours.
func TestSpellingsAreOneCode(t *testing.T) {
	t.Parallel()
	b := setup(t)
	plain := func() string { return card.DrawForTest().Reveal("") } // XXXX-XXXX-XXXX-XXXX
	bare := func(code string) string { return strings.ReplaceAll(code, "-", "") }
	spellings := []func(code string) string{
		func(code string) string { return code },
		bare,
		func(code string) string { return "R26-" + code },
		func(code string) string { return "R26" + bare(code) },
		func(code string) string { return strings.ToLower(code) },
		func(code string) string { return strings.ToLower(bare(code)) },
		func(code string) string { return strings.Map(fullWidth, code) },
		func(code string) string { return strings.ReplaceAll(code, "-", "–") },
		func(code string) string { return strings.ReplaceAll(code, "-", ".") },
	}
	for n, first := range spellings {
		for m, second := range spellings {
			if n == m {
				continue
			}
			code := plain()
			i := b.upload(t, "code\n"+first(code)+"\n"+second(code)+"\n")
			i.check(t, ticked(planned("code"), 2))
			require.Equal(t, []string{"3  duplicate"}, i.problems(t), "%d before %d in one file", n, m)
			require.NoError(t, b.importer().Cancel(t.Context(), b.admin, i.id))
		}
	}
	var all []string
	for range spellings {
		all = append(all, plain())
	}
	var text strings.Builder
	for n, code := range all {
		fmt.Fprintln(&text, spellings[n](code))
	}
	i, series := b.imported(t, strings.Fields(text.String())...)
	require.Empty(t, i.problems(t))
	require.EqualValues(t, len(spellings), series.Made)
	for m, second := range spellings {
		for part := range slices.Chunk(all, 4) { // few enough to be no try at codes
			var text strings.Builder
			text.WriteString("code\n")
			for _, code := range part {
				fmt.Fprintln(&text, second(code))
			}
			i := b.upload(t, text.String())
			i.check(t, ticked(planned("code"), len(part)))
			require.Len(t, i.problems(t), len(part), "%d in another file", m)
			require.ErrorIs(t, b.confirm(t.Context(), b.admin, i.id), cardimport.ErrImportNothing)
			require.NoError(t, b.importer().Cancel(t.Context(), b.admin, i.id))
		}
	}
	for _, code := range all { // each pays once
		for _, spelling := range spellings {
			b.unbar(t)
			_, _ = b.redeem(t.Context(), b.anna, spelling(code))
		}
	}
	require.Equal(t, int64(len(all))*1000, b.balance(t, b.anna))
	b.sound(t)
}

func fullWidth(r rune) rune {
	if r > ' ' && r < 0x7f {
		return r + 0xfee0
	}
	return r
}

// Both files were checked before either ran, and then run at once: one card, and the file
// that comes second is stopped where it names more cards than chance explains.
func TestSpellingsRace(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var dashed, bare strings.Builder
	dashed.WriteString("code\n")
	bare.WriteString("code\n")
	const cards = 200
	for range cards {
		code := card.DrawForTest().Reveal("")
		fmt.Fprintln(&dashed, "R26-"+code)
		fmt.Fprintln(&bare, strings.ToLower(strings.ReplaceAll(code, "-", "")))
	}
	files := []*importing{b.upload(t, dashed.String()), b.upload(t, bare.String())}
	for _, i := range files {
		i.check(t, planned("code"))
		require.Empty(t, i.problems(t))
		require.NoError(t, b.confirm(t.Context(), b.admin, i.id))
	}
	// Neither writes a card before both have looked up which codes are known, or wait for
	// the other: what the test holds lets them read and keeps them from writing.
	owner, watch := dbtest.Owner(t, b.pool), dbtest.Owner(t, b.pool)
	hold, err := owner.Begin(t.Context())
	require.NoError(t, err)
	defer hold.Rollback(context.WithoutCancel(t.Context()))
	_, err = hold.Exec(t.Context(), `lock table card in share mode`)
	require.NoError(t, err)
	var stopped atomic.Int32
	var group sync.WaitGroup
	for _, i := range files {
		group.Go(func() {
			if err := b.importer().Run(t.Context(), i.id, i.open, time.Now, noJob); err != nil {
				assert.ErrorIs(t, err, cardimport.ErrImportProbes) //nolint:forbidigo // not the test's own goroutine
				stopped.Add(1)
			}
		})
	}
	require.Eventually(t, func() bool {
		var waiting int
		err := watch.QueryRow(t.Context(), `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`).Scan(&waiting)
		return err == nil && waiting == 2
	}, time.Minute, 10*time.Millisecond)
	require.NoError(t, hold.Commit(t.Context()))
	group.Wait()
	made := int32(0)
	for _, i := range files {
		for _, s := range i.series(t) {
			made += s.Made
		}
	}
	require.Equal(t, int32(cards), made)
	require.EqualValues(t, 1, stopped.Load())
	b.sound(t)
}

// Codes that differ by their case alone are two cards, but for those of our own
// alphabet, which has one case.
func TestCaseAloneIsAnotherCode(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, series := b.imported(t, "abCD-1234", "ABcd-1234")
	require.Equal(t, int32(2), series.Made)
	i := b.upload(t, "code\nabcd-1234\nABcd1234\n")
	i.check(t, ticked(planned("code"), 2))
	require.Equal(t, []string{"3  known"}, i.problems(t))
}

// Signs between the groups of a code of another system are none of its symbols, whichever
// they are: two spellings of one printed code are one card, and each finds it.
func TestSignsAreNoSymbols(t *testing.T) {
	t.Parallel()
	b := setup(t)
	signs := []string{"-", "", " ", ".", "/", "_", " - ", ":", "·", ","}
	write := func(sign string, n int) string {
		return strings.Join([]string{"XQ7k", fmt.Sprintf("%04d", n), "zW9p"}, sign)
	}
	cell := func(code string) string { return `"` + code + `"` }
	for n, first := range signs {
		lines, twice := []string{"code\tprice", cell(write(first, n)) + "\t10"}, []string{}
		for m, second := range signs {
			if n != m {
				lines = append(lines, cell(write(second, n))+"\t10")
				twice = append(twice, fmt.Sprint(len(lines), "  duplicate"))
			}
		}
		i := b.upload(t, strings.Join(lines, "\n")+"\n")
		i.check(t, ticked(planned("code", "price"), len(signs)))
		require.Equal(t, twice, i.problems(t), "%q first in one file", first)
		require.NoError(t, b.importer().Cancel(t.Context(), b.admin, i.id))
	}
	var text strings.Builder
	text.WriteString("code\tprice\n")
	for n, sign := range signs {
		fmt.Fprintf(&text, "%s\t10\n", cell(write(sign, n)))
	}
	i := b.upload(t, text.String())
	i.check(t, ticked(planned("code", "price"), len(signs)))
	require.Empty(t, i.problems(t))
	i.run(t)
	for m, second := range signs {
		for part := range slices.Chunk([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 4) {
			var text strings.Builder
			text.WriteString("code\tprice\n")
			for _, n := range part {
				fmt.Fprintf(&text, "%s\t10\n", cell(write(second, n)))
			}
			i := b.upload(t, text.String())
			i.check(t, ticked(planned("code", "price"), len(part)))
			require.Len(t, i.problems(t), len(part), "%d in another file", m)
			require.NoError(t, b.importer().Cancel(t.Context(), b.admin, i.id))
			b.unbar(t)
		}
	}
	for n := range signs {
		for m := range signs {
			b.unbar(t)
			typed := write(signs[(n+m+1)%len(signs)], n)
			if m%2 == 1 {
				typed = strings.ToLower(typed)
			}
			_, err := b.redeem(t.Context(), b.anna, typed)
			require.Equal(t, m == 0, err == nil, "%q as %q: %v", signs[n], typed, err)
		}
	}
	require.Equal(t, int64(len(signs))*1000, b.balance(t, b.anna))
	b.sound(t)
}

// Cards that came in as two before signs were none of their symbols stay redeemable: the
// exact spelling decides, and a text that fits both finds neither. The readings that they
// lack are written by the job.
func TestSignsOfCardsFromBefore(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, series := b.imported(t, "XQ7k.0001.zW9p", "YQ7k/0001/zW9p", "ZQ7k.0001.zW9p")
	// As an older program left them, and the second as another spelling of the first.
	b.owner(t, `delete from card_reading`)
	b.owner(t, `update series_shape set length = 14, classes = 7`)
	_, err := b.redeem(t.Context(), b.anna, "ZQ7k.0001.zW9p")
	require.NoError(t, err, "found as it is written, before the job has run")
	b.owner(t, `update series_reading set finished_at = null, after_serial = 0, cards = 0 where series_id in (select series_id from series_shape where kind = 'folded' and classes & 4 <> 0)`)
	require.NoError(t, b.cards.Codes.IndexReadings(t.Context(), time.Now, noJob))
	require.Equal(t, 1, b.number(t, `select count(*) from series_shape where length = 12 and classes = 3`))
	require.Zero(t, b.number(t, `select count(*) from series_shape where length = 14`))
	require.EqualValues(t, 3, series.Made)
	for _, typed := range []string{"xq7k 0001 zw9p", "YQ7k_0001_zW9p"} {
		b.forward(t)
		_, err := b.redeem(t.Context(), b.anna, typed)
		require.NoError(t, err, typed)
	}
	b.sound(t)
}
