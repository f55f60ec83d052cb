package customer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"golang.org/x/text/unicode/norm"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/staff"
)

// Details is what staff may change of a customer.
type Details struct {
	PartnerID                    int64
	Username, Name, Email, Phone string
}

// ErrPartner answers for a partner that is not there, or not the actor's to see.
var ErrPartner = fault.Field("partner", "customer_partner", "Choose a partner from the list.")

// tidy takes the spaces off that nobody means.
func (d Details) tidy() Details {
	d.Username = strings.ToLower(strings.TrimSpace(d.Username))
	d.Name = strings.Join(strings.Fields(d.Name), " ")
	d.Email, d.Phone = strings.TrimSpace(d.Email), strings.TrimSpace(d.Phone)
	return d
}

// check refuses what could not be kept, or could not be meant.
func (d Details) check(actor audit.Actor) error {
	var list fault.List
	if n := utf8.RuneCountInString(d.Name); n < 1 || n > 120 {
		list = append(list, fault.Field("name", "customer_name", "The name must be 1 to 120 characters long."))
	}
	if !staff.ValidUsername(d.Username) {
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

// Edit changes what is known of a customer. Payments keep the partner that they
// were made under. Staff move a customer only between partners that they see.
func Edit(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64, d Details) error {
	d = d.tidy()
	return change(ctx, beginner, actor, id, func(tx pgx.Tx, was db.Customer) error {
		checked := d
		if d.Phone == was.Phone {
			checked.Phone = "" // an imported one is kept in whatever form it came
		}
		if err := checked.check(actor); err != nil {
			return err
		}
		detail := map[string]any{}
		var changed []string
		for _, c := range []struct{ name, from, to string }{
			{"name", was.Name, d.Name},
			{"username", was.Username, d.Username},
			{"email", was.Email, d.Email},
			{"phone", was.Phone, d.Phone},
		} {
			if c.from != c.to {
				changed = append(changed, c.name)
			}
		}
		if was.PartnerID != d.PartnerID {
			if err := openPartner(ctx, tx, d.PartnerID); err != nil {
				return err
			}
			changed = append(changed, "partner")
			detail["partner_from"], detail["partner_to"] = was.PartnerID, d.PartnerID
		}
		if len(changed) == 0 {
			return nil
		}
		detail["changed"] = changed
		err := db.New().CustomerUpdate(ctx, tx, db.CustomerUpdateParams{
			ID: id, PartnerID: d.PartnerID, Username: d.Username, Name: d.Name, Email: d.Email, Phone: d.Phone,
		})
		switch db.Constraint(err) {
		case "customer_username_key":
			return ErrUsernameTaken
		case "customer_partner_id_fkey":
			return ErrPartner
		}
		if err != nil {
			return fmt.Errorf("edit a customer: %w", err)
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "customer.edited", CustomerID: id, Detail: detail})
	})
}

// Disable signs a customer out everywhere and lets them in no more: no sign-in, no
// link, no redemption. What they have stays theirs.
func Disable(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64) error {
	return change(ctx, beginner, actor, id, func(tx pgx.Tx, was db.Customer) error {
		if was.DisabledAt != nil {
			return nil
		}
		if err := db.New().CustomerDisable(ctx, tx, id); err != nil {
			return fmt.Errorf("disable a customer: %w", err)
		}
		if _, err := shutOut(ctx, tx, id); err != nil {
			return err
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "customer.disabled", CustomerID: id})
	})
}

// Enable undoes Disable.
func Enable(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64) error {
	return change(ctx, beginner, actor, id, func(tx pgx.Tx, was db.Customer) error {
		if was.DisabledAt == nil {
			return nil
		}
		if err := db.New().CustomerEnable(ctx, tx, id); err != nil {
			return fmt.Errorf("enable a customer: %w", err)
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "customer.enabled", CustomerID: id})
	})
}

// change alters one customer of the actor's partners, whose row it holds.
func change(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64, f func(tx pgx.Tx, was db.Customer) error) error {
	return pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		was, err := db.New().CustomerGetForUpdate(ctx, tx, id)
		if errors.Is(err, pgx.ErrNoRows) || (err == nil && !actor.Scope.Holds(was.PartnerID)) {
			return ErrUnknown
		}
		if err != nil {
			return fmt.Errorf("lock a customer: %w", err)
		}
		if was.ErasedAt != nil {
			return ErrErased
		}
		return f(tx, was)
	})
}

// shutOut ends every session of a customer and takes back the link that waits.
// It returns how often that was done, for the session that may begin after it.
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
	if err := staff.ForgetDevices(ctx, tx, staff.Owner{CustomerID: id}, nil); err != nil {
		return 0, err
	}
	return n, nil
}

// freeUsername makes a username of a name: "Zoë Ångström" becomes zoe.angstrom, or
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
