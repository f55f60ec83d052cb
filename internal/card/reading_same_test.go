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
			require.NoError(t, b.cards.CancelImport(t.Context(), b.admin, i.id))
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
	_, series := b.imported(t, strings.TrimSpace(text.String()))
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
			require.ErrorIs(t, b.confirm(t.Context(), b.admin, i.id), card.ErrImportNothing)
			require.NoError(t, b.cards.CancelImport(t.Context(), b.admin, i.id))
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
	defer hold.Rollback(context.WithoutCancel(t.Context())) //nolint:errcheck // committed below
	_, err = hold.Exec(t.Context(), `lock table card in share mode`)
	require.NoError(t, err)
	var stopped atomic.Int32
	var group sync.WaitGroup
	for _, i := range files {
		group.Go(func() {
			if err := b.cards.RunImport(t.Context(), i.id, i.open, time.Now, noJob); err != nil {
				assert.ErrorIs(t, err, card.ErrImportProbes) //nolint:forbidigo // not the test's own goroutine
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
