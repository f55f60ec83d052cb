package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"refill/internal/db"
	"refill/internal/devdb"
)

// indexMemory is the memory in which Postgres sorts the keys of an index that it builds.
const indexMemory = "maintenance_work_mem=256MB"

// Target is an empty database to restore into.
type Target struct {
	URL      string    // as the user who will own the tables; a direct connection
	Programs string    // folder of pg_restore; empty: look for it
	Jobs     int       // how many tables and indexes are restored at once
	Progress io.Writer // where the progress is printed
	// Move says that nothing was done in the old database after the backup. The feed of
	// events then goes on with its numbers, and queued messages and webhooks are sent.
	Move bool
}

// Restore restores a backup into an empty database, compares it with the manifest, and
// migrates it to the schema of this program. Until the comparison has succeeded the program
// takes the database for one that is not migrated, so that nothing can run on a database
// that was restored in part. It returns the manifest of the backup.
func (t Target) Restore(ctx context.Context, folder string) (Manifest, error) {
	t.say("Reading the backup …")
	m, err := Read(ctx, folder)
	if err != nil {
		return m, err
	}
	compared, err := db.CompareMigrations([]int64{m.Migration}, []int64{m.RiverMigration})
	if err != nil {
		return m, err
	}
	if len(compared.Newer) > 0 {
		return m, fmt.Errorf("the backup is of a newer version of Refill (%s, migration %s); restore it with that version", m.Program, strings.Join(compared.Newer, ", "))
	}
	if err := t.load(ctx, m, folder); err != nil {
		return m, err
	}
	t.say("Migrating …")
	if err := db.Migrate(ctx, t.URL); err != nil {
		return m, fmt.Errorf("the backup is restored, but its migration failed; mend the cause and run refill migrate: %w", err)
	}
	conn, err := connect(ctx, t.URL)
	if err != nil {
		return m, err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing is lost with it
	if _, err := conn.Exec(ctx, `analyze`); err != nil {
		return m, fmt.Errorf("the backup is restored, but its statistics are not: run ANALYZE: %w", err)
	}
	return m, nil
}

func (t Target) say(text string) {
	_, _ = fmt.Fprintln(t.Progress, text) // a terminal that is gone needs no answer
}

// load restores the contents of a backup and compares them.
func (t Target) load(ctx context.Context, m Manifest, folder string) error {
	conn, err := connect(ctx, t.URL)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // the lock goes with it
	server, err := serverVersion(ctx, conn)
	if err != nil {
		return err
	}
	if server < m.Server {
		return fmt.Errorf("the backup is of Postgres %d, and this server is Postgres %d; restore into a server of version %d or later", m.Server, server, m.Server)
	}
	programs, _, err := devdb.FindTools(ctx, t.Programs, max(server, m.Dump), "pg_restore")
	if err != nil {
		return fmt.Errorf("to restore takes pg_restore of version %d or later: %w", max(server, m.Dump), err)
	}
	release, err := db.HoldMigrating(ctx, conn)
	if err != nil {
		return fmt.Errorf("wait for a migration: %w", err)
	}
	defer release(context.WithoutCancel(ctx))
	if err := checkEmpty(ctx, conn); err != nil {
		return err
	}
	rights, err := t.makeRoles(ctx, conn, m.Roles)
	if err != nil {
		return err
	}
	r := restoration{target: t, programs: programs, dump: filepath.Join(folder, dumpName), rights: rights}
	if r.address, err = readAddress(t.URL, indexMemory); err != nil {
		return err
	}
	if err := r.run(ctx, conn, m); err != nil {
		return fmt.Errorf("%w\nThe database is not usable like this, and the program refuses it. Drop it, create an empty one, and restore again", err)
	}
	return nil
}

// checkEmpty refuses a database that holds anything. What belongs to an extension does not
// count: providers of databases put their own in.
func checkEmpty(ctx context.Context, conn *pgx.Conn) error {
	rows, err := conn.Query(ctx, `
		with own (class, oid, name) as (
			select 'pg_class'::regclass, c.oid, case c.relkind when 'S' then 'sequence ' when 'v' then 'view ' else 'table ' end || c.relnamespace::regnamespace || '.' || c.relname
			from pg_class c where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f') and c.relnamespace not in (select oid from pg_namespace where nspname ~ '^pg_' or nspname = 'information_schema')
			union all
			select 'pg_proc'::regclass, p.oid, 'function ' || p.pronamespace::regnamespace || '.' || p.proname
			from pg_proc p where p.pronamespace not in (select oid from pg_namespace where nspname ~ '^pg_' or nspname = 'information_schema')
			union all
			select 'pg_type'::regclass, t.oid, 'type ' || t.typnamespace::regnamespace || '.' || t.typname
			from pg_type t where t.typtype in ('e', 'd') and t.typnamespace not in (select oid from pg_namespace where nspname ~ '^pg_' or nspname = 'information_schema')
		)
		select name::text from own o
		where not exists (select from pg_depend d where d.classid = o.class and d.objid = o.oid and d.deptype = 'e')
		order by name`)
	if err != nil {
		return fmt.Errorf("look whether the database is empty: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("look whether the database is empty: %w", err)
	}
	const most = 5
	switch {
	case len(found) == 0:
		return nil
	case len(found) > most:
		found = append(found[:most:most], fmt.Sprintf("and %d more", len(found)-most))
	}
	return fmt.Errorf("the database %s is not empty, so nothing is restored into it: it holds %s\ncreate a new one (createdb) and name it in DATABASE_URL", conn.Config().Database, strings.Join(found, ", "))
}

// makeRoles makes the roles that have rights in the backup and are missing on the server,
// without a password. rights is false where the user may not make roles; the rights of the
// backup are left out then, and triggers protect the append-only tables.
func (t Target) makeRoles(ctx context.Context, conn *pgx.Conn, names []string) (rights bool, err error) {
	for _, name := range names {
		var known bool
		if err := conn.QueryRow(ctx, `select exists (select from pg_roles where rolname = $1)`, name).Scan(&known); err != nil {
			return false, fmt.Errorf("look for the role %s: %w", name, err)
		}
		if known {
			continue
		}
		_, err := conn.Exec(ctx, `create role `+pgx.Identifier{name}.Sanitize()+` nologin`)
		refused, ok := errors.AsType[*pgconn.PgError](err)
		switch {
		case ok && refused.Code == "42501": // insufficient_privilege
			t.say("This user may not make the role " + name + ": the backup is restored without the rights of roles.")
			return false, nil
		case ok && (refused.Code == "42710" || refused.Code == "23505"): // another process made it at this moment
		case err != nil:
			return false, fmt.Errorf("make the role %s: %w", name, err)
		default:
			t.say("Made the role " + name + ", which can't sign in.")
		}
	}
	return true, nil
}

// restoration is one run of Restore.
type restoration struct {
	target   Target
	address  address
	programs string
	dump     string
	rights   bool
}

// run restores everything but the record of migrations, compares it, and restores that
// record.
func (r restoration) run(ctx context.Context, conn *pgx.Conn, m Manifest) error {
	rest, versions, err := r.contents(ctx)
	if err != nil {
		return err
	}
	r.target.say(fmt.Sprintf("Restoring %d rows …", m.Figures.total()))
	if err := r.restore(ctx, rest); err != nil {
		return err
	}
	r.target.say("Comparing with the manifest …")
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		got, err := readFigures(ctx, tx)
		if err != nil {
			return err
		}
		return differences("what was restored is not what was backed up:", "Take another backup, if there still is the database.", m.Figures.compare(got))
	})
	if err != nil {
		return err
	}
	if !r.target.Move {
		if err := breakWithFuture(ctx, conn); err != nil {
			return err
		}
	}
	return r.restore(ctx, versions)
}

// contents lists the contents of the dump, apart from the rows of versionTable, and those.
func (r restoration) contents(ctx context.Context) (rest, versions []string, err error) {
	list, err := program{dir: r.programs, name: "pg_restore", args: []string{"--list", r.dump}, env: r.address.env}.output(ctx)
	if err != nil {
		return nil, nil, err
	}
	for line := range strings.Lines(list) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, ";"):
		case strings.Contains(line, " SCHEMA - public "): // every database has it
		case strings.Contains(line, " TABLE DATA public "+versionTable+" "):
			versions = append(versions, line)
		default:
			rest = append(rest, line)
		}
	}
	if len(versions) != 1 {
		return nil, nil, fmt.Errorf("the dump has no rows of %s, so it is none of Refill", versionTable)
	}
	return rest, versions, nil
}

// restore restores entries of the list of contents.
func (r restoration) restore(ctx context.Context, entries []string) error {
	list, err := os.CreateTemp("", "refill-restore-")
	if err != nil {
		return fmt.Errorf("write the list of what to restore: %w", err)
	}
	defer os.Remove(list.Name()) //nolint:errcheck // names of tables, in the folder for temporary files
	_, err = list.WriteString(strings.Join(entries, "\n") + "\n")
	if err = errors.Join(err, list.Close()); err != nil {
		return fmt.Errorf("write the list of what to restore: %w", err)
	}
	args := []string{
		"--format=directory", fmt.Sprintf("--jobs=%d", max(1, r.target.Jobs)), "--exit-on-error", "--no-owner", "--no-tablespaces",
		"--no-publications", "--no-subscriptions", "--no-security-labels", "--use-list=" + list.Name(), "--no-password", "--verbose", "--dbname=" + r.address.text,
	}
	if !r.rights {
		args = append(args, "--no-privileges")
	}
	return program{
		dir: r.programs, name: "pg_restore", args: append(args, r.dump), env: r.address.env, out: r.target.Progress,
		step: func(line string) bool {
			for _, verb := range []string{"creating ", "processing data for ", "executing "} {
				if strings.HasPrefix(line, "pg_restore: "+verb) {
					return true
				}
			}
			return false
		},
		far: func(steps int) string { return fmt.Sprintf("step %d of %d", min(steps, len(entries)), len(entries)) },
	}.run(ctx)
}

// total returns the number of rows of all tables.
func (f Figures) total() (n int64) {
	for _, rows := range f.Rows {
		n += rows
	}
	return n
}
