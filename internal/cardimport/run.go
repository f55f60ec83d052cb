package cardimport

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/cardcode"
	"refill/internal/db"
	"refill/internal/jobqueue"
	"refill/internal/tableflow"
)

// Run makes the cards of a confirmed import, one transaction for each chunk of rows. It may
// run any number of times: the counter of the import, which advances with the cards, tells
// the next row. It skips the rows that the dry run left out. It also skips a code that has
// become known since the dry run, and records the row. The last chunk finishes every
// series, posts their value, and completes the job. After jobqueue.RunFor it returns
// jobqueue.ErrYield.
func (s *Service) Run(ctx context.Context, id int64, open func(db.CardImport) (io.ReaderAt, func(), error), now func() time.Time, complete jobqueue.Completer) error {
	got, err := s.q.ImportGet(ctx, s.db, db.ImportGetParams{ID: id, Kind: db.ImportKindCards, AllPartners: true})
	if err != nil {
		return fmt.Errorf("read an import: %w", err)
	}
	imp := got.CardImport
	if imp.State != db.ImportStateRunning {
		return ErrNotWanted
	}
	r := &runner{s: s, imp: imp, position: imp.RowsDone, complete: complete}
	plan, report, err := readImport(imp)
	if err != nil {
		return err
	}
	r.plan = plan
	if err := r.plan.checkVersion(); err != nil {
		return err
	}
	if r.ours, _, err = s.cards.Codes.Formats(ctx, true); err != nil {
		return err
	}
	if r.today, err = time.Parse(time.DateOnly, report.Today); err != nil {
		return fmt.Errorf("read the day of a dry run: %w", err)
	}
	if r.probes, err = s.newProbes(ctx, imp); err != nil {
		return err
	}
	r.probes.confirmed = true
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
		if now().Sub(started) > jobqueue.RunFor {
			return jobqueue.ErrYield
		}
	}
}

// runner is the state of an import under way.
type runner struct {
	s        *Service
	imp      db.CardImport
	plan     Plan
	series   []db.Series
	today    time.Time         // the date of the dry run
	ours     []cardcode.Format // the formats of the codes in the database
	probes   *probes
	position int32 // rows read
	complete jobqueue.Completer
}

// batch is the rows of one chunk.
type batch struct {
	before int32 // rows read before the chunk
	cards  []importedCard
	twice  int32 // rows whose code an earlier row of the chunk has
	last   bool
}

// chunk reads and imports the next rows, and reports whether they were the last. It judges
// each row as the dry run did: a row that the dry run left out makes no card.
func (r *runner) chunk(ctx context.Context, rows *importRows) (bool, error) {
	b, err := r.read(rows)
	if err != nil {
		return false, err
	}
	for try := 0; try < card.MaxRedraws; {
		err := r.s.cards.InTx(ctx, func(tx pgx.Tx) error { return r.saveChunk(ctx, tx, b) })
		if hits, ok := errors.AsType[*unchargedError](err); ok { // charged outside the transaction, so that the charge remains after a rollback
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
		if codes.add(*card) {
			b.twice++
			continue
		}
		card.firstSerial = r.probes.firstSerial(card.serial)
		b.cards = append(b.cards, *card)
	}
	return b, nil
}

// saveChunk writes a chunk within its transaction.
func (r *runner) saveChunk(ctx context.Context, tx pgx.Tx, b *batch) error {
	s := r.s
	imp, err := s.imports().Lock(ctx, tx, r.imp.ID)
	if err != nil {
		return err
	}
	if err := s.q.ReadingLock(ctx, tx); err != nil {
		return fmt.Errorf("wait for other imports: %w", err)
	}
	if imp.State != db.ImportStateRunning || imp.RowsDone != b.before { // stopped, or another worker has imported the chunk
		return ErrNotWanted
	}
	known, err := s.lookUpCodes(ctx, tx, r.probes, r.ours, b.cards)
	if err != nil {
		return err
	}
	left := tableflow.LeftOut{Hidden: reasonKnownHidden}
	of := make(map[groupKey][]importedCard, len(r.series))
	for i, card := range b.cards {
		if known[i] != statusUnknown {
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
		if err := s.addToSeries(ctx, tx, r.series[i].ID, of[key], r.ours, b.last); err != nil {
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
		if err := act.Record(ctx, tx, audit.System(), tableflow.Finished{Import: s.imports().About(imp.ID)}); err != nil {
			return err
		}
		return r.complete(ctx, tx)
	}
	return s.imports().Notify(ctx, tx, imp.ID)
}

// addToSeries adds cards to one series of an import, and finishes the series after the last
// chunk.
func (s *Service) addToSeries(ctx context.Context, tx pgx.Tx, seriesID int64, cards []importedCard, ours []cardcode.Format, last bool) error {
	if len(cards) == 0 && !last {
		return nil
	}
	series, err := s.q.SeriesGetForUpdate(ctx, tx, seriesID)
	if err != nil {
		return fmt.Errorf("lock a series: %w", err)
	}
	if series.State != db.SeriesStateGenerating {
		return ErrNotWanted
	}
	if len(cards) > 0 {
		if err := s.copyCards(ctx, tx, series, cards); err != nil {
			return err
		}
		if err := s.writeReadings(ctx, tx, series, cards, ours); err != nil {
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
			if err := s.cards.Finish(ctx, tx, series); err != nil {
				return err
			}
		}
	}
	return s.cards.NotifySeries(ctx, tx, seriesID)
}

// dayZero is the day from which Postgres counts days.
var dayZero = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // a constant, were times allowed to be

// copyCards writes cards in the binary format of COPY. Serials follow the order of the
// file.
func (s *Service) copyCards(ctx context.Context, tx pgx.Tx, series db.Series, cards []importedCard) error {
	keyID, indexKeyID := s.keys.Current(), s.keys.CurrentIndex()
	if err := s.cards.Codes.HoldKey(ctx, tx, keyID); err != nil {
		return err
	}
	if err := s.cards.Codes.CheckIndexKey(ctx, tx, indexKeyID); err != nil {
		return err
	}
	index, err := s.keys.Indexer(indexKeyID)
	if err != nil {
		return err
	}
	seal, err := s.keys.Sealer(keyID, series.ID)
	if err != nil {
		return err
	}
	draw := &cardcode.Drawer{}
	rows := append(make([]byte, 0, len(cards)*180), card.CopyHead...)
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
		bytesOf(index.Append(nil, card.code))
		if card.state == db.CardStateVoid { // only its index is of use: a customer who types it hears no
			bytesOf(nil)
		} else {
			bytesOf(seal.Append(nil, card.code, serial, draw))
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
