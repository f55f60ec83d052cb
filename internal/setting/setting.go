// Package setting owns the typed settings that staff change in the browser: their
// defaults, their valid values, and one short cache. It never holds secrets and never
// reads the environment.
package setting

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/cardcode"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
)

// Settings are the settings of the installation. The zero value is not usable;
// Default is.
type Settings struct {
	RefillCards bool   `json:"refill_cards"` // Settings → Modules: the whole module on or off
	Brand       string `json:"brand"`        // name on portal and cards where the partner has none
	Currency    string `json:"currency"`     // ISO 4217; fixed once money has moved
	TimeZone    string `json:"time_zone"`    // IANA; the installation's

	CurrencyConfirmed bool   `json:"currency_confirmed"` // a person has said that the currency is right
	ConfirmedAddress  string `json:"confirmed_address"`  // an address without HTTPS, or of this machine, that cards may be printed with

	KeyBackup KeyBackup `json:"key_backup"` // who has said that the key file is backed up

	Activate     bool  `json:"activate"`      // "Activate when generated" as the form shows it first
	CheckHours   int   `json:"check_hours"`   // hours between two checks of the books
	FileHours    int   `json:"file_hours"`    // how long an exported file is kept
	CodeDays     int   `json:"code_days"`     // days after which a used card loses its sealed code
	GuessesDaily int64 `json:"guesses_daily"` // wrong codes a day that the odds of a lucky guess reckon with

	StaffFactor bool `json:"staff_factor"` // staff must use a second factor

	CardWords CardWords `json:"card_words"` // what cards say beside a partner's own texts

	PrintShops []PrintShop `json:"print_shops"` // whom files can be encrypted for

	Theft Theft `json:"theft"` // when redemptions look like theft

	CodeAlphabet cardcode.Alphabet `json:"code_alphabet"` // letters or Digits, of series ordered from now on
	CodeLength   int               `json:"code_length"`   // symbols of a code, the check symbol included
	LockPartners bool              `json:"lock_partners"` // only customers of a series' partners may redeem its cards
	SerialForm   string            `json:"serial_form"`   // how a serial is written: plain, padded or series
	ApproveAbove *int64            `json:"approve_above"` // activations and exports worth more, in minor units, take a second person; nil: none does
	ExportReason bool              `json:"export_reason"` // a request for a file of codes needs a reason
	WrongSoft    int32             `json:"wrong_soft"`    // wrong codes in a row until the first pause
	WrongHard    int32             `json:"wrong_hard"`    // … until a day's bar
	WrongAddress int32             `json:"wrong_address"` // wrong codes within an hour from one address
	WrongPartner int32             `json:"wrong_partner"` // unknown codes within an hour at one partner, past which there is an alarm
}

// Default returns the settings of a new installation.
func Default() Settings {
	return Settings{
		RefillCards: true, Brand: "Refill", Currency: "USD", TimeZone: "UTC",
		Activate: true, FileHours: 24, CodeDays: 400, CheckHours: 1, GuessesDaily: 100_000,
		CodeAlphabet: cardcode.Letters, CodeLength: cardcode.Letters.UsualLength(), LockPartners: true, SerialForm: cardcode.SerialPlain,
		CardWords: CardWords{Date: DateLong},
		WrongSoft: 5, WrongHard: 10, WrongAddress: 30, WrongPartner: 50,
		Theft: usualTheft(),
	}
}

// CodeFormat is the format of the codes of series that are ordered under these settings.
func (s Settings) CodeFormat() cardcode.Format {
	return cardcode.Format{Alphabet: s.CodeAlphabet, Length: s.CodeLength}
}

// Validate returns a fault for every invalid setting.
func (s Settings) Validate() error {
	var list fault.List
	if s.Brand == "" || len([]rune(s.Brand)) > 80 {
		list = append(list, fault.Field("brand", "setting_brand", "The brand must be 1 to 80 characters long."))
	}
	if !money.Known(s.Currency) {
		list = append(list, fault.Field("currency", "setting_currency", "The currency must be a three-letter ISO 4217 code such as USD or EUR."))
	}
	if _, err := time.LoadLocation(s.TimeZone); err != nil || s.TimeZone == "" || s.TimeZone == "Local" {
		list = append(list, fault.Field("time_zone", "setting_time_zone", "The time zone must be an IANA name such as Europe/Berlin."))
	}
	if s.CheckHours < 1 || s.CheckHours > 24*7 {
		list = append(list, fault.Field("check_hours", "setting_check_hours", "The books must be checked every 1 to 168 hours."))
	}
	if s.FileHours < 1 || s.FileHours > 24*30 {
		list = append(list, fault.Field("file_hours", "setting_file_hours", "Files must be kept for 1 to 720 hours."))
	}
	if s.CodeDays < 30 || s.CodeDays > 3650 {
		list = append(list, fault.Field("code_days", "setting_code_days", "Codes of used cards must be kept for {least} to {most} days.").With("least", fault.Number(30)).With("most", fault.Number(3650)))
	}
	if s.GuessesDaily < 1 || s.GuessesDaily > 1_000_000_000 {
		list = append(list, fault.Field("guesses_daily", "setting_guesses", "Guesses a day must be a whole number from {least} to {most}.").With("least", fault.Number(1)).With("most", fault.Number(1_000_000_000)))
	}
	list = append(list, s.validateCodes()...)
	list = append(list, s.validatePrintShops()...)
	list = append(list, s.CardWords.validate()...)
	list = append(list, s.Theft.validate()...)
	return list.Err()
}

func (s Settings) validateCodes() (list fault.List) {
	switch {
	case s.CodeAlphabet != cardcode.Letters && s.CodeAlphabet != cardcode.Digits:
		list = append(list, fault.Field("code_alphabet", "setting_code_alphabet", "Choose what codes are made of."))
	case !slices.Contains(s.CodeAlphabet.Lengths(), s.CodeLength):
		if s.CodeAlphabet == cardcode.Digits {
			list = append(list, fault.Field("code_length", "setting_code_digits", "Codes of digits have 12 to 24 of them."))
			break
		}
		list = append(list, fault.Field("code_length", "setting_code_length", "Codes of letters and digits have 12, 16, 20 or 24 symbols."))
	}
	if !slices.Contains([]string{cardcode.SerialPlain, cardcode.SerialPadded, cardcode.SerialSeries}, s.SerialForm) {
		list = append(list, fault.Field("serial_form", "setting_serial_form", "Choose how a serial is written."))
	}
	if s.ApproveAbove != nil && (*s.ApproveAbove < 0 || *s.ApproveAbove > 1_000_000_000_000_000) {
		list = append(list, fault.Field("approve_above", "setting_approve_above", "The value above which a second person approves must be an amount such as {example}, or empty for never.").With("example", fault.Figure{Minor: 100_000, Currency: s.Currency}))
	}
	if s.WrongSoft < 2 || s.WrongSoft > 100 {
		list = append(list, fault.Field("wrong_soft", "setting_wrong_soft", "The first pause must come after 2 to 100 wrong codes."))
	} else if s.WrongHard <= s.WrongSoft || s.WrongHard > 1000 {
		list = append(list, fault.Field("wrong_hard", "setting_wrong_hard", "The long pause must come after more wrong codes than the first pause, and after at most {most}.").With("most", fault.Number(1000)))
	}
	if s.WrongAddress < 5 || s.WrongAddress > 100_000 {
		list = append(list, fault.Field("wrong_address", "setting_wrong_address", "Wrong codes from one address must be a whole number from {least} to {most}.").With("least", fault.Number(5)).With("most", fault.Number(100_000)))
	}
	if s.WrongPartner < 1 || s.WrongPartner > 1_000_000 {
		list = append(list, fault.Field("wrong_partner", "setting_wrong_partner", "Unknown codes until an alarm must be a whole number from {least} to {most}.").With("least", fault.Number(1)).With("most", fault.Number(1_000_000)))
	}
	return list
}

// ErrCurrencyFixed refuses a change of the currency after money has moved.
var ErrCurrencyFixed = fault.Field("currency", "setting_currency_fixed", "The currency can’t be changed any more: there are customers or cards in it.")

// ErrCurrencyUnconfirmed refuses the first customer or series while no person has confirmed
// the currency, because the currency is fixed from then on.
var ErrCurrencyUnconfirmed = fault.Field("currency_confirmed", "setting_currency_unconfirmed", "Confirm first that amounts are in {currency}. The currency can’t be changed after the first customer or series. An administrator confirms or changes it under Settings → General.")

// CheckCurrency returns ErrCurrencyUnconfirmed while no person has confirmed the currency.
func (s Settings) CheckCurrency() error {
	if s.CurrencyConfirmed {
		return nil
	}
	return ErrCurrencyUnconfirmed.With("currency", fault.Name(s.Currency))
}

// CheckCurrency is Settings.CheckCurrency on the settings that a transaction reads. Every
// act that fixes the currency calls it.
func CheckCurrency(ctx context.Context, dbtx db.DBTX) error {
	settings, err := Read(ctx, dbtx)
	if err != nil {
		return err
	}
	return settings.CheckCurrency()
}

// ErrAddressUnconfirmed refuses to print cards with an address that customers may not reach.
var ErrAddressUnconfirmed = fault.Field("format", "setting_address_unconfirmed", "Printed cards would lead to {address}, which customers may be unable to open. Set the public address (REFILL_PUBLIC_URL), or confirm this one under Settings → General.")

// CheckAddress returns ErrAddressUnconfirmed for a public address that is questionable and
// that no person has confirmed.
func (s Settings) CheckAddress(address string) error {
	if !QuestionableAddress(address) || address == s.ConfirmedAddress {
		return nil
	}
	return ErrAddressUnconfirmed.With("address", fault.Name(address))
}

// QuestionableAddress reports whether a public address is of this machine alone, or has no
// HTTPS: cards that were printed with it could not be redeemed by customers, or not safely.
func QuestionableAddress(address string) bool {
	u, err := url.Parse(address)
	if address == "" || err != nil {
		return false
	}
	host := u.Hostname()
	ip, err := netip.ParseAddr(host)
	local := host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && (ip.IsLoopback() || ip.IsUnspecified())
	return u.Scheme != "https" || local
}

// Store reads and changes the settings.
type Store struct {
	db  db.Beginner
	now func() time.Time

	mu   sync.Mutex
	kept Settings
	till time.Time
}

// keepFor is how long another process may use the old value of a changed setting.
const keepFor = 2 * time.Second

// NewStore returns a store on a database. now is the clock of its cache.
func NewStore(beginner db.Beginner, now func() time.Time) *Store {
	return &Store{db: beginner, now: now}
}

// Now is the clock of the store, for caches beside it.
func (s *Store) Now() time.Time { return s.now() }

// Get returns the settings, at most two seconds old.
func (s *Store) Get(ctx context.Context) (Settings, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if now.Before(s.till) {
		return s.kept, nil
	}
	settings, err := Read(ctx, s.db)
	if err != nil {
		return Settings{}, err
	}
	s.kept, s.till = settings, now.Add(keepFor)
	return settings, nil
}

// Read reads the current settings from the database: the stored rows over the defaults. It
// ignores a row that this version does not know. Use it inside a transaction, on the
// transaction's own connection. Get could wait for a second connection there, and deadlock
// when every connection of the pool does the same.
func Read(ctx context.Context, dbtx db.DBTX) (Settings, error) {
	rows, err := db.New().SettingList(ctx, dbtx)
	if err != nil {
		return Settings{}, fmt.Errorf("read the settings: %w", err)
	}
	values := map[string]json.RawMessage{}
	for _, row := range rows {
		values[row.Name] = row.Value
	}
	text, err := json.Marshal(values)
	if err != nil {
		return Settings{}, fmt.Errorf("read the settings: %w", err)
	}
	settings := Default()
	if err := json.Unmarshal(text, &settings); err != nil {
		return Settings{}, fmt.Errorf("read the settings: %w", err)
	}
	return settings, nil
}

// Change applies edit to the settings and stores what differs, with an audit row that
// names the changed settings. It refuses changes that take a second person; see guarded.
func (s *Store) Change(ctx context.Context, actor audit.Actor, edit func(*Settings)) error {
	tx, err := s.db.Begin(ctx)
	if err != nil {
		return fmt.Errorf("change settings: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	if err := s.ChangeTx(ctx, tx, actor, false, edit); err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("change settings: %w", err)
	}
	s.Forget()
	return nil
}

// ChangeTx is Change in the caller's transaction. The caller calls Forget after the
// commit. approved says that a second person has approved the change, so that none is
// refused for want of one.
func (s *Store) ChangeTx(ctx context.Context, tx db.DBTX, actor audit.Actor, approved bool, edit func(*Settings)) error {
	if err := db.New().SettingLock(ctx, tx); err != nil {
		return fmt.Errorf("lock the settings: %w", err)
	}
	before, err := Read(ctx, tx)
	if err != nil {
		return err
	}
	after := before
	edit(&after)
	if err := after.Validate(); err != nil {
		return err
	}
	if !approved && !actor.IsSystem() {
		if err := before.guarded(after); err != nil {
			return err
		}
	}
	if after.Currency != before.Currency {
		moved, err := db.New().SettingMoneyMoved(ctx, tx)
		if err != nil {
			return fmt.Errorf("ask whether money has moved: %w", err)
		}
		if moved {
			return ErrCurrencyFixed
		}
	}
	was, is := fields(before), fields(after)
	changed := Changed{}
	for name, value := range is {
		if string(value) == string(was[name]) {
			continue
		}
		var err error
		if changed[name], err = after.audited(name, value); err != nil {
			return err
		}
		err = db.New().SettingSet(ctx, tx, db.SettingSetParams{Name: name, Value: value, ChangedBy: actor.Staff()})
		if err != nil {
			return fmt.Errorf("keep setting %s: %w", name, err)
		}
	}
	if len(changed) == 0 {
		return nil
	}
	return act.Record(ctx, tx, actor, changed)
}

// Forget makes the next Get read the settings anew.
func (s *Store) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.till = time.Time{}
}

// fields splits settings into one JSON value a name.
func fields(s Settings) map[string]json.RawMessage {
	text, err := json.Marshal(s)
	values := map[string]json.RawMessage{}
	if err == nil {
		err = json.Unmarshal(text, &values)
	}
	if err != nil {
		panic("setting: Settings is not plain JSON: " + err.Error())
	}
	return values
}
