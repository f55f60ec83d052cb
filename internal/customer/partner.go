package customer

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/accent"
	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// PartnerForm is a partner as it was typed.
type PartnerForm struct {
	Name, Brand, Slug, TimeZone, Accent string
	Welcome, Help                       string
	CardLine1, CardLine2                string
}

// Refusals around partners.
var (
	ErrNoPartner     = fault.New(fault.NotFound, "partner_unknown", "There is no such partner.")
	ErrPartnerName   = fault.Field("name", "partner_name_taken", "Another partner has this name. Choose a different one.")
	ErrPartnerSlug   = fault.Field("slug", "partner_slug_taken", "Another partner has this name in its address. Choose a different one.")
	ErrPartnerState  = fault.New(fault.Conflict, "partner_state", "The partner has changed meanwhile. Look at where it stands, then decide again.")
	ErrPartnerClosed = fault.Field("partner", "partner_disabled", "This partner is disabled. Enable it first, or choose another.")
	errPartnerCreate = fault.New(fault.Forbidden, "partner_create", "New partners are entered by staff who see all partners.")
)

// slugForm is what an address may hold without care.
var slugForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$`)

// check cleans a form and holds it against every rule.
func (f PartnerForm) check() (PartnerForm, error) {
	for _, text := range []*string{&f.Name, &f.Brand, &f.Slug, &f.TimeZone, &f.Accent, &f.Welcome, &f.Help, &f.CardLine1, &f.CardLine2} {
		*text = strings.TrimSpace(*text)
	}
	f.Slug, f.Accent = strings.ToLower(f.Slug), strings.ToLower(f.Accent)
	var faults fault.List
	add := func(field, message string) { faults = append(faults, fault.Field(field, "partner_"+field, message)) }
	length := func(field, label, text string, most int) {
		if n := len([]rune(text)); n > most {
			add(field, fmt.Sprintf("%s may be up to %d characters long; this is %d.", label, most, n))
		}
	}
	if f.Name == "" {
		add("name", "Enter the partner’s name.")
	}
	length("name", "The name", f.Name, 80)
	length("brand", "The brand name", f.Brand, 80)
	if f.Slug != "" && !slugForm.MatchString(f.Slug) {
		add("slug", "The name in addresses may have up to 40 letters a–z, digits and dashes, such as north-cafe.")
	}
	if _, err := time.LoadLocation(f.TimeZone); err != nil || f.TimeZone == "" || f.TimeZone == "Local" {
		add("time_zone", "Choose a time zone from the list, such as Europe/Berlin.")
	}
	if _, err := accent.Parse(f.Accent); f.Accent != "" && err != nil {
		add("accent", "The colour must look like #1f4e79: a # and six digits or letters a–f.")
	}
	length("welcome", "The welcome line", f.Welcome, 200)
	length("help", "The help text", f.Help, 500)
	length("card_line1", "A line on cards", f.CardLine1, 48)
	length("card_line2", "A line on cards", f.CardLine2, 48)
	return f, faults.Err()
}

// slug returns the name in addresses for its column: null where there is none.
func (f PartnerForm) slug() *string {
	if f.Slug == "" {
		return nil
	}
	return &f.Slug
}

// taken says which of the names that must be unique another partner has.
func taken(err error) error {
	switch db.Constraint(err) {
	case "partner_name_key":
		return ErrPartnerName
	case "partner_slug_key":
		return ErrPartnerSlug
	}
	return err
}

// CreatePartner enters a partner with its look and returns its id. Only staff of
// all partners may: others would not see what they made.
func CreatePartner(ctx context.Context, beginner db.Beginner, actor audit.Actor, f PartnerForm, logo *Logo) (int64, error) {
	if !actor.Scope.AllPartners {
		return 0, errPartnerCreate
	}
	f, err := f.check()
	if err != nil {
		return 0, err
	}
	var id int64
	err = pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		row, err := db.New().PartnerCreate(ctx, tx, db.PartnerCreateParams{Name: f.Name, Brand: f.Brand, TimeZone: f.TimeZone})
		if err != nil {
			return fmt.Errorf("enter a partner: %w", taken(err))
		}
		id = row.ID
		if err := f.write(ctx, tx, id, logo); err != nil {
			return err
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "partner.created", Detail: map[string]any{"partner": id, "name": f.Name}})
	})
	return id, err
}

// write keeps the fields of a form and the logo, if a new one came with it.
func (f PartnerForm) write(ctx context.Context, tx pgx.Tx, id int64, logo *Logo) error {
	err := db.New().PartnerUpdate(ctx, tx, db.PartnerUpdateParams{
		ID: id, Name: f.Name, Brand: f.Brand, TimeZone: f.TimeZone, Slug: f.slug(), Accent: f.Accent,
		Welcome: f.Welcome, Help: f.Help, CardLine1: f.CardLine1, CardLine2: f.CardLine2,
	})
	if err != nil {
		return fmt.Errorf("change a partner: %w", taken(err))
	}
	if logo == nil {
		return nil
	}
	err = db.New().PartnerLogoSet(ctx, tx, db.PartnerLogoSetParams{PartnerID: id, Png: logo.PNG, Width: logo.Width, Height: logo.Height})
	if err != nil {
		return fmt.Errorf("keep a partner's logo: %w", err)
	}
	return nil
}

// lockPartner holds a partner of the actor's for the rest of the transaction.
func lockPartner(ctx context.Context, tx pgx.Tx, actor audit.Actor, id int64) (db.Partner, error) {
	if !actor.Scope.Holds(id) {
		return db.Partner{}, ErrNoPartner
	}
	row, err := db.New().PartnerLock(ctx, tx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return row, ErrNoPartner
	}
	if err != nil {
		return row, fmt.Errorf("read a partner: %w", err)
	}
	return row, nil
}

// EditPartner changes a partner; a nil logo leaves the one it has. Its series keep
// the time zone that they were ordered in.
func EditPartner(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64, f PartnerForm, logo *Logo) error {
	if !actor.Scope.Holds(id) {
		return ErrNoPartner
	}
	f, err := f.check()
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		before, err := lockPartner(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if err := f.write(ctx, tx, id, logo); err != nil {
			return err
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "partner.changed", Detail: f.changes(before, logo)})
	})
}

// changes names what an edit altered, for the audit row.
func (f PartnerForm) changes(before db.Partner, logo *Logo) map[string]any {
	slug := ""
	if before.Slug != nil {
		slug = *before.Slug
	}
	detail := map[string]any{"partner": before.ID}
	for _, one := range []struct{ name, was, is string }{
		{"name", before.Name, f.Name},
		{"brand", before.Brand, f.Brand},
		{"slug", slug, f.Slug},
		{"time_zone", before.TimeZone, f.TimeZone},
		{"accent", before.Accent, f.Accent},
		{"welcome", before.Welcome, f.Welcome},
		{"help", before.Help, f.Help},
		{"card_line1", before.CardLine1, f.CardLine1},
		{"card_line2", before.CardLine2, f.CardLine2},
	} {
		if one.was != one.is {
			detail[one.name] = one.is
		}
	}
	if logo != nil {
		detail["logo"] = fmt.Sprintf("%d × %d", logo.Width, logo.Height)
	}
	return detail
}

// RemoveLogo takes a partner's logo away; there may be none.
func RemoveLogo(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64) error {
	return pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		if _, err := lockPartner(ctx, tx, actor, id); err != nil {
			return err
		}
		n, err := db.New().PartnerLogoDelete(ctx, tx, id)
		if err != nil || n == 0 {
			return err
		}
		if err := db.New().PartnerLookChanged(ctx, tx, id); err != nil {
			return fmt.Errorf("change a partner's look: %w", err)
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "partner.changed", Detail: map[string]any{"partner": id, "logo": "removed"}})
	})
}

// DisablePartner closes a partner: its customers are signed out at once and can
// neither sign in nor redeem, whoever redeems for them. Balances, payments and
// cards stay.
func DisablePartner(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64) error {
	return pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		partner, err := lockPartner(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		return switchPartner(ctx, tx, actor, partner, true)
	})
}

// ErrPartnerWaits says that a partner is still disabled: to enable it was asked for.
var ErrPartnerWaits = fault.New(fault.Conflict, "partner_waits", "The partner is still disabled: to enable it brings more cards into use than one person may within 24 hours. It waits until another person approves it.")

// EnablePartner opens it again; customers sign in anew. It brings the cards into use
// that only they can redeem: where those are worth more than one person may, it waits
// for a second one (ErrPartnerWaits).
func EnablePartner(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64) error {
	waits := false
	err := pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		partner, err := lockPartner(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if partner.DisabledAt == nil {
			return ErrPartnerState
		}
		value, err := db.New().PartnerInUse(ctx, tx, id)
		if err != nil {
			return fmt.Errorf("add up what a partner's customers can redeem: %w", err)
		}
		o, err := approval.IntoUse(ctx, approval.Taking(tx), approval.UsePartnerOpened, approval.Act{By: actor.StaffID, PartnerID: id, Value: value})
		if err != nil {
			return err
		}
		if waits = o.Over(); waits {
			return askPartner(ctx, tx, actor, partner, value, o.Others)
		}
		return switchPartner(ctx, tx, actor, partner, false)
	})
	if err == nil && waits {
		return ErrPartnerWaits
	}
	return err
}

// switchPartner opens or closes a partner that is locked.
func switchPartner(ctx context.Context, tx pgx.Tx, actor audit.Actor, partner db.Partner, disabled bool) error {
	q := db.New()
	n, err := q.PartnerSetDisabled(ctx, tx, db.PartnerSetDisabledParams{ID: partner.ID, Disabled: disabled})
	if err != nil {
		return fmt.Errorf("open or close a partner: %w", err)
	}
	if n == 0 {
		return ErrPartnerState
	}
	detail, action := map[string]any{"partner": partner.ID, "name": partner.Name}, "partner.enabled"
	if disabled {
		action = "partner.disabled"
		if detail["signed_out"], err = q.PartnerSessionsDelete(ctx, tx, partner.ID); err != nil {
			return fmt.Errorf("sign a partner's customers out: %w", err)
		}
	}
	return audit.Record(ctx, tx, actor, audit.Entry{Action: action, Detail: detail})
}

// openPartner refuses a partner that is closed, for what is entered anew.
func openPartner(ctx context.Context, tx pgx.Tx, id int64) error {
	disabled, err := db.New().PartnerDisabled(ctx, tx, id)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) { // one that is missing fails by its foreign key
		return fmt.Errorf("read a partner: %w", err)
	}
	if disabled {
		return ErrPartnerClosed
	}
	return nil
}
