package audit

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/db"
)

// The trail is sealed afterwards, in blocks, so that acts never wait for one another. A
// block holds every committed row that no earlier block holds, as ranges of ids. Its hash
// covers the hash of the block before, so the newest block vouches for the whole trail.
//
// Postgres assigns ids before a transaction commits, so a row may appear with an id below
// ids that are sealed already. The next block takes such a latecomer in, but only for
// lateFor, which is longer than a transaction of the program can be open. Once a block is
// made more than lateFor after the block that passed an id by, the id is closed. A row
// with a closed id in no block was not written by the program, and Verify reports it.

// lateFor is how long after a block was made a row may still appear with an id below the
// block's highest. A transaction of the program ends within two minutes, because its
// statements and idle times have deadlines.
const lateFor = 15 * time.Minute

// blockRows is the largest number of rows in a block.
const blockRows = 10_000

// Keys make and verify the seals of the chain. The keys come from the key file, not from
// the database.
type Keys interface {
	Current() int16
	Has(keyID int16) bool
	// AuditKey derives the key of the chain from a sealing key. It fails for an unknown
	// id.
	AuditKey(keyID int16) ([]byte, error)
}

// ErrBehind says that the trail is sealed under a newer key than this process has loaded.
// It keeps the process from sealing under the old one.
var ErrBehind = errors.New("the trail is sealed under a newer key than this process has; it takes it over within seconds")

// row is a row of the trail as it is sealed.
type row = db.AuditRowsAfterRow

// Seal puts every committed row that is in no block into blocks and returns the newest
// block; at is the current time. It may run at any time and in many processes at once: an
// advisory lock serialises the runs.
func Seal(ctx context.Context, beginner db.Beginner, keys Keys, at time.Time) (db.AuditBlock, error) {
	for {
		var head db.AuditBlock
		more := false
		err := pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
			var err error
			if head, err = lockHead(ctx, tx); err != nil {
				return err
			}
			if head.KeyID > keys.Current() {
				return ErrBehind
			}
			rows, err := unsealed(ctx, tx, head)
			if err != nil || len(rows) == 0 {
				return err
			}
			more = len(rows) > blockRows
			head, err = link(ctx, tx, keys, head, rows[:min(len(rows), blockRows)], at)
			return err
		})
		if err != nil {
			return head, fmt.Errorf("seal the audit trail: %w", err)
		}
		if !more {
			return head, nil
		}
	}
}

// Anchor makes sure that the newest block is sealed under the current key. Verification
// needs no older key then, because the hashes tie all blocks to the newest. Call it before
// a key is removed.
func Anchor(ctx context.Context, tx pgx.Tx, keys Keys, at time.Time) error {
	head, err := lockHead(ctx, tx)
	if err == nil && head.Number > 0 && head.KeyID != keys.Current() {
		_, err = link(ctx, tx, keys, head, nil, at)
	}
	if err != nil {
		return fmt.Errorf("seal the audit trail under the newest key: %w", err)
	}
	return nil
}

// lockHead takes the lock of the trail and returns the newest block; the zero value where
// there is none.
func lockHead(ctx context.Context, tx pgx.Tx) (db.AuditBlock, error) {
	q := db.New()
	if err := q.AuditBlockLock(ctx, tx); err != nil {
		return db.AuditBlock{}, err
	}
	head, _, err := db.Found(q.AuditBlockHead(ctx, tx))
	return head, err
}

// unsealed reads rows that are in no block: those above all sealed ids, and latecomers in
// the gaps below. It reads slightly more rows than a block takes.
func unsealed(ctx context.Context, tx pgx.Tx, head db.AuditBlock) ([]row, error) {
	q := db.New()
	closed, err := q.AuditBlockClosed(ctx, tx, head.At.Add(-lateFor))
	if err != nil {
		return nil, err
	}
	recent, err := q.AuditBlockListSince(ctx, tx, head.At.Add(-lateFor))
	if err != nil {
		return nil, err
	}
	var rows []row
	if firsts, lasts := gaps(closed, head.LastID, recent); len(firsts) > 0 {
		late, err := q.AuditRowsIn(ctx, tx, db.AuditRowsInParams{Firsts: firsts, Lasts: lasts, Size: blockRows})
		if err != nil {
			return nil, err
		}
		for _, one := range late {
			rows = append(rows, row(one))
		}
	}
	fresh, err := q.AuditRowsAfter(ctx, tx, db.AuditRowsAfterParams{After: head.LastID, Size: blockRows + 1})
	return append(rows, fresh...), err
}

// gaps returns the ranges of ids above closed, up to last, that no block holds.
func gaps(closed, last int64, blocks []db.AuditBlock) (firsts, lasts []int64) {
	held := runs{}
	for _, b := range blocks {
		for i := range b.Firsts {
			held = append(held, run{b.Firsts[i], b.Lasts[i]})
		}
	}
	slices.SortFunc(held, func(a, b run) int { return int(a.first - b.first) })
	next := closed + 1
	for _, r := range held {
		if r.first > next {
			firsts, lasts = append(firsts, next), append(lasts, r.first-1)
		}
		next = max(next, r.last+1)
	}
	if next <= last {
		firsts, lasts = append(firsts, next), append(lasts, last)
	}
	return firsts, lasts
}

// run is a range of ids without a gap.
type run struct{ first, last int64 }

type runs []run

// add appends an id that is higher than all before.
func (r runs) add(id int64) runs {
	if n := len(r); n > 0 && r[n-1].last == id-1 {
		r[n-1].last = id
		return r
	}
	return append(r, run{id, id})
}

// link builds the next block.
func link(ctx context.Context, tx pgx.Tx, keys Keys, head db.AuditBlock, rows []row, at time.Time) (db.AuditBlock, error) {
	b := db.AuditBlock{
		Number: head.Number + 1, At: at.UTC().Truncate(time.Microsecond), KeyID: keys.Current(), Rows: int32(len(rows)), //nolint:gosec // at most blockRows
		Firsts: []int64{}, Lasts: []int64{}, LastID: head.LastID,
	}
	held := runs{}
	digest := sha256.New()
	var buffer []byte
	for _, one := range rows {
		held = held.add(one.ID)
		b.LastID = max(b.LastID, one.ID)
		buffer = encode(buffer[:0], one)
		digest.Write(buffer)
	}
	for _, r := range held {
		b.Firsts, b.Lasts = append(b.Firsts, r.first), append(b.Lasts, r.last)
	}
	b.Hash = blockHash(head.Hash, b, digest)
	var err error
	if b.Mac, err = blockMac(keys, b); err != nil {
		return head, err
	}
	return b, db.New().AuditBlockCreate(ctx, tx, db.AuditBlockCreateParams(b))
}

// blockHash is the hash of a block whose rows went into digest.
func blockHash(before []byte, b db.AuditBlock, digest hash.Hash) []byte {
	h := sha256.New()
	h.Write([]byte("refill audit block 1\n"))
	h.Write(before)
	for _, n := range []int64{b.Number, b.At.UnixMicro(), int64(b.KeyID), int64(b.Rows), b.LastID, int64(len(b.Firsts))} {
		h.Write(number(nil, n))
	}
	for i := range b.Firsts {
		h.Write(number(number(nil, b.Firsts[i]), b.Lasts[i]))
	}
	h.Write(digest.Sum(nil))
	return h.Sum(nil)
}

// blockMac seals a block's hash under its key.
func blockMac(keys Keys, b db.AuditBlock) ([]byte, error) {
	key, err := keys.AuditKey(b.KeyID)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(b.Hash)
	return mac.Sum(nil), nil
}

// encode serialises a row unambiguously: every field with its length, or a mark for null.
func encode(out []byte, r row) []byte {
	text := func(s string) { out = append(number(out, int64(len(s))), s...) }
	optionally := func(n *int64) {
		if n == nil {
			out = append(out, 0)
			return
		}
		out = number(append(out, 1), *n)
	}
	out = number(number(out, r.ID), r.At.UnixMicro())
	text(r.Action)
	optionally(r.StaffID)
	optionally(r.CustomerID)
	optionally(r.SeriesID)
	var serial *int64
	if r.Serial != nil {
		n := int64(*r.Serial)
		serial = &n
	}
	optionally(serial)
	if r.Address == nil {
		text("")
	} else {
		text(r.Address.String())
	}
	text(r.RequestID)
	text(r.Detail)
	return out
}

func number(out []byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(out, uint64(n)) //nolint:gosec // bits, not a count
}
