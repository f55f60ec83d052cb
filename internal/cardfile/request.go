package cardfile

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/formprint"
)

// Errors of a request for a file.
var (
	ErrKey         = fault.Field("format", "export_key_used", "This form was sent before with other choices, and that file was asked for. Look at the files of the series; press the button again to ask for this one too.")
	ErrFormat      = fault.Field("format", "export_format", "Choose one of the formats.")
	ErrSeriesState = fault.Field("format", "export_series_state", "Only a series whose cards are all made and not void can be exported.")
	ErrNothingLeft = fault.Field("format", "export_empty", "This series has no unused card left to export.")
)

// exportable reports whether a series in a state can have files.
func exportable(state db.SeriesState) bool {
	return state == db.SeriesStateReady || state == db.SeriesStateActive || state == db.SeriesStateLocked
}

// Request queues a file of a series' cards and returns the id of the export. It refuses
// options that no file can be made of, so that the worker does not fail on them: it draws
// a sheet of sample cards and checks that the disk has room. Where approval is needed the
// export waits for it.
//
// The same idempotency key with the same options returns the export that was queued first.
// With other options it returns ErrKey.
func (s *Service) Request(ctx context.Context, actor audit.Actor, seriesID int64, format string, o Options, key uuid.UUID) (int64, error) {
	by, err := actor.Member()
	if err != nil {
		return 0, err
	}
	if err := card.CheckModule(ctx, s.db, actor); err != nil {
		return 0, err
	}
	series, err := s.cards.Series(ctx, actor, seriesID)
	if err != nil {
		return 0, err
	}
	r := request{series: series, format: db.ExportFormat(format), asked: o, key: key}
	if !r.format.Valid() {
		return 0, ErrFormat
	}
	if r.print, err = o.print(seriesID, format); err != nil {
		return 0, err
	}
	if id, err := s.requestedBefore(ctx, actor, r); err != nil || id != 0 {
		return id, err
	}
	p, cards, err := s.checkRequest(ctx, r)
	if err != nil {
		return 0, err
	}
	p.CreatedBy, p.ClientID, p.RowsTotal = by, actor.Client(), int32(cards) //nolint:gosec // at most MaxQuantity
	id, err := s.enter(ctx, actor, r, p)
	if db.Constraint(err) == "export_request_key" { // the first of two concurrent requests won
		return s.requestedBefore(ctx, actor, r)
	}
	return id, err
}

// request is a request for a file.
type request struct {
	series db.SeriesShowRow
	format db.ExportFormat
	asked  Options
	key    uuid.UUID
	print  []byte // fingerprint of the options
}

// checkRequest refuses an invalid request. It returns the row to insert and the number of
// cards in the file.
func (s *Service) checkRequest(ctx context.Context, r request) (p db.ExportCreateParams, cards int64, err error) {
	o, series := r.asked, r.series.Series
	if !exportable(series.State) {
		return p, 0, ErrSeriesState
	}
	if err := o.check(r.format); err != nil {
		return p, 0, err
	}
	if err := s.checkAddress(ctx, r.format); err != nil {
		return p, 0, err
	}
	if err := s.checkReason(ctx, &o); err != nil {
		return p, 0, err
	}
	if series.PrintOnce {
		if o, err = o.allOf(); err != nil {
			return p, 0, err
		}
	}
	if err := s.addressee(ctx, &o); err != nil {
		return p, 0, err
	}
	if err := s.sample(ctx, r.format, series, o); err != nil {
		return p, 0, err
	}
	if cards, err = s.cards.Selected(ctx, r.series, o.selection()); err != nil {
		return p, 0, err
	}
	if err := o.checkCount(cards); err != nil {
		return p, 0, err
	}
	if err := s.room(estimate(r.format, o, cards)); err != nil {
		return p, 0, err
	}
	p = db.ExportCreateParams{SeriesID: series.ID, Format: r.format, RequestKey: r.key}
	if p.Options, err = json.Marshal(o); err != nil {
		return p, 0, fmt.Errorf("keep the options of an export: %w", err)
	}
	p.PasswordKeyID, p.PasswordSealed, err = s.sealPassword(ctx, o, r.key)
	return p, cards, err
}

// checkCount refuses a file without cards.
func (o *Options) checkCount(cards int64) error {
	switch {
	case cards <= 0 && o.selection().All():
		return ErrNothingLeft
	case cards <= 0:
		return ErrNoneMatch
	}
	return nil
}

// checkAddress refuses to print cards whose address customers may be unable to open.
func (s *Service) checkAddress(ctx context.Context, format db.ExportFormat) error {
	if format != db.ExportFormatPdf {
		return nil
	}
	settings, err := s.settings.Get(ctx)
	if err != nil {
		return err
	}
	return settings.CheckAddress(s.publicURL)
}

// enter inserts an export with its job or its request for approval, and its audit row.
func (s *Service) enter(ctx context.Context, actor audit.Actor, r request, p db.ExportCreateParams) (id int64, err error) {
	err = s.inTx(ctx, func(tx pgx.Tx) error {
		locked, err := s.q.SeriesGetForUpdate(ctx, tx, p.SeriesID)
		if err != nil {
			return fmt.Errorf("lock a series: %w", err)
		}
		if locked.PrintOnce != r.series.Series.PrintOnce {
			return ErrState
		}
		if err := s.checkPrintOnce(ctx, tx, locked, 0); err != nil {
			return err
		}
		if id, err = s.q.ExportCreate(ctx, tx, p); err != nil {
			return fmt.Errorf("enter an export: %w", err)
		}
		if err := formprint.Keep(ctx, tx, formprint.Export, r.key, r.print); err != nil {
			return err
		}
		held, err := s.holdExport(ctx, tx, actor, p.SeriesID, id)
		if err != nil {
			return err
		}
		if !held {
			if err := s.enqueue(ctx, tx, id); err != nil {
				return err
			}
		}
		o, err := ReadOptions(db.Export{Options: p.Options})
		if err != nil {
			return err
		}
		if err := act.Record(ctx, tx, actor, o.requested(p.SeriesID, id, r.format)); err != nil {
			return err
		}
		return s.announce(ctx, tx, id, p.SeriesID, p.CreatedBy)
	})
	return id, err
}

// requestedBefore returns the export that an earlier request with the key made, if any. It
// refuses the key where that request was different.
func (s *Service) requestedBefore(ctx context.Context, actor audit.Actor, r request) (int64, error) {
	row, found, err := db.Found(s.q.ExportGetByRequestKey(ctx, s.db, r.key))
	if err != nil {
		return 0, fmt.Errorf("look for the export: %w", err)
	}
	if !found {
		return 0, nil
	}
	if row.CreatedBy != actor.Responsible() {
		return 0, ErrState
	}
	same, known, err := formprint.Same(ctx, s.db, formprint.Export, r.key, r.print)
	if err == nil && !known { // the fingerprint was removed, so the request was long ago
		same, err = r.chose(row.Options)
	}
	if err != nil {
		return 0, err
	}
	if !same || row.SeriesID != r.series.Series.ID || row.Format != r.format {
		return 0, ErrKey
	}
	if r.asked.Locked && !s.samePassword(row, r.key, r.asked.Password) {
		return 0, ErrKey
	}
	return row.ID, nil
}

// chose reports whether an export has the options of the request.
func (r request) chose(options []byte) (bool, error) {
	kept, err := ReadOptions(db.Export{Options: options})
	if err != nil {
		return false, err
	}
	asked := r.asked
	asked.Reason = strings.TrimSpace(asked.Reason)
	if r.series.Series.PrintOnce {
		if asked, err = asked.allOf(); err != nil {
			return false, nil //nolint:nilerr // options that can't be printed were never stored
		}
	}
	asked.Shop, asked.SealedAs = kept.Shop, kept.SealedAs // the print shop as it was at that time
	asked.Password = Password{}
	a, err := asked.print(r.series.Series.ID, string(r.format))
	if err != nil {
		return false, err
	}
	b, err := kept.print(r.series.Series.ID, string(r.format))
	return slices.Equal(a, b), err
}

// enqueue inserts the job that makes the file of an export.
func (s *Service) enqueue(ctx context.Context, tx pgx.Tx, id int64) error {
	job, err := s.jobs.InsertTx(ctx, tx, MakeArgs{ExportID: id}, nil)
	if err != nil {
		return fmt.Errorf("queue an export: %w", err)
	}
	if err := s.q.ExportSetJob(ctx, tx, db.ExportSetJobParams{ID: id, JobID: &job.Job.ID}); err != nil {
		return fmt.Errorf("note the job of an export: %w", err)
	}
	return nil
}

// announce notifies every web process, at commit, that an export has changed.
func (s *Service) announce(ctx context.Context, tx pgx.Tx, id, seriesID, staffID int64) error {
	err := s.q.ExportNotify(ctx, tx, db.ExportNotifyParams{ID: id, SeriesID: seriesID, StaffID: staffID})
	if err != nil {
		return fmt.Errorf("announce a change of export: %w", err)
	}
	return nil
}
