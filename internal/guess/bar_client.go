package guess

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// Errors of lifting the bar of an API client.
var (
	ErrNoClient     = fault.New(fault.NotFound, "client_missing", "There is no such API client.")
	ErrOwnClientBar = fault.New(fault.Conflict, "own_client_bar", "You own this API client or made a key of it. Another person has to lift its bar.")
)

// ClearClient lifts every bar of an API client and records the reason. A client with partners
// that the actor does not see is ErrNoClient. The owner of the client and the makers of its
// keys may not lift its bar (ErrOwnClientBar), nor may a person whose account one of them
// controls (ErrBarShared), because one of them may be the person who guesses. An invalid
// reason is the error of audit.CheckReason.
func (t *Throttle) ClearClient(ctx context.Context, actor audit.Actor, clientID int64, reason string) error {
	if err := audit.CheckReason(reason); err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, t.db, func(tx pgx.Tx) error {
		row, err := db.Need(t.q.ClientGet(ctx, tx, db.ClientGetParams{ID: clientID, AllPartners: actor.Scope.AllPartners, PartnerIds: actor.Scope.PartnerIDs})).
			Or(ErrNoClient, "read API client %d", clientID)
		if err != nil {
			return err
		}
		for _, holder := range append(row.KeyMakers, row.OwnerID) {
			if err := CheckLift(ctx, tx, actor, holder); err != nil {
				if actor.Responsible() == holder {
					return ErrOwnClientBar
				}
				return err
			}
		}
		if err := t.q.GuessClearAll(ctx, tx, clientScopes(clientID)); err != nil {
			return fmt.Errorf("lift a bar: %w", err)
		}
		return act.Record(ctx, tx, actor, ClientBarLifted{ClientID: clientID, Name: row.Name, Reason: strings.TrimSpace(reason)})
	})
}

// ClientBarredUntil is BarredUntil for an API client.
func (t *Throttle) ClientBarredUntil(ctx context.Context, clientID int64) (time.Time, error) {
	return t.ScopesBarredUntil(ctx, clientScopes(clientID)...)
}
