package card_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/cardcode"
	"refill/internal/codestore"
)

// keyFile is a key file that a test changes as the commands do.
type keyFile struct {
	*bundle
	text []byte
}

func (f *keyFile) read(t *testing.T) {
	t.Helper()
	keys, err := cardcode.ReadKeyring(bytes.NewReader(f.text))
	require.NoError(t, err)
	f.keys = keys
	f.use(newService(t, f.pool, keys))
}

// add adds a key to the file and announces it.
func (f *keyFile) add(t *testing.T, write func(w io.Writer, id int16) error, id int16) {
	t.Helper()
	text, err := cardcode.SplitKeys(f.text)
	require.NoError(t, err)
	out := bytes.NewBuffer(text)
	require.NoError(t, write(out, id))
	f.text = out.Bytes()
	f.read(t)
	announce(t, f.pool, f.keys)
}

func combinedKeyLine() string {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	return "1 " + base64.StdEncoding.EncodeToString(key) + "\n"
}

// The runbook of docs/keys.md, with a new key file and with one from before index keys
// were apart: whatever is rotated and given up, every card is found, also one that was
// printed once, and the code of a deleted card stays known.
func TestKeysRunbook(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"new file", "file from before"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &keyFile{bundle: setup(t), text: []byte("# kept\n" + combinedKeyLine())}
			before := name == "file from before"
			if !before {
				var out bytes.Buffer
				require.NoError(t, cardcode.WriteNewKey(&out, 1))
				f.text = out.Bytes()
			}
			f.read(t)
			announce(t, f.pool, f.keys)
			sold, once := f.series(t, form(2500)), f.once(t, 5)
			codes, printed := f.codes(t, sold), f.codes(t, once)
			f.shredded(t, once)
			require.NoError(t, f.cards.Codes.FillMACs(t.Context()))
			require.NoError(t, f.cards.VoidCard(t.Context(), f.admin, card.Ref{SeriesID: sold.ID, Serial: 2}))
			if before {
				f.owner(t, `update card set index_key_id = null; update index_canary set mac = null`)
				f.read(t)
				require.NoError(t, codestore.CheckKeys(t.Context(), f.pool, f.keys), "goes on working")
			}
			good := func(code string) {
				t.Helper()
				_, err := f.redeem(t.Context(), f.anna, code)
				require.NoError(t, err)
				rows, _, err := f.cards.Codes.FindLastFour(t.Context(), f.admin, code[len(code)-4:])
				require.NoError(t, err)
				require.NotEmpty(t, rows)
			}
			deletedIsKnown := func() {
				t.Helper()
				i := f.upload(t, "code\n"+codes[1]+"\n")
				i.check(t, planned("code"))
				require.Equal(t, []string{"2  known"}, i.problems(t))
			}
			good(codes[0])
			good(printed[0])
			deletedIsKnown()

			// Rotate and retire.
			f.add(t, cardcode.WriteSealKey, 2)
			keyID, err := f.cards.Codes.StartRotation(t.Context(), f.admin)
			require.NoError(t, err)
			require.NoError(t, f.cards.Codes.Reseal(t.Context(), keyID, time.Now, noJob))
			f.owner(t, `update card_import set state = 'expired'`) // files that are still kept keep the key
			_, err = f.exports().Expire(t.Context())
			require.NoError(t, err)
			require.NoError(t, asOwner(t, f.pool, f.keys).Codes.RetireKey(t.Context(), audit.System(), 1))
			f.text, err = cardcode.WithoutSealKey(f.text, 1)
			require.NoError(t, err)
			f.read(t)
			require.NoError(t, codestore.CheckKeys(t.Context(), f.pool, f.keys))
			require.False(t, f.keys.Has(1))
			good(codes[2])
			good(printed[1])
			deletedIsKnown()
			f.sound(t)

			// A file that lost the line of the index key is not taken for the right one.
			lost := ""
			for line := range strings.Lines(string(f.text)) {
				if !strings.HasPrefix(line, "index 1 ") {
					lost += line
				}
			}
			short := bytes.NewBufferString(lost)
			require.NoError(t, cardcode.WriteIndexKey(short, 7))
			wrong, err := cardcode.ReadKeyring(short)
			require.NoError(t, err)
			require.ErrorContains(t, codestore.CheckKeys(t.Context(), f.pool, wrong), "index key 1, which the key file lacks")
			other := bytes.NewBufferString(lost)
			require.NoError(t, cardcode.WriteIndexKey(other, 1))
			wrong, err = cardcode.ReadKeyring(other)
			require.NoError(t, err)
			require.ErrorContains(t, codestore.CheckKeys(t.Context(), f.pool, wrong), "is not the key")

			// Index again, as after a compromise, interrupted once.
			f.add(t, cardcode.WriteIndexKey, 2)
			keyID, err = f.cards.Codes.StartReindexing(t.Context(), f.admin)
			require.NoError(t, err)
			require.EqualValues(t, 2, keyID)
			boom := errors.New("killed")
			require.ErrorIs(t, f.cards.Codes.Reindex(t.Context(), keyID, time.Now, func(context.Context, pgx.Tx) error { return boom }), boom)
			require.NoError(t, f.cards.Codes.Reindex(t.Context(), keyID, time.Now, noJob))
			require.Zero(t, f.number(t, `select count(*) from card where index_key_id is distinct from 2 and octet_length(code_sealed) > 0`))
			require.Equal(t, 6, f.number(t, `select count(*) from card where coalesce(index_key_id, key_id) = 1`), "erased ones stay where they are")
			good(codes[3])
			good(printed[2])
			_, err = f.redeem(t.Context(), f.ben, codes[0])
			require.ErrorIs(t, err, card.ErrUsed)
			deletedIsKnown()
			late := f.series(t, form(1))
			require.Equal(t, 1, f.number(t, `select count(*) from card where index_key_id = 2 and key_id = 2 and series_id = `+strconv.FormatInt(late.ID, 10)))
			good(f.codes(t, late)[0])
			require.NoError(t, f.cards.Codes.WalkCodes(t.Context()))
			require.NoError(t, f.cards.Codes.WalkCodes(t.Context()))
			require.NoError(t, f.cards.Codes.WalkCodes(t.Context()))
			require.Zero(t, f.faults(t))
			f.sound(t)
		})
	}
}

// The key of a file from before is not given up before what is found by it has a line of
// its own.
func TestCombinedKeyIsNotRetired(t *testing.T) {
	t.Parallel()
	f := &keyFile{bundle: setup(t), text: []byte(combinedKeyLine())}
	f.read(t)
	announce(t, f.pool, f.keys)
	unsplit := bytes.NewBuffer(bytes.Clone(f.text))
	require.NoError(t, cardcode.WriteSealKey(unsplit, 2))
	f.text = bytes.Clone(unsplit.Bytes())
	keys, err := cardcode.ReadKeyring(unsplit)
	require.NoError(t, err)
	announce(t, f.pool, keys)
	require.ErrorContains(t, asOwner(t, f.pool, keys).Codes.RetireKey(t.Context(), audit.System(), 1), "a line of its own first")
	f.add(t, cardcode.WriteSealKey, 3)
	f.owner(t, `update index_canary set mac = null`)
	require.ErrorContains(t, asOwner(t, f.pool, f.keys).Codes.RetireKey(t.Context(), audit.System(), 1), "is not announced")
	announce(t, f.pool, f.keys)
	require.NoError(t, asOwner(t, f.pool, f.keys).Codes.RetireKey(t.Context(), audit.System(), 1))
}

// Only the owner of the tables announces a key and gives one up; what is not announced
// seals nothing and finds nothing new.
func TestApplicationAnnouncesNoKeys(t *testing.T) {
	t.Parallel()
	b := setup(t)
	old, both := twoKeys(t)
	require.ErrorIs(t, codestore.CheckKeys(t.Context(), b.pool, old), codestore.ErrNotAnnounced)
	require.ErrorContains(t, codestore.AnnounceKeys(t.Context(), b.pool, old), "permission denied")
	announce(t, b.pool, old)
	require.NoError(t, codestore.CheckKeys(t.Context(), b.pool, both))
	require.True(t, both.HeldBack())
	require.EqualValues(t, 1, both.Current())
	require.ErrorContains(t, newService(t, b.pool, both).Codes.RetireKey(t.Context(), audit.System(), 2), "permission denied")
	for _, sql := range []string{
		`insert into key_canary (key_id, sealed) values (9, '')`, `insert into index_canary (key_id) values (9)`,
		`update key_canary set retired_at = now()`, `update index_canary set mac = null`, `delete from key_canary`, `delete from index_canary`,
		`insert into series_price (series_id, price, through) values (1, 1, 1)`, `update series_price set price = 1`, `delete from code_mac_fill`,
	} {
		_, err := b.pool.Exec(t.Context(), sql)
		require.ErrorContains(t, err, "permission denied", sql)
	}
}

// A worker that makes cards while a new index key is announced makes them anew under that.
func TestNewCardsAreUnderTheNewestIndexKey(t *testing.T) {
	t.Parallel()
	f := &keyFile{bundle: setup(t)}
	var out bytes.Buffer
	require.NoError(t, cardcode.WriteNewKey(&out, 1))
	f.text = out.Bytes()
	f.read(t)
	announce(t, f.pool, f.keys)
	behind := f.cards
	ordered, err := f.cards.Order(t.Context(), f.admin, form(3))
	require.NoError(t, err)
	f.add(t, cardcode.WriteIndexKey, 2)
	require.ErrorContains(t, behind.Generate(t.Context(), ordered.ID, time.Now, noJob), "newer index key")
	require.Zero(t, f.bundle.read(t, ordered.ID).Made)
	require.NoError(t, f.cards.Generate(t.Context(), ordered.ID, time.Now, noJob))
	require.Equal(t, 3, f.number(t, `select count(*) from card where index_key_id = 2`))
}
