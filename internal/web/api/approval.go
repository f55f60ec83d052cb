package api

import (
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"refill/internal/approval"
	"refill/internal/db"
	"refill/internal/web/caller"
)

// waitsForApproval is the state of what a second person has to approve.
const waitsForApproval = "waiting_for_approval"

// approvalView is a request for a second person. People decide it, in the portal.
type approvalView struct {
	ID          string  `json:"id"`
	Kind        string  `json:"kind"`
	State       string  `json:"state"` // waiting, approved, refused, withdrawn, expired
	Value       *Amount `json:"value"`
	Series      *string `json:"series"`
	CustomerID  *string `json:"customer_id"`
	ExportID    *string `json:"export_id"`
	RequestedAt string  `json:"requested_at"`
	ExpiresAt   string  `json:"expires_at"`
	DecidedAt   *string `json:"decided_at"`
	DecidedBy   string  `json:"decided_by"`
	Reason      string  `json:"reason"` // of the decision
}

func viewApproval(row db.ApprovalOfClientRow) approvalView {
	a := row.Approval
	v := approvalView{
		ID: idText(a.ID), Kind: string(a.Kind), State: string(a.State), CustomerID: idOrNil(a.CustomerID), ExportID: idOrNil(a.ExportID),
		RequestedAt: moment(a.RequestedAt), ExpiresAt: moment(a.ExpiresAt), DecidedAt: momentOrNil(a.DecidedAt), DecidedBy: row.DecidedName, Reason: a.Reason,
	}
	if row.Expired {
		v.State = string(db.ApprovalStateExpired)
	}
	if a.Currency != "" {
		value := amount(a.Value, a.Currency)
		v.Value = &value
	}
	if row.SeriesNumber != "" {
		v.Series = &row.SeriesNumber
	}
	return v
}

// ApprovalShow handles GET /api/v1/approvals/:id: what the client itself has asked for.
func (s *Server) ApprovalShow(c *gin.Context) error {
	if err := readQuery(c).err(); err != nil {
		return err
	}
	id, err := pathID(c, approval.ErrUnknown)
	if err != nil {
		return err
	}
	client := caller.Client(c)
	row, err := db.Need(db.New().ApprovalOfClient(c.Request.Context(), s.Pool, db.ApprovalOfClientParams{
		ID: id, ClientID: client.ID, AllPartners: client.Scope.AllPartners, PartnerIds: client.Scope.PartnerIDs,
	})).Or(approval.ErrUnknown, "read a request for a second person")
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, viewApproval(row))
}

// waiting is the answer of a request that a second person has to approve first.
type waiting struct {
	State      string `json:"state"`
	ApprovalID string `json:"approval_id"`
}

// approvalOf returns the id of the open request of the client; 0: there is none.
func (s *Server) approvalOf(c *gin.Context, about db.ApprovalWaitingOfClientParams) (int64, error) {
	about.ClientID = caller.Client(c).ID
	id, _, err := db.Found(db.New().ApprovalWaitingOfClient(c.Request.Context(), s.Pool, about))
	if err != nil {
		return 0, fmt.Errorf("look for a request for a second person: %w", err)
	}
	return id, nil
}

// answerWaits answers with the open request that something waits for.
func (s *Server) answerWaits(c *gin.Context, about db.ApprovalWaitingOfClientParams) error {
	id, err := s.approvalOf(c, about)
	if err != nil {
		return err
	}
	if id == 0 { // it was decided meanwhile, or another client or person has asked
		return errWaitsOther
	}
	return accepted(c, Base+"/approvals/"+idText(id), false, waiting{State: waitsForApproval, ApprovalID: idText(id)})
}
