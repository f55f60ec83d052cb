package card_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/cardimport"
	"refill/internal/db"
	"refill/internal/guess"
	"refill/internal/staff"
	"refill/internal/staff/peopletest"
)

// foreign is a member of staff of South, who may import and see nothing of North.
func (b *bundle) foreign(tb testing.TB) audit.Actor {
	tb.Helper()
	id := peopletest.Staff(tb, b.pool, staff.New{
		Username: "south", Role: db.StaffRoleAdministrator, PartnerIDs: []int64{b.south.ID},
	})
	return audit.ByStaff(id, audit.Scope{PartnerIDs: []int64{b.south.ID}})
}

// numbered is a file of 8-digit codes.
func numbered(from, to int) string {
	var text strings.Builder
	text.WriteString("code\n")
	for n := from; n < to; n++ {
		fmt.Fprintf(&text, "%08d\n", n)
	}
	return text.String()
}

// northern imports n cards with 8-digit codes for North, spread over the numbers.
func (b *bundle) northern(tb testing.TB, n int) {
	tb.Helper()
	text := "serial,code\n"
	for i := range n {
		text += fmt.Sprintf("%d,%08d\n", i+1, 1000*i+7)
	}
	i := b.upload(tb, text)
	f := planned("serial", "code")
	f.Partners = []string{fmt.Sprint(b.north.ID)}
	i.check(tb, f)
	i.run(tb)
}

// as returns a copy of the bundle in which another person uploads.
func (b *bundle) as(actor audit.Actor) *bundle {
	other := *b
	other.admin = actor
	return &other
}

// try plans and checks a file and returns what came of it.
func (i *importing) try(ctx context.Context, f cardimport.Form) error {
	if err := i.importer().Plan(ctx, i.admin, i.id, f); err != nil {
		return err
	}
	return i.importer().Check(ctx, i.id, i.open, noJob)
}

// southern is a plan for cards of South.
func (b *bundle) southern(columns ...string) cardimport.Form {
	f := planned(columns...)
	f.Partners = []string{fmt.Sprint(b.south.ID)}
	return f
}

// A file of guesses does not tell which of them are cards of another partner: a few
// are charged, more stop the run and raise the alarm.
func TestDryRunIsNoOracle(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.northern(t, 100)
	south := b.as(b.foreign(t))

	i := south.upload(t, numbered(0, 60_000))
	require.ErrorIs(t, i.try(t.Context(), b.southern("code")), cardimport.ErrImportProbes)
	require.NoError(t, b.importer().Fail(t.Context(), i.id, cardimport.ErrImportProbes.Keep())) // as the job does
	require.Empty(t, i.problems(t), "no row is told")
	alarms, err := b.q.ImportAlarms(t.Context(), b.pool)
	require.NoError(t, err)
	require.Len(t, alarms, 1)
	require.Equal(t, 1, b.audits(t, "import.probed"))

	// Again, with the same file or another, also after cancelling: the charges stay.
	require.NoError(t, b.importer().Cancel(t.Context(), south.admin, i.id))
	again := south.upload(t, numbered(0, 60_000))
	require.ErrorIs(t, again.try(t.Context(), b.southern("code")), cardimport.ErrImportProbes, "the same ones")
	require.NoError(t, b.importer().Cancel(t.Context(), south.admin, again.id))
	others := south.upload(t, numbered(60_000, 100_000))
	require.ErrorIs(t, others.try(t.Context(), b.southern("code")), cardimport.ErrImportProbes)
	require.NoError(t, b.importer().Cancel(t.Context(), south.admin, others.id))
	require.ErrorIs(t, south.upload(t, numbered(99_000, 99_010)).try(t.Context(), b.southern("code")), cardimport.ErrImportBarred, "one guess is as good as many")
	_, err = b.redeem(t.Context(), b.anna, "00000007")
	require.NoError(t, err, "the cards stay good")
	b.sound(t)

	// Another person lifts the bar, and must give a reason.
	require.ErrorIs(t, b.importer().ClearBar(t.Context(), south.admin, others.id, "it was me"), guess.ErrOwnBar)
	require.Error(t, b.importer().ClearBar(t.Context(), b.admin, others.id, ""))
	require.NoError(t, b.importer().ClearBar(t.Context(), b.admin, others.id, "an honest mistake"))
	require.NoError(t, south.upload(t, numbered(99_000, 99_010)).try(t.Context(), b.southern("code")))
}

// Small files are counted together: a code at a time tells no more than the form for
// codes does.
func TestDryRunsAddUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.northern(t, 100)
	south := b.as(b.foreign(t))
	told, barred := 0, false
	for n := range 40 {
		i := south.upload(t, numbered(1000*n+7, 1000*n+8))
		err := i.try(t.Context(), b.southern("code"))
		require.Empty(t, i.problems(t), "a row is never told")
		if errors.Is(err, cardimport.ErrImportBarred) {
			barred = true
			break
		}
		if errors.Is(err, cardimport.ErrImportProbes) {
			continue // the charge that bars
		}
		require.NoError(t, err)
		require.NoError(t, b.importer().Cancel(t.Context(), south.admin, i.id))
		told++
	}
	require.True(t, barred)
	require.LessOrEqual(t, told, 10)
	alarms, err := b.q.ImportAlarms(t.Context(), b.pool)
	require.NoError(t, err)
	require.Len(t, alarms, 1, "the bar raises the alarm")
}

// The same code asked for again is no new guess: an honest file can be planned anew.
func TestDryRunChargesACodeOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.northern(t, 3)
	i := b.upload(t, numbered(0, 2_500))
	for range 12 {
		i.check(t, planned("code"))
		require.Equal(t, []string{"9  known", "1009  known", "2009  known"}, i.problems(t), "staff of all partners are told the rows of a few")
	}
}

// Who guesses and sees all partners is stopped too.
func TestDryRunIsNoOracleForAllPartners(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.northern(t, 30)
	i := b.upload(t, numbered(0, 30_000))
	require.ErrorIs(t, i.try(t.Context(), planned("code")), cardimport.ErrImportProbes)
	require.Empty(t, i.problems(t))
}

// A file that was imported before is told row by row and charges nothing: the very
// file, or one with the serials that the cards had.
func TestImportAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	text := "serial,code\n"
	for n := range 50 {
		sum := sha256.Sum256(fmt.Append(nil, n))
		text += fmt.Sprintf("%d,%x\n", n+1, sum[:5])
	}
	first := b.upload(t, text)
	first.check(t, planned("serial", "code"))
	first.run(t)

	same := b.upload(t, text)
	same.check(t, planned("", "code"))
	require.Len(t, same.problems(t), 50, "the very file, also without its serials")

	more := b.upload(t, text+"51,0a1b2c3d4e\n")
	more.check(t, planned("serial", "code"))
	require.Len(t, more.problems(t), 50)
	series := more.run(t)
	require.Equal(t, int32(1), series[0].Made)

	// One serial for every guess is no proof of having had the file.
	guesses := "serial,code\n"
	for _, line := range strings.Split(strings.TrimSpace(text), "\n")[1:] {
		_, code, _ := strings.Cut(line, ",")
		guesses += "1," + code + "\n2," + code + "x\n"
	}
	require.ErrorIs(t, b.upload(t, guesses).try(t.Context(), planned("serial", "code")), cardimport.ErrImportProbes)

	// Nor is the right one, with many codes guessed for it: the last of these is its own.
	lines := strings.Split(strings.TrimSpace(text), "\n")
	targeted := "serial,code\n"
	for n := range 20 {
		sum := sha256.Sum256(fmt.Append(nil, "guess", n))
		targeted += fmt.Sprintf("7,%x\n", sum[:5])
	}
	hits := func() (n int) {
		require.NoError(t, b.pool.QueryRow(t.Context(), `select count(*) from card_import_hit where serial = 7`).Scan(&n))
		return n
	}
	_, err := b.pool.Exec(t.Context(), `delete from card_import_hit; delete from guess`)
	require.NoError(t, err)
	b.upload(t, targeted+lines[7]+"\n").check(t, planned("serial", "code"))
	require.Equal(t, 1, hits(), "it is charged")
	b.sound(t)
}

// What became known between dry run and import is held to the same rule.
func TestImportRunIsNoOracle(t *testing.T) {
	t.Parallel()
	b := setup(t)
	south := b.as(b.foreign(t))
	i := south.upload(t, numbered(0, 60_000))
	require.NoError(t, i.try(t.Context(), b.southern("code")))
	require.NoError(t, b.confirm(t.Context(), south.admin, i.id))
	b.northern(t, 100)
	require.ErrorIs(t, b.importer().Run(t.Context(), i.id, i.open, time.Now, noJob), cardimport.ErrImportProbes)
	require.Empty(t, i.problems(t))
	require.NoError(t, b.importer().Fail(t.Context(), i.id, cardimport.ErrImportProbes.Keep()))
	_, err := b.pool.Exec(t.Context(), `update guess set n = 10, barred_until = now() + interval '1 day' where scope like 'import:%'`)
	require.NoError(t, err)
	require.ErrorIs(t, b.importer().Resume(t.Context(), south.admin, i.id), cardimport.ErrImportBarred)
	require.ErrorIs(t, b.importer().Resume(t.Context(), b.admin, i.id), cardimport.ErrImportBarred, "nor through somebody else")
	b.sound(t)
}

// audits counts the lines of an action in the trail.
func (b *bundle) audits(tb testing.TB, action string) int {
	tb.Helper()
	var n int
	require.NoError(tb, b.pool.QueryRow(tb.Context(), `select count(*) from audit where action = $1`, action).Scan(&n))
	return n
}
