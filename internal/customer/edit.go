package customer

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"golang.org/x/text/unicode/norm"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/partner"
	"refill/internal/signin"
)

// Details are the fields of a customer that staff may change.
type Details struct {
	PartnerID                    int64
	Username, Name, Email, Phone string
}

// ErrPartner refuses a partner that does not exist or that the actor may not see.
var ErrPartner = fault.Field("partner", "customer_partner", "Choose a partner from the list.")

// ErrPartnerTest refuses to move a customer between test partners and others. The balance would
// be money of the other kind.
var ErrPartnerTest = fault.Field("partner", "customer_partner_test", "A customer can't be moved between test partners and other partners. Enter a new customer there.")

// tidy removes surrounding spaces.
func (d Details) tidy() Details {
	d.Username = strings.ToLower(strings.TrimSpace(d.Username))
	d.Name = strings.Join(strings.Fields(d.Name), " ")
	d.Email, d.Phone = strings.TrimSpace(d.Email), strings.TrimSpace(d.Phone)
	return d
}

// check refuses fields that are invalid.
func (d Details) check(actor audit.Actor) error {
	var list fault.List
	if n := utf8.RuneCountInString(d.Name); n < 1 || n > 120 {
		list = append(list, fault.Field("name", "customer_name", "The customer’s name must be 1 to 120 characters long."))
	}
	if !signin.ValidUsername(d.Username) {
		list = append(list, fault.Field("username", "customer_username", "The username can have up to 64 letters, digits and . _ - @, and nothing else."))
	}
	if !actor.Scope.Holds(d.PartnerID) {
		list = append(list, ErrPartner)
	}
	name, host, found := strings.Cut(d.Email, "@")
	if d.Email != "" && (!found || name == "" || host == "" || len(d.Email) > 254 || strings.ContainsFunc(d.Email, unicode.IsSpace)) {
		list = append(list, fault.Field("email", "customer_email", "Write the e-mail address like name@example.com."))
	}
	if len(d.Phone) > 40 || strings.Trim(d.Phone, "0123456789 +-()/.") != "" {
		list = append(list, fault.Field("phone", "customer_phone", "A phone number has digits, spaces and + - ( ) / . only, up to 40 of them."))
	}
	return list.Err()
}

// Edit changes the fields of a customer. Earlier payments keep the partner that they were
// made under. Staff can move a customer only between partners that they see.
func Edit(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64, d Details) error {
	return change(ctx, beginner, actor, id, func(tx pgx.Tx, was db.Customer) error {
		return edit(ctx, tx, actor, was, d, db.Deref(was.ExternalID))
	})
}

// edit is Edit of a locked customer, with the external id.
func edit(ctx context.Context, tx pgx.Tx, actor audit.Actor, was db.Customer, d Details, externalID string) error {
	d, externalID = d.tidy(), strings.TrimSpace(externalID)
	checked := d
	if d.Phone == was.Phone {
		checked.Phone = "" // an imported number is kept in its original form
	}
	list := append(fault.List(fault.All(checked.check(actor))), fault.All(checkExternalID(externalID))...)
	if err := list.Err(); err != nil {
		return err
	}
	edited := Edited{Subject: act.OfCustomer(was.ID)}
	for _, c := range []struct{ name, from, to string }{
		{"name", was.Name, d.Name},
		{"username", was.Username, d.Username},
		{"email", was.Email, d.Email},
		{"phone", was.Phone, d.Phone},
		{"external_id", db.Deref(was.ExternalID), externalID},
	} {
		if c.from != c.to {
			edited.Changed = append(edited.Changed, c.name)
		}
	}
	if was.PartnerID != d.PartnerID {
		if err := partner.Open(ctx, tx, d.PartnerID); err != nil {
			return err
		}
		if err := moveBalance(ctx, tx, was.ID, was.PartnerID, d.PartnerID); err != nil {
			return err
		}
		edited.Changed = append(edited.Changed, "partner")
		edited.PartnerFrom, edited.PartnerTo = was.PartnerID, d.PartnerID
	}
	if len(edited.Changed) == 0 {
		return nil
	}
	err := db.New().CustomerUpdate(ctx, tx, db.CustomerUpdateParams{
		ID: was.ID, PartnerID: d.PartnerID, Username: d.Username, Name: d.Name, Email: d.Email, Phone: d.Phone, ExternalID: externalID,
	})
	switch db.Constraint(err) {
	case "customer_username_key":
		return ErrUsernameTaken
	case "customer_external_id_key":
		return ErrExternalTaken
	case "customer_partner_id_fkey":
		return ErrPartner
	case "customer_test_kept":
		return ErrPartnerTest
	}
	if err != nil {
		return fmt.Errorf("edit a customer: %w", err)
	}
	return act.Record(ctx, tx, actor, edited)
}

// Patch holds the fields of a customer that change. nil: the field stays.
type Patch struct {
	PartnerID                                *int64
	Username, Name, Email, Phone, ExternalID *string // an empty ExternalID removes it
	Disabled                                 *bool
}

// ErrChanged refuses a change of a customer that has another version by now.
var ErrChanged = fault.New(fault.Conflict, "customer_changed", "This customer has changed meanwhile. Read the customer again.")

// Change changes the fields of a customer that a patch names, and disables or enables the
// customer, in one transaction. version is the version that the caller has read, 0 any;
// another one is ErrChanged. Other errors are those of Edit.
func Change(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64, version int32, p Patch) error {
	return change(ctx, beginner, actor, id, func(tx pgx.Tx, was db.Customer) error {
		if version != 0 && was.Version != version {
			return ErrChanged
		}
		d := Details{PartnerID: was.PartnerID, Username: was.Username, Name: was.Name, Email: was.Email, Phone: was.Phone}
		externalID := db.Deref(was.ExternalID)
		for to, from := range map[*string]*string{&d.Username: p.Username, &d.Name: p.Name, &d.Email: p.Email, &d.Phone: p.Phone, &externalID: p.ExternalID} {
			if from != nil {
				*to = *from
			}
		}
		if p.PartnerID != nil {
			d.PartnerID = *p.PartnerID
		}
		if err := edit(ctx, tx, actor, was, d, externalID); err != nil || p.Disabled == nil {
			return err
		}
		if *p.Disabled {
			return disable(ctx, tx, actor, was)
		}
		return enable(ctx, tx, actor, was)
	})
}

// Disable ends a customer's sessions and refuses sign-ins, links and redemptions. The
// balance is kept.
func Disable(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64) error {
	return change(ctx, beginner, actor, id, func(tx pgx.Tx, was db.Customer) error { return disable(ctx, tx, actor, was) })
}

// disable is Disable of a locked customer.
func disable(ctx context.Context, tx pgx.Tx, actor audit.Actor, was db.Customer) error {
	if was.DisabledAt != nil {
		return nil
	}
	if err := db.New().CustomerDisable(ctx, tx, was.ID); err != nil {
		return fmt.Errorf("disable a customer: %w", err)
	}
	if _, err := shutOut(ctx, tx, was.ID); err != nil {
		return err
	}
	return act.Record(ctx, tx, actor, Disabled{act.OfCustomer(was.ID)})
}

// Enable undoes Disable.
func Enable(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64) error {
	return change(ctx, beginner, actor, id, func(tx pgx.Tx, was db.Customer) error { return enable(ctx, tx, actor, was) })
}

// enable is Enable of a locked customer.
func enable(ctx context.Context, tx pgx.Tx, actor audit.Actor, was db.Customer) error {
	if was.DisabledAt == nil {
		return nil
	}
	if err := db.New().CustomerEnable(ctx, tx, was.ID); err != nil {
		return fmt.Errorf("enable a customer: %w", err)
	}
	return act.Record(ctx, tx, actor, Enabled{act.OfCustomer(was.ID)})
}

// change edits one customer whom the actor may see, under the lock of the row.
func change(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64, f func(tx pgx.Tx, was db.Customer) error) error {
	return pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		was, err := lock(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if was.ErasedAt != nil {
			return ErrErased
		}
		return f(tx, was)
	})
}

// lock reads a customer whom the actor may see, and holds the row for the rest of the
// transaction.
func lock(ctx context.Context, tx pgx.Tx, actor audit.Actor, id int64) (db.Customer, error) {
	row, err := db.Need(db.New().CustomerGetForUpdate(ctx, tx, id)).Or(ErrUnknown, "lock a customer")
	if err == nil && !actor.Scope.Holds(row.PartnerID) {
		return db.Customer{}, ErrUnknown
	}
	return row, err
}

// shutOut ends every session of a customer and revokes the open link. It returns the new
// count of such acts; a session that starts afterwards stores it.
func shutOut(ctx context.Context, tx pgx.Tx, id int64) (int32, error) {
	n, err := db.New().CustomerShutOut(ctx, tx, id)
	if err != nil {
		return 0, fmt.Errorf("end the sign-ins under way of a customer: %w", err)
	}
	if err := db.New().SessionDeleteCustomer(ctx, tx, &id); err != nil {
		return 0, fmt.Errorf("sign a customer out: %w", err)
	}
	if err := db.New().CustomerLinkDelete(ctx, tx, id); err != nil {
		return 0, fmt.Errorf("take back a link: %w", err)
	}
	if err := signin.ForgetDevices(ctx, tx, signin.Owner{CustomerID: id}, nil); err != nil {
		return 0, err
	}
	return n, nil
}

// freeUsername makes a free username from a name: "Zoë Ångström" becomes zoe.angstrom, or
// zoe.angstrom2 where that is taken.
func freeUsername(ctx context.Context, dbtx db.DBTX, name string) (string, error) {
	stem := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '.':
			return r
		case unicode.IsSpace(r), r == '_':
			return '.'
		}
		return -1 // accents, split off by the decomposition, and what has no Latin letter
	}, norm.NFKD.String(strings.ToLower(name)))
	if stem = strings.Trim(stem[:min(len(stem), 56)], ".-"); stem == "" {
		stem = "customer"
	}
	taken, err := db.New().CustomerUsernames(ctx, dbtx, stem)
	if err != nil {
		return "", fmt.Errorf("look for a free username: %w", err)
	}
	free := stem
	for n := 2; slices.Contains(taken, free); n++ {
		free = stem + strconv.Itoa(n)
	}
	return free, nil
}
