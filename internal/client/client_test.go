package client

import (
	"net/netip"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/staff"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// Keys have the published form, differ, and are told from a text with one changed character.
func TestKeyForm(t *testing.T) {
	t.Parallel()
	text, hash, hint := newKey()
	require.Regexp(t, "^"+KeyPattern+"$", text)
	require.True(t, wellFormed(text))
	require.Len(t, hash, 32)
	require.Equal(t, text[:11]+"…", hint)
	other, _, _ := newKey()
	require.NotEqual(t, text, other)
	for i := range text {
		changed := []byte(text)
		if changed[i]++; changed[i] == '9'+1 || changed[i] == 'z'+1 || changed[i] == 'Z'+1 {
			changed[i] = '0'
		}
		require.False(t, wellFormed(string(changed)), i)
	}
	for _, bad := range []string{"", "refill_", text + "x", strings.ToUpper(text), " " + text} {
		require.False(t, wellFormed(bad), bad)
	}
}

// The scanner of secrets looks for the keys that are made.
func TestScannerFindsKeys(t *testing.T) {
	t.Parallel()
	rules, err := os.ReadFile("../../.gitleaks.toml")
	require.NoError(t, err)
	_, rule, found := strings.Cut(string(rules), `id = "refill-api-key"`)
	require.True(t, found)
	_, rule, _ = strings.Cut(rule, "regex = '''")
	pattern, _, _ := strings.Cut(rule, "'''")
	require.Equal(t, KeyPattern, pattern)
	for range 100 {
		text, _, _ := newKey()
		require.Equal(t, text, regexp.MustCompile(pattern).FindString("key: "+text+"\n"))
	}
}

type bundle struct {
	pool         *pgxpool.Pool
	ada, cashier int64
	north, south int64
}

func setup(t *testing.T) *bundle {
	t.Helper()
	b := &bundle{pool: dbtest.Pool(t)}
	person := func(name, role string, all bool) int64 {
		of, err := db.New().RoleGetByKey(t.Context(), b.pool, role)
		require.NoError(t, err)
		row, err := db.New().StaffCreate(t.Context(), b.pool, db.StaffCreateParams{Username: name, Name: name, PasswordHash: "x", RoleID: of.ID, AllPartners: all})
		require.NoError(t, err)
		return row.ID
	}
	partner := func(name string) int64 {
		p, err := db.New().PartnerCreate(t.Context(), b.pool, db.PartnerCreateParams{Name: name, TimeZone: "UTC"})
		require.NoError(t, err)
		return p.ID
	}
	b.ada, b.cashier = person("ada", "administrator", true), person("cashier", "cashier", true)
	b.north, b.south = partner("North"), partner("South")
	return b
}

func (b *bundle) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	_, err := b.pool.Exec(t.Context(), sql, args...)
	require.NoError(t, err)
}

// form is a client of North that may redeem.
func (b *bundle) form() Form {
	return Form{
		Name: "Acme", OwnerID: b.ada, PartnerIDs: []int64{b.north}, Permissions: staff.Stored(staff.RedeemFor, staff.PaymentsView),
		PerMinute: UsualPerMinute, WrongCodesHour: UsualWrongCodesHour,
	}
}

// What a client may do follows its key, its own rights and its owner's, at each request.
func TestAdmit(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, by := t.Context(), audit.ByStaff(b.ada, audit.Everything())
	id, err := Create(ctx, b.pool, by, b.form())
	require.NoError(t, err)
	key, err := MakeKey(ctx, b.pool, by, id, KeyForm{})
	require.NoError(t, err)
	near := netip.MustParseAddr("10.1.2.3")

	c, err := Admit(ctx, b.pool, key, near)
	require.NoError(t, err)
	require.Equal(t, []staff.Permission{staff.RedeemFor, staff.PaymentsView}, c.Permissions)
	require.Equal(t, audit.Scope{PartnerIDs: []int64{b.north}}, c.Scope)
	require.Equal(t, int32(599), c.Rate.Left)
	require.Equal(t, audit.ByClient(id, b.ada, b.ada, c.Scope).On(audit.Terms{WrongCodesHour: UsualWrongCodesHour}), c.Actor())

	_, err = Admit(ctx, b.pool, "", near)
	require.ErrorIs(t, err, ErrNoKey)
	other, _, _ := newKey()
	_, err = Admit(ctx, b.pool, other, near)
	require.ErrorIs(t, err, ErrKeyUnknown)

	for name, step := range map[string]struct {
		do, undo string
		want     error
	}{
		"foreign address": {`update api_client set networks = '{192.0.2.0/24}'`, `update api_client set networks = '{10.0.0.0/8}'`, ErrAddress},
		"client disabled": {`update api_client set disabled_at = now()`, `update api_client set disabled_at = null`, ErrDisabled},
		"owner disabled":  {`update staff set disabled_at = now() where username = 'ada'`, `update staff set disabled_at = null`, ErrDisabled},
		"key revoked":     {`update api_key set revoked_at = now()`, `update api_key set revoked_at = null`, ErrKeyEnded},
		"key expired":     {`update api_key set expires_at = now()`, `update api_key set expires_at = now() + interval '1 minute'`, ErrKeyEnded},
	} {
		b.exec(t, step.do)
		_, err = Admit(ctx, b.pool, key, near)
		require.ErrorIs(t, err, step.want, name)
		b.exec(t, step.undo)
		_, err = Admit(ctx, b.pool, key, near)
		require.NoError(t, err, name)
	}

	// The owner's rights are the limit.
	b.exec(t, `update api_client set owner_id = $1, all_partners = true`, b.cashier)
	b.exec(t, `update api_client set permissions = '{cards.redeem,payments.view,series.void,staff.manage}'`)
	b.exec(t, `update staff set all_partners = false where id = $1`, b.cashier)
	b.exec(t, `insert into staff_partner values ($1, $2)`, b.cashier, b.south)
	c, err = Admit(ctx, b.pool, key, near)
	require.NoError(t, err)
	require.Equal(t, []staff.Permission{staff.RedeemFor, staff.PaymentsView}, c.Permissions, "a cashier deletes no series, and no client manages staff")
	require.Equal(t, audit.Scope{PartnerIDs: []int64{b.south}}, c.Scope)
}

// A person gives a client no more than they have, and no client acts for a person whose
// account they may not change.
func TestCreateGivesNoMore(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	b.exec(t, `update role set permissions = permissions || '{api.manage}' where key = 'cashier'`)
	by := audit.ByStaff(b.cashier, audit.Everything())
	for name, c := range map[string]struct {
		edit func(f *Form)
		by   audit.Actor
		want error
	}{
		"another owner":           {func(f *Form) { f.OwnerID = b.ada }, by, errOwner},
		"more than the own role":  {func(f *Form) { f.OwnerID = b.cashier; f.Permissions = staff.Stored(staff.SeriesVoid) }, by, errMore},
		"no permission for it":    {func(f *Form) {}, audit.ByCustomer(1, audit.Everything()), nil},
		"a client makes a client": {func(f *Form) {}, audit.ByClient(1, b.ada, b.ada, audit.Everything()), nil},
		"a lesser owner":          {func(f *Form) { f.OwnerID = b.cashier; f.Permissions = staff.Stored(staff.SeriesVoid) }, audit.ByStaff(b.ada, audit.Everything()), errOwnerLess},
	} {
		f := b.form()
		c.edit(&f)
		_, err := Create(ctx, b.pool, c.by, f)
		require.Error(t, err, name)
		if c.want != nil {
			require.ErrorIs(t, err, c.want, name)
		}
	}
	b.exec(t, `update staff set all_partners = false where id = $1`, b.cashier)
	b.exec(t, `insert into staff_partner values ($1, $2)`, b.cashier, b.south)
	f := b.form()
	f.OwnerID = b.cashier
	_, err := Create(ctx, b.pool, by, f)
	require.ErrorIs(t, err, errPartner)

	id, err := Create(ctx, b.pool, audit.ByStaff(b.ada, audit.Everything()), b.form())
	require.NoError(t, err)
	_, err = MakeKey(ctx, b.pool, by, id, KeyForm{})
	require.ErrorIs(t, err, ErrUnknown, "a client of partners that one does not see")
}

// A new key works at once; the one before works until the overlap ends.
func TestRotation(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, by := t.Context(), audit.ByStaff(b.ada, audit.Everything())
	id, err := Create(ctx, b.pool, by, b.form())
	require.NoError(t, err)
	works := func(key string) bool {
		_, err := Admit(ctx, b.pool, key, netip.Addr{})
		return err == nil
	}
	first, err := MakeKey(ctx, b.pool, by, id, KeyForm{Overlap: 24 * time.Hour})
	require.NoError(t, err)
	second, err := MakeKey(ctx, b.pool, by, id, KeyForm{Overlap: 24 * time.Hour})
	require.NoError(t, err)
	require.True(t, works(first) && works(second))
	_, err = MakeKey(ctx, b.pool, by, id, KeyForm{Overlap: time.Hour})
	require.ErrorIs(t, err, ErrTwoKeys)
	b.exec(t, `update api_key set expires_at = now() where expires_at is not null`)
	require.False(t, works(first))
	require.True(t, works(second))
	third, err := MakeKey(ctx, b.pool, by, id, KeyForm{})
	require.NoError(t, err)
	require.False(t, works(second))
	require.NoError(t, RevokeExposed(ctx, b.pool, audit.Visitor(), third))
	require.False(t, works(third))
	require.NoError(t, RevokeExposed(ctx, b.pool, audit.Visitor(), "not a key"))
	var acts int
	require.NoError(t, b.pool.QueryRow(ctx, `select count(*) from audit where action in ('client.created', 'client_key.made', 'client_key.exposed')`).Scan(&acts))
	require.Equal(t, 5, acts)
}
