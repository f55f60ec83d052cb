// Package backup owns backups of the database: a folder with what pg_dump wrote and a
// manifest, and the way back from it into an empty database. It runs the programs of
// Postgres and reads and writes folders. It never holds the key file, decides nothing about
// codes, and has no clock: the time of a backup is that of its snapshot.
package backup

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/devdb"
)

// Source is a database to back up.
type Source struct {
	URL      string    // as the owner of the tables; a direct connection
	Programs string    // folder of pg_dump; empty: look for it
	Version  string    // of this program
	Jobs     int       // how many tables are dumped at once
	Progress io.Writer // where the progress is printed
}

// Folder writes a backup to a new folder. The folder appears under its name once it is
// complete and on the disk; an existing one is refused. On an error, and when ctx ends,
// nothing is left.
func (s Source) Folder(ctx context.Context, target string) (Manifest, error) {
	target = filepath.Clean(target)
	if _, err := os.Lstat(target); err == nil {
		return Manifest{}, fmt.Errorf("%s is there already; name a folder that is not there yet, or move that one away", target)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return Manifest{}, fmt.Errorf("look at %s: %w", target, err)
	}
	parent := filepath.Dir(target)
	fresh, err := os.MkdirTemp(parent, "."+filepath.Base(target)+".incomplete-")
	if err != nil {
		return Manifest{}, fmt.Errorf("make the folder of the backup: %w", err)
	}
	defer os.RemoveAll(fresh) //nolint:errcheck // renamed, or remains that no restore takes
	m, err := s.fill(ctx, fresh)
	if err != nil {
		return m, err
	}
	// The name must still be free: a rename would replace an empty folder.
	if _, err := os.Lstat(target); !errors.Is(err, fs.ErrNotExist) {
		return m, fmt.Errorf("%s has been made meanwhile; name another folder", target)
	}
	if err := os.Rename(fresh, target); err != nil {
		return m, fmt.Errorf("name the finished backup: %w", err)
	}
	return m, syncFolder(parent)
}

// Stream writes a backup to w as a tar archive, whose last entry is the manifest: an archive
// that was cut off is no backup. temp is a folder with room for the dump, which is removed.
func (s Source) Stream(ctx context.Context, w io.Writer, temp string) (Manifest, error) {
	fresh, err := os.MkdirTemp(temp, "refill-backup-")
	if err != nil {
		return Manifest{}, fmt.Errorf("make a folder for the dump: %w", err)
	}
	defer os.RemoveAll(fresh) //nolint:errcheck // the archive has it
	m, err := s.fill(ctx, fresh)
	if err != nil {
		return m, err
	}
	archive := tar.NewWriter(w)
	for _, f := range append(m.Files, File{Name: manifestName}) {
		if err := errors.Join(ctx.Err(), add(archive, fresh, f.Name, m.At)); err != nil {
			return m, fmt.Errorf("write the archive: %w", err)
		}
	}
	if err := archive.Close(); err != nil {
		return m, fmt.Errorf("write the archive: %w", err)
	}
	return m, nil
}

// add adds a file of a folder to an archive.
func add(archive *tar.Writer, folder, name string, at time.Time) error {
	file, err := os.Open(filepath.Join(folder, filepath.FromSlash(name))) //nolint:gosec // a folder of our own
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // only read
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: info.Size(), ModTime: at, Format: tar.FormatPAX}); err != nil {
		return err
	}
	_, err = io.Copy(archive, file)
	return err
}

// fill makes the dump and the manifest in an empty folder, and syncs both.
func (s Source) fill(ctx context.Context, folder string) (m Manifest, err error) {
	conn, err := connect(ctx, s.URL)
	if err != nil {
		return m, err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // ends the snapshot and the lock
	if m.Server, err = serverVersion(ctx, conn); err != nil {
		return m, err
	}
	var programs string
	if programs, m.Dump, err = devdb.FindTools(ctx, s.Programs, m.Server, "pg_dump"); err != nil {
		return m, fmt.Errorf("a backup needs pg_dump of the server's version (%d) or a later one: %w", m.Server, err)
	}
	if err := db.HoldSchema(ctx, conn); err != nil {
		return m, fmt.Errorf("wait for a migration: %w", err)
	}
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return m, fmt.Errorf("take a snapshot: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	var snapshot string
	if err := tx.QueryRow(ctx, `select pg_export_snapshot(), clock_timestamp()`).Scan(&snapshot, &m.At); err != nil {
		return m, fmt.Errorf("take a snapshot: %w", err)
	}
	m.At, m.Format, m.Program = m.At.UTC(), format, s.Version
	if err := m.describe(ctx, tx); err != nil {
		return m, err
	}
	_, _ = fmt.Fprintf(s.Progress, "Dumping %d rows …\n", m.Figures.total()) // a terminal that is gone needs no answer
	if err := s.dump(ctx, programs, snapshot, filepath.Join(folder, dumpName)); err != nil {
		return m, err
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return m, fmt.Errorf("read the dump: %w", err)
	}
	defer root.Close() //nolint:errcheck // only read
	if m.Files, err = readFiles(ctx, root); err != nil {
		return m, err
	}
	for _, f := range m.Files {
		if err := root.Chmod(filepath.FromSlash(f.Name), 0o600); err != nil {
			return m, fmt.Errorf("close the dump to others: %w", err)
		}
	}
	if err := m.write(folder); err != nil {
		return m, err
	}
	return m, errors.Join(syncFolder(filepath.Join(folder, dumpName)), syncFolder(folder))
}

// dump runs pg_dump on the exported snapshot.
//
// gzip at level 1: codes are sealed and do not compress, and the rest is compressed as well
// as it is at higher levels (docs/decisions/backups.md).
func (s Source) dump(ctx context.Context, programs, snapshot, folder string) error {
	at, err := readAddress(s.URL)
	if err != nil {
		return err
	}
	return program{
		dir: programs, name: "pg_dump", env: at.env, out: s.Progress,
		args: []string{
			"--format=directory", "--file=" + folder, fmt.Sprintf("--jobs=%d", max(1, s.Jobs)), "--compress=1",
			"--snapshot=" + snapshot, "--no-unlogged-table-data", "--no-password", "--verbose", "--dbname=" + at.text,
		},
		far: func(int) string { return fmt.Sprintf("%.0f MB", float64(sizeOf(folder))/1e6) },
	}.run(ctx)
}

// sizeOf returns the size of the files in a folder that is being written, in bytes.
func sizeOf(folder string) (n int64) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return 0 // not made yet
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil {
			n += info.Size()
		}
	}
	return n
}

// describe reads what the manifest says of the database, in the snapshot of the dump.
func (m *Manifest) describe(ctx context.Context, tx pgx.Tx) error {
	var ours, rivers []int64
	var migrated bool
	err := tx.QueryRow(ctx, `select to_regclass($1) is not null and to_regclass('river_migration') is not null`, versionTable).Scan(&migrated)
	if err == nil && migrated { // a failed query would end the transaction
		ours, rivers, err = db.Applied(ctx, tx)
	}
	if err != nil {
		return fmt.Errorf("read which migrations are applied: %w", err)
	}
	if len(ours) == 0 || len(rivers) == 0 {
		return errors.New("the database is not one of Refill: no migration is applied; is the address right?")
	}
	compared, err := db.CompareMigrations(ours, rivers)
	if err != nil {
		return err
	}
	if len(compared.Newer) > 0 {
		return fmt.Errorf("a newer version of Refill has migrated this database (%s); back up with that version", strings.Join(compared.Newer, ", "))
	}
	m.Migration, m.RiverMigration = ours[len(ours)-1], rivers[len(rivers)-1]
	if m.Figures, err = readFigures(ctx, tx); err != nil {
		return err
	}
	if m.Roles, err = roles(ctx, tx); err != nil {
		return err
	}
	block, found, err := db.Found(db.New().AuditBlockHead(ctx, tx))
	if err != nil {
		return fmt.Errorf("read the head of the audit trail: %w", err)
	}
	if found {
		m.AuditHead = audit.HeadOf(block).String()
	}
	return nil
}

// roles returns the roles that have rights in the database, other than by owning something.
func roles(ctx context.Context, dbtx db.DBTX) ([]string, error) {
	rows, err := dbtx.Query(ctx, `
		with given (acl) as (
			select relacl from pg_class union all select attacl from pg_attribute union all select proacl from pg_proc
			union all select nspacl from pg_namespace union all select typacl from pg_type union all select defaclacl from pg_default_acl
		)
		select distinct r.rolname::text from given, aclexplode(acl) a join pg_roles r on r.oid = a.grantee
		where a.grantee <> a.grantor and r.oid >= 16384 order by 1`) // lower ones come with Postgres
	if err != nil {
		return nil, fmt.Errorf("list the roles: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("list the roles: %w", err)
	}
	return list, nil
}

// connect opens a connection whose statements may take their time.
func connect(ctx context.Context, url string) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("the database address does not parse: %w", err)
	}
	config.RuntimeParams["timezone"] = "UTC"
	config.RuntimeParams["application_name"] = "refill backup"
	for _, name := range []string{"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"} {
		config.RuntimeParams[name] = "0"
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 10 * time.Second
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("the database does not answer: %w", err)
	}
	return conn, nil
}

// serverVersion returns the major version of the server.
func serverVersion(ctx context.Context, conn *pgx.Conn) (major int, err error) {
	if err := conn.QueryRow(ctx, `select current_setting('server_version_num')::int / 10000`).Scan(&major); err != nil {
		return 0, fmt.Errorf("ask for the server's version: %w", err)
	}
	return major, nil
}
