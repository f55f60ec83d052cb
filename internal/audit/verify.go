package audit

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strconv"
	"strings"
	"time"

	"refill/internal/db"
)

// Head identifies a block, for keeping outside the database. A kept head proves later that
// the trail up to it is unchanged, even against an attacker who has both database and
// keys.
type Head struct {
	Number int64
	Hash   []byte
}

// HeadOf returns the head of a block.
func HeadOf(b db.AuditBlock) Head { return Head{b.Number, b.Hash} }

// String writes a head as an administrator keeps it: number, dash, hash in hexadecimal,
// such as 12-3af0….
func (h Head) String() string { return fmt.Sprintf("%d-%x", h.Number, h.Hash) }

// ParseHead reads what String writes.
func ParseHead(text string) (Head, error) {
	written, _, _ := strings.Cut(strings.TrimSpace(text), " ") // the text after a space says when the head was printed
	n, digits, _ := strings.Cut(written, "-")
	id, err := strconv.ParseInt(n, 10, 64)
	sum, hexErr := hex.DecodeString(digits)
	if err != nil || hexErr != nil || id < 1 || len(sum) != sha256.Size {
		return Head{}, errors.New("a head is written as the number of a block, a dash and 64 hexadecimal digits")
	}
	return Head{id, sum}, nil
}

// Report is what Verify found.
type Report struct {
	Blocks, Rows int64
	Head         db.AuditBlock // the newest block; the zero value where there is none
	Faults       []string      // the discrepancies, by blocks and ids
}

// mostFaults is the number of discrepancies after which a verification stops.
const mostFaults = 20

// unsealedFor is how long rows may stay unsealed before Verify reports a fault. Sealing
// normally takes seconds.
const unsealedFor = time.Hour

// Verify reads the whole trail and checks it against its chain: every block follows from
// the one before, is sealed under its key, and holds the rows that it held when it was
// made; no row was added below it since. The chain must contain heads, which were kept
// outside the database. Call it in one snapshot (REPEATABLE READ).
func Verify(ctx context.Context, tx db.DBTX, keys Keys, heads ...Head) (Report, error) {
	v := verification{tx: tx, q: db.New(), keys: keys}
	if err := v.chain(ctx, heads); err != nil {
		return v.Report, fmt.Errorf("verify the audit trail: %w", err)
	}
	if err := v.rest(ctx); err != nil {
		return v.Report, fmt.Errorf("verify the audit trail: %w", err)
	}
	return v.Report, nil
}

// verification is the state of one call of Verify.
type verification struct {
	Report

	tx   db.DBTX
	q    *db.Queries
	keys Keys
	held runs // of all blocks, in the order of blocks
}

func (v *verification) fault(format string, values ...any) {
	if len(v.Faults) < mostFaults {
		v.Faults = append(v.Faults, fmt.Sprintf(format, values...))
	}
}

// chain verifies all blocks from the first.
func (v *verification) chain(ctx context.Context, heads []Head) error {
	const headers = 500
	for {
		blocks, err := v.q.AuditBlockList(ctx, v.tx, db.AuditBlockListParams{After: v.Head.Number, Size: headers})
		if err != nil {
			return err
		}
		n := len(blocks)
		for len(blocks) > 0 {
			some := 1
			for rows := blocks[0].Rows; some < len(blocks) && rows+blocks[some].Rows <= blockRows; some++ {
				rows += blocks[some].Rows
			}
			if err := v.blocks(ctx, blocks[:some], heads); err != nil {
				return err
			}
			blocks = blocks[some:]
		}
		if n < headers {
			break
		}
	}
	for _, h := range heads {
		if h.Number > v.Head.Number {
			v.fault("block %d is not there any more: the trail ends at block %d", h.Number, v.Head.Number)
		}
	}
	if v.Head.Number > 0 && !v.keys.Has(v.Head.KeyID) {
		v.fault("block %d is the newest and sealed under key %d, which the key file lacks", v.Head.Number, v.Head.KeyID)
	}
	return nil
}

// blocks verifies consecutive blocks with their rows.
func (v *verification) blocks(ctx context.Context, blocks []db.AuditBlock, heads []Head) error {
	rows, err := v.q.AuditRowsOfBlocks(ctx, v.tx, db.AuditRowsOfBlocksParams{After: blocks[0].Number - 1, Until: blocks[len(blocks)-1].Number})
	if err != nil {
		return err
	}
	var buffer []byte
	for _, b := range blocks {
		digest := sha256.New()
		n := int32(0)
		for len(rows) > 0 && rows[0].Number == b.Number {
			r := rows[0]
			buffer = encode(buffer[:0], row{
				ID: r.ID, At: r.At, Action: r.Action, StaffID: r.StaffID, CustomerID: r.CustomerID, SeriesID: r.SeriesID,
				Serial: r.Serial, Address: r.Address, RequestID: r.RequestID, Detail: r.Detail,
			})
			digest.Write(buffer)
			n++
			rows = rows[1:]
		}
		if err := v.block(b, n, digest); err != nil {
			return err
		}
		for _, h := range heads {
			if h.Number == b.Number && !bytes.Equal(h.Hash, b.Hash) {
				v.fault("block %d is not the one that was kept: its hash is %x", b.Number, b.Hash)
			}
		}
	}
	return nil
}

// block verifies one block whose n rows went into digest.
func (v *verification) block(b db.AuditBlock, n int32, digest hash.Hash) error {
	if b.Number != v.Head.Number+1 {
		v.fault("blocks %d to %d are missing", v.Head.Number+1, b.Number-1)
	}
	switch {
	case n != b.Rows:
		v.fault("block %d of %s held %d rows%s; there are %d now", b.Number, b.At.UTC().Format(time.DateTime), b.Rows, within(b), n)
	case !bytes.Equal(blockHash(v.Head.Hash, b, digest), b.Hash):
		v.fault("block %d of %s does not follow from its rows%s and the block before: something was changed", b.Number, b.At.UTC().Format(time.DateTime), within(b))
	}
	if v.keys.Has(b.KeyID) {
		mac, err := blockMac(v.keys, b)
		if err != nil {
			return err
		}
		if !hmac.Equal(mac, b.Mac) {
			v.fault("block %d of %s was not sealed by this installation", b.Number, b.At.UTC().Format(time.DateTime))
		}
	}
	for i := range b.Firsts {
		v.held = append(v.held, run{b.Firsts[i], b.Lasts[i]})
	}
	v.Blocks, v.Rows, v.Head = v.Blocks+1, v.Rows+int64(n), b
	return nil
}

// within describes the range of ids of a block.
func within(b db.AuditBlock) string {
	if len(b.Firsts) == 0 {
		return ""
	}
	return fmt.Sprintf(" (ids %d to %d)", slices.Min(b.Firsts), slices.Max(b.Lasts))
}

// rest checks the rows that are in no block: those with closed ids, and those that have
// waited too long.
func (v *verification) rest(ctx context.Context) error {
	now, err := v.q.DatabaseNow(ctx, v.tx)
	if err != nil {
		return err
	}
	closed, err := v.q.AuditBlockClosed(ctx, v.tx, v.Head.At.Add(-lateFor))
	if err != nil {
		return err
	}
	slices.SortFunc(v.held, func(a, b run) int { return int(a.first - b.first) })
	for after := int64(-1 << 62); ; {
		const page = 50_000
		ids, err := v.q.AuditIDsUpTo(ctx, v.tx, db.AuditIDsUpToParams{After: after, Until: closed, Size: page})
		if err != nil {
			return err
		}
		for _, id := range ids {
			for len(v.held) > 0 && v.held[0].last < id {
				v.held = v.held[1:]
			}
			if len(v.held) == 0 || id < v.held[0].first {
				v.fault("row %d came in after what lies around it was sealed", id)
			}
			after = id
		}
		if len(ids) < page {
			break
		}
	}
	since, err := v.q.AuditOldestAfter(ctx, v.tx, v.Head.LastID)
	if err != nil {
		return err
	}
	if now.Sub(since) > unsealedFor {
		v.fault("rows since %s are not sealed: no worker runs, or it lacks the key file", since.UTC().Format(time.DateTime))
	}
	return nil
}
