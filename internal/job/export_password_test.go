package job_test

import (
	"archive/zip"
	"bytes"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/cardcode"
	"refill/internal/cardfile"
	"refill/internal/codestore"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/fault"
	"refill/internal/job"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/staff/peopletest"
	"refill/internal/staff/stafftest"
)

const filePassword = "planted heron basket"

// reads returns the text of a PDF, or nothing where the password does not open it.
func reads(t *testing.T, file []byte, password string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cards.pdf")
	require.NoError(t, os.WriteFile(path, file, 0o600))
	out, err := exec.CommandContext(t.Context(), "pdftotext", "-upw", password, path, "-").Output()
	if err != nil {
		return ""
	}
	return string(out)
}

// sealed returns the number of exports whose password is still stored.
func (b *bundle) sealed(t *testing.T) (n int) {
	t.Helper()
	require.NoError(t, b.pool.QueryRow(t.Context(), `select count(*) from export where password_sealed is not null`).Scan(&n))
	return n
}

func locked(parts bool) cardfile.Options {
	return cardfile.Options{Locked: true, Password: cardfile.NewPassword(filePassword), Parts: parts}
}

// The file opens with its password alone, and so does each part of a ZIP. The password is
// erased afterwards and was in no row, no job and no line of the log.
func TestExportWithPassword(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.order(t, 12)
	for _, parts := range []bool{false, true} {
		id, err := b.exports.Request(t.Context(), b.admin, s.ID, "pdf", locked(parts), uuid.New())
		require.NoError(t, err)
		require.Equal(t, rivertype.JobStateCompleted, b.await(t, "export_series").Job.State)
		e := b.read(t, id)
		require.Equal(t, db.ExportStateReady, e.State, e.Failure)
		data := b.content(t, e)
		if parts {
			files, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
			require.NoError(t, err)
			part, err := files.File[0].Open()
			require.NoError(t, err)
			data, err = io.ReadAll(part)
			require.NoError(t, err)
		}
		require.Contains(t, reads(t, data, filePassword), "Refill card")
		require.Empty(t, reads(t, data, ""))
		require.Empty(t, reads(t, data, filePassword+"s"))
		require.Zero(t, b.sealed(t))
	}
	for _, table := range []string{"export", "river_job", "audit"} {
		var found bool
		require.NoError(t, b.pool.QueryRow(t.Context(), `select exists (select from `+table+` x where strpos(x::text, 'heron') > 0)`).Scan(&found))
		require.False(t, found, table)
	}
	require.NotContains(t, b.log.String(), "heron")
}

// A file can have a password and be encrypted for a print shop. The shop's key decrypts it
// to a PDF that needs the password.
func TestPasswordWithinAnEnvelope(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.order(t, 5)
	identity, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	require.NoError(t, b.set.Change(t.Context(), b.admin, func(v *setting.Settings) {
		v.PrintShops = []setting.PrintShop{{ID: "one", Name: "Printhouse", Kind: "age", Key: identity.Recipient().String()}}
	}))
	o := locked(false)
	o.ShopID, o.Shop, o.SealedAs = "one", "Printhouse", "age"
	id, err := b.exports.Request(t.Context(), b.admin, s.ID, "pdf", o, uuid.New())
	require.NoError(t, err)
	require.Equal(t, rivertype.JobStateCompleted, b.await(t, "export_series").Job.State)
	opened, err := age.Decrypt(bytes.NewReader(b.content(t, b.read(t, id))), identity)
	require.NoError(t, err)
	data, err := io.ReadAll(opened)
	require.NoError(t, err)
	require.Empty(t, reads(t, data, ""))
	require.Contains(t, reads(t, data, filePassword), "Refill card")
}

// A password is erased with every end of its export; a failed export is not made
// unencrypted when its job is run again.
func TestPasswordEndsWithTheExport(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.order(t, 12)
	ask := func() int64 {
		id, err := b.exports.Request(t.Context(), b.admin, s.ID, "pdf", locked(false), uuid.New())
		require.NoError(t, err)
		return id
	}
	b.pause(t, cardfile.Queue)
	id := ask()
	require.Equal(t, 1, b.sealed(t))
	require.NoError(t, b.exports.Fail(t.Context(), id, "The disk is full."))
	require.Zero(t, b.sealed(t))
	require.ErrorIs(t, b.exports.Retry(t.Context(), b.admin, id), cardfile.ErrPasswordGone)
	require.NoError(t, b.worker.QueueResume(t.Context(), cardfile.Queue, nil))
	require.Equal(t, rivertype.JobStateCancelled, b.await(t, "export_series").Job.State)
	require.Equal(t, db.ExportStateFailed, b.read(t, id).State)
	require.Equal(t, cardfile.ErrPasswordGone.Text(), fault.Kept(b.read(t, id).Failure).Text())

	b.pause(t, cardfile.Queue)
	cancelled := ask()
	require.Equal(t, 1, b.sealed(t))
	require.NoError(t, b.exports.Cancel(t.Context(), b.admin, cancelled))
	require.Zero(t, b.sealed(t))
	ask()
	require.NoError(t, b.cards.Void(t.Context(), b.admin, s.ID, "a test"))
	require.Zero(t, b.sealed(t))
}

// After a rotation, housekeeping seals every secret anew: second factors, and the
// passwords of files that are yet to be made. Then the old key can go.
func TestSecretsFollowTheKeys(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	people := []audit.Actor{b.admin}
	names := []string{"admin", "lea"}
	id := peopletest.Staff(t, b.pool, staff.New{Username: "lea", Role: db.StaffRoleAdministrator, AllPartners: true})
	people = append(people, audit.ByStaff(id, audit.Everything()))
	for i, who := range people {
		offer, err := staff.NewOffer(b.cards.Codes, who.ID)
		require.NoError(t, err)
		_, err = staff.TurnOn(ctx, b.pool, b.cards.Codes, who, offer.Sealed, staff.Proof{Username: names[i], Password: peopletest.Password, Code: stafftest.Code(t, offer.Secret, time.Now())})
		require.NoError(t, err)
	}
	s := b.order(t, 12)
	b.pause(t, cardfile.Queue)
	file, err := b.exports.Request(ctx, b.admin, s.ID, "pdf", locked(false), uuid.New())
	require.NoError(t, err)

	under := func(keyID int16) (n int) {
		require.NoError(t, b.pool.QueryRow(ctx, `select (select count(*) from staff_second_factor where key_id = $1) + (select count(*) from export where password_key_id = $1)`, keyID).Scan(&n))
		return n
	}
	require.Equal(t, 3, under(1))
	b.turnKey(t)
	retiring := card.New(dbtest.Owner(t, b.pool), b.keys, nil, nil, slog.New(slog.DiscardHandler))
	require.ErrorContains(t, retiring.Codes.RetireKey(ctx, audit.System(), 1), "still sealed under key 1")
	require.NoError(t, pgx.BeginFunc(ctx, b.pool, func(tx pgx.Tx) error {
		_, err := b.worker.InsertTx(ctx, tx, job.HousekeepArgs{}, &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByPeriod: time.Second}})
		return err
	}))
	require.Equal(t, rivertype.JobStateCompleted, b.await(t, "housekeep").Job.State)
	for under(2) < 3 { // the round that ended may be one that began before
		require.Equal(t, rivertype.JobStateCompleted, b.await(t, "housekeep").Job.State)
	}
	require.Zero(t, under(1))

	require.NoError(t, b.worker.QueueResume(ctx, cardfile.Queue, nil))
	require.Equal(t, rivertype.JobStateCompleted, b.await(t, "export_series").Job.State)
	require.Contains(t, reads(t, b.content(t, b.read(t, file)), filePassword), "Refill card")
}

// turnKey gives the worker a second key.
func (b *bundle) turnKey(t *testing.T) {
	t.Helper()
	require.NotNil(t, b.keyFile)
	both := bytes.NewBuffer(bytes.Clone(b.keyFile))
	require.NoError(t, cardcode.WriteSealKey(both, 2))
	other, err := cardcode.ReadKeyring(both)
	require.NoError(t, err)
	require.NoError(t, codestore.AnnounceKeys(t.Context(), dbtest.Owner(t, b.pool), other))
	changed, err := b.keys.Adopt(other)
	require.NoError(t, err)
	require.True(t, changed)
}
