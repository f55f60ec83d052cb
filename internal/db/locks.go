package db

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Advisory locks protect things that have no row of their own. This file has all their
// numbers and names and the only statements that take one; a test searches the module for
// others. ARCHITECTURE.md has the lock order. The numbers never change: during a
// deployment the old and the new version run side by side and have to take the same locks.

// Classes of locks with two numbers: the class, and a key within it.
const (
	lockSeries  = 1 // key: the series
	lockSingle  = 2 // key: one of the two below
	lockWorker  = 2 // key: hash of the worker's id; it equals a key below with a probability of 1 in 2^31
	lockTrail   = 3 // key: 0
	lockPerson  = 4 // key: the member of staff
	lockRelay   = 5 // key: 0
	lockKeeping = 6 // key: the partner
	keySettings = 0
	keyOffers   = 1
)

// Names of locks with one number, a hash of the name.
const (
	lockImportsName = "imported codes"
	lockStaffName   = "refill staff"
)

// Locks with one number of their own, held by a session.
const (
	// migrateLock lets one process migrate at a time; River's migrator takes none of
	// its own.
	migrateLock = 0x7265_6669_6c6c // "refill"
	// mailWatchLock lets one web process send messages about a missing worker at a time.
	mailWatchLock = 0x7265_6669_6d61 // "refima"
	// templateLock lets one process make the template of the tests' databases.
	templateLock = 0x7265_6669_6c74 // "refilt"
)

// lock takes a lock of two numbers until the transaction ends.
func lock(ctx context.Context, tx DBTX, class, key int32) error {
	_, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1::integer, $2::integer)`, class, key)
	return err
}

// SeriesLock takes the lock of a series alone until the transaction ends. It is taken
// before the state of a series changes or its unused cards are counted. Redemptions and
// other changes of single cards share the lock (SeriesShare), so that no card is redeemed
// between the count and the posting that follows from it.
func (*Queries) SeriesLock(ctx context.Context, tx DBTX, seriesID int32) error {
	return lock(ctx, tx, lockSeries, seriesID)
}

// SeriesShare takes the lock of a series, shared, until the transaction ends.
func (*Queries) SeriesShare(ctx context.Context, tx DBTX, seriesID int32) error {
	_, err := tx.Exec(ctx, "-- name: SeriesShare :exec\n"+SeriesShareSQL("$1"), seriesID)
	return err
}

// SeriesShareSQL is the statement of SeriesShare with seriesID, an SQL expression, as the
// series. The benchmark runs it in pgbench.
func SeriesShareSQL(seriesID string) string {
	return fmt.Sprintf("select pg_advisory_xact_lock_shared(%d, %s::integer)", lockSeries, seriesID)
}

// SettingLock lets one transaction change settings at a time: each is checked against
// what the one before left.
func (*Queries) SettingLock(ctx context.Context, tx DBTX) error {
	return lock(ctx, tx, lockSingle, keySettings)
}

// PartnerMethodLock lets one transaction at a time change what the portal offers.
func (*Queries) PartnerMethodLock(ctx context.Context, tx DBTX) error {
	return lock(ctx, tx, lockSingle, keyOffers)
}

// PartnerKeepingLock takes the lock of where a partner keeps the balances of its customers
// alone until the transaction ends. It is taken before that changes. What depends on it and
// moves no balance shares the lock (PartnerKeepingShare): reservations, new customers, and
// customers that get another partner. A movement of a balance asks the row of its account
// instead. Lock order: after the rows of customers and cards, before accounts.
func (*Queries) PartnerKeepingLock(ctx context.Context, tx DBTX, partnerID int32) error {
	return lock(ctx, tx, lockKeeping, partnerID)
}

// PartnerKeepingShare takes the same lock, shared, until the transaction ends.
func (*Queries) PartnerKeepingShare(ctx context.Context, tx DBTX, partnerID int32) error {
	_, err := tx.Exec(ctx, `select pg_advisory_xact_lock_shared($1::integer, $2::integer)`, lockKeeping, partnerID)
	return err
}

// AuditBlockLock lets one transaction at a time seal the audit trail.
func (*Queries) AuditBlockLock(ctx context.Context, tx DBTX) error {
	return lock(ctx, tx, lockTrail, 0)
}

// EventRelayTry takes the lock of the relay of events until the transaction ends; false:
// another process has it.
func (*Queries) EventRelayTry(ctx context.Context, tx DBTX) (bool, error) {
	var mine bool
	err := tx.QueryRow(ctx, `select pg_try_advisory_xact_lock($1::integer, $2::integer)`, lockRelay, 0).Scan(&mine)
	return mine, err
}

// SoloActLock serialises the acts of one member of staff that need no second person.
// Without it two transactions could each find the day's total below the limit. Lock order:
// after the rows of series, requests, exports, customers and cards; before accounts,
// counts and insert-only rows.
func (*Queries) SoloActLock(ctx context.Context, tx DBTX, staffID int32) error {
	return lock(ctx, tx, lockPerson, staffID)
}

// ReadingLock serialises imports that enter cards: of two files with the same printed
// code, the second import finds the cards of the first.
func (*Queries) ReadingLock(ctx context.Context, tx DBTX) error {
	_, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtext($1))`, lockImportsName)
	return err
}

// StaffLockAll serialises changes of staff, roles and permissions. The rule that one
// administrator must remain concerns all of them.
func (*Queries) StaffLockAll(ctx context.Context, tx DBTX) error {
	_, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended($1, 0))`, lockStaffName)
	return err
}

// WorkerHold takes the lock of a live worker, which lasts as long as the connection.
func (*Queries) WorkerHold(ctx context.Context, conn DBTX, worker string) error {
	_, err := conn.Exec(ctx, `select pg_advisory_lock($1::integer, hashtext($2))`, lockWorker, worker)
	return err
}

// JobTryWorker takes the lock that a live worker holds, until the transaction ends;
// true: the worker is dead.
func (*Queries) JobTryWorker(ctx context.Context, tx DBTX, worker string) (bool, error) {
	var dead bool
	err := tx.QueryRow(ctx, `select pg_try_advisory_xact_lock($1::integer, hashtext($2))`, lockWorker, worker).Scan(&dead)
	return dead, err
}

// TryMailWatch takes the lock of the process that sends messages about a missing worker, on a
// connection of its own, until release. false: another process has the lock.
func (*Queries) TryMailWatch(ctx context.Context, pool *pgxpool.Pool) (free bool, release func(), err error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return false, nil, err
	}
	if err := conn.QueryRow(ctx, `select pg_try_advisory_lock($1)`, int64(mailWatchLock)).Scan(&free); err != nil || !free {
		conn.Release()
		return false, nil, err
	}
	return true, func() {
		if _, err := conn.Exec(context.WithoutCancel(ctx), `select pg_advisory_unlock($1)`, int64(mailWatchLock)); err != nil {
			_ = conn.Conn().Close(context.WithoutCancel(ctx)) // the lock goes with the connection
		}
		conn.Release()
	}, nil
}

// HoldMigrating waits until no other process migrates, restores or backs up. The lock lasts
// until release or the end of the connection.
func HoldMigrating(ctx context.Context, conn DBTX) (release func(context.Context), err error) {
	return hold(ctx, conn, migrateLock)
}

// HoldSchema waits until no other process migrates, and keeps others from it until the end
// of the connection. Many may hold it at once: backups, whose snapshot and tables have to
// be of one schema.
func HoldSchema(ctx context.Context, conn DBTX) error {
	_, err := conn.Exec(ctx, `select pg_advisory_lock_shared($1)`, int64(migrateLock))
	return err
}

// HoldTemplate waits until no other process makes the template of the tests' databases.
// The lock lasts until release or the end of the connection.
func HoldTemplate(ctx context.Context, conn DBTX) (release func(context.Context), err error) {
	return hold(ctx, conn, templateLock)
}

func hold(ctx context.Context, conn DBTX, number int64) (release func(context.Context), err error) {
	if _, err := conn.Exec(ctx, `select pg_advisory_lock($1)`, number); err != nil {
		return nil, err
	}
	return func(ctx context.Context) { _, _ = conn.Exec(ctx, `select pg_advisory_unlock($1)`, number) }, nil // else it goes with the connection
}
