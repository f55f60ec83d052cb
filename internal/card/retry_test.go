package card_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/cardfile"
	"refill/internal/cardimport"
	"refill/internal/db"
	"refill/internal/guess"
	"refill/internal/staff"
)

// A file that was approved and failed is tried again under its approval for a day, while the
// series is not edited and the person who asked may still ask. After that the same questions
// are asked as of a new file.
func TestApprovalOfFailedFileEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		then func(t *testing.T, b *bundle, s db.Series, who audit.Actor)
		ends bool
	}{
		"at once": {then: func(*testing.T, *bundle, db.Series, audit.Actor) {}},
		"activated since": {then: func(t *testing.T, b *bundle, s db.Series, _ audit.Actor) {
			t.Helper()
			b.above(t, 1_000_00)
			require.NoError(t, b.cards.Activate(t.Context(), b.admin, s.ID))
			b.above(t, 50_00)
		}},
		"a day later": {ends: true, then: func(t *testing.T, b *bundle, _ db.Series, _ audit.Actor) {
			t.Helper()
			b.exec(t, `update approval set decided_at = decided_at - interval '25 hours'`)
		}},
		"the series was edited": {ends: true, then: func(t *testing.T, b *bundle, s db.Series, _ audit.Actor) {
			t.Helper()
			_, err := b.edit(t, s.ID, func(f *card.SeriesEdit) { f.Price = usd(900) })
			require.NoError(t, err)
		}},
		"the asker lost the right": {ends: true, then: func(t *testing.T, b *bundle, _ db.Series, who audit.Actor) {
			t.Helper()
			b.demote(t, who)
		}},
		"the asker sees other partners": {ends: true, then: func(t *testing.T, b *bundle, _ db.Series, who audit.Actor) {
			t.Helper()
			b.moved(t, who, b.south.ID)
		}},
		"the asker is disabled": {ends: true, then: func(t *testing.T, b *bundle, _ db.Series, who audit.Actor) {
			t.Helper()
			require.NoError(t, staff.Disable(t.Context(), b.pool, b.admin, who.ID))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, other := second(t) // above USD 50.00
			third := b.colleague(t, "third")
			who := b.worker(t, "asks", []staff.Permission{staff.SeriesExport})
			s := b.inactive(t, 6)
			file := b.export(t, who, s)
			require.NoError(t, b.cards.Approve(t.Context(), other, b.waiting(t).ID, "because"))
			err := b.begin(t.Context(), file)
			require.NoError(t, err)
			require.NoError(t, b.exports().Fail(t.Context(), file, "the disk was full"))
			c.then(t, b, s, who)
			err = b.exports().Retry(t.Context(), third, file)
			if c.ends {
				require.ErrorIs(t, err, card.ErrApprovalNeeded)
				require.Equal(t, db.ExportStateFailed, b.exportState(t, file))
				return
			}
			require.NoError(t, err)
			require.Zero(t, b.solo(t, third, db.ApprovalKindExport), "what was approved counts for nobody")
			err = b.begin(t.Context(), file)
			require.NoError(t, err)
		})
	}
}

// failed orders a series that is to be active at once and whose making fails.
func (b *bundle) failed(t *testing.T, who audit.Actor, quantity int) int64 {
	t.Helper()
	ordered, err := b.cards.Order(t.Context(), who, form(quantity))
	require.NoError(t, err)
	require.NoError(t, b.cards.Fail(t.Context(), ordered.ID))
	return ordered.ID
}

// Cards of a series that was taken up again come into use for the person who took it up:
// an order of another person is no way round a limit, or a right, of one's own.
func TestSeriesTakenUpCountsForWhoTakesIt(t *testing.T) {
	t.Parallel()
	make := func(t *testing.T, b *bundle, who audit.Actor, id int64) db.Series {
		t.Helper()
		require.NoError(t, b.cards.Retry(t.Context(), who, id))
		require.NoError(t, b.cards.Generate(t.Context(), id, time.Now, noJob))
		b.sound(t)
		return b.read(t, id)
	}
	t.Run("limit", func(t *testing.T) {
		t.Parallel()
		b, other := second(t) // above USD 50.00
		id := b.failed(t, b.admin, 4)
		require.NoError(t, b.cards.Activate(t.Context(), other, b.inactive(t, 2).ID))
		require.Equal(t, db.SeriesStateReady, make(t, b, other, id).State, "with the other series it is more than they may")
		require.Equal(t, other.ID, b.waiting(t).RequestedBy)
		require.NoError(t, b.cards.Approve(t.Context(), b.admin, b.waiting(t).ID, "because"))

		require.Equal(t, db.SeriesStateActive, make(t, b, other, b.failed(t, b.admin, 3)).State)
		require.Zero(t, b.solo(t, b.admin, db.ApprovalKindActivate))
		require.Equal(t, int64(50_00), b.solo(t, other, db.ApprovalKindActivate))
	})
	t.Run("right", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		who := b.worker(t, "retries", []staff.Permission{staff.SeriesGenerate})
		require.Equal(t, db.SeriesStateReady, make(t, b, who, b.failed(t, b.admin, 3)).State)
		b.none(t)
		// And the other way round: a person who may takes up what one ordered who may no more.
		orders := b.worker(t, "orders", []staff.Permission{staff.SeriesGenerate, staff.SeriesActivate})
		id := b.failed(t, orders, 3)
		b.demote(t, orders)
		require.Equal(t, db.SeriesStateActive, make(t, b, b.admin, id).State)
	})
}

// Only the person who fetched the whole file of a series that is printed once says that it
// arrived, or another one who was told who that is.
func TestArrivalIsSaidByWhoFetched(t *testing.T) {
	t.Parallel()
	b := setup(t)
	other := b.colleague(t, "second")
	e := b.printed(t, b.once(t, 10), 100)
	b.sent(t, e, 0, 100)
	require.ErrorIs(t, b.exports().Arrived(t.Context(), other, e.Export.ID, 0), cardfile.ErrNotFetcher)
	require.NoError(t, b.exports().Sent(t.Context(), other, e, 0, 1))
	require.ErrorIs(t, b.exports().Arrived(t.Context(), other, e.Export.ID, 0), cardfile.ErrNotFetcher, "a byte is no file")
	require.ErrorIs(t, b.exports().Arrived(t.Context(), other, e.Export.ID, other.ID), cardfile.ErrNotFetcher)
	require.Nil(t, b.read(t, e.Export.SeriesID).ShreddingAt)

	// The person who fetched it has left: a colleague who was told of them says so.
	require.NoError(t, staff.Disable(t.Context(), b.pool, other, b.admin.ID))
	require.NoError(t, b.exports().Arrived(t.Context(), other, e.Export.ID, b.admin.ID))
	require.NotNil(t, b.read(t, e.Export.SeriesID).ShreddingAt)
	require.Equal(t, 1, b.number(t, `select count(*) from audit where action = 'export.arrived' and (detail->>'fetched_by')::bigint = (select min(id) from staff where disabled_at is not null)`))

	// Who fetches all of it as well knows as much.
	b = b.as(other)
	third := b.colleague(t, "third")
	f := b.printed(t, b.once(t, 10), 100)
	b.sent(t, f, 0, 100)
	require.NoError(t, b.exports().Sent(t.Context(), third, f, 0, 50))
	require.NoError(t, b.exports().Sent(t.Context(), third, f, 50, 100))
	require.NoError(t, b.exports().Arrived(t.Context(), third, f.Export.ID, 0))
}

// A barred person can't lift the bar with another account of their own. A person whose
// account the barred person does not control may lift it.
func TestBarIsNotLiftedByAnAccountOfTheBarred(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do      func(t *testing.T, b *bundle, barred, lifter, third audit.Actor)
		refused bool
	}{
		"nothing was set": {do: func(*testing.T, *bundle, audit.Actor, audit.Actor, audit.Actor) {}},
		"the barred made the account": {refused: true, do: func(t *testing.T, b *bundle, barred, lifter, _ audit.Actor) {
			t.Helper()
			b.sets(t, barred, lifter, "staff.created")
		}},
		"and set up its second factor": {refused: true, do: func(t *testing.T, b *bundle, barred, lifter, _ audit.Actor) {
			t.Helper()
			b.sets(t, barred, lifter, "staff.created")
			b.enrols(t, lifter)
		}},
		"the barred reset its password": {refused: true, do: func(t *testing.T, b *bundle, barred, lifter, _ audit.Actor) {
			t.Helper()
			b.sets(t, barred, lifter, "staff.password_reset")
		}},
		"and set up a second factor after that": {refused: true, do: func(t *testing.T, b *bundle, barred, lifter, _ audit.Actor) {
			t.Helper()
			b.sets(t, barred, lifter, "staff.password_reset")
			b.enrols(t, lifter)
		}},
		"a second factor that was there before keeps them out": {do: func(t *testing.T, b *bundle, barred, lifter, _ audit.Actor) {
			t.Helper()
			b.enrols(t, lifter)
			b.sets(t, barred, lifter, "staff.password_reset")
		}},
		"through a third account": {refused: true, do: func(t *testing.T, b *bundle, barred, lifter, third audit.Actor) {
			t.Helper()
			b.sets(t, barred, third, "staff.created")
			b.sets(t, third, lifter, "staff.second_factor_reset")
		}},
		"the lifter made the account of the barred": {do: func(t *testing.T, b *bundle, barred, lifter, _ audit.Actor) {
			t.Helper()
			b.sets(t, lifter, barred, "staff.created")
		}},
		"the host vouched": {do: func(t *testing.T, b *bundle, barred, lifter, _ audit.Actor) {
			t.Helper()
			b.sets(t, barred, lifter, "staff.created")
			require.NoError(t, staff.Vouch(t.Context(), b.pool, audit.System(), lifter.ID, "works at the till"))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			barred, lifter := b.colleague(t, "barred"), b.colleague(t, "lifter")
			i := b.as(barred).upload(t, many(3))
			i.check(t, planned("serial", "code"))
			c.do(t, b, barred, lifter, b.colleague(t, "third"))
			codes := b.cards.Guesses.ClearStaff(t.Context(), lifter, barred.ID, "an honest mistake")
			imports := b.importer().ClearBar(t.Context(), lifter, i.id, "an honest mistake")
			require.ErrorIs(t, b.importer().ClearBar(t.Context(), barred, i.id, "it was me"), guess.ErrOwnBar)
			if !c.refused {
				require.NoError(t, codes)
				require.NoError(t, imports)
				return
			}
			require.ErrorIs(t, codes, guess.ErrBarShared)
			require.ErrorIs(t, imports, guess.ErrBarShared)
			require.NoError(t, guess.LiftStaffBar(t.Context(), b.pool, audit.System(), barred.ID, "an honest mistake"), "the host stays the way out")
		})
	}
}

// Every kind of request about a series of several partners, or cards for them, is seen and
// decided by staff who see all of these.
func TestRequestsOfSeveralPartners(t *testing.T) {
	t.Parallel()
	asks := map[db.ApprovalKind]func(t *testing.T, b *bundle, s func() db.Series){
		db.ApprovalKindActivate: func(t *testing.T, b *bundle, s func() db.Series) {
			t.Helper()
			require.ErrorIs(t, b.cards.Activate(t.Context(), b.admin, s().ID), card.ErrActivationWaits)
		},
		db.ApprovalKindExport: func(t *testing.T, b *bundle, s func() db.Series) {
			t.Helper()
			_, err := b.exports().Request(t.Context(), b.admin, s().ID, "csv", cardfile.Options{}, uuid.New())
			require.NoError(t, err)
		},
		db.ApprovalKindReveal: func(t *testing.T, b *bundle, s func() db.Series) {
			t.Helper()
			b.above(t, 5_00)
			_, err := b.cards.Reveal(t.Context(), b.admin, card.Ref{SeriesID: s().ID, Serial: 1}, "lost")
			require.ErrorIs(t, err, card.ErrRevealWaits)
		},
		db.ApprovalKindRenewal: func(t *testing.T, b *bundle, s func() db.Series) {
			t.Helper()
			b.above(t, 1_000_00)
			series := s()
			require.NoError(t, b.cards.Activate(t.Context(), b.admin, series.ID))
			b.aDayLater(t)
			b.above(t, 50_00)
			b.exec(t, `update series set valid_till = current_date - 3 where id = $1`, series.ID)
			_, err := b.edit(t, series.ID, func(f *card.SeriesEdit) { f.ValidTill = day(2031, 1, 31) })
			require.ErrorIs(t, err, card.ErrEditWaits)
		},
		db.ApprovalKindImport: func(t *testing.T, b *bundle, _ func() db.Series) {
			t.Helper()
			f := planned("serial", "code")
			f.Partners = []string{partnerText(b.north.ID), partnerText(b.south.ID)}
			i := b.upload(t, many(12))
			i.check(t, f)
			require.ErrorIs(t, i.confirm(t.Context(), b.admin, i.id), cardimport.ErrImportWaits)
		},
	}
	for kind, ask := range asks {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			b, _ := second(t) // above USD 50.00
			ask(t, b, func() db.Series {
				f := form(6)
				f.Activate, f.Partners = false, card.Partners{IDs: []int64{b.north.ID, b.south.ID}}
				return b.series(t, f)
			})
			a := b.waitingOf(t, kind)
			approver := []staff.Permission{staff.SeriesApprove}
			north, south := b.worker(t, "north", approver, b.north.ID), b.worker(t, "south", approver, b.south.ID)
			both := b.worker(t, "both", approver, b.north.ID, b.south.ID)
			for _, who := range []audit.Actor{north, south} {
				require.Error(t, b.cards.Approve(t.Context(), who, a.ID, "because"))
				require.Error(t, b.cards.Refuse(t.Context(), who, a.ID, "because"))
				seen, err := b.q.ApprovalCount(t.Context(), b.pool, db.ApprovalCountParams{StaffID: who.ID, Cards: true, PartnerIds: who.Scope.PartnerIDs})
				require.NoError(t, err)
				require.Zero(t, seen)
			}
			require.NoError(t, b.cards.Approve(t.Context(), both, a.ID, "because"))
			b.sound(t)
		})
	}
}
