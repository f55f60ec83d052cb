package card_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/cardimport"
	"refill/internal/db"
	"refill/internal/staff"
	"refill/internal/staff/peopletest"
)

// worker is a member of staff whose role has some permissions and who sees some
// partners; none: all.
func (b *bundle) worker(t *testing.T, username string, may []staff.Permission, partners ...int64) audit.Actor {
	t.Helper()
	form := staff.RoleForm{Name: username}
	for _, p := range may {
		form.Permissions = append(form.Permissions, string(p))
	}
	role, err := staff.CreateRole(t.Context(), b.pool, b.admin, form)
	require.NoError(t, err)
	id := peopletest.Staff(t, b.pool, staff.New{Username: username, RoleID: role, AllPartners: len(partners) == 0, PartnerIDs: partners})
	return audit.ByStaff(id, audit.Scope{AllPartners: len(partners) == 0, PartnerIDs: partners})
}

// partnerText is a partner as a form sends it.
func partnerText(id int64) string { return strconv.FormatInt(id, 10) }

// demote gives a member of staff a role without any permission.
func (b *bundle) demote(t *testing.T, who audit.Actor) {
	t.Helper()
	role, err := staff.CreateRole(t.Context(), b.pool, b.admin, staff.RoleForm{Name: "nothing"})
	require.NoError(t, err)
	require.NoError(t, staff.Edit(t.Context(), b.pool, b.admin, who.ID, staff.Change{
		Name: "Demoted", RoleID: role, AllPartners: who.Scope.AllPartners, PartnerIDs: who.Scope.PartnerIDs,
	}))
}

// moved gives a member of staff of some partners others.
func (b *bundle) moved(t *testing.T, who audit.Actor, partners ...int64) audit.Actor {
	t.Helper()
	row, err := b.q.StaffGet(t.Context(), b.pool, who.ID)
	require.NoError(t, err)
	require.NoError(t, staff.Edit(t.Context(), b.pool, b.admin, who.ID, staff.Change{Name: "Moved", RoleID: row.RoleID, PartnerIDs: partners}))
	who.Scope = audit.Scope{PartnerIDs: partners}
	return who
}

// Who may order or import but not activate brings no card into use by the check box of
// the form.
func TestOrderIsNoActivation(t *testing.T) {
	t.Parallel()
	b := setup(t)
	who := b.worker(t, "orders", []staff.Permission{staff.SeriesGenerate, staff.SeriesImport})
	_, err := b.cards.Order(t.Context(), who, form(3))
	require.ErrorIs(t, err, card.ErrMayNotActivate)
	f := form(3)
	f.Activate = false
	ordered, err := b.cards.Order(t.Context(), who, f)
	require.NoError(t, err)
	require.NoError(t, b.cards.Generate(t.Context(), ordered.ID, time.Now, noJob))
	require.Equal(t, db.SeriesStateReady, b.read(t, ordered.ID).State)

	i := b.as(who).upload(t, many(3))
	plan := planned("serial", "code")
	require.ErrorIs(t, i.importer().Plan(t.Context(), who, i.id, plan), card.ErrMayNotActivate)
	plan.Activate = false
	i.check(t, plan)
	require.Equal(t, db.SeriesStateReady, i.run(t)[0].State)

	// Planned by a person who may, confirmed by one who may not.
	i = b.upload(t, "ID,Code\n1,zzzzzzzzzzzzzza1\n2,zzzzzzzzzzzzzzb2\n3,zzzzzzzzzzzzzzc3\n")
	i.check(t, planned("serial", "code"))
	require.ErrorIs(t, i.confirm(t.Context(), who, i.id), card.ErrMayNotActivate)
	require.Empty(t, i.series(t))
}

// The program activates what it made only for a person who may activate at that moment.
func TestActivationIsLostWithTheRight(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(*bundle, audit.Actor){
		"role": func(b *bundle, who audit.Actor) { b.demote(t, who) },
		"disabled": func(b *bundle, who audit.Actor) {
			require.NoError(t, staff.Disable(t.Context(), b.pool, b.admin, who.ID))
		},
	} {
		b := setup(t)
		who := b.worker(t, "orders", []staff.Permission{staff.SeriesGenerate, staff.SeriesActivate})
		ordered, err := b.cards.Order(t.Context(), who, form(3))
		require.NoError(t, err, name)
		lose(b, who)
		require.NoError(t, b.cards.Generate(t.Context(), ordered.ID, time.Now, noJob), name)
		require.Equal(t, db.SeriesStateReady, b.read(t, ordered.ID).State, name)
		b.none(t)
		b.sound(t)
	}
}

// An import for partners that its importer sees no more is not begun, not taken up again,
// and not approved.
func TestImportOfFormerPartners(t *testing.T) {
	t.Parallel()
	may := []staff.Permission{staff.SeriesImport, staff.SeriesActivate}
	plan := func(b *bundle) cardimport.Form {
		f := planned("serial", "code")
		f.Partners = []string{partnerText(b.north.ID)}
		return f
	}
	t.Run("confirm", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		who := b.worker(t, "imports", may, b.north.ID)
		i := b.as(who).upload(t, many(3))
		i.check(t, plan(b))
		who = b.moved(t, who, b.south.ID)
		require.ErrorIs(t, i.confirm(t.Context(), who, i.id), card.ErrPartners)
		require.Empty(t, i.series(t))
	})
	t.Run("resume", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		who := b.worker(t, "imports", may, b.north.ID)
		i := b.as(who).upload(t, many(3))
		i.check(t, plan(b))
		require.NoError(t, i.confirm(t.Context(), who, i.id))
		require.NoError(t, i.importer().Cancel(t.Context(), who, i.id))
		who = b.moved(t, who, b.south.ID)
		require.ErrorIs(t, i.importer().Resume(t.Context(), who, i.id), card.ErrPartners)
		require.NoError(t, i.importer().Resume(t.Context(), b.admin, i.id), "a person of all partners may")
	})
	t.Run("approve", func(t *testing.T) {
		t.Parallel()
		b, other := second(t)
		who := b.worker(t, "imports", may, b.north.ID)
		i := b.as(who).upload(t, many(12))
		i.check(t, plan(b))
		require.ErrorIs(t, i.confirm(t.Context(), who, i.id), cardimport.ErrImportWaits)
		b.moved(t, who, b.south.ID)
		require.ErrorIs(t, b.cards.Approve(t.Context(), other, b.waiting(t).ID, "because"), approval.ErrAskerMayNot)
		require.Empty(t, i.series(t))
	})
}

// What a person may no longer do is not done for them because they asked before.
func TestAskerLosesTheRight(t *testing.T) {
	t.Parallel()
	may := []staff.Permission{staff.SeriesActivate, staff.SeriesEdit, staff.SeriesExport, staff.CardsReveal}
	asks := map[db.ApprovalKind]func(b *bundle, who audit.Actor){
		db.ApprovalKindActivate: func(b *bundle, who audit.Actor) {
			require.ErrorIs(t, b.cards.Activate(t.Context(), who, b.inactive(t, 6).ID), card.ErrActivationWaits)
		},
		db.ApprovalKindExport: func(b *bundle, who audit.Actor) { b.export(t, who, b.inactive(t, 6)) },
		db.ApprovalKindReveal: func(b *bundle, who audit.Actor) {
			f := form(1)
			f.Activate, f.Price = false, usd(6000)
			_, err := b.cards.Reveal(t.Context(), who, card.Ref{SeriesID: b.series(t, f).ID, Serial: 1}, "lost")
			require.ErrorIs(t, err, card.ErrRevealWaits)
		},
		db.ApprovalKindRenewal: func(b *bundle, who audit.Actor) {
			f := form(6)
			f.Activate, f.Partners = false, card.Partners{IDs: []int64{b.north.ID}}
			s := b.series(t, f)
			require.ErrorIs(t, b.cards.Activate(t.Context(), b.admin, s.ID), card.ErrActivationWaits)
			require.NoError(t, b.cards.Approve(t.Context(), b.colleague(t, "third"), b.waiting(t).ID, "because"))
			e := b.editForm(t, s.ID)
			e.Partners = card.Partners{IDs: []int64{b.north.ID, b.south.ID}}
			_, err := b.cards.Edit(t.Context(), who, s.ID, e)
			require.ErrorIs(t, err, card.ErrEditWaits)
		},
	}
	for kind, ask := range asks {
		for name, lose := range map[string]func(*bundle, audit.Actor){
			"role":     func(b *bundle, who audit.Actor) { b.demote(t, who) },
			"partners": func(b *bundle, who audit.Actor) { b.moved(t, who, b.south.ID) },
		} {
			b, other := second(t)
			who := b.worker(t, "asks", may)
			ask(b, who)
			a := b.waiting(t)
			require.Equal(t, kind, a.Kind)
			lose(b, who)
			require.ErrorIs(t, b.cards.Approve(t.Context(), other, a.ID, "because"), approval.ErrAskerMayNot, "%s %s", kind, name)
			require.Equal(t, db.ApprovalStateWaiting, b.waiting(t).State)
			require.NoError(t, b.cards.Refuse(t.Context(), other, a.ID, "because"))
			b.sound(t)
		}
	}
}

// A request that gives a series to more partners is decided by staff who see those as
// well; others see no such request.
func TestWideningIsDecidedByStaffOfAllItsPartners(t *testing.T) {
	t.Parallel()
	for name, to := range map[string]func(*bundle) card.Partners{
		"any":     func(*bundle) card.Partners { return card.Partners{Any: true} },
		"another": func(b *bundle) card.Partners { return card.Partners{IDs: []int64{b.north.ID, b.south.ID}} },
	} {
		b, other := second(t)
		f := form(6)
		f.Activate, f.Partners = false, card.Partners{IDs: []int64{b.north.ID}}
		s := b.series(t, f)
		north := b.worker(t, "north", []staff.Permission{staff.SeriesApprove}, b.north.ID)
		require.ErrorIs(t, b.cards.Activate(t.Context(), b.admin, s.ID), card.ErrActivationWaits)
		require.NoError(t, b.cards.Approve(t.Context(), north, b.waiting(t).ID, "because"), "activating it concerns North alone")
		e := b.editForm(t, s.ID)
		e.Partners = to(b)
		_, err := b.cards.Edit(t.Context(), b.admin, s.ID, e)
		require.ErrorIs(t, err, card.ErrEditWaits, name)
		a := b.waiting(t)
		require.ErrorIs(t, b.cards.Approve(t.Context(), north, a.ID, "because"), approval.ErrUnknown, name)
		seen, err := b.q.ApprovalCount(t.Context(), b.pool, db.ApprovalCountParams{StaffID: north.ID, Cards: true, PartnerIds: north.Scope.PartnerIDs})
		require.NoError(t, err)
		require.Zero(t, seen, name)
		require.NoError(t, b.cards.Approve(t.Context(), other, a.ID, "because"), name)
	}
}
