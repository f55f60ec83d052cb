package card

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// chunkSize is how many cards one transaction makes: large enough that commits
// cost next to nothing, small enough that progress is seen several times a
// second and that a kill throws away little.
const chunkSize = 20_000

// ErrNotGenerating says that a series is no longer to be made: it was cancelled,
// or is made already.
var ErrNotGenerating = fault.New(fault.Conflict, "series_not_generating", "This series is not being generated.")

// Completer finishes the job of a piece of work in the transaction of its last
// write, so that a crash leaves either both or neither.
type Completer func(ctx context.Context, tx pgx.Tx) error

// Generate makes the cards of a series that are still missing, a chunk a
// transaction. It may run any number of times, also twice at once: the series
// row is locked for each chunk and its counter, not the job, says which serials
// come next. So however often it is interrupted, the series ends with exactly
// the cards ordered, serials 1 to N.
//
// It returns ErrYield when it has worked long enough, ErrNotGenerating when there
// is nothing to do any more.
func (s *Service) Generate(ctx context.Context, seriesID int64, now func() time.Time, complete Completer) error {
	series, err := s.startGenerating(ctx, seriesID)
	if err != nil {
		return err
	}
	started := now()
	ahead := newMaker(s.keys, series)
	next := ahead.start(series.Made + 1)
	for {
		chunk := <-next
		if chunk.err != nil {
			return chunk.err
		}
		next = ahead.start(chunk.last() + 1) // sealed while Postgres takes in this one
		done, err := s.keepChunk(ctx, seriesID, chunk, ahead, complete)
		if err != nil {
			<-next
			return err
		}
		if done {
			<-next
			return nil
		}
		if now().Sub(started) > runFor {
			<-next
			return ErrYield
		}
	}
}

// ErrYield says that work goes on later: others wait for the same worker.
var ErrYield = errors.New("card: worked long enough, to be continued")

// startGenerating marks the series as being made.
func (s *Service) startGenerating(ctx context.Context, seriesID int64) (db.Series, error) {
	var series db.Series
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		n, err := s.q.SeriesStart(ctx, tx, seriesID)
		if err != nil {
			return fmt.Errorf("start a series: %w", err)
		}
		if n == 0 {
			return ErrNotGenerating
		}
		if series, err = s.q.SeriesGet(ctx, tx, seriesID); err != nil {
			return fmt.Errorf("read a series: %w", err)
		}
		return s.notifySeries(ctx, tx, seriesID)
	})
	return series, err
}

// keepChunk inserts a chunk and advances the series, in one transaction; after
// the last one it also finishes the series and the job. A chunk that meets an
// existing code, or that begins elsewhere than the series has come to, is made
// anew. It reports whether the series is complete.
func (s *Service) keepChunk(ctx context.Context, seriesID int64, c chunk, m *maker, complete Completer) (bool, error) {
	for range maxRedraws {
		done := false
		err := s.inTx(ctx, func(tx pgx.Tx) error {
			series, err := s.q.SeriesGetForUpdate(ctx, tx, seriesID)
			if err != nil {
				return fmt.Errorf("lock a series: %w", err)
			}
			if series.State != db.SeriesStateGenerating {
				return ErrNotGenerating
			}
			if series.Made+1 != c.first { // another worker was here
				if c = m.make(series.Made + 1); c.err != nil {
					return c.err
				}
			}
			if err := s.holdKey(ctx, tx, c.keyID); err != nil {
				return err
			}
			if err := s.checkIndexKey(ctx, tx, c.indexKeyID); err != nil {
				return err
			}
			if err := copyCards(ctx, tx, c); err != nil {
				return err
			}
			if err := s.q.SeriesAdvance(ctx, tx, db.SeriesAdvanceParams{ID: seriesID, N: c.count}); err != nil {
				return fmt.Errorf("advance a series: %w", err)
			}
			if done = c.last() == series.Quantity; done {
				if err := s.finish(ctx, tx, series); err != nil {
					return err
				}
				if err := complete(ctx, tx); err != nil {
					return fmt.Errorf("complete the job of a series: %w", err)
				}
			}
			return s.notifySeries(ctx, tx, seriesID)
		})
		old := errors.Is(err, errOldIndexKey) && c.indexKeyID < s.keys.CurrentIndex() // else this process is behind: the job tries again
		if db.Constraint(err) != "card_code_index_key" && !old {
			return done, err
		}
		if c = m.make(c.first); c.err != nil { // a code was drawn twice, or indexed under an old key: draw anew
			return false, c.err
		}
	}
	return false, errors.New("card: codes keep meeting existing ones; the space of codes is full")
}

// maxRedraws bounds how often a chunk is drawn again. With 74 bits one repeat in
// the life of an installation would be news.
const maxRedraws = 10

// finish ends the making of a series: it is ready, or active at once.
func (s *Service) finish(ctx context.Context, tx pgx.Tx, series db.Series) error {
	actor := audit.System()
	series.Made = series.Quantity
	hold := false
	if series.ActivateWhenGenerated {
		whole := series
		whole.Version++ // as SeriesFinish makes it
		alone, err := s.approvedActivation(ctx, tx, actor, whole, cmp.Or(series.RetriedBy, series.CreatedBy))
		if err != nil {
			return err
		}
		hold = !alone
	}
	state, err := s.q.SeriesFinish(ctx, tx, db.SeriesFinishParams{ID: series.ID, Hold: hold})
	if err != nil {
		return fmt.Errorf("finish a series: %w", err)
	}
	if err := audit.Record(ctx, tx, actor, audit.Entry{Action: "series.generated", SeriesID: series.ID, Detail: map[string]any{"cards": series.Quantity}}); err != nil {
		return err
	}
	if state != db.SeriesStateActive {
		return nil
	}
	left, err := s.remaining(ctx, tx, series) // imported cards may be void from the start
	if err != nil {
		return err
	}
	if err := s.postActivation(ctx, tx, series, int32(left), actor); err != nil { //nolint:gosec // at most MaxQuantity
		return err
	}
	return audit.Record(ctx, tx, actor, audit.Entry{Action: "series.activated", SeriesID: series.ID})
}

// postActivation moves the value of cards from issued to outstanding.
func (s *Service) postActivation(ctx context.Context, tx pgx.Tx, series db.Series, cards int32, actor audit.Actor) error {
	return s.postOut(ctx, tx, series, db.LedgerKindActivate, db.AccountKindIssued, -int64(cards)*series.Price, actor)
}

// chunk is a run of sealed cards as rows of a binary COPY.
type chunk struct {
	first, count      int32
	keyID, indexKeyID int16
	rows              []byte
	err               error
}

func (c chunk) last() int32 { return c.first + c.count - 1 }

// maker draws, indexes and seals the cards of one series.
type maker struct {
	keys     *Keyring
	seriesID int64
	quantity int32
	format   Format
}

func newMaker(keys *Keyring, series db.Series) *maker {
	return &maker{keys: keys, seriesID: series.ID, quantity: series.Quantity, format: FormatOfSeries(series)}
}

// start makes the chunk that begins at a serial in the background. A panic there would
// end the process: it becomes the error of the job.
func (m *maker) start(first int32) <-chan chunk {
	out := make(chan chunk, 1)
	go func() {
		defer func() {
			if broken := recover(); broken != nil {
				out <- chunk{err: fmt.Errorf("card: drawing panicked: %v\n%s", broken, debug.Stack())} //nolint:err113 // for the log
			}
		}()
		out <- m.make(first)
	}()
	return out
}

// copyHead begins a binary COPY: signature, flags, length of the extension. A row
// is its count of fields and each field behind its length (PostgreSQL's manual,
// COPY, "Binary Format").
var copyHead = []byte("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00") //nolint:gochecknoglobals // a constant in all but name

// rowLength is the length of a card's row in a binary COPY: count of fields, and
// seven fields with their lengths.
func (m *maker) rowLength() int {
	return 2 + 7*4 + 8 + 4 + 2 + 2 + indexLength + sealedLength(m.format.Length) + 4
}

// drawn is a code with its index.
type drawn struct {
	index [indexLength]byte
	code  Code
}

// make draws the chunk that begins at a serial. Its cards are put in the order
// of their blind index before they get their serials, so that both of the
// table's indexes are filled in order, which Postgres does much faster. The
// index is keyed and the codes are random: the order tells nothing about a code.
func (m *maker) make(first int32) chunk {
	count := min(chunkSize, m.quantity-first+1)
	if count <= 0 {
		return chunk{first: first}
	}
	keyID, indexKeyID := m.keys.Current(), m.keys.CurrentIndex() // for the whole chunk: the keyring may change
	index, err := m.keys.indexer(indexKeyID)
	if err != nil {
		return chunk{err: err}
	}
	seal, err := m.keys.sealer(keyID, m.seriesID)
	if err != nil {
		return chunk{err: err}
	}
	ends, err := m.keys.ender(indexKeyID)
	if err != nil {
		return chunk{err: err}
	}
	draw := &drawer{}
	cards := make([]drawn, count)
	for i := range cards {
		cards[i].code = draw.draw(m.format)
		index.append(cards[i].index[:0], cards[i].code)
	}
	slices.SortFunc(cards, func(a, b drawn) int { return bytes.Compare(a.index[:], b.index[:]) })
	for i := 1; i < len(cards); i++ {
		if cards[i-1].index == cards[i].index {
			return m.make(first) // the same code twice in one chunk: draw anew
		}
	}
	rows := make([]byte, 0, len(copyHead)+2+int(count)*m.rowLength())
	rows = append(rows, copyHead...)
	for i, c := range cards {
		serial := first + int32(i)
		rows = binary.BigEndian.AppendUint16(rows, 7)
		rows = binary.BigEndian.AppendUint32(rows, 8)
		rows = binary.BigEndian.AppendUint64(rows, uint64(m.seriesID)) //nolint:gosec // ids are positive
		rows = binary.BigEndian.AppendUint32(rows, 4)
		rows = binary.BigEndian.AppendUint32(rows, uint32(serial)) //nolint:gosec // serials are positive
		rows = binary.BigEndian.AppendUint32(rows, 2)
		rows = binary.BigEndian.AppendUint16(rows, uint16(keyID)) //nolint:gosec // ids are positive
		rows = binary.BigEndian.AppendUint32(rows, 2)
		rows = binary.BigEndian.AppendUint16(rows, uint16(indexKeyID)) //nolint:gosec // ids are positive
		rows = binary.BigEndian.AppendUint32(rows, indexLength)
		rows = append(rows, c.index[:]...)
		rows = binary.BigEndian.AppendUint32(rows, uint32(sealedLength(m.format.Length))) //nolint:gosec // a few dozen
		rows = seal.append(rows, c.code, serial, draw)
		rows = binary.BigEndian.AppendUint32(rows, 4)
		rows = binary.BigEndian.AppendUint32(rows, uint32(ends.hash(c.code.lastFour()))) //nolint:gosec // the same bits
	}
	rows = binary.BigEndian.AppendUint16(rows, 0xffff)
	return chunk{first: first, count: count, keyID: keyID, indexKeyID: indexKeyID, rows: rows}
}

// copyCards sends a chunk to Postgres in the COPY binary format. (Through
// pgx.CopyFrom the encoding of five million values would cost more than drawing
// and sealing the cards.)
func copyCards(ctx context.Context, tx pgx.Tx, c chunk) error {
	err := db.Copy(ctx, tx, c.rows,
		`copy card (series_id, serial, key_id, index_key_id, code_index, code_sealed, last_four) from stdin (format binary)`)
	if err != nil {
		return fmt.Errorf("copy cards %d to %d: %w", c.first, c.last(), err)
	}
	return nil
}
