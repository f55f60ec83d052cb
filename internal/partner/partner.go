package partner

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/accent"
	"refill/internal/act"
	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
)

// Form is a partner as it was typed.
type Form struct {
	Name, Brand, Slug, TimeZone, Accent string
	Welcome, Help                       string
	CardLine1, CardLine2                string
	Test                                bool // for testing; Edit leaves it as it was made
}

// Errors of partners.
var (
	ErrNoPartner     = fault.New(fault.NotFound, "partner_unknown", "There is no such partner.")
	ErrPartnerName   = fault.Field("name", "partner_name_taken", "Another partner has this name. Choose a different one.")
	ErrPartnerSlug   = fault.Field("slug", "partner_slug_taken", "Another partner has this name in addresses, or had it when its cards were printed. Choose a different one.")
	ErrSlugReserved  = fault.Field("slug", "partner_slug_reserved", "This name is kept for pages of the portal. Choose a different one, such as the partner’s own.")
	ErrPartnerState  = fault.New(fault.Conflict, "partner_state", "The partner has changed meanwhile. Look at its state, then decide again.")
	ErrPartnerClosed = fault.Field("partner", "partner_closed", "This partner is disabled. Enable it first, or choose another.")
	errPartnerCreate = fault.New(fault.Forbidden, "partner_create", "New partners are entered by staff who see all partners.")
)

// slugForm matches a name that an address can hold without escaping.
var slugForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$`)

// check trims and validates a form.
func (f Form) check() (Form, error) {
	for _, text := range []*string{&f.Name, &f.Brand, &f.Slug, &f.TimeZone, &f.Accent, &f.Welcome, &f.Help, &f.CardLine1, &f.CardLine2} {
		*text = strings.TrimSpace(*text)
	}
	f.Slug, f.Accent = strings.ToLower(f.Slug), strings.ToLower(f.Accent)
	var faults fault.List
	add := func(f *fault.Error) { faults = append(faults, f) }
	length := func(text string, most int, long *fault.Error) {
		if n := len([]rune(text)); n > most {
			add(long.With("most", fault.Number(most)).With("count", fault.Number(n)))
		}
	}
	if f.Name == "" {
		add(fault.Field("name", "partner_name", "Enter the partner’s name."))
	}
	length(f.Name, 80, fault.Field("name", "partner_name_long", "The name may be up to {most} characters long; this is {count}."))
	length(f.Brand, 80, fault.Field("brand", "partner_brand", "The brand name may be up to {most} characters long; this is {count}."))
	if f.Slug != "" && !slugForm.MatchString(f.Slug) {
		add(fault.Field("slug", "partner_slug", "The name in addresses may have up to 40 letters a–z, digits and dashes, such as north-cafe."))
	}
	if _, err := time.LoadLocation(f.TimeZone); err != nil || f.TimeZone == "" || f.TimeZone == "Local" {
		add(fault.Field("time_zone", "partner_time_zone", "Choose a time zone from the list, such as Europe/Berlin."))
	}
	if _, err := accent.Parse(f.Accent); f.Accent != "" && err != nil {
		add(fault.Field("accent", "partner_accent", "The colour must look like #1f4e79: a # and six digits or letters a–f."))
	}
	length(f.Welcome, 200, fault.Field("welcome", "partner_welcome", "The welcome line may be up to {most} characters long; this is {count}."))
	length(f.Help, 500, fault.Field("help", "partner_help", "The help text may be up to {most} characters long; this is {count}."))
	length(f.CardLine1, 48, fault.Field("card_line1", "partner_card_line", "A line on cards may be up to {most} characters long; this is {count}."))
	length(f.CardLine2, 48, fault.Field("card_line2", "partner_card_line", "A line on cards may be up to {most} characters long; this is {count}."))
	return f, faults.Err()
}

// slug returns the partner's name in URLs as its nullable column: null if it is empty.
func (f Form) slug() *string {
	if f.Slug == "" {
		return nil
	}
	return &f.Slug
}

// taken maps the violated unique constraint to a fault.
func taken(err error) error {
	switch db.Constraint(err) {
	case "partner_name_key":
		return ErrPartnerName
	case "partner_slug_key", "partner_address_pkey":
		return ErrPartnerSlug
	}
	return err
}

// Create adds a partner and returns its id. The actor must see all partners, since others
// would not see the new one.
func Create(ctx context.Context, beginner db.Beginner, actor audit.Actor, f Form, logo *Logo) (int64, error) {
	if !actor.Scope.AllPartners {
		return 0, errPartnerCreate
	}
	f, err := f.check()
	if err != nil {
		return 0, err
	}
	var id int64
	err = pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		row, err := db.New().PartnerCreate(ctx, tx, db.PartnerCreateParams{Name: f.Name, Brand: f.Brand, TimeZone: f.TimeZone, Test: f.Test})
		if err != nil {
			return fmt.Errorf("enter a partner: %w", taken(err))
		}
		id = row.ID
		if err := f.checkName(ctx, tx, id); err != nil {
			return err
		}
		if err := f.write(ctx, tx, id, logo); err != nil {
			return err
		}
		return act.Record(ctx, tx, actor, Created{Partner: id, Name: f.Name, Test: f.Test})
	})
	return id, err
}

// write stores the fields of a form, and the logo unless it is nil.
func (f Form) write(ctx context.Context, tx pgx.Tx, id int64, logo *Logo) error {
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

// lock reads a partner that the actor sees and holds its row for the rest of the
// transaction.
func lock(ctx context.Context, tx pgx.Tx, actor audit.Actor, id int64) (db.Partner, error) {
	if !actor.Scope.Holds(id) {
		return db.Partner{}, ErrNoPartner
	}
	return db.Need(db.New().PartnerLock(ctx, tx, id)).Or(ErrNoPartner, "read a partner")
}

// Edit changes a partner. A nil logo keeps the present one. Its series keep the time zone
// that they were ordered in.
func Edit(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64, f Form, logo *Logo) error {
	if !actor.Scope.Holds(id) {
		return ErrNoPartner
	}
	f, err := f.check()
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		before, err := lock(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if err := f.checkName(ctx, tx, id); err != nil {
			return err
		}
		if err := f.write(ctx, tx, id, logo); err != nil {
			return err
		}
		return act.Record(ctx, tx, actor, f.changes(before, logo))
	})
}

// changes returns the fields that an edit changed, for the audit row.
func (f Form) changes(before db.Partner, logo *Logo) Changed {
	slug := ""
	if before.Slug != nil {
		slug = *before.Slug
	}
	changed := func(was, is string) *string {
		if was == is {
			return nil
		}
		return &is
	}
	c := Changed{
		Partner:   before.ID,
		Name:      changed(before.Name, f.Name),
		Brand:     changed(before.Brand, f.Brand),
		Slug:      changed(slug, f.Slug),
		TimeZone:  changed(before.TimeZone, f.TimeZone),
		Accent:    changed(before.Accent, f.Accent),
		Welcome:   changed(before.Welcome, f.Welcome),
		Help:      changed(before.Help, f.Help),
		CardLine1: changed(before.CardLine1, f.CardLine1),
		CardLine2: changed(before.CardLine2, f.CardLine2),
	}
	if logo != nil {
		c.Logo = fmt.Sprintf("%d × %d", logo.Width, logo.Height)
	}
	return c
}

// RemoveLogo deletes a partner's logo. Without a logo it does nothing.
func RemoveLogo(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64) error {
	return pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		if _, err := lock(ctx, tx, actor, id); err != nil {
			return err
		}
		n, err := db.New().PartnerLogoDelete(ctx, tx, id)
		if err != nil || n == 0 {
			return err
		}
		if err := db.New().PartnerLookChanged(ctx, tx, id); err != nil {
			return fmt.Errorf("change a partner's look: %w", err)
		}
		return act.Record(ctx, tx, actor, Changed{Partner: id, Logo: "removed"})
	})
}

// Disable closes a partner. Its customers are signed out; they can't sign in, and no card
// can be redeemed for them by anyone. Balances, payments and cards remain.
func Disable(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64) error {
	return pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		partner, err := lock(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		return setDisabled(ctx, tx, actor, partner, true)
	})
}

// ErrWaits says that the partner is still disabled and approval was requested.
var ErrWaits = fault.New(fault.Conflict, "partner_waits", "The partner is still disabled: to enable it brings more cards into use than one person may within 24 hours. It waits until another person approves it.")

// Enable opens a disabled partner again. It brings into use the cards that only this
// partner's customers can redeem. Where those exceed the limit on one person's acts, it
// requests approval and returns ErrWaits.
func Enable(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64) error {
	waits := false
	err := pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		partner, err := lock(ctx, tx, actor, id)
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
		o, err := approval.IntoUse(ctx, approval.Taking(tx), approval.UsePartnerOpened, approval.Act{By: actor.Accountable(), PartnerID: id, Value: value})
		if err != nil {
			return err
		}
		if waits = o.Over(); waits {
			return ask(ctx, tx, actor, partner, value, o.Others)
		}
		return setDisabled(ctx, tx, actor, partner, false)
	})
	if err == nil && waits {
		return ErrWaits
	}
	return err
}

// setDisabled opens or closes a partner whose row is locked.
func setDisabled(ctx context.Context, tx pgx.Tx, actor audit.Actor, partner db.Partner, disabled bool) error {
	q := db.New()
	n, err := q.PartnerSetDisabled(ctx, tx, db.PartnerSetDisabledParams{ID: partner.ID, Disabled: disabled})
	if err != nil {
		return fmt.Errorf("open or close a partner: %w", err)
	}
	if n == 0 {
		return ErrPartnerState
	}
	if !disabled {
		return act.Record(ctx, tx, actor, Enabled{Partner: partner.ID, Name: partner.Name})
	}
	ended, err := q.PartnerSessionsDelete(ctx, tx, partner.ID)
	if err != nil {
		return fmt.Errorf("sign a partner's customers out: %w", err)
	}
	return act.Record(ctx, tx, actor, Disabled{Partner: partner.ID, Name: partner.Name, SignedOut: ended})
}

// Currency returns the currency of customers and series of some partners: money.Test for test
// partners, otherwise house, the currency of the installation.
func Currency(ctx context.Context, dbtx db.DBTX, house string, ids ...int64) (string, error) {
	marks, err := db.New().PartnerMarks(ctx, dbtx, ids)
	if err != nil {
		return "", fmt.Errorf("ask for test partners: %w", err)
	}
	if marks.Test {
		return money.Test, nil
	}
	return house, nil
}

// Open refuses a disabled partner for new customers and series.
func Open(ctx context.Context, tx pgx.Tx, id int64) error {
	disabled, _, err := db.Found(db.New().PartnerDisabled(ctx, tx, id)) // a missing partner fails later by its foreign key
	if err != nil {
		return fmt.Errorf("read a partner: %w", err)
	}
	if disabled {
		return ErrPartnerClosed
	}
	return nil
}
