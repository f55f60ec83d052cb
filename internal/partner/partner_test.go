package partner_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/fault"
	"refill/internal/partner"
)

func TestPartner(t *testing.T) {
	t.Parallel()
	ctx, tx := t.Context(), dbtest.Tx(t)
	f := partner.Form{
		Name: " North ", Brand: "Northlight", Slug: "North", TimeZone: "Europe/Berlin", Accent: "#0B5A75",
		Welcome: "Hello", Help: "Call us", CardLine1: "One", CardLine2: "Two",
	}
	id, err := partner.Create(ctx, tx, audit.System(), f, nil)
	require.NoError(t, err)
	row, err := db.New().PartnerGet(ctx, tx, id)
	require.NoError(t, err)
	require.Equal(t, "North", row.Name)
	require.Equal(t, "north", *row.Slug)
	require.Equal(t, "#0b5a75", row.Accent)

	_, err = partner.Create(ctx, tx, audit.System(), partner.Form{Name: "North", TimeZone: "UTC"}, nil)
	require.ErrorIs(t, err, partner.ErrPartnerName)
	_, err = partner.Create(ctx, tx, audit.System(), partner.Form{Name: "Other", Slug: "north", TimeZone: "UTC"}, nil)
	require.ErrorIs(t, err, partner.ErrPartnerSlug)
	other, err := partner.Create(ctx, tx, audit.System(), partner.Form{Name: "Other", TimeZone: "UTC"}, nil)
	require.NoError(t, err, "any number of partners have no name in addresses")

	clerk := audit.System().Within(audit.Scope{PartnerIDs: []int64{id}})
	_, err = partner.Create(ctx, tx, clerk, partner.Form{Name: "Mine", TimeZone: "UTC"}, nil)
	require.Equal(t, fault.Forbidden, fault.KindOf(err))
	f.Accent = "#ffd400"
	require.NoError(t, partner.Edit(ctx, tx, clerk, id, f, nil))
	changed, err := db.New().PartnerGet(ctx, tx, id)
	require.NoError(t, err)
	require.Greater(t, changed.LookVersion, row.LookVersion, "browsers must fetch the look anew")
	for _, foreign := range []int64{other, 999_999} {
		require.ErrorIs(t, partner.Edit(ctx, tx, clerk, foreign, f, nil), partner.ErrNoPartner)
		require.ErrorIs(t, partner.Disable(ctx, tx, clerk, foreign), partner.ErrNoPartner)
		require.ErrorIs(t, partner.RemoveLogo(ctx, tx, clerk, foreign), partner.ErrNoPartner)
	}
	var detail string
	require.NoError(t, tx.QueryRow(ctx, `select detail::text from audit where action = 'partner.changed'`).Scan(&detail))
	require.JSONEq(t, fmt.Sprintf(`{"partner": %d, "accent": "#ffd400"}`, id), detail, "only what changed")
}

func TestPartnerForm(t *testing.T) {
	t.Parallel()
	tx := dbtest.Tx(t)
	long := string(bytes.Repeat([]byte("x"), 600))
	_, err := partner.Create(t.Context(), tx, audit.System(), partner.Form{
		Brand: long, Slug: "-no-", TimeZone: "Moon/Base", Accent: "red", Welcome: long, Help: long, CardLine1: long, CardLine2: long,
	}, nil)
	fields := []string{}
	for _, f := range fault.All(err) {
		fields = append(fields, f.Field)
	}
	require.Equal(t, []string{"name", "brand", "slug", "time_zone", "accent", "welcome", "help", "card_line1", "card_line2"}, fields)
}

// Printed cards lead to the name that a partner had in addresses. It stays with the partner:
// the partner may take it again, another one can't have it.
func TestNamesInAddressesStay(t *testing.T) {
	t.Parallel()
	ctx, tx := t.Context(), dbtest.Tx(t)
	f := partner.Form{Name: "North", Slug: "north", TimeZone: "UTC"}
	id, err := partner.Create(ctx, tx, audit.System(), f, nil)
	require.NoError(t, err)
	other, err := partner.Create(ctx, tx, audit.System(), partner.Form{Name: "South", TimeZone: "UTC"}, nil)
	require.NoError(t, err)
	look := func(name string) int64 {
		row, found, err := db.Found(db.New().PartnerLook(ctx, tx, db.PartnerLookParams{Slug: name}))
		require.NoError(t, err)
		if !found {
			return 0
		}
		return row.ID
	}
	for _, now := range []string{"north-2", ""} {
		f.Slug = now
		require.NoError(t, partner.Edit(ctx, tx, audit.System(), id, f, nil))
		require.Equal(t, id, look("north"), "a former name leads to the partner")
		require.ErrorIs(t, partner.Edit(ctx, tx, audit.System(), other, partner.Form{Name: "South", Slug: "north", TimeZone: "UTC"}, nil), partner.ErrPartnerSlug)
		_, err = partner.Create(ctx, tx, audit.System(), partner.Form{Name: "East", Slug: "north", TimeZone: "UTC"}, nil)
		require.ErrorIs(t, err, partner.ErrPartnerSlug)
	}
	former, err := db.New().PartnerFormerNames(ctx, tx, id)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"north", "north-2"}, former)
	f.Slug = "north"
	require.NoError(t, partner.Edit(ctx, tx, audit.System(), id, f, nil), "it takes its own name again")
	require.Zero(t, look("nobody"))
	_, err = tx.Exec(ctx, `set local role refill_app`)
	require.NoError(t, err)
	for _, change := range []string{`delete from partner_address`, `update partner_address set partner_id = 2`} {
		savepoint, err := tx.Begin(ctx)
		require.NoError(t, err)
		_, err = savepoint.Exec(ctx, change)
		require.ErrorContains(t, err, "permission denied", change)
		require.NoError(t, savepoint.Rollback(ctx))
	}
}

// Names that read like pages of the portal are refused. A partner that has one keeps it.
func TestReservedNames(t *testing.T) {
	t.Parallel()
	ctx, tx := t.Context(), dbtest.Tx(t)
	f := partner.Form{Name: "North", Slug: " Admin ", TimeZone: "UTC"}
	_, err := partner.Create(ctx, tx, audit.System(), f, nil)
	require.ErrorIs(t, err, partner.ErrSlugReserved)
	f.Slug = "north"
	id, err := partner.Create(ctx, tx, audit.System(), f, nil)
	require.NoError(t, err)
	f.Slug = "support"
	require.ErrorIs(t, partner.Edit(ctx, tx, audit.System(), id, f, nil), partner.ErrSlugReserved)
	_, err = tx.Exec(ctx, `update partner set slug = 'support' where id = $1`, id) // of an earlier version
	require.NoError(t, err)
	f.Help = "Call us"
	require.NoError(t, partner.Edit(ctx, tx, audit.System(), id, f, nil))
}

func TestDisabledPartner(t *testing.T) {
	t.Parallel()
	ctx, tx := t.Context(), dbtest.Tx(t)
	id, err := partner.Create(ctx, tx, audit.System(), partner.Form{Name: "North", TimeZone: "UTC"}, nil)
	require.NoError(t, err)
	anna, err := customer.Create(ctx, tx, audit.System(), customer.New{PartnerID: id, Username: "anna", Name: "Anna", Currency: "USD"})
	require.NoError(t, err)
	n, err := db.New().SessionCreateCustomer(ctx, tx, db.SessionCreateCustomerParams{TokenHash: []byte("token"), CustomerID: anna.ID, Lifetime: 1 << 40})
	require.NoError(t, err)
	require.Equal(t, int64(1), n)
	require.NoError(t, partner.Disable(ctx, tx, audit.System(), id))
	require.ErrorIs(t, partner.Disable(ctx, tx, audit.System(), id), partner.ErrPartnerState)
	_, err = customer.Create(ctx, tx, audit.System(), customer.New{PartnerID: id, Username: "ben", Name: "Ben", Currency: "USD"})
	require.ErrorIs(t, err, partner.ErrPartnerClosed)
	require.NoError(t, partner.Enable(ctx, tx, audit.System(), id))
	var sessions int
	require.NoError(t, tx.QueryRow(ctx, `select count(*) from session`).Scan(&sessions))
	require.Zero(t, sessions, "a session from before does not come back")
	_, err = customer.Create(ctx, tx, audit.System(), customer.New{PartnerID: id, Username: "ben", Name: "Ben", Currency: "USD"})
	require.NoError(t, err)
}

// picture draws a dark square on white.
func picture(width, height int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			m.Set(x, y, color.NRGBA{R: 20, G: uint8(x), B: uint8(y), A: 255})
		}
	}
	return m
}

// encoded is a picture as a PNG file.
func encoded(t *testing.T, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, m))
	return b.Bytes()
}

// claiming is a small PNG file whose header claims a size.
func claiming(t *testing.T, width, height uint32) []byte {
	t.Helper()
	file := encoded(t, picture(20, 20))
	binary.BigEndian.PutUint32(file[16:], width)
	binary.BigEndian.PutUint32(file[20:], height)
	binary.BigEndian.PutUint32(file[29:], crc32.ChecksumIEEE(file[12:29]))
	return file
}

func TestReadLogo(t *testing.T) {
	t.Parallel()
	logo, err := partner.ReadLogo(encoded(t, picture(1200, 300)))
	require.NoError(t, err)
	require.Equal(t, [2]int32{480, 120}, [2]int32{logo.Width, logo.Height}, "made to fit")
	again, err := png.DecodeConfig(bytes.NewReader(logo.PNG))
	require.NoError(t, err)
	require.Equal(t, 480, again.Width)
	var photo bytes.Buffer
	require.NoError(t, jpeg.Encode(&photo, picture(100, 200), nil))
	logo, err = partner.ReadLogo(photo.Bytes())
	require.NoError(t, err)
	require.Equal(t, [2]int32{100, 200}, [2]int32{logo.Width, logo.Height}, "a small one stays as it is")
	require.True(t, bytes.HasPrefix(logo.PNG, []byte("\x89PNG")), "always encoded anew")

	var moving bytes.Buffer
	require.NoError(t, gif.Encode(&moving, picture(20, 20), nil))
	whole := encoded(t, picture(200, 200))
	for name, c := range map[string]struct {
		file []byte
		code string
	}{
		"svg":            {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), "logo_kind"},
		"gif":            {moving.Bytes(), "logo_kind"},
		"text":           {[]byte("hello"), "logo_kind"},
		"40 megapixels":  {claiming(t, 8000, 5000), "logo_pixels"},
		"overflow":       {claiming(t, 1<<31-1, 1<<31-1), "logo_broken"},
		"one pixel":      {encoded(t, picture(1, 1)), "logo_small"},
		"cut off":        {whole[:len(whole)/2], "logo_broken"},
		"only the start": {whole[:12], "logo_broken"},
		"jpeg cut off":   {photo.Bytes()[:200], "logo_broken"},
		"too large":      {append(whole, make([]byte, partner.MaxLogoBytes)...), "logo_size"},
		"white on white": {encoded(t, image.NewNRGBA(image.Rect(0, 0, 50, 50))), "logo_pale"},
	} {
		_, err := partner.ReadLogo(c.file)
		require.NotNil(t, fault.All(err), name)
		require.Equal(t, c.code, fault.All(err)[0].Code, name)
		require.Equal(t, "logo", fault.All(err)[0].Field, name)
	}
}

// Two who disable at once: one does it, the other hears that it is done.
func TestDisablePartnerRace(t *testing.T) {
	t.Parallel()
	pool := dbtest.Pool(t)
	id, err := partner.Create(t.Context(), pool, audit.System(), partner.Form{Name: "North", TimeZone: "UTC"}, nil)
	require.NoError(t, err)
	gate, answers := make(chan struct{}), make(chan error)
	for range 4 {
		go func() {
			<-gate
			answers <- partner.Disable(context.WithoutCancel(t.Context()), pool, audit.System(), id)
		}()
	}
	close(gate)
	done := 0
	for range 4 {
		if err := <-answers; err == nil {
			done++
		} else {
			require.ErrorIs(t, err, partner.ErrPartnerState)
		}
	}
	require.Equal(t, 1, done)
	var rows int
	require.NoError(t, pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		return tx.QueryRow(t.Context(), `select count(*) from audit where action = 'partner.disabled'`).Scan(&rows)
	}))
	require.Equal(t, 1, rows)
}
