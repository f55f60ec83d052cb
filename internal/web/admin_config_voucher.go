package web

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
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
	"refill/internal/setting"
)

// configVouchersPage is how cards are made and guarded.
type configVouchersPage struct {
	page
	Alphabet, Length, Guesses field
	SerialForm                field
	FileHours, CodeDays       field
	Soft, Hard, Address       field
	Alarm, Second             field
	Reason                    choice
	Lock, Activate            choice
	Asked                     askedFor
	Sole                      string // why no one in the browser can raise the limit
	Mistakes                  []mistake
	Preview                   voucherPreview
}

// voucherPreview is what series ordered under the settings of the form would be
// like.
type voucherPreview struct {
	Mistake string // why there can be none
	Mask    string
	Symbols string
	Serial  string
	Now     string // odds of a lucky guess as things stand …
	Million string // … and with a million cards more
	Refused bool   // those would be refused
	Limit   string
}

// adminConfigVouchersShow handles GET /admin/config/vouchers.
func (s *Server) adminConfigVouchersShow(c *gin.Context) error {
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	p, err := s.newConfigVouchersPage(c, settings, nil)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "admin/config_vouchers", p)
}

// newConfigVouchersPage shows the settings, or the form as it was typed.
func (s *Server) newConfigVouchersPage(c *gin.Context, v setting.Settings, typed url.Values) (*configVouchersPage, error) {
	number := func(name, label, hint string, n int64) field {
		f := field{Name: name, Label: label, Value: money.Group(strconv.FormatInt(n, 10)), Hint: hint, InputMode: "numeric", Short: true, Autocomplete: "off"}
		if typed != nil {
			f.Value = cut(typed.Get(name), 20)
		}
		return f
	}
	var lengths []option
	for _, n := range setting.CodeLengths(setting.Digits) {
		lengths = append(lengths, option{strconv.Itoa(n), strconv.Itoa(n), n == v.CodeLength})
	}
	p := &configVouchersPage{
		page: s.page(c, "Vouchers", sectionVouchers),
		Alphabet: field{
			Name: "code_alphabet", Label: "Characters", Short: true, Hint: "Letters and digits leave out those that look alike. Digits suit keypads and phones.",
			Options: []option{
				{setting.Letters, "Letters and digits", v.CodeAlphabet == setting.Letters}, {setting.Digits, "Digits only", v.CodeAlphabet == setting.Digits},
			},
		},
		Length: field{
			Name: "code_length", Label: "Code length", Short: true, Options: lengths,
			Hint: "The last one checks the others. Letters and digits: 12, 16, 20 or 24. Digits only: with 21 or more, a million cards are safe at 100,000 guesses a day.",
		},
		Lock:     choice{Name: "lock_partners", Label: "Lock cards to partners", Checked: v.LockPartners, Hint: "Only customers of a series’ partners may redeem its cards. Off: partners are only for information. Holds for series ordered from now on."},
		Activate: choice{Name: "activate", Label: "Activate when generated", Checked: v.Activate, Hint: "What the form proposes for a new series."},
		SerialForm: field{Name: "serial_form", Label: "Serial format", Short: true, Hint: "How a serial is written on cards and screens. Files for printers keep the plain number.", Options: []option{
			{setting.SerialPlain, "42", v.SerialForm == setting.SerialPlain},
			{setting.SerialPadded, "0000042", v.SerialForm == setting.SerialPadded},
			{setting.SerialSeries, "202611-0000042", v.SerialForm == setting.SerialSeries},
		}},
		CodeDays:  number("code_days", "Keep codes of used cards for", "Days after which the sealed code of a used card is erased, 30 to 3,650. Void cards lose theirs at once.", int64(v.CodeDays)),
		FileHours: number("file_hours", "Keep files for", "Hours after which an exported file is removed, 1 to 720.", int64(v.FileHours)),
		Guesses:   number("guesses_daily", "Guesses a day", "How many wrong codes a day the odds reckon with, from everybody together. Fewer let codes be shorter.", v.GuessesDaily),
		Soft:      number("wrong_soft", "Wrong codes until a pause", "In a row, by one customer. The pause begins at 30 seconds and doubles up to an hour.", int64(v.WrongSoft)),
		Hard:      number("wrong_hard", "Wrong codes until a day’s pause", "In a row, by one customer.", int64(v.WrongHard)),
		Address:   number("wrong_address", "Wrong codes from one address", "Within an hour, by everybody there. Raise it where many customers share an address.", int64(v.WrongAddress)),
		Alarm:     number("wrong_partner", "Unknown codes until an alarm", "Codes that no card has, tried by customers of one partner within an hour. The alarm stands on the dashboard and in the metrics; nobody is barred by it.", int64(v.WrongPartner)),
	}
	p.Reason = choice{Name: "export_reason", Label: "Whoever exports codes says why", Checked: v.ExportReason, Hint: "The reason stands in the audit trail, and before whoever approves the file."}
	p.Second = field{
		Name: "approve_above", Label: "A second person approves exports and activations above", InputMode: "decimal", Short: true, Autocomplete: "off", Unit: v.Currency,
		Hint: "What one person may do alone within 24 hours, counted apart: bring cards into use; export or reveal codes; import cards; credit customers by hand. A series counts whole. Empty: one person is enough for everything. A lower value counts at once; a higher one, or none, takes a second person.",
	}
	if v.ApproveAbove != nil {
		p.Second.Value = money.Amount{Minor: *v.ApproveAbove, Currency: v.Currency}.Decimal()
	}
	if typed != nil {
		p.Second.Value = cut(typed.Get("approve_above"), 30)
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

// soleLimit says where the limit is raised when nobody else can approve it.
const soleLimit = "A higher value, or none, is set on the host: refill limit AMOUNT, or refill limit none. More wrong codes until a pause or an alarm than usual, or fewer guesses a day: refill rules NAME=VALUE."

// soleApprover says, where there is a limit and nobody else could approve a change, how it
// is made on the host.
func (s *Server) soleApprover(c *gin.Context, v setting.Settings, host string) (string, error) {
	if v.ApproveAbove == nil {
		return "", nil
	}
	others, err := db.New().ApprovalCountDeciders(c.Request.Context(), s.Pool, s.person(c).ID)
	if err != nil || others > 0 {
		return "", err
	}
	return "No other active member of staff sees all partners and may approve. " + host + " The audit trail keeps it.", nil
}

// voucherForm writes the posted form into the settings; what is not a number
// becomes one that no setting allows.
func voucherForm(form url.Values, v *setting.Settings) {
	v.CodeAlphabet = form.Get("code_alphabet")
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

// smallNumber is a wholeNumber that fits; a larger one is none.
func smallNumber(text string) int32 {
	n := wholeNumber(text)
	if n > 1_000_000_000 {
		return 0
	}
	return int32(n) //nolint:gosec // checked above
}

// previewVouchers says what series ordered under these settings would be like.
func (s *Server) previewVouchers(c *gin.Context, v setting.Settings) (voucherPreview, error) {
	for _, f := range fault.All(v.Validate()) {
		if slices.Contains([]string{"code_alphabet", "code_length", "guesses_daily", "serial_form"}, f.Field) {
			return voucherPreview{Mistake: f.Message}, nil
		}
	}
	format := card.FormatOf(v)
	p := voucherPreview{
		Mask: format.Mask(), Symbols: format.Symbols(), Serial: card.FormatSerial(v.SerialForm, fmt.Sprint(s.Now().Year())+"01", 42),
		Now: "never: there is no card to hit",
	}
	ctx := c.Request.Context()
	now, err := s.Cards.LuckyChance(ctx, v, 0)
	if err != nil {
		return p, err
	}
	if now > 0 {
		p.Now = odds(now)
	}
	million, err := s.Cards.LuckyChance(ctx, v, card.MaxQuantity)
	p.Million, p.Refused = odds(million), million > card.MaxLuckyChance
	p.Limit = odds(card.MaxLuckyChance)
	return p, err
}

// adminConfigVouchersPreview handles POST /admin/config/vouchers/preview: what the
// form would bring, as it is being changed.
func (s *Server) adminConfigVouchersPreview(c *gin.Context) error {
	form, err := s.form(c)
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
	return s.fragment(c, http.StatusOK, "admin/config_vouchers", "voucher-preview", &p)
}

// adminConfigVouchers handles POST /admin/config/vouchers.
func (s *Server) adminConfigVouchers(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	err = approval.ChangeSettings(c.Request.Context(), s.Pool, s.Settings, s.actor(c), func(v *setting.Settings) { voucherForm(form, v) })
	if s.waits(c, err) {
		return s.redirect(c, sectionVouchers)
	}
	if err == nil || fault.IsInternal(err) {
		return s.saved(c, sectionVouchers, err)
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
	p.Mistakes = explain(err, &p.Alphabet, &p.Length, &p.SerialForm, &p.FileHours, &p.CodeDays, &p.Guesses, &p.Soft, &p.Hard, &p.Address, &p.Alarm, &p.Second)
	return s.render(c, http.StatusUnprocessableEntity, "admin/config_vouchers", p)
}

// alphabetWord is what codes are made of, in words.
func alphabetWord(a card.Alphabet) string {
	if a == card.Digits {
		return "digits"
	}
	return "letters and digits"
}
