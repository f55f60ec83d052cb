package webhook

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/event"
	"refill/internal/fault"
	"refill/internal/formprint"
	"refill/internal/staff"
)

// Overlap is how long sendings are signed with the secret before as well, after it was
// changed.
const Overlap = 24 * time.Hour

// check refuses an invalid form and puts its lists in order.
func (s *Service) check(ctx context.Context, f Form) (Form, error) {
	f.Name, f.URL = strings.TrimSpace(f.Name), strings.TrimSpace(f.URL)
	f.Types = slices.Compact(append([]string{}, slices.Sorted(slices.Values(f.Types))...)) // never null
	f.PartnerIDs = slices.Compact(append([]int64{}, slices.Sorted(slices.Values(f.PartnerIDs))...))
	if f.AllPartners {
		f.PartnerIDs = []int64{}
	}
	var list fault.List
	if n := len([]rune(f.Name)); n < 1 || n > 60 {
		list = append(list, errName)
	}
	if err := s.checkURL(ctx, f.URL); err != nil {
		list = append(list, fault.All(err)...)
	}
	switch {
	case len(f.Types) == 0:
		list = append(list, errTypes)
	case slices.ContainsFunc(f.Types, func(t string) bool { return !event.Known(t) }):
		list = append(list, errType)
	}
	if !f.AllPartners && len(f.PartnerIDs) == 0 {
		list = append(list, errPartners)
	}
	return f, list.Err()
}

// checkRight refuses an actor whose responsible member of staff may not manage endpoints.
// What a client may do besides is checked where it is admitted.
func checkRight(ctx context.Context, dbtx db.DBTX, actor audit.Actor) error {
	id, err := actor.Member()
	if err != nil {
		return err
	}
	power, err := staff.PowersOf(ctx, dbtx, id)
	if err != nil {
		return err
	}
	if !power.Can(staff.WebhooksManage) {
		return errRight
	}
	return nil
}

// sees reports whether a scope holds all partners of an endpoint.
func sees(scope audit.Scope, f Form) bool {
	return (scope.AllPartners || !f.AllPartners) && !slices.ContainsFunc(f.PartnerIDs, func(id int64) bool { return !scope.Holds(id) })
}

// forTests reports whether an endpoint is for test partners. It refuses test partners together
// with others.
func (s *Service) forTests(ctx context.Context, dbtx db.DBTX, f Form) (bool, error) {
	marks, err := s.q.PartnerMarks(ctx, dbtx, f.PartnerIDs)
	if err != nil {
		return false, fmt.Errorf("ask for test partners: %w", err)
	}
	if marks.Test && marks.Other {
		return false, errTest
	}
	return marks.Test, nil
}

// checkPartners refuses partners outside a scope, and in the same words those that do not
// exist.
func (s *Service) checkPartners(ctx context.Context, dbtx db.DBTX, scope audit.Scope, f Form) error {
	if !sees(scope, f) {
		return errPartner
	}
	n, err := s.q.PartnerCount(ctx, dbtx, f.PartnerIDs)
	if err != nil {
		return fmt.Errorf("count the partners of a webhook endpoint: %w", err)
	}
	if int(n) != len(f.PartnerIDs) {
		return errPartner
	}
	return nil
}

// Made is an endpoint that was made.
type Made struct {
	ID       int64
	Secret   string // shown once; empty: the same key had made it before
	Replayed bool
}

// Create makes an endpoint, once for a key. Its secret is returned this once.
func (s *Service) Create(ctx context.Context, actor audit.Actor, f Form, key uuid.UUID) (Made, error) {
	if err := checkRight(ctx, s.DB, actor); err != nil {
		return Made{}, err
	}
	print, err := formprint.Of(f)
	if err != nil {
		return Made{}, err
	}
	// Before the check: a repetition gets its answer also while the name is not resolved.
	if made, err := s.madeBefore(ctx, key, print); err != nil || made.Replayed {
		return made, err
	}
	if f, err = s.check(ctx, f); err != nil {
		return Made{}, err
	}
	if err := s.checkPartners(ctx, s.DB, actor.Scope, f); err != nil {
		return Made{}, err
	}
	if err := s.Vault.KeysBehind(ctx); err != nil {
		return Made{}, errKeys.Because(err)
	}
	secret := newSecret()
	made := Made{Secret: secretText(secret)}
	err = pgx.BeginFunc(ctx, s.DB, func(tx pgx.Tx) error {
		if made.ID, err = s.q.WebhookNextID(ctx, tx); err != nil {
			return fmt.Errorf("number a webhook endpoint: %w", err)
		}
		keyID, sealed, err := s.seal(ctx, tx, made.ID, secret)
		if err != nil {
			return err
		}
		member, err := actor.Member()
		if err != nil {
			return err
		}
		test, err := s.forTests(ctx, tx, f)
		if err != nil {
			return err
		}
		err = s.q.WebhookCreate(ctx, tx, db.WebhookCreateParams{
			ID: made.ID, Name: f.Name, Url: f.URL, Types: f.Types, AllPartners: f.AllPartners, PartnerIds: f.PartnerIDs, InOrder: f.InOrder,
			KeyID: keyID, Secret: sealed, RequestKey: key, RequestPrint: print, CreatedBy: member, ClientID: actor.Client(), Test: test,
		})
		if err != nil {
			return nameTaken(err, f.Name)
		}
		return act.Record(ctx, tx, actor, Created{Ref{made.ID, f.Name}, f.rules()})
	})
	if db.Constraint(err) == "webhook_endpoint_request_key" { // a concurrent request with the same key was first
		return s.madeBefore(ctx, key, print)
	}
	if err != nil {
		return Made{}, err
	}
	return made, nil
}

// madeBefore returns the endpoint that a key has made. Its secret is not shown again.
func (s *Service) madeBefore(ctx context.Context, key uuid.UUID, print []byte) (Made, error) {
	row, found, err := db.Found(s.q.WebhookGetByKey(ctx, s.DB, key))
	switch {
	case err != nil:
		return Made{}, fmt.Errorf("look for an earlier answer: %w", err)
	case !found:
		return Made{}, nil
	case !bytes.Equal(row.RequestPrint, print):
		return Made{}, ErrKeyReused
	}
	return Made{ID: row.ID, Replayed: true}, nil
}

// seal seals the secret of an endpoint in a transaction that writes it.
func (s *Service) seal(ctx context.Context, tx pgx.Tx, id int64, secret []byte) (int16, []byte, error) {
	keyID, sealed, err := s.Vault.SealSecret(purpose(id), secret)
	if err != nil {
		return 0, nil, err
	}
	return keyID, sealed, s.Vault.HoldKey(ctx, tx, keyID)
}

// change runs do on a locked endpoint that the actor may change.
func (s *Service) change(ctx context.Context, actor audit.Actor, id int64, do func(tx pgx.Tx, was db.WebhookEndpoint) error) error {
	return pgx.BeginFunc(ctx, s.DB, func(tx pgx.Tx) error {
		if err := checkRight(ctx, tx, actor); err != nil {
			return err
		}
		was, err := db.Need(s.q.WebhookGetForUpdate(ctx, tx, id)).Or(ErrUnknown, "find webhook endpoint %d", id)
		if err != nil {
			return err
		}
		if !sees(actor.Scope, formOf(was)) {
			return ErrUnknown
		}
		return do(tx, was)
	})
}

// Change is what Change does to an endpoint. A nil field stays as it is.
type Change struct {
	Form *Form
	Off  *bool // as in Switch
}

// Change changes an endpoint of the given version, all of it or nothing. What is due goes to
// the new address.
func (s *Service) Change(ctx context.Context, actor audit.Actor, id int64, version int32, to Change) error {
	var f Form
	var invalid error
	if to.Form != nil {
		f, invalid = s.check(ctx, *to.Form)
	}
	return s.change(ctx, actor, id, func(tx pgx.Tx, was db.WebhookEndpoint) error {
		if was.Version != version {
			return ErrChanged
		}
		if invalid != nil {
			return invalid
		}
		if to.Form != nil {
			if err := s.edit(ctx, tx, actor, was, f); err != nil {
				return err
			}
			was.Name = f.Name
		}
		if to.Off != nil {
			return s.turn(ctx, tx, actor, was, *to.Off)
		}
		return nil
	})
}

// edit gives a locked endpoint the values of a checked form.
func (s *Service) edit(ctx context.Context, tx pgx.Tx, actor audit.Actor, was db.WebhookEndpoint, f Form) error {
	if err := s.checkPartners(ctx, tx, actor.Scope, f); err != nil {
		return err
	}
	test, err := s.forTests(ctx, tx, f)
	switch {
	case err != nil:
		return err
	case test != was.Test:
		return errTestKept
	}
	err = s.q.WebhookUpdate(ctx, tx, db.WebhookUpdateParams{
		ID: was.ID, Name: f.Name, Url: f.URL, Types: f.Types, AllPartners: f.AllPartners, PartnerIds: f.PartnerIDs, InOrder: f.InOrder,
	})
	if err != nil {
		return nameTaken(err, f.Name)
	}
	return act.Record(ctx, tx, actor, Edited{Ref{was.ID, f.Name}, f.rules(), formOf(was).rules()})
}

// Switch switches an endpoint off, or on again. Off, it gets no new deliveries, and those
// that are due wait.
func (s *Service) Switch(ctx context.Context, actor audit.Actor, id int64, off bool) error {
	return s.change(ctx, actor, id, func(tx pgx.Tx, was db.WebhookEndpoint) error { return s.turn(ctx, tx, actor, was, off) })
}

// turn switches a locked endpoint.
func (s *Service) turn(ctx context.Context, tx pgx.Tx, actor audit.Actor, was db.WebhookEndpoint, off bool) error {
	ref := Ref{was.ID, was.Name}
	switch {
	case off && was.DisabledWhy == WhyStaff, !off && was.DisabledAt == nil:
		return nil
	case off:
		return s.switchOff(ctx, tx, actor, ref, WhyStaff)
	}
	if err := s.q.WebhookSwitch(ctx, tx, db.WebhookSwitchParams{ID: was.ID}); err != nil {
		return fmt.Errorf("switch a webhook endpoint: %w", err)
	}
	return act.Record(ctx, tx, actor, Enabled{ref})
}

func (s *Service) switchOff(ctx context.Context, tx pgx.Tx, actor audit.Actor, ref Ref, why string) error {
	if err := s.q.WebhookSwitch(ctx, tx, db.WebhookSwitchParams{ID: ref.EndpointID, Why: why}); err != nil {
		return fmt.Errorf("switch a webhook endpoint: %w", err)
	}
	return act.Record(ctx, tx, actor, Disabled{ref, why})
}

// Rotate draws a new secret and returns it, once. For Overlap sendings are signed with the
// one before as well; until that has ended no further one is drawn.
func (s *Service) Rotate(ctx context.Context, actor audit.Actor, id int64) (string, error) {
	if err := s.Vault.KeysBehind(ctx); err != nil {
		return "", errKeys.Because(err)
	}
	secret := newSecret()
	err := s.change(ctx, actor, id, func(tx pgx.Tx, was db.WebhookEndpoint) error {
		if was.OldUntil != nil && was.OldUntil.After(s.Now()) {
			return ErrRotating
		}
		keyID, sealed, err := s.seal(ctx, tx, id, secret)
		if err != nil {
			return err
		}
		if err := s.Vault.HoldKey(ctx, tx, was.KeyID); err != nil { // it stays in use for the secret before
			return err
		}
		if err := s.q.WebhookRotate(ctx, tx, db.WebhookRotateParams{ID: id, KeyID: keyID, Secret: sealed, Overlap: Overlap}); err != nil {
			return fmt.Errorf("change the secret of a webhook endpoint: %w", err)
		}
		return act.Record(ctx, tx, actor, SecretChanged{Ref{id, was.Name}})
	})
	if err != nil {
		return "", err
	}
	return secretText(secret), nil
}

// nameTaken maps the unique constraint on the names of one maker to a fault.
func nameTaken(err error, name string) error {
	if db.Constraint(err) == "webhook_endpoint_name_key" {
		return fault.Field("name", "webhook_name_taken", "The maker of this webhook endpoint has one with the name {name} already. Choose another name.").With("name", fault.Text(name))
	}
	return fmt.Errorf("keep a webhook endpoint: %w", err)
}

// Reseal seals secrets under older keys again under the newest, and forgets those whose
// overlap has ended. Periodic.
func (s *Service) Reseal(ctx context.Context) error {
	if _, err := s.q.WebhookForgetOld(ctx, s.DB); err != nil {
		return fmt.Errorf("forget old secrets of webhooks: %w", err)
	}
	rows, err := s.q.WebhookSecretOld(ctx, s.DB, s.Vault.CurrentKey())
	if err != nil {
		return fmt.Errorf("look for secrets of older keys: %w", err)
	}
	for _, row := range rows {
		params := db.WebhookSecretSealParams{ID: row.ID, WasSecret: row.Secret, WasOldSecret: row.OldSecret}
		if params.KeyID, params.Secret, err = s.reseal(row.ID, row.KeyID, row.Secret); err != nil {
			return err
		}
		if row.OldKeyID != nil {
			keyID, sealed, err := s.reseal(row.ID, *row.OldKeyID, row.OldSecret)
			if err != nil {
				return err
			}
			params.OldKeyID, params.OldSecret = &keyID, sealed
		}
		if err := s.q.WebhookSecretSeal(ctx, s.DB, params); err != nil {
			return fmt.Errorf("seal the secret of webhook endpoint %d again: %w", row.ID, err)
		}
	}
	return nil
}

func (s *Service) reseal(id int64, keyID int16, sealed []byte) (int16, []byte, error) {
	secret, err := s.Vault.OpenSecret(keyID, purpose(id), sealed)
	if err != nil {
		return 0, nil, fmt.Errorf("open the secret of webhook endpoint %d: %w", id, err)
	}
	return s.Vault.SealSecret(purpose(id), secret)
}
