package staff

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/db"
)

// A browser that somebody signed in from before is known by a token in a cookie.
// Wrong passwords and codes that come from it have a count of their own: guesses from
// elsewhere then bar the name for browsers that are not known, and its owner signs in
// all the same. The token is worth nothing else.

const (
	// DeviceLifetime is how long a browser stays known after a sign-in.
	DeviceLifetime = 180 * 24 * time.Hour
	// mostDevices is how many browsers of one person are known: those used last.
	mostDevices = 10
)

// Owner is whose browser it is: a member of staff or a customer.
type Owner struct {
	StaffID    int64
	CustomerID int64
}

func (o Owner) ids() (staffID, customerID *int64) {
	if o.StaffID != 0 {
		return &o.StaffID, nil
	}
	return nil, &o.CustomerID
}

// RememberDevice makes a browser known to somebody who has just signed in, under a
// new token; was is the hash of the one that it showed, nil for none. Others who
// signed in from the same browser stay known under the new one, so that a token that
// was planted or copied before is worth nothing from now on.
func RememberDevice(ctx context.Context, beginner db.Beginner, owner Owner, was, hash []byte) error {
	q := db.New()
	return pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		if was != nil {
			if err := q.KnownDeviceMove(ctx, tx, db.KnownDeviceMoveParams{TokenHash: hash, OldHash: was}); err != nil {
				return fmt.Errorf("renew a known browser: %w", err)
			}
		}
		staffID, customerID := owner.ids()
		var err error
		if staffID != nil {
			err = q.KnownDeviceKeepStaff(ctx, tx, db.KnownDeviceKeepStaffParams{TokenHash: hash, StaffID: staffID, Lifetime: DeviceLifetime})
		} else {
			err = q.KnownDeviceKeepCustomer(ctx, tx, db.KnownDeviceKeepCustomerParams{TokenHash: hash, CustomerID: customerID, Lifetime: DeviceLifetime})
		}
		if err != nil {
			return fmt.Errorf("keep a known browser: %w", err)
		}
		if err := q.KnownDeviceTrim(ctx, tx, db.KnownDeviceTrimParams{StaffID: staffID, CustomerID: customerID, Most: mostDevices}); err != nil {
			return fmt.Errorf("forget old browsers: %w", err)
		}
		return nil
	})
}

// ForgetDevices forgets somebody's browsers but the one whose token's hash is keep;
// nil: all.
func ForgetDevices(ctx context.Context, dbtx db.DBTX, owner Owner, keep []byte) error {
	staffID, customerID := owner.ids()
	if err := db.New().KnownDeviceForget(ctx, dbtx, db.KnownDeviceForgetParams{StaffID: staffID, CustomerID: customerID, Keep: keep}); err != nil {
		return fmt.Errorf("forget known browsers: %w", err)
	}
	return nil
}

// findDevice returns the row of a browser that a member of staff is known by; 0: none.
func findDevice(ctx context.Context, dbtx db.DBTX, hash []byte, username string) (int64, error) {
	return FoundDevice(db.New().KnownDeviceFindStaff(ctx, dbtx, db.KnownDeviceFindStaffParams{TokenHash: hash, Username: username}))
}

// FoundDevice turns the answer of a look-up into an id, 0 where there is no row.
func FoundDevice(id int64, err error) (int64, error) {
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look for a known browser: %w", err)
	}
	return id, nil
}
