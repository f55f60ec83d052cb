package job_test

import (
	"bytes"
	"crypto/sha256"
	"testing"

	"filippo.io/age"
	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/google/uuid"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/require"

	"refill/internal/cardfile"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/setting"
)

// printShops adds two print shops to the settings, one with an age key and one with an
// OpenPGP key.
func (b *bundle) printShops(t *testing.T) {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	entity, err := openpgp.NewEntity("Printhouse", "", "print@example.net", nil)
	require.NoError(t, err)
	var key bytes.Buffer
	w, err := armor.Encode(&key, openpgp.PublicKeyType, nil)
	require.NoError(t, err)
	require.NoError(t, entity.Serialize(w))
	require.NoError(t, w.Close())
	require.NoError(t, b.set.Change(t.Context(), b.admin, func(v *setting.Settings) {
		v.PrintShops = []setting.PrintShop{
			{ID: "age", Name: "Printhouse", Kind: "age", Key: identity.Recipient().String()},
			{ID: "gpg", Name: "Other", Kind: "gpg", Key: key.String()},
		}
	}))
}

// In every format, a disk that becomes full in the middle of the file or at its very end
// is reported on the page of the file, and nothing of the file remains. With room again a
// retry makes the whole file. A file with a password has to be requested anew, because the
// password was erased at the failure.
func TestFullDiskInEveryFormat(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.order(t, 4000)
	b.printShops(t)
	for name, tc := range map[string]struct {
		format  string
		options cardfile.Options
	}{
		"CSV":           {"csv", cardfile.Options{}},
		"XLSX":          {"xlsx", cardfile.Options{}},
		"JSON Lines":    {"jsonl", cardfile.Options{}},
		"Printer file":  {"printer", cardfile.Options{}},
		"PDF":           {"pdf", cardfile.Options{}},
		"ZIP of parts":  {"pdf", cardfile.Options{Parts: true}},
		"password":      {"pdf", locked(false)},
		"ZIP, password": {"pdf", locked(true)},
		"age":           {"csv", cardfile.Options{ShopID: "age"}},
		"OpenPGP":       {"pdf", cardfile.Options{ShopID: "gpg"}},
	} {
		again := "retry"
		if tc.options.Locked {
			again = "export again"
		}
		var id, size int64
		ask := func() {
			var err error
			if id != 0 {
				err = b.exports.Retry(t.Context(), b.admin, id)
				if !tc.options.Locked {
					require.NoError(t, err, name)
					return
				}
				require.ErrorIs(t, err, cardfile.ErrPasswordGone, name)
			}
			id, err = b.exports.Request(t.Context(), b.admin, s.ID, tc.format, tc.options, uuid.New())
			require.NoError(t, err, name)
		}
		for _, fits := range []int64{1, 70_000, -1} { // the disk is full at the first byte, after a chunk, and in the last chunk
			if fits < 0 {
				fits = size
			}
			b.disk.fits.Store(fits)
			b.pause(t, cardfile.Queue)
			ask()
			_, err := b.pool.Exec(t.Context(), `update river_job set max_attempts = 1 where kind = 'export_series' and state = 'available'`)
			require.NoError(t, err)
			require.NoError(t, b.worker.QueueResume(t.Context(), cardfile.Queue, nil))
			require.Equal(t, rivertype.JobStateDiscarded, b.await(t, "export_series").Job.State, name)
			e := b.read(t, id)
			require.Equal(t, db.ExportStateFailed, e.State, name)
			require.Equal(t, "The disk for exported files is full. Make room or have old files removed, then "+again+".", fault.Kept(e.Failure).Text(), name)
			require.Zero(t, b.sealed(t), name)
			files, err := b.files.List(t.Context())
			require.NoError(t, err)
			require.Empty(t, files, name)
			if size == 0 {
				size = b.sizeOf(t, s, tc.format, tc.options) - 20 // within the last chunk
			}
		}
		b.disk.fits.Store(0)
		ask()
		require.Equal(t, rivertype.JobStateCompleted, b.await(t, "export_series").Job.State, name)
		e := b.read(t, id)
		data := b.content(t, e)
		sum := sha256.Sum256(data)
		require.Equal(t, sum[:], e.SHA256, name)
		require.EqualValues(t, len(data), e.Size, name)
		if tc.options.Locked && !tc.options.Parts {
			require.Contains(t, reads(t, data, filePassword), "Refill card")
		}
		b.clear(t)
	}
}

// sizeOf makes a file and returns how many bytes it takes on the disk, encrypted. It
// removes the file.
func (b *bundle) sizeOf(t *testing.T, s db.Series, format string, options cardfile.Options) int64 {
	t.Helper()
	b.disk.fits.Store(0)
	id, err := b.exports.Request(t.Context(), b.admin, s.ID, format, options, uuid.New())
	require.NoError(t, err)
	require.Equal(t, rivertype.JobStateCompleted, b.await(t, "export_series").Job.State)
	require.Equal(t, db.ExportStateReady, b.read(t, id).State)
	files, err := b.disk.List(t.Context())
	require.NoError(t, err)
	require.Len(t, files, 1)
	b.clear(t)
	return files[0].Size
}

// clear removes all files.
func (b *bundle) clear(t *testing.T) {
	t.Helper()
	files, err := b.files.List(t.Context())
	require.NoError(t, err)
	for _, file := range files {
		require.NoError(t, b.files.Remove(t.Context(), file.Name))
	}
}
