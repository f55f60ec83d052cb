// Package setting owns the typed settings that staff change in the browser:
// their defaults, what they may be, and one short cache. It never holds secrets
// and never reads the environment.
package setting

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
)

// Settings are the settings of the installation. The zero value is not usable;
// Default is.
type Settings struct {
	RefillCards  bool   `json:"refill_cards"`  // Config → Modules: the whole module on or off
	Brand        string `json:"brand"`         // name on portal and cards where the partner has none
	Currency     string `json:"currency"`      // ISO 4217; fixed once money has moved
	TimeZone     string `json:"time_zone"`     // IANA; the installation's
	Activate     bool   `json:"activate"`      // "Activate when generated" as the form shows it first
	CheckHours   int    `json:"check_hours"`   // how often the books are held against the invariants
	FileHours    int    `json:"file_hours"`    // how long an exported file is kept
	CodeDays     int    `json:"code_days"`     // days after which a used card loses its sealed code
	GuessesDaily int64  `json:"guesses_daily"` // wrong codes a day that the odds of a lucky guess reckon with

	StaffFactor bool `json:"staff_factor"` // staff must use a second factor

	CardWords CardWords `json:"card_words"` // what cards say beside a partner's own texts

	PrintShops []PrintShop `json:"print_shops"` // whom files can be encrypted for

	CodeAlphabet string `json:"code_alphabet"` // Letters or Digits, of series ordered from now on
	CodeLength   int    `json:"code_length"`   // symbols of a code, the check symbol included
	LockPartners bool   `json:"lock_partners"` // only customers of a series' partners may redeem its cards
	SerialForm   string `json:"serial_form"`   // how a serial is written: SerialPlain, SerialPadded or SerialSeries
	ApproveAbove *int64 `json:"approve_above"` // activations and exports worth more, in minor units, take a second person; nil: none does
	ExportReason bool   `json:"export_reason"` // whoever asks for a file of codes says why
	WrongSoft    int32  `json:"wrong_soft"`    // wrong codes in a row until the first pause
	WrongHard    int32  `json:"wrong_hard"`    // … until a day's bar
	WrongAddress int32  `json:"wrong_address"` // wrong codes within an hour from one address
	WrongPartner int32  `json:"wrong_partner"` // unknown codes within an hour at one partner, past which there is an alarm
}

// What codes may be made of.
const (
	Letters = "letters"
	Digits  = "digits"
)

// How a serial may be written.
const (
	SerialPlain  = "plain"  // 42
	SerialPadded = "padded" // 0000042
	SerialSeries = "series" // 202611-0000042
)

// CodeLengths are the lengths that codes of an alphabet may have.
func CodeLengths(alphabet string) []int {
	if alphabet != Digits {
		return []int{12, 16, 20, 24}
	}
	lengths := make([]int, 0, 13)
	for n := 12; n <= 24; n++ {
		lengths = append(lengths, n)
	}
	return lengths
}

// UsualLength is the length to begin with. A million cards pass the odds with it:
// of digits that takes 20 and a check digit.
func UsualLength(alphabet string) int {
	if alphabet == Digits {
		return 21
	}
	return 16
}

// Default returns the settings of a new installation.
func Default() Settings {
	return Settings{
		RefillCards: true, Brand: "Refill", Currency: "USD", TimeZone: "UTC",
		Activate: true, FileHours: 24, CodeDays: 400, CheckHours: 1, GuessesDaily: 100_000,
		CodeAlphabet: Letters, CodeLength: UsualLength(Letters), LockPartners: true, SerialForm: SerialPlain,
		CardWords: CardWords{Date: DateLong},
		WrongSoft: 5, WrongHard: 10, WrongAddress: 30, WrongPartner: 50,
	}
}

// Validate returns a fault for every setting that cannot be.
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
		list = append(list, fault.Field("code_days", "setting_code_days", "Codes of used cards must be kept for 30 to 3,650 days."))
	}
	if s.GuessesDaily < 1 || s.GuessesDaily > 1_000_000_000 {
		list = append(list, fault.Field("guesses_daily", "setting_guesses", "Guesses a day must be a whole number from 1 to 1,000,000,000."))
	}
	list = append(list, s.validateCodes()...)
	list = append(list, s.validatePrintShops()...)
	list = append(list, s.CardWords.validate()...)
	return list.Err()
}

func (s Settings) validateCodes() (list fault.List) {
	switch {
	case s.CodeAlphabet != Letters && s.CodeAlphabet != Digits:
		list = append(list, fault.Field("code_alphabet", "setting_code_alphabet", "Choose what codes are made of."))
	case !slices.Contains(CodeLengths(s.CodeAlphabet), s.CodeLength):
		text := "Codes of letters and digits have 12, 16, 20 or 24 symbols."
		if s.CodeAlphabet == Digits {
			text = "Codes of digits have 12 to 24 of them."
		}
		list = append(list, fault.Field("code_length", "setting_code_length", text))
	}
	if !slices.Contains([]string{SerialPlain, SerialPadded, SerialSeries}, s.SerialForm) {
		list = append(list, fault.Field("serial_form", "setting_serial_form", "Choose how a serial is written."))
	}
	if s.ApproveAbove != nil && (*s.ApproveAbove < 0 || *s.ApproveAbove > 1_000_000_000_000_000) {
		list = append(list, fault.Field("approve_above", "setting_approve_above", "The value above which a second person approves must be an amount such as 1,000.00, or empty for never."))
	}
	if s.WrongSoft < 2 || s.WrongSoft > 100 {
		list = append(list, fault.Field("wrong_soft", "setting_wrong_soft", "The first pause must come after 2 to 100 wrong codes."))
	} else if s.WrongHard <= s.WrongSoft || s.WrongHard > 1000 {
		list = append(list, fault.Field("wrong_hard", "setting_wrong_hard", "The long pause must come after more wrong codes than the first pause, and after at most 1,000."))
	}
	if s.WrongAddress < 5 || s.WrongAddress > 100_000 {
		list = append(list, fault.Field("wrong_address", "setting_wrong_address", "Wrong codes from one address must be a whole number from 5 to 100,000."))
	}
	if s.WrongPartner < 1 || s.WrongPartner > 1_000_000 {
		list = append(list, fault.Field("wrong_partner", "setting_wrong_partner", "Unknown codes until an alarm must be a whole number from 1 to 1,000,000."))
	}
	return list
}

// ErrCurrencyFixed answers a change of the currency that comes too late.
var ErrCurrencyFixed = fault.Field("currency", "setting_currency_fixed", "The currency can’t be changed any more: there are customers or cards in it.")

// Store reads and changes the settings.
type Store struct {
	db  db.Beginner
	now func() time.Time

	mu   sync.Mutex
	kept Settings
	till time.Time
}

// keepFor is how long another process may act on a setting that was changed.
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

// Read reads the settings as they stand, the rows over the defaults; a row that this
// version does not know is left alone. Inside of a transaction they are read on its own
// connection: Get might ask the pool for another one, and wait for it for ever when
// all are out with those who wait for this transaction.
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

// Change lets edit alter the settings and keeps what differs, with an audit row
// that names what was changed. What takes a second person is refused: see guarded.
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

// ChangeTx is Change in the caller's transaction; the caller calls Forget when it is
// committed. approved: a second person has approved it, so nothing is refused for want
// of one.
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
	if !approved && actor.StaffID != 0 {
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
	changed := map[string]any{}
	for name, value := range is {
		if string(value) == string(was[name]) {
			continue
		}
		changed[name] = after.audited(name, value)
		err := db.New().SettingSet(ctx, tx, db.SettingSetParams{Name: name, Value: value, ChangedBy: actor.Staff()})
		if err != nil {
			return fmt.Errorf("keep setting %s: %w", name, err)
		}
	}
	if len(changed) == 0 {
		return nil
	}
	return audit.Record(ctx, tx, actor, audit.Entry{Action: "setting.changed", Detail: changed})
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
