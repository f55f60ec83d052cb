package card

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/tableflow"
)

// RunImport makes the cards of a confirmed import, a chunk of rows a transaction. It
// may run any number of times: the import's counter, which moves with the cards, says
// which row comes next. Rows that the dry run found bad are passed over; a code that
// became known since is noted and passed over too. The last chunk finishes every
// series, posts their value, and completes the job.
func (s *Service) RunImport(ctx context.Context, id int64, open func(db.CardImport) (io.ReaderAt, func(), error), now func() time.Time, complete Completer) error {
	got, err := s.q.ImportGet(ctx, s.db, db.ImportGetParams{ID: id, Kind: db.ImportKindCards, AllPartners: true})
	if err != nil {
		return fmt.Errorf("read an import: %w", err)
	}
	imp := got.CardImport
	if imp.State != db.ImportStateRunning {
		return ErrImportNotWanted
	}
	r := &runner{s: s, imp: imp, position: imp.RowsDone, complete: complete}
	plan, report, err := readImport(imp)
	if err != nil {
		return err
	}
	r.plan = plan
	if err := r.plan.usable(); err != nil {
		return err
	}
	if r.ours, _, err = s.formats(ctx, true); err != nil {
		return err
	}
	if r.today, err = time.Parse(time.DateOnly, report.Today); err != nil {
		return fmt.Errorf("read the day of a dry run: %w", err)
	}
	if r.probes, err = s.newProbes(ctx, imp); err != nil {
		return err
	}
	r.probes.settled = true
	if r.series, err = s.q.ImportListSeries(ctx, s.db, &id); err != nil {
		return fmt.Errorf("list the series of an import: %w", err)
	}
	file, done, err := open(imp)
	if err != nil {
		return err
	}
	defer done()
	rows, err := openRows(file, imp.Size, r.plan, r.today)
	if err != nil {
		return err
	}
	if err := rows.skip(imp.RowsDone); err != nil {
		return err
	}
	started := now()
	for {
		last, err := r.chunk(ctx, rows)
		if err != nil || last {
			return err
		}
		if now().Sub(started) > runFor {
			return ErrYield
		}
	}
}

// runner is the state of an import under way.
type runner struct {
	s        *Service
	imp      db.CardImport
	plan     ImportPlan
	series   []db.Series
	today    time.Time // of the dry run
	ours     []Format  // of the codes that are here already
	probes   *probes
	position int32 // rows read
	complete Completer
}

// batch is what the rows of a chunk come to.
type batch struct {
	before int32 // rows read when it began
	cards  []importedCard
	twice  int32 // rows whose code stands in the chunk before
	last   bool
}

// chunk reads the next rows and imports them. It reports whether they were the last.
// Each row is judged anew, as the dry run did: what it left out makes no card here.
func (r *runner) chunk(ctx context.Context, rows *importRows) (bool, error) {
	b, err := r.read(rows)
	if err != nil {
		return false, err
	}
	for try := 0; try < maxRedraws; {
		err := r.s.inTx(ctx, func(tx pgx.Tx) error { return r.keep(ctx, tx, b) })
		if hits, ok := errors.AsType[*hitsError](err); ok { // charged apart from the transaction, which must not outlive a refusal
			if err := r.s.chargeHits(ctx, r.probes, hits.refs); err != nil {
				return false, err
			}
			continue
		}
		if db.Constraint(err) != "card_code_index_key" { // else: another import was faster; look once more
			return b.last, err
		}
		try++
	}
	return false, errors.New("card: imported codes keep meeting existing ones")
}

// read reads the rows of a chunk.
func (r *runner) read(rows *importRows) (*batch, error) {
	b := &batch{before: r.position}
	codes, err := r.s.newCodeSet(r.ours)
	if err != nil {
		return nil, err
	}
	for range importChunk {
		card, left, err := rows.next()
		if errors.Is(err, io.EOF) {
			b.last = true
			break
		}
		if err != nil {
			return nil, err
		}
		r.position++
		if card == nil || left != nil {
			continue
		}
		if codes.twice(*card) {
			b.twice++
			continue
		}
		card.firstSerial = r.probes.firstSerial(card.serial)
		b.cards = append(b.cards, *card)
	}
	return b, nil
}

// keep is the transaction of a chunk.
func (r *runner) keep(ctx context.Context, tx pgx.Tx, b *batch) error {
	s := r.s
	imp, err := s.imports().Lock(ctx, tx, r.imp.ID)
	if err != nil {
		return err
	}
	if err := s.q.ReadingLock(ctx, tx); err != nil {
		return fmt.Errorf("wait for other imports: %w", err)
	}
	if imp.State != db.ImportStateRunning || imp.RowsDone != b.before { // stopped, or another worker was here
		return ErrImportNotWanted
	}
	known, err := s.acquainted(ctx, tx, r.probes, r.ours, b.cards)
	if err != nil {
		return err
	}
	left := tableflow.LeftOut{Hidden: reasonKnownHidden}
	of := make(map[groupKey][]importedCard, len(r.series))
	for i, card := range b.cards {
		if known[i] != unknownCode {
			left.Add(card.left(known[i].reason()))
			continue
		}
		of[card.group()] = append(of[card.group()], card)
	}
	if err := s.imports().NoteLate(ctx, tx, imp.ID, left.Rows); err != nil {
		return err
	}
	for i := range r.series {
		key := groupKey{r.series[i].Price, r.series[i].ImportInactive}
		if err := s.keepImported(ctx, tx, r.series[i].ID, of[key], r.ours, b.last); err != nil {
			return err
		}
		delete(of, key)
	}
	if len(of) > 0 {
		return fmt.Errorf("import %d has rows whose price no series of it has", imp.ID)
	}
	passed := b.twice + int32(left.Total()) //nolint:gosec // at most a chunk
	if err := s.q.ImportAdvance(ctx, tx, db.ImportAdvanceParams{ID: imp.ID, RowsDone: r.position, Known: passed}); err != nil {
		return fmt.Errorf("advance an import: %w", err)
	}
	if b.last {
		if _, err := s.q.ImportEnd(ctx, tx, db.ImportEndParams{ID: imp.ID, State: db.ImportStateDone}); err != nil {
			return fmt.Errorf("finish an import: %w", err)
		}
		if err := s.imports().Audit(ctx, tx, audit.System(), "import.finished", imp.ID, nil); err != nil {
			return err
		}
		return r.complete(ctx, tx)
	}
	return s.imports().Notify(ctx, tx, imp.ID)
}

// keepImported adds cards to one series of an import, and finishes it after the last.
func (s *Service) keepImported(ctx context.Context, tx pgx.Tx, seriesID int64, cards []importedCard, ours []Format, last bool) error {
	if len(cards) == 0 && !last {
		return nil
	}
	series, err := s.q.SeriesGetForUpdate(ctx, tx, seriesID)
	if err != nil {
		return fmt.Errorf("lock a series: %w", err)
	}
	if series.State != db.SeriesStateGenerating {
		return ErrImportNotWanted
	}
	if len(cards) > 0 {
		if err := s.copyImported(ctx, tx, series, cards); err != nil {
			return err
		}
		if err := s.readImported(ctx, tx, series, cards, ours); err != nil {
			return err
		}
		if err := s.q.SeriesAdvance(ctx, tx, db.SeriesAdvanceParams{ID: seriesID, N: int32(len(cards))}); err != nil { //nolint:gosec // a chunk
			return fmt.Errorf("advance a series: %w", err)
		}
		tally := db.TallyAddParams{SeriesID: seriesID}
		for _, card := range cards {
			switch card.state {
			case db.CardStateDisabled:
				tally.Disabled++
			case db.CardStateVoid:
				tally.Void++
			default:
			}
		}
		if err := s.q.TallyAdd(ctx, tx, tally); err != nil {
			return fmt.Errorf("count the cards of a series: %w", err)
		}
	}
	if last {
		if series, err = s.q.SeriesImportWhole(ctx, tx, seriesID); err != nil {
			return fmt.Errorf("make a series whole: %w", err)
		}
		if series.Made > 0 {
			if err := s.finish(ctx, tx, series); err != nil {
				return err
			}
		}
	}
	return s.notifySeries(ctx, tx, seriesID)
}

// dayZero is where Postgres counts days from.
var dayZero = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // a constant, were times allowed to be

// copyImported sends cards to Postgres in the COPY binary format, in the order of the
// file: the serials of the series follow it.
func (s *Service) copyImported(ctx context.Context, tx pgx.Tx, series db.Series, cards []importedCard) error {
	keyID, indexKeyID := s.keys.Current(), s.keys.CurrentIndex()
	if err := s.holdKey(ctx, tx, keyID); err != nil {
		return err
	}
	if err := s.checkIndexKey(ctx, tx, indexKeyID); err != nil {
		return err
	}
	index, err := s.keys.indexer(indexKeyID)
	if err != nil {
		return err
	}
	seal, err := s.keys.sealer(keyID, series.ID)
	if err != nil {
		return err
	}
	draw := &drawer{}
	rows := append(make([]byte, 0, len(cards)*180), copyHead...)
	bytesOf := func(b []byte) {
		rows = binary.BigEndian.AppendUint32(rows, uint32(len(b))) //nolint:gosec // short
		rows = append(rows, b...)
	}
	text := func(t string) {
		if t == "" {
			rows = binary.BigEndian.AppendUint32(rows, 0xffffffff) // null
			return
		}
		bytesOf([]byte(t))
	}
	for i, card := range cards {
		serial := series.Made + 1 + int32(i)
		rows = binary.BigEndian.AppendUint16(rows, 10)
		bytesOf(binary.BigEndian.AppendUint64(nil, uint64(series.ID)))  //nolint:gosec // ids are positive
		bytesOf(binary.BigEndian.AppendUint32(nil, uint32(serial)))     //nolint:gosec // serials are positive
		bytesOf(binary.BigEndian.AppendUint16(nil, uint16(keyID)))      //nolint:gosec // ids are positive
		bytesOf(binary.BigEndian.AppendUint16(nil, uint16(indexKeyID))) //nolint:gosec // ids are positive
		bytesOf([]byte(card.state))
		bytesOf(index.append(nil, card.code))
		if card.state == db.CardStateVoid { // only its index is of use: a customer who types it hears no
			bytesOf(nil)
		} else {
			bytesOf(seal.append(nil, card.code, serial, draw))
		}
		if card.validTill.Equal(series.ValidTill) {
			text("")
		} else {
			days := card.validTill.Sub(dayZero).Hours() / 24
			bytesOf(binary.BigEndian.AppendUint32(nil, uint32(int32(days)))) //nolint:gosec // two centuries
		}
		text(card.remark)
		text(card.serial)
	}
	rows = binary.BigEndian.AppendUint16(rows, 0xffff)
	err = db.Copy(ctx, tx, rows,
		`copy card (series_id, serial, key_id, index_key_id, state, code_index, code_sealed, valid_till, remark, imported_serial) from stdin (format binary)`)
	if err != nil {
		return fmt.Errorf("copy cards of series %d: %w", series.ID, err)
	}
	return nil
}
