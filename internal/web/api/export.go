package api

import (
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/cardfile"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/notify"
	"refill/internal/render"
	"refill/internal/web/caller"
)

// exportRequest is the body of POST /series/:number/exports.
type exportRequest struct {
	Format    string   `json:"format"`    // csv, xlsx, jsonl, printer, pdf
	Recipient string   `json:"recipient"` // the name of a print shop, for whose key the file is encrypted
	Reason    string   `json:"reason"`
	First     int32    `json:"first"` // serials, both included; 0: no bound
	Last      int32    `json:"last"`
	States    []string `json:"states"` // stored states of the cards; empty: unused ones
	Columns   []string `json:"columns"`
	Layout    string   `json:"layout"` // of a PDF
	BothSides bool     `json:"both_sides"`
	QR        string   `json:"qr"`
}

// exportView is a file of cards as the API tells it.
type exportView struct {
	ID         string  `json:"id"`
	Series     string  `json:"series"`
	Format     string  `json:"format"`
	Recipient  string  `json:"recipient"`
	State      string  `json:"state"` // waiting_for_approval, queued, running, ready, failed, cancelled, expired
	Rows       int32   `json:"rows"`  // written so far
	RowsTotal  int32   `json:"rows_total"`
	Size       int64   `json:"size"`   // bytes
	SHA256     string  `json:"sha256"` // hexadecimal; empty until it is ready
	Failure    string  `json:"failure"`
	CreatedAt  string  `json:"created_at"`
	FinishedAt *string `json:"finished_at"`
	ExpiresAt  *string `json:"expires_at"`
	ApprovalID *string `json:"approval_id"`
}

func (s *Server) viewExport(c *gin.Context, row db.ExportGetRow) (exportView, error) {
	e := row.Export
	options, err := cardfile.ReadOptions(e)
	v := exportView{
		ID: idText(e.ID), Series: row.SeriesNumber, Format: string(e.Format), Recipient: options.Shop, State: string(e.State),
		Rows: e.RowsDone, RowsTotal: e.RowsTotal, Size: e.Size, SHA256: hex.EncodeToString(e.SHA256), Failure: fault.Kept(e.Failure).Text(),
		CreatedAt: moment(e.CreatedAt), FinishedAt: momentOrNil(e.FinishedAt), ExpiresAt: momentOrNil(e.ExpiresAt),
	}
	if err != nil {
		return v, err
	}
	if e.State == db.ExportStateReady && (e.ExpiresAt == nil || !row.AskedAt.Before(*e.ExpiresAt)) {
		v.State = string(db.ExportStateExpired)
	}
	if e.State == db.ExportStateWaiting {
		v.State = waitsForApproval
		id, err := s.approvalOf(c, db.ApprovalWaitingOfClientParams{ExportID: &e.ID})
		if err != nil {
			return v, err
		}
		v.ApprovalID = idOrNil(&id)
	}
	return v, nil
}

var (
	errRecipient = fault.Field("recipient", "export_recipient", "Name the print shop for whose key the file is encrypted, as under Settings → Print shops. By the API a file leaves encrypted only.")
	errPlain     = fault.New(fault.Conflict, "export_plain", "This file is not encrypted for a recipient. People download it in the portal.")
)

// ExportCreate handles POST /api/v1/series/:number/exports.
func (s *Server) ExportCreate(c *gin.Context) error {
	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	row, err := s.seriesInPath(c)
	if err != nil {
		return err
	}
	var body exportRequest
	if err := s.read(c, &body); err != nil {
		return err
	}
	options, err := s.options(c, body)
	if err != nil {
		return err
	}
	replayed, err := s.keyDone(c, key)
	if err != nil {
		return err
	}
	id, err := s.Exports.Request(c.Request.Context(), caller.Actor(c), row.Series.ID, body.Format, options, key)
	if err != nil {
		return exportPlaces.of(err)
	}
	made, err := s.Exports.Get(c.Request.Context(), caller.Actor(c), id)
	if err != nil {
		return err
	}
	v, err := s.viewExport(c, made)
	if err != nil {
		return err
	}
	return accepted(c, Base+"/exports/"+idText(id), replayed, v)
}

// options returns the choices of a body. The recipient is a must.
func (s *Server) options(c *gin.Context, body exportRequest) (cardfile.Options, error) {
	o := cardfile.Options{
		Reason: body.Reason, First: body.First, Last: body.Last, Columns: body.Columns,
		Layout: body.Layout, BothSides: body.BothSides, QR: render.QR(body.QR),
	}
	for _, state := range body.States {
		o.States = append(o.States, db.CardState(state))
	}
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return o, err
	}
	for _, shop := range settings.PrintShops {
		if body.Recipient != "" && strings.EqualFold(shop.Name, strings.TrimSpace(body.Recipient)) {
			o.ShopID = shop.ID
			return o, nil
		}
	}
	return o, errRecipient
}

// exportInPath reads the export that the address of a request names.
func (s *Server) exportInPath(c *gin.Context) (db.ExportGetRow, error) {
	id, err := pathID(c, cardfile.ErrUnknown)
	if err != nil {
		return db.ExportGetRow{}, err
	}
	return s.Exports.Get(c.Request.Context(), caller.Actor(c), id)
}

// ExportShow handles GET /api/v1/exports/:id. It can wait until the state changes.
func (s *Server) ExportShow(c *gin.Context) error {
	if err := readQuery(c).err(); err != nil {
		return err
	}
	row, err := hold(s, c, func() (db.ExportGetRow, error) { return s.exportInPath(c) }, func(row db.ExportGetRow) moving {
		state := row.Export.State
		return moving{
			state:   string(state),
			working: state == db.ExportStateWaiting || state == db.ExportStateQueued || state == db.ExportStateRunning,
			concern: func(e notify.Event) bool {
				return e.Kind == notify.KindExport && e.ID == row.Export.ID || e.Kind == notify.KindSeries && e.ID == row.Export.SeriesID
			},
		}
	})
	if err != nil {
		return err
	}
	v, err := s.viewExport(c, row)
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, v)
}

// ExportFile handles GET /api/v1/exports/:id/file. The audit entry is that of a download in
// the portal.
func (s *Server) ExportFile(c *gin.Context) error {
	if err := readQuery(c).err(); err != nil {
		return err
	}
	row, err := s.exportInPath(c)
	if err != nil {
		return err
	}
	options, err := cardfile.ReadOptions(row.Export)
	if err != nil {
		return err
	}
	if options.ShopID == "" {
		return errPlain
	}
	return s.SendExport(c, caller.Actor(c), s.Exports, s.Files, row)
}
