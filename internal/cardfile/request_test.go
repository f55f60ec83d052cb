package cardfile_test

import (
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/cardfile"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/render"
	"refill/internal/setting"
)

// printShop enters a print shop "one" and returns what opens its files.
func (b *bundle) printShop(t *testing.T) *age.X25519Identity {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	require.NoError(t, b.settings.Change(t.Context(), b.admin, func(v *setting.Settings) {
		v.PrintShops = []setting.PrintShop{{ID: "one", Name: "Printhouse", Kind: "age", Key: identity.Recipient().String()}}
	}))
	return identity
}

// Options that no file can be made of are refused when the file is requested, by every
// form, and no row is inserted.
func TestRequestRefusesWhatCannotBeMade(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, 9)
	deleted := b.series(t, 9)
	unused := db.CardStateActive
	for name, tc := range map[string]struct {
		format string
		o      cardfile.Options
		want   *fault.Error
		field  string
	}{
		"no format":           {"docx", cardfile.Options{}, cardfile.ErrFormat, "format"},
		"no layout":           {"pdf", cardfile.Options{Layout: "a4"}, render.ErrLayout, "layout"},
		"turned round":        {"csv", cardfile.Options{First: 3, Last: 2}, cardfile.ErrRange, "last"},
		"void cards":          {"csv", cardfile.Options{States: []db.CardState{unused, db.CardStateVoid}}, cardfile.ErrCardStates, "cards"},
		"used cards to print": {"pdf", cardfile.Options{States: []db.CardState{db.CardStateUsed}}, cardfile.ErrPrintUsed, "cards"},
		"no card":             {"csv", cardfile.Options{States: []db.CardState{db.CardStateDisabled}}, cardfile.ErrNoneMatch, "first"},
		"password of a table": {"csv", cardfile.Options{Locked: true, Password: cardfile.NewPassword("heron basket")}, cardfile.ErrPasswordFormat, "password"},
		"no print shop":       {"csv", cardfile.Options{ShopID: "gone"}, cardfile.ErrShop, "shop"},
		"no column":           {"csv", cardfile.Options{Columns: []string{"remark"}}, render.ErrColumns, "columns"},
		"too short a reason":  {"csv", cardfile.Options{Reason: "x"}, nil, "reason"},
		"too easy a password": {"pdf", cardfile.Options{Locked: true, Password: cardfile.NewPassword("password")}, nil, "password"},
	} {
		_, err := b.files.Request(t.Context(), b.admin, s.ID, tc.format, tc.o, uuid.New())
		require.Equal(t, fault.Invalid, fault.KindOf(err), "%s: %v", name, err)
		require.Equal(t, tc.field, fault.All(err)[0].Field, name)
		if tc.want != nil {
			require.ErrorIs(t, err, tc.want, name)
		}
	}
	_, err := b.files.Request(t.Context(), audit.ByStaff(b.admin.ID, audit.Scope{PartnerIDs: []int64{b.north.ID}}), s.ID, "csv", cardfile.Options{}, uuid.New())
	require.ErrorIs(t, err, card.ErrNoSeries)
	require.NoError(t, b.cards.Void(t.Context(), b.admin, deleted.ID, "a test"))
	_, err = b.files.Request(t.Context(), b.admin, deleted.ID, "csv", cardfile.Options{}, uuid.New())
	require.ErrorIs(t, err, cardfile.ErrSeriesState)
	require.Zero(t, b.number(t, `select count(*) from export`))
	require.Zero(t, b.number(t, `select count(*) from form_print where form = 'export'`))
	require.Zero(t, b.number(t, `select count(*) from audit where action = 'export.requested'`))
}

// A file that would not fit the disk is refused when it is asked for and when it is made,
// with how much it needs.
func TestRequestNeedsRoom(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, 30)
	b.disk.room.Store(6_030)
	for _, o := range []cardfile.Options{{}, {Layout: "a4-3x8"}} { // one press, and the form
		_, err := b.files.Request(t.Context(), b.admin, s.ID, "pdf", o, uuid.New())
		require.ErrorIs(t, err, cardfile.ErrRoom)
	}
	require.Zero(t, b.number(t, `select count(*) from export`))
	b.disk.room.Store(0)
	id := b.request(t, s, "pdf", cardfile.Options{})
	b.disk.room.Store(6_030)
	require.ErrorIs(t, b.files.Make(t.Context(), id, noJob), cardfile.ErrOver)
	require.Equal(t, db.ExportStateFailed, b.read(t, id).State)
	require.Regexp(t, `^This file needs about 4\d kB, and the disk for exported files has 5 kB left\.`, fault.Kept(b.read(t, id).Failure).Text())
	require.Zero(t, b.kept(t))
}

// One press and the form that chooses the same make the same file.
func TestOnePressIsTheFormWithNothingChosen(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, 12)
	for _, format := range []string{"csv", "jsonl", "printer"} {
		pressed := b.request(t, s, format, cardfile.Options{})
		chosen := b.request(t, s, format, cardfile.Options{Layout: "a4-2x5", States: []db.CardState{db.CardStateActive}})
		for _, id := range []int64{pressed, chosen} {
			require.NoError(t, b.files.Make(t.Context(), id, noJob))
		}
		require.Equal(t, b.content(t, pressed), b.content(t, chosen), format)
		require.EqualValues(t, 12, b.read(t, pressed).RowsDone, format)
	}
}

// The name and the kind of a print shop are those at the time of the request, even if the
// request states others.
func TestRequestNotesThePrintShop(t *testing.T) {
	t.Parallel()
	b := setup(t)
	identity := b.printShop(t)
	s := b.series(t, 3)
	id := b.request(t, s, "csv", cardfile.Options{ShopID: "one", Shop: "Another", SealedAs: "gpg"})
	o, err := cardfile.ReadOptions(b.read(t, id))
	require.NoError(t, err)
	require.Equal(t, cardfile.Options{ShopID: "one", Shop: "Printhouse", SealedAs: "age"}, o)
	require.Equal(t, 1, b.number(t, `select count(*) from audit where action = 'export.requested' and detail->>'encrypted_for' = 'Printhouse'`))
	require.NoError(t, b.files.Make(t.Context(), id, noJob))
	_, err = age.Decrypt(strings.NewReader(b.content(t, id)), identity)
	require.NoError(t, err)

	plain := b.request(t, s, "csv", cardfile.Options{Shop: "Another", SealedAs: "gpg"})
	o, err = cardfile.ReadOptions(b.read(t, plain))
	require.NoError(t, err)
	require.Zero(t, o, "nobody was chosen")
}

// What is foreseen is what comes, and what is refused there is refused here.
func TestForesee(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s, err := b.cards.Series(t.Context(), b.admin, b.series(t, 30).ID)
	require.NoError(t, err)
	for _, format := range []string{"csv", "xlsx", "jsonl", "printer", "pdf"} {
		o := cardfile.Options{First: 5, Last: 24}
		foreseen, err := b.files.Foresee(t.Context(), s, format, o)
		require.NoError(t, err, format)
		require.EqualValues(t, 20, foreseen.Cards, format)
		id := b.request(t, s.Series, format, o)
		require.NoError(t, b.files.Make(t.Context(), id, noJob))
		require.EqualValues(t, 20, b.read(t, id).RowsDone, format)
		require.InEpsilon(t, float64(foreseen.Bytes), float64(b.read(t, id).Size), 1.5, format)
	}
	foreseen, err := b.files.Foresee(t.Context(), s, "csv", cardfile.Options{ShopID: "gone"})
	require.ErrorIs(t, err, cardfile.ErrShop)
	require.EqualValues(t, 30, foreseen.Cards, "counted all the same")
	_, err = b.files.Foresee(t.Context(), s, "csv", cardfile.Options{First: 9, Last: 8})
	require.ErrorIs(t, err, cardfile.ErrRange)
}

// What a person chose last is proposed; one press chooses nothing, also where a reason is
// asked for and where the series says which cards.
func TestOnePressIsNoChoice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, 3)
	chosen := cardfile.Options{Layout: "a4-2x5", Columns: []string{"link"}}
	b.request(t, s, "xlsx", chosen)
	b.request(t, s, "csv", cardfile.Options{})
	b.request(t, s, "csv", cardfile.Options{Reason: "for the kiosk"})
	single := b.series(t, 3, once)
	b.request(t, single, "csv", cardfile.Options{})
	for _, of := range []db.Series{s, single} {
		format, o, err := b.files.LastChoice(t.Context(), b.admin, of.ID)
		require.NoError(t, err)
		require.Equal(t, "xlsx", format)
		require.Equal(t, chosen, o)
	}
	b.request(t, s, "jsonl", cardfile.Options{States: []db.CardState{db.CardStateActive}})
	format, _, err := b.files.LastChoice(t.Context(), b.admin, s.ID)
	require.NoError(t, err)
	require.Equal(t, "jsonl", format, "cards that were chosen are a choice")
}
