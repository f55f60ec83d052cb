package job_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"io"
	"testing"

	"filippo.io/age"
	"github.com/google/uuid"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/require"

	"refill/internal/cardcode"
	"refill/internal/cardfile"
	"refill/internal/codestore"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/importfile"
	"refill/internal/setting"
)

// content returns the content of an export's file.
func (b *bundle) content(t *testing.T, e db.Export) []byte {
	t.Helper()
	file, _, err := b.files.Open(t.Context(), e.File)
	require.NoError(t, err)
	defer file.Close() //nolint:errcheck // only read
	data, err := io.ReadAll(file)
	require.NoError(t, err)
	return data
}

// Every format is written by the worker as it was chosen, and every table is read
// back by the import.
func TestEveryFormatIsWritten(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.order(t, 30)
	for _, tc := range []struct {
		format  string
		options cardfile.Options
		ends    string
	}{
		{"csv", cardfile.Options{Columns: []string{"link"}, Delimiter: ";", Encoding: "utf-16le"}, ".csv"},
		{"xlsx", cardfile.Options{Columns: []string{"printed_serial"}}, ".xlsx"},
		{"jsonl", cardfile.Options{First: 1}, ".jsonl"},
		{"printer", cardfile.Options{}, ".txt"},
		{"pdf", cardfile.Options{Layout: "avery-5160"}, ".pdf"},
		{"pdf", cardfile.Options{Parts: true}, ".zip"},
	} {
		id, err := b.exports.Request(t.Context(), b.admin, s.ID, tc.format, tc.options, uuid.New())
		require.NoError(t, err)
		require.Equal(t, rivertype.JobStateCompleted, b.await(t, "export_series").Job.State)
		e := b.read(t, id)
		require.Equal(t, db.ExportStateReady, e.State, e.Failure)
		require.Equal(t, int32(30), e.RowsDone)
		require.Regexp(t, tc.ends+"$", e.File)
		data := b.content(t, e)
		switch tc.ends {
		case ".pdf":
			require.True(t, bytes.HasPrefix(data, []byte("%PDF-1.7")))
			continue
		case ".zip":
			parts, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
			require.NoError(t, err)
			require.Len(t, parts.File, 1)
			continue
		}
		rows, err := importfile.Open(bytes.NewReader(data), int64(len(data)))
		require.NoError(t, err)
		head, err := rows.Next()
		require.NoError(t, err)
		require.Equal(t, []string{"serial", "code", "price", "currency", "valid_till", "series", "status"}, head.Cells[:7], tc.format)
		require.Len(t, head.Cells, 7+len(tc.options.Columns))
		n := 0
		for ; err == nil; n++ {
			var row importfile.Row
			if row, err = rows.Next(); err != nil {
				break
			}
			_, parseErr := cardcode.ParseCode(row.Cells[1], []cardcode.Format{codestore.FormatOfSeries(s)})
			require.NoError(t, parseErr)
		}
		require.ErrorIs(t, err, io.EOF)
		require.Equal(t, 30, n)
	}
}

// An export that does not fit on the disk fails before it begins. The message says how much
// space is needed and how much is free.
func TestExportWithoutRoom(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.order(t, 30)
	b.pause(t, cardfile.Queue)
	id := b.export(t, s, "pdf")
	b.disk.room.Store(6_030) // the disk was filled after the request
	require.NoError(t, b.worker.QueueResume(t.Context(), cardfile.Queue, nil))
	require.Equal(t, rivertype.JobStateCancelled, b.await(t, "export_series").Job.State)
	e := b.read(t, id)
	require.Equal(t, db.ExportStateFailed, e.State)
	require.Regexp(t, `^This file needs about 4\d kB, and the disk for exported files has 5 kB left. Make room or have old files removed, then export again\.$`, fault.Kept(e.Failure).Text())
	files, err := b.files.List(t.Context())
	require.NoError(t, err)
	require.Empty(t, files)
}

// Only the key of its print shop opens a file. The export fails with the reason if the key
// was removed or is invalid.
func TestExportIsEncrypted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.order(t, 5)
	identity, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	require.NoError(t, b.set.Change(t.Context(), b.admin, func(v *setting.Settings) {
		v.PrintShops = []setting.PrintShop{{ID: "one", Name: "Printhouse", Kind: "age", Key: identity.Recipient().String()}, {ID: "two", Name: "Other", Kind: "age", Key: "age1expired"}}
	}))
	for format, begins := range map[string]string{"pdf": "%PDF-1.7", "csv": "serial,code,price"} {
		id, err := b.exports.Request(t.Context(), b.admin, s.ID, format, cardfile.Options{ShopID: "one"}, uuid.New())
		require.NoError(t, err)
		require.Equal(t, rivertype.JobStateCompleted, b.await(t, "export_series").Job.State)
		e := b.read(t, id)
		require.Regexp(t, format+`\.age$`, e.File)
		data := b.content(t, e)
		require.NotContains(t, string(data), begins)
		sum := sha256.Sum256(data)
		require.Equal(t, sum[:], e.SHA256, "what is fetched is what was hashed")
		plain, err := age.Decrypt(bytes.NewReader(data), identity)
		require.NoError(t, err)
		opened, err := io.ReadAll(plain)
		require.NoError(t, err)
		require.True(t, bytes.HasPrefix(opened, []byte(begins)))
		stranger, err := age.GenerateX25519Identity()
		require.NoError(t, err)
		_, err = age.Decrypt(bytes.NewReader(data), stranger)
		require.Error(t, err)
	}
	for shop, refused := range map[string]error{"two": cardfile.ErrShopKey, "gone": cardfile.ErrShop} {
		_, err := b.exports.Request(t.Context(), b.admin, s.ID, "csv", cardfile.Options{ShopID: shop}, uuid.New())
		require.ErrorIs(t, err, refused)
	}
	for says, shops := range map[string][]setting.PrintShop{
		"Nothing can be encrypted for this print shop": {{ID: "one", Name: "Printhouse", Kind: "age", Key: "age1expired"}},
		"This print shop was removed":                  nil,
	} {
		set := func(shops []setting.PrintShop) {
			require.NoError(t, b.set.Change(t.Context(), b.admin, func(v *setting.Settings) { v.PrintShops = shops }))
		}
		set([]setting.PrintShop{{ID: "one", Name: "Printhouse", Kind: "age", Key: identity.Recipient().String()}})
		b.pause(t, cardfile.Queue)
		id, err := b.exports.Request(t.Context(), b.admin, s.ID, "csv", cardfile.Options{ShopID: "one"}, uuid.New())
		require.NoError(t, err)
		set(shops) // meanwhile
		require.NoError(t, b.worker.QueueResume(t.Context(), cardfile.Queue, nil))
		require.Equal(t, rivertype.JobStateCancelled, b.await(t, "export_series").Job.State)
		require.Contains(t, b.read(t, id).Failure, says)
	}
	files, err := b.files.List(t.Context())
	require.NoError(t, err)
	require.Len(t, files, 2, "nothing is left of those that failed")
}
