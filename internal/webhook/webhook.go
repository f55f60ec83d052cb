// Package webhook owns the addresses that events are sent to: the endpoints and their
// secrets, what is due for each, the sending after the Standard Webhooks 1.0 specification,
// and the guard that keeps sendings out of the house's own networks. Events themselves are
// made by package event.
package webhook

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"refill/internal/db"
	"refill/internal/fault"
)

// Vault seals secrets. Package codestore has it.
type Vault interface {
	CurrentKey() int16
	SealSecret(purpose string, clear []byte) (keyID int16, sealed []byte, err error)
	OpenSecret(keyID int16, purpose string, sealed []byte) ([]byte, error)
	HoldKey(ctx context.Context, tx pgx.Tx, keyID int16) error
	KeysBehind(ctx context.Context) error
}

// Inserter is the part of River's client that inserts jobs.
type Inserter interface {
	InsertTx(ctx context.Context, tx pgx.Tx, args river.JobArgs, opts *river.InsertOpts) (*rivertype.JobInsertResult, error)
}

// Config holds what a Service needs.
type Config struct {
	DB       db.Beginner
	Jobs     Inserter
	Vault    Vault
	Networks []netip.Prefix // of the house, which webhooks may call; with plain HTTP too
	Resolver Resolver       // nil: that of the machine
	Log      *slog.Logger
	Now      func() time.Time
}

// Service manages endpoints and sends events to them. Safe for concurrent use.
type Service struct {
	Config

	q      *db.Queries
	client *sender
}

// New returns a service.
func New(c Config) *Service {
	s := &Service{Config: c, q: db.New()}
	s.client = newSender(guard{c.Networks}, c.Resolver)
	return s
}

// Form is an endpoint as a person or a client describes it.
type Form struct {
	Name        string
	URL         string
	Types       []string // patterns of event.Known
	AllPartners bool
	PartnerIDs  []int64
	InOrder     bool // one event at a time; one that fails holds the later ones back
}

// Reasons why an endpoint is off.
const (
	WhyStaff   = "staff"   // a person or a client switched it off
	WhyGone    = "gone"    // the address answered 410
	WhyFailing = "failing" // three days of nothing but failures
)

// States of a delivery.
const (
	StateDue    = "due"    // waits for its first or its next try
	StateDone   = "done"   // the address answered with a status of 200 to 299
	StateFailed = "failed" // the last try failed
)

// Errors of endpoints and deliveries.
var (
	ErrUnknown    = fault.New(fault.NotFound, "webhook_missing", "There is no such webhook endpoint.")
	ErrNoDelivery = fault.New(fault.NotFound, "delivery_missing", "There is no such delivery.")
	ErrChanged    = fault.New(fault.Conflict, "webhook_changed", "Another person has changed this webhook endpoint meanwhile. Load the page again.")
	ErrOff        = fault.New(fault.Conflict, "webhook_off", "This webhook endpoint is off. Switch it on first.")
	ErrRotating   = fault.New(fault.Conflict, "webhook_rotating", "The secret was changed within the last 24 hours, and the one before still signs too. Wait until it has ended, so that no receiver is left behind.")
	ErrReplaying  = fault.New(fault.Conflict, "webhook_replaying", "Events are being sent again already. Wait until that is done.")
	ErrNoEvents   = fault.New(fault.Conflict, "webhook_no_events", "There are no events since then. Events are kept for {days} days.").With("days", fault.Number(30))
	ErrKeyReused  = fault.New(fault.Conflict, "webhook_key_reused", "This form was used for another webhook endpoint before. Open its page again.")
	errRight      = fault.New(fault.Forbidden, "webhook_right", "Your role doesn't let you choose addresses that events are sent to.")
	errKeys       = fault.New(fault.Unsettled, "webhook_keys", "The portal is taking over new keys. Try again in a minute.")

	errName     = fault.Field("name", "webhook_name", "The name of a webhook endpoint must be 1 to 60 characters long.")
	errTypes    = fault.Field("types", "webhook_types", "Choose at least one type of events.")
	errType     = fault.Field("types", "webhook_type", "One of the types of events is not known. Name types such as redemption.created, or groups such as redemption.*.")
	errPartners = fault.Field("partners", "webhook_partners", "Choose at least one partner whose events go to this address.")
	errTest     = fault.Field("partners", "webhook_test", "An address gets the events of test partners only, or of none. Choose partners of one kind.")
	errTestKept = fault.Field("partners", "webhook_test_kept", "An address for test partners stays with test partners, and any other without them. Make a new one.")
	errPartner  = fault.Field("partners", "webhook_partner", "Choose partners of this address among those that you see.")

	errURL      = fault.Field("url", "webhook_url", "The address must be a whole one such as https://billing.example.net/refill, of up to 500 characters, without a user name and without a #.")
	errHTTPS    = fault.Field("url", "webhook_https", "The address must begin with https://. Plain http:// is for the networks that the operator has opened with REFILL_WEBHOOK_NETWORKS.")
	errInside   = fault.Field("url", "webhook_inside", "The address lies in a network that webhooks may not call, such as this machine's own or a private one. The operator can open a network with REFILL_WEBHOOK_NETWORKS.")
	errNotFound = fault.Field("url", "webhook_host", "No address was found for the name of the host. Check how it is written.")
)
