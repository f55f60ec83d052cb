package client_test

import (
	"bytes"
	"encoding/hex"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/cardcode"
	"refill/internal/client"
	"refill/internal/codestore"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/setting"
	"refill/internal/staff"
)

// The secret of a pair is kept sealed. It is sealed again under a newer key, which it then
// opens with; the uses of each key count it; and once the pair has expired it is forgotten.
func TestPairIsSealedAgain(t *testing.T) {
	t.Parallel()
	h, ctx := cashHouse(t, nil), t.Context()
	var file bytes.Buffer
	require.NoError(t, cardcode.WriteNewKey(&file, 1))
	store := func() *codestore.Store {
		keys, err := cardcode.ReadKeyring(bytes.NewReader(file.Bytes()))
		require.NoError(t, err)
		return codestore.New(h.pool, keys, nil, setting.NewStore(h.pool, time.Now), slog.New(slog.DiscardHandler))
	}
	before := store()
	require.NoError(t, cardcode.WriteSealKey(&file, 2))
	after, owner := store(), dbtest.Owner(t, h.pool)
	announce := func(keyID int16) {
		require.NoError(t, db.New().KeyCanaryCreate(ctx, owner, db.KeyCanaryCreateParams{KeyID: keyID, Sealed: []byte("x")}))
	}
	announce(1)
	form := h.form(staff.SeriesExport, staff.RedeemFor)
	form.Name, form.Splynx = "Add-on", true
	id, err := client.Create(ctx, h.pool, h.ada, form)
	require.NoError(t, err)
	pair, err := client.MakePair(ctx, h.pool, before, h.ada, id, client.KeyForm{})
	require.NoError(t, err)
	uses := func() map[int16]int64 {
		rows, err := db.New().KeyUse(ctx, h.pool)
		require.NoError(t, err)
		n := map[int16]int64{}
		for _, row := range rows {
			n[row.KeyID] = row.Pairs
		}
		return n
	}
	require.Equal(t, int64(1), uses()[1])
	var found int
	require.NoError(t, h.pool.QueryRow(ctx, `select count(*) from api_key k where position($1 in k::text) > 0 or position($2 in k::text) > 0`, pair.Secret, hex.EncodeToString([]byte(pair.Secret))).Scan(&found))
	require.Zero(t, found, "it is nowhere in clear")

	admitted, err := client.AdmitPair(ctx, h.pool, pair, netip.Addr{})
	require.NoError(t, err)
	require.Equal(t, []staff.Permission{staff.RedeemFor}, admitted.Permissions, "nothing that gives out codes")
	announce(2)
	_, err = client.MakePair(ctx, h.pool, before, h.ada, id, client.KeyForm{})
	require.ErrorContains(t, err, "client_pair_keys", "a process without the newest key makes none")
	require.NoError(t, client.ResealPairs(ctx, h.pool, after))
	require.Zero(t, uses()[1])
	require.Equal(t, int64(1), uses()[2])
	_, err = client.AdmitSigned(ctx, h.pool, after, client.Signed{Key: pair.Key, Nonce: "5", Signature: "00"}, netip.Addr{})
	require.ErrorIs(t, err, client.ErrSignature, "it opens under the newer key")
	_, err = client.AdmitSigned(ctx, h.pool, before, client.Signed{Key: pair.Key, Nonce: "5", Signature: "00"}, netip.Addr{})
	require.NotErrorIs(t, err, client.ErrSignature, "and no more under the older")

	for i, overlap := range []time.Duration{time.Hour, 0} { // the pair before works for an hour, then two work
		_, err = client.MakePair(ctx, h.pool, after, audit.System(), id, client.KeyForm{Overlap: overlap})
		require.NoError(t, err, i)
	}
	_, err = client.AdmitPair(ctx, h.pool, pair, netip.Addr{})
	require.ErrorIs(t, err, client.ErrKeyEnded, "without an overlap those before end")
	require.NoError(t, client.ResealPairs(ctx, h.pool, after))
	var kept int
	require.NoError(t, h.pool.QueryRow(ctx, `select count(*) from api_key where splynx_secret is not null`).Scan(&kept))
	require.Equal(t, 1, kept)
}
