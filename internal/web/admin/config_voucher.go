package admin

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/approval"
	"refill/internal/card"
	"refill/internal/cardcode"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/guess"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/setting"
	"refill/internal/web/kit"
)

// configVouchersPage is the settings page for how cards are made and protected.
type configVouchersPage struct {
	kit.Page
	Alphabet, Length, Guesses kit.Field
	SerialForm                kit.Field
	FileHours, CodeDays       kit.Field
	Soft, Hard, Address       kit.Field
	Alarm, Second             kit.Field
	Reason                    kit.Choice
	Lock, Activate            kit.Choice
	Asked                     askedFor
	Sole                      string // how to raise the limit on the host; empty: another person can approve it
	Mistakes                  []kit.Mistake
	Preview                   voucherPreview
}

// voucherPreview describes a series ordered under the settings of the form.
type voucherPreview struct {
	Mistake string // why there is no preview
	Mask    string
	Symbols string
	Serial  string
	Now     string // odds of a lucky guess with the present settings …
	Million string // … and with a million cards more
	Refused bool   // a million more cards would be refused
	Limit   string
}

// ConfigVouchersShow handles GET /admin/config/vouchers.
func (s *Server) ConfigVouchersShow(c *gin.Context) error {
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	p, err := s.newConfigVouchersPage(c, settings, nil)
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "admin/config_vouchers", p)
}

// newConfigVouchersPage returns the page with the settings, or with the submitted form.
func (s *Server) newConfigVouchersPage(c *gin.Context, v setting.Settings, typed url.Values) (*configVouchersPage, error) {
	number := func(name, label, hint string, n int64) kit.Field {
		f := kit.Field{Name: name, Label: label, Value: money.Group(strconv.FormatInt(n, 10)), Hint: hint, InputMode: "numeric", Short: true, Autocomplete: "off"}
		if typed != nil {
			f.Value = kit.Truncate(typed.Get(name), 20)
		}
		return f
	}
	var lengths []kit.Option
	for _, n := range cardcode.Digits.Lengths() {
		lengths = append(lengths, kit.Option{Value: strconv.Itoa(n), Text: strconv.Itoa(n), Selected: n == v.CodeLength})
	}
	p := &configVouchersPage{
		Page: s.Page(c, lang.M("Code rules"), SectionVouchers),
		Alphabet: kit.Field{
			Name: "code_alphabet", Label: lang.M("Characters"), Short: true, Hint: lang.M("Letters and digits leave out those that look alike. Digits suit keypads and phones."),
			Options: []kit.Option{
				{Value: string(cardcode.Letters), Text: lang.M("Letters and digits"), Selected: v.CodeAlphabet == cardcode.Letters}, {Value: string(cardcode.Digits), Text: lang.M("Digits only"), Selected: v.CodeAlphabet == cardcode.Digits},
			},
		},
		Length: kit.Field{
			Name: "code_length", Label: lang.M("Code length"), Short: true, Options: lengths,
			Hint: lang.M("The last character checks the others. Letters and digits: 12, 16, 20 or 24. Digits only: choose 21 or more for series of up to a million cards."),
		},
		Lock:     kit.Choice{Name: "lock_partners", Label: lang.M("Lock cards to partners"), Checked: v.LockPartners, Hint: lang.M("Only customers of a series’ partners may redeem its cards. Off: partners are only for information. Holds for series ordered from now on.")},
		Activate: kit.Choice{Name: "activate", Label: lang.M("Activate when generated"), Checked: v.Activate, Hint: lang.M("What the form proposes for a new series.")},
		SerialForm: kit.Field{Name: "serial_form", Label: lang.M("Serial format"), Short: true, Hint: lang.M("How a serial is written on cards and screens. Files for printers keep the plain number."), Options: []kit.Option{
			{Value: cardcode.SerialPlain, Text: "42", Selected: v.SerialForm == cardcode.SerialPlain},
			{Value: cardcode.SerialPadded, Text: "0000042", Selected: v.SerialForm == cardcode.SerialPadded},
			{Value: cardcode.SerialSeries, Text: "202611-0000042", Selected: v.SerialForm == cardcode.SerialSeries},
		}},
		CodeDays:  number("code_days", lang.M("Keep codes of used cards for"), lang.M("Days after which the sealed code of a used card is erased, 30 to 3,650. Void cards lose theirs at once."), int64(v.CodeDays)),
		FileHours: number("file_hours", lang.M("Keep files for"), lang.M("Hours after which an exported file is removed, 1 to 720."), int64(v.FileHours)),
		Guesses:   number("guesses_daily", lang.M("Guesses a day"), lang.M("How many wrong codes a day, from everybody together, are assumed when it is decided whether codes are long enough. A lower number allows shorter codes."), v.GuessesDaily),
		Soft:      number("wrong_soft", lang.M("Wrong codes until a pause"), lang.M("In a row, by one customer. The pause begins at 30 seconds and doubles up to an hour."), int64(v.WrongSoft)),
		Hard:      number("wrong_hard", lang.M("Wrong codes until a day’s pause"), lang.M("In a row, by one customer."), int64(v.WrongHard)),
		Address:   number("wrong_address", lang.M("Wrong codes from one address"), lang.M("Within an hour, by everybody there. Raise it where many customers share an address."), int64(v.WrongAddress)),
		Alarm:     number("wrong_partner", lang.M("Unknown codes until an alarm"), lang.M("Codes that no card has, tried by customers of one partner within an hour. The alarm is shown on the dashboard and in the metrics; it bars nobody."), int64(v.WrongPartner)),
	}
	p.Reason = kit.Choice{Name: "export_reason", Label: lang.M("Ask for a reason with every export"), Checked: v.ExportReason, Hint: lang.M("The reason is kept in the audit trail and shown to the person who approves the file.")}
	p.Second = kit.Field{
		Name: "approve_above", Label: lang.M("A second person approves exports and activations above"), InputMode: "decimal", Short: true, Autocomplete: "off", Unit: v.Currency,
		Hint: lang.M("What one person may do alone within 24 hours, counted apart: bring cards into use; export or reveal codes; import cards; credit customers by hand. A series counts whole. Empty: one person is enough for everything. A lower value counts at once; a higher one, or none, takes a second person."),
	}
	if v.ApproveAbove != nil {
		p.Second.Value = money.Amount{Minor: *v.ApproveAbove, Currency: v.Currency}.Decimal()
	}
	if typed != nil {
		p.Second.Value = kit.Truncate(typed.Get("approve_above"), 30)
	}
	var err error
	if p.Asked, err = s.askedFor(c, db.ApprovalListParams{Kind: string(db.ApprovalKindLimit)}); err != nil {
		return nil, err
	}
	rules, err := s.askedFor(c, db.ApprovalListParams{Kind: string(db.ApprovalKindProtection)})
	if err != nil {
		return nil, err
	}
	p.Asked.Waiting = append(p.Asked.Waiting, rules.Waiting...)
	if p.Sole, err = s.soleApprover(c, v, soleLimit); err != nil {
		return nil, err
	}
	p.Preview, err = s.previewVouchers(c, v)
	return p, err
}

// soleLimit tells how to raise the limit on the host when no other person can approve it.
const soleLimit = lang.M("A higher value, or none, is set on the host: refill limit AMOUNT, or refill limit none. More wrong codes until a pause or an alarm than usual, or fewer guesses a day: refill rules NAME=VALUE.")

// soleApprover tells how to make a change on the host, if a limit is set and no other
// person can approve the change. Otherwise it returns an empty string.
func (s *Server) soleApprover(c *gin.Context, v setting.Settings, host string) (string, error) {
	if v.ApproveAbove == nil {
		return "", nil
	}
	others, err := db.New().ApprovalCountDeciders(c.Request.Context(), s.Pool, s.Person(c).ID)
	if err != nil || others > 0 {
		return "", err
	}
	return lang.M("No other active member of staff sees all partners and may approve. ") + host + lang.M(" The audit trail keeps it."), nil
}

// voucherForm writes the submitted form into the settings. Text that is not a number
// becomes 0 or -1, which no setting allows.
func voucherForm(form url.Values, v *setting.Settings) {
	v.CodeAlphabet = cardcode.Alphabet(form.Get("code_alphabet"))
	v.CodeLength = int(smallNumber(form.Get("code_length")))
	v.LockPartners = form.Get("lock_partners") != ""
	v.Activate = form.Get("activate") != ""
	v.SerialForm = form.Get("serial_form")
	v.FileHours = int(smallNumber(form.Get("file_hours")))
	v.CodeDays = int(smallNumber(form.Get("code_days")))
	v.GuessesDaily = wholeNumber(form.Get("guesses_daily"))
	v.WrongSoft, v.WrongHard = smallNumber(form.Get("wrong_soft")), smallNumber(form.Get("wrong_hard"))
	v.WrongAddress = smallNumber(form.Get("wrong_address"))
	v.WrongPartner = smallNumber(form.Get("wrong_partner"))
	v.ExportReason = form.Get("export_reason") != ""
	v.ApproveAbove = nil
	if text := strings.TrimSpace(form.Get("approve_above")); text != "" {
		minor, err := money.Parse(text, v.Currency)
		if err != nil {
			minor = -1 // which no setting allows
		}
		v.ApproveAbove = &minor
	}
}

// smallNumber is wholeNumber for int32. It returns 0 for a number above a billion.
func smallNumber(text string) int32 {
	n := wholeNumber(text)
	if n > 1_000_000_000 {
		return 0
	}
	return int32(n) //nolint:gosec // checked above
}

// previewVouchers describes a series ordered under the settings v.
func (s *Server) previewVouchers(c *gin.Context, v setting.Settings) (voucherPreview, error) {
	for _, f := range fault.All(v.Validate()) {
		if slices.Contains([]string{"code_alphabet", "code_length", "guesses_daily", "serial_form"}, f.Field) {
			return voucherPreview{Mistake: f.Text()}, nil
		}
	}
	format := v.CodeFormat()
	p := voucherPreview{
		Mask: format.Mask(), Symbols: format.Symbols(), Serial: cardcode.FormatSerial(v.SerialForm, fmt.Sprint(s.Now().Year())+"01", 42),
		Now: lang.M("Never: there is no card to hit"),
	}
	ctx := c.Request.Context()
	now, err := s.Cards.Guesses.LuckyChance(ctx, v, 0)
	if err != nil {
		return p, err
	}
	if now > 0 {
		p.Now = sentence(odds(now))
	}
	million, err := s.Cards.Guesses.LuckyChance(ctx, v, card.MaxQuantity)
	p.Million, p.Refused = sentence(odds(million)), million > guess.MaxLuckyChance
	p.Limit = odds(guess.MaxLuckyChance)
	return p, err
}

// ConfigVouchersPreview handles POST /admin/config/vouchers/preview: the preview while the
// form is edited.
func (s *Server) ConfigVouchersPreview(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	voucherForm(form, &settings)
	p, err := s.previewVouchers(c, settings)
	if err != nil {
		return err
	}
	return s.Fragment(c, http.StatusOK, "admin/config_vouchers", "voucher-preview", &p)
}

// ConfigVouchers handles POST /admin/config/vouchers.
func (s *Server) ConfigVouchers(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	err = approval.ChangeSettings(c.Request.Context(), s.Pool, s.Settings, s.Actor(c), func(v *setting.Settings) { voucherForm(form, v) })
	if s.waits(c, err) {
		return s.Redirect(c, SectionVouchers)
	}
	if err == nil || fault.IsInternal(err) {
		return s.saved(c, SectionVouchers, err)
	}
	settings, settingsErr := s.Settings.Get(c.Request.Context())
	if settingsErr != nil {
		return settingsErr
	}
	voucherForm(form, &settings)
	p, pageErr := s.newConfigVouchersPage(c, settings, form)
	if pageErr != nil {
		return pageErr
	}
	p.Mistakes = kit.Explain(err, &p.Alphabet, &p.Length, &p.SerialForm, &p.FileHours, &p.CodeDays, &p.Guesses, &p.Soft, &p.Hard, &p.Address, &p.Alarm, &p.Second)
	return s.Render(c, http.StatusUnprocessableEntity, "admin/config_vouchers", p)
}

// alphabetWord returns the display name of an alphabet.
func alphabetWord(a cardcode.Alphabet) string {
	if a == cardcode.Digits {
		return "digits"
	}
	return lang.M("letters and digits")
}
