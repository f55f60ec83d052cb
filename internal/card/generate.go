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

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/cardcode"
	"refill/internal/codestore"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/jobqueue"
)

// chunkSize is the number of cards that one transaction generates. It is large enough that
// commits cost little, and small enough that progress shows several times a second and that a
// killed worker loses little work.
const chunkSize = 20_000

// ErrNotGenerating says that a series has nothing to generate: it is complete or cancelled.
var ErrNotGenerating = fault.New(fault.Conflict, "series_not_generating", "This series is not being generated.")

// Generate generates the missing cards of a series, one chunk a transaction. It may run any
// number of times, also concurrently: each chunk locks the row of the series, and the counter
// of the series, not the job, says which serials come next. So the series ends with exactly
// the ordered cards, serials 1 to N, however often Generate is interrupted.
//
// It returns jobqueue.ErrYield after jobqueue.RunFor if cards are missing, and
// ErrNotGenerating if there is nothing to generate.
func (s *Service) Generate(ctx context.Context, seriesID int64, now func() time.Time, complete jobqueue.Completer) error {
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
		next = ahead.start(chunk.last() + 1) // made while Postgres copies the present chunk
		done, err := s.writeChunk(ctx, seriesID, chunk, ahead, complete)
		if err != nil {
			<-next
			return err
		}
		if done {
			<-next
			return nil
		}
		if now().Sub(started) > jobqueue.RunFor {
			<-next
			return jobqueue.ErrYield
		}
	}
}

// startGenerating marks the series as being generated, or returns ErrNotGenerating.
func (s *Service) startGenerating(ctx context.Context, seriesID int64) (db.Series, error) {
	var series db.Series
	err := s.InTx(ctx, func(tx pgx.Tx) error {
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
		return s.NotifySeries(ctx, tx, seriesID)
	})
	return series, err
}

// writeChunk inserts a chunk and advances the series, in one transaction. After the last chunk
// it also finishes the series and the job. A chunk is made again if one of its codes exists
// already, if it does not begin at the next serial of the series, or if its index key is no
// longer the newest. It reports whether the series is complete.
func (s *Service) writeChunk(ctx context.Context, seriesID int64, c chunk, m *maker, complete jobqueue.Completer) (bool, error) {
	for range MaxRedraws {
		done := false
		err := s.InTx(ctx, func(tx pgx.Tx) error {
			series, err := s.q.SeriesGetForUpdate(ctx, tx, seriesID)
			if err != nil {
				return fmt.Errorf("lock a series: %w", err)
			}
			if series.State != db.SeriesStateGenerating {
				return ErrNotGenerating
			}
			if series.Made+1 != c.first { // another worker has advanced the series
				if c = m.make(series.Made + 1); c.err != nil {
					return c.err
				}
			}
			if err := s.Codes.HoldKey(ctx, tx, c.keyID); err != nil {
				return err
			}
			if err := s.Codes.CheckIndexKey(ctx, tx, c.indexKeyID); err != nil {
				return err
			}
			if err := copyCards(ctx, tx, c); err != nil {
				return err
			}
			if err := s.q.SeriesAdvance(ctx, tx, db.SeriesAdvanceParams{ID: seriesID, N: c.count}); err != nil {
				return fmt.Errorf("advance a series: %w", err)
			}
			if done = c.last() == series.Quantity; done {
				if err := s.Finish(ctx, tx, series); err != nil {
					return err
				}
				if err := complete(ctx, tx); err != nil {
					return fmt.Errorf("complete the job of a series: %w", err)
				}
			}
			return s.NotifySeries(ctx, tx, seriesID)
		})
		old := errors.Is(err, codestore.ErrOldIndexKey) && c.indexKeyID < s.keys.CurrentIndex() // else this process lacks the new key, and the job is retried
		if db.Constraint(err) != "card_code_index_key" && !old {
			return done, err
		}
		if c = m.make(c.first); c.err != nil {
			return false, c.err
		}
	}
	return false, errors.New("card: codes keep meeting existing ones; the space of codes is full")
}

// MaxRedraws is how often a chunk is drawn before generation fails. Codes have 74 bits by
// default, so even one repeated code in the life of an installation is unlikely.
const MaxRedraws = 10

// accountableMaker returns the person within whose limit the activation at the end of
// generation counts: the person who retried the series last, or who ordered it.
func accountableMaker(series db.Series) audit.Accountable {
	return audit.ForMaker(cmp.Or(series.RetriedBy, series.CreatedBy), series.ClientID, series.KeyMaker)
}

// Finish ends the generation or import of a series, in the caller's transaction. The series
// becomes ready; or active, with its value posted as outstanding, where that was ordered and
// needs no second person.
func (s *Service) Finish(ctx context.Context, tx pgx.Tx, series db.Series) error {
	actor := audit.System()
	series.Made = series.Quantity
	hold := false
	if series.ActivateWhenGenerated {
		whole := series
		whole.Version++ // as SeriesFinish makes it
		alone, err := s.approvedActivation(ctx, tx, actor, whole, accountableMaker(series))
		if err != nil {
			return err
		}
		hold = !alone
	}
	state, err := s.q.SeriesFinish(ctx, tx, db.SeriesFinishParams{ID: series.ID, Hold: hold})
	if err != nil {
		return fmt.Errorf("finish a series: %w", err)
	}
	if err := act.Record(ctx, tx, actor, SeriesGenerated{act.OfSeries(series.ID), series.Quantity}); err != nil {
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
	return act.Record(ctx, tx, actor, SeriesActivated{act.OfSeries(series.ID)})
}

// postActivation posts the face value of cards from the account issued to outstanding.
func (s *Service) postActivation(ctx context.Context, tx pgx.Tx, series db.Series, cards int32, actor audit.Actor) error {
	return s.postFromOutstanding(ctx, tx, series, db.LedgerKindActivate, db.AccountKindIssued, -int64(cards)*series.Price, actor)
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
	keys     *cardcode.Keyring
	seriesID int64
	quantity int32
	format   cardcode.Format
}

func newMaker(keys *cardcode.Keyring, series db.Series) *maker {
	return &maker{keys: keys, seriesID: series.ID, quantity: series.Quantity, format: codestore.FormatOfSeries(series)}
}

// start makes the chunk that begins at a serial, in the background. A panic becomes the error
// of the chunk, because an unrecovered panic in a goroutine would end the process.
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

// CopyHead is the header of a binary COPY: signature, flags, length of the extension. A row
// is its number of fields, and each field after its length (PostgreSQL manual, COPY, "Binary
// Format").
var CopyHead = []byte("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00") //nolint:gochecknoglobals // a constant in all but name

// rowLength returns the length in bytes of the row of a card in a binary COPY: the number of
// fields, and seven fields with their lengths.
func (m *maker) rowLength() int {
	return 2 + 7*4 + 8 + 4 + 2 + 2 + cardcode.IndexLength + cardcode.SealedLength(m.format.Length) + 4
}

// drawn is a code with its blind index.
type drawn struct {
	index [cardcode.IndexLength]byte
	code  cardcode.Code
}

// make draws the chunk that begins at a serial. The cards are sorted by their blind index
// before they get their serials, so that both database indexes grow in order, which is much
// faster. The order tells nothing about a code, because the blind index is keyed and the codes
// are random.
func (m *maker) make(first int32) chunk {
	count := min(chunkSize, m.quantity-first+1)
	if count <= 0 {
		return chunk{first: first}
	}
	keyID, indexKeyID := m.keys.Current(), m.keys.CurrentIndex() // for the whole chunk: the keyring may change
	index, err := m.keys.Indexer(indexKeyID)
	if err != nil {
		return chunk{err: err}
	}
	seal, err := m.keys.Sealer(keyID, m.seriesID)
	if err != nil {
		return chunk{err: err}
	}
	ends, err := m.keys.Ender(indexKeyID)
	if err != nil {
		return chunk{err: err}
	}
	draw := &cardcode.Drawer{}
	cards := make([]drawn, count)
	for i := range cards {
		cards[i].code = draw.Draw(m.format)
		index.Append(cards[i].index[:0], cards[i].code)
	}
	slices.SortFunc(cards, func(a, b drawn) int { return bytes.Compare(a.index[:], b.index[:]) })
	for i := 1; i < len(cards); i++ {
		if cards[i-1].index == cards[i].index {
			return m.make(first) // the same code twice in one chunk
		}
	}
	rows := make([]byte, 0, len(CopyHead)+2+int(count)*m.rowLength())
	rows = append(rows, CopyHead...)
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
		rows = binary.BigEndian.AppendUint32(rows, cardcode.IndexLength)
		rows = append(rows, c.index[:]...)
		rows = binary.BigEndian.AppendUint32(rows, uint32(cardcode.SealedLength(m.format.Length))) //nolint:gosec // a few dozen
		rows = seal.Append(rows, c.code, serial, draw)
		rows = binary.BigEndian.AppendUint32(rows, 4)
		rows = binary.BigEndian.AppendUint32(rows, uint32(ends.Hash(c.code.LastFour()))) //nolint:gosec // the same bits
	}
	rows = binary.BigEndian.AppendUint16(rows, 0xffff)
	return chunk{first: first, count: count, keyID: keyID, indexKeyID: indexKeyID, rows: rows}
}

// copyCards sends a chunk to Postgres in the binary format of COPY. The chunk is encoded by
// hand, because encoding the values of a million cards in pgx.CopyFrom costs more than drawing
// and sealing the cards.
func copyCards(ctx context.Context, tx pgx.Tx, c chunk) error {
	err := db.Copy(ctx, tx, c.rows,
		`copy card (series_id, serial, key_id, index_key_id, code_index, code_sealed, last_four) from stdin (format binary)`)
	if err != nil {
		return fmt.Errorf("copy cards %d to %d: %w", c.first, c.last(), err)
	}
	return nil
}
