package signin

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/db"
)

// A browser in which a person has signed in before is known by a token in a cookie. It has
// a count of wrong passwords and codes of its own. Guesses from elsewhere then bar the
// username for unknown browsers only, and the owner can still sign in. The token gives no
// other right.

const (
	// DeviceLifetime is how long a browser stays known after its last sign-in.
	DeviceLifetime = 180 * 24 * time.Hour
	// mostDevices is the number of known browsers of a person; the least recently used are
	// dropped.
	mostDevices = 10
)

// Owner is the person whose browser it is: a member of staff or a customer.
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

// RememberDevice makes a browser known to the person who has just signed in, under a new
// token. was is the hash of the token that it sent; nil: it sent none. Other people known
// in that browser move to the new token too, so that a token that was planted or copied
// earlier becomes worthless.
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

// ForgetDevices forgets a person's known browsers, except the one whose token has the hash
// keep; nil: all of them.
func ForgetDevices(ctx context.Context, dbtx db.DBTX, owner Owner, keep []byte) error {
	staffID, customerID := owner.ids()
	if err := db.New().KnownDeviceForget(ctx, dbtx, db.KnownDeviceForgetParams{StaffID: staffID, CustomerID: customerID, Keep: keep}); err != nil {
		return fmt.Errorf("forget known browsers: %w", err)
	}
	return nil
}

// FoundDevice maps the result of a look-up to an id, 0 where there is no row.
func FoundDevice(id int64, err error) (int64, error) {
	if id, _, err = db.Found(id, err); err != nil {
		return 0, fmt.Errorf("look for a known browser: %w", err)
	}
	return id, nil
}
