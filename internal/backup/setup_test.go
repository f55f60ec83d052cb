package backup_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refill/internal/backup"
	"refill/internal/dbtest"
	"refill/internal/devdb"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// needTools skips a test on a machine without the client programs of Postgres, as with a
// server out of npm.
func needTools(t *testing.T) {
	t.Helper()
	if _, _, err := devdb.FindTools(t.Context(), "", 14, "pg_dump", "pg_restore"); err != nil {
		t.Skip("no pg_dump on this machine, so backups are not tested: ", err)
	}
}

// filled returns the address of a database with a partner, customers, events that wait and
// events that were sent, and messages in the queue.
func filled(t *testing.T) string {
	t.Helper()
	url := dbtest.URL(t)
	exec(t, url, `
		insert into partner (name, time_zone) values ('North', 'UTC');
		insert into customer (partner_id, username, name) select p.id, 'customer' || n, 'Customer ' || n from partner p, generate_series(1, 500) n;
		insert into account (kind, currency, customer_id, balance, version) select 'customer', 'USD', id, id * 3, 0 from customer;
		insert into staff (username, name, password_hash, role_id) select 'admin', 'Admin', 'x', min(id) from role;
		insert into event (seq, id, type, at, data) select n, gen_random_uuid(), 'ping', now(), '{}' from generate_series(1, 40) n;
		update event_counter set last = 40;
		update event_switch set wanted = true, since = now() - interval '1 day';
		insert into event_out (type) values ('ping');
		insert into webhook_endpoint (name, url, types, key_id, secret, request_key, request_print, created_by, replay_seq, replay_until)
		select 'shop', 'https://shop.example.net', '{*}', 1, 'x', gen_random_uuid(), 'x', id, 3, 40 from staff;
		insert into webhook_delivery (endpoint_id, seq) select id, 40 from webhook_endpoint;
		insert into river_job (kind, args, max_attempts, queue) values ('mail_staff', '{}', 5, 'mail'), ('generate_series', '{}', 5, 'cards');
		insert into api_quota values (1, now(), 7)`)
	return url
}

func exec(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), sql)
	require.NoError(t, errors.Join(err, conn.Close(t.Context())))
}

func ask[V any](t *testing.T, url, sql string) (value V) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	err = conn.QueryRow(t.Context(), sql).Scan(&value)
	require.NoError(t, errors.Join(err, conn.Close(t.Context())))
	return value
}

// source backs up a database.
func source(url string) backup.Source {
	return backup.Source{URL: url, Version: "test", Jobs: 2, Progress: io.Discard}
}

// target restores into a database.
func target(url string) backup.Target {
	return backup.Target{URL: url, Jobs: 2, Progress: io.Discard}
}

// made makes a backup of a filled database.
func made(t *testing.T) (folder string, m backup.Manifest, url string) {
	t.Helper()
	needTools(t)
	url = filled(t)
	folder = filepath.Join(t.TempDir(), "backup")
	m, err := source(url).Folder(t.Context(), folder)
	require.NoError(t, err)
	return folder, m, url
}

// names lists what is in a folder.
func names(t *testing.T, folder string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	for _, entry := range entries {
		list = append(list, entry.Name())
	}
	return list
}
