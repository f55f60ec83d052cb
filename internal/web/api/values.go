package api

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/fault"
	"refill/internal/money"
	"refill/internal/setting"
	"refill/internal/web/caller"
)

// Amount is an amount of money. The figure is text, because numbers of JSON are floating
// point in many languages.
type Amount struct {
	Amount   string `json:"amount"` // decimal: "10.00"
	Currency string `json:"currency"`
}

// amount writes minor units.
func amount(minor int64, currency string) Amount {
	return Amount{money.Amount{Minor: minor, Currency: currency}.Decimal(), currency}
}

// moment writes a time in UTC, as RFC 3339 with microseconds, which is how Postgres keeps
// it.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// idText writes an id. Ids are text, so that no client calculates with them.
func idText(id int64) string { return strconv.FormatInt(id, 10) }

// noID is the id of nothing.
const noID = -1

// readID reads an id of a body; noID where the text is none.
func readID(text string) int64 {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return noID
	}
	return id
}

// Errors of values in a body.
var (
	errAmount   = fault.New(fault.Invalid, "amount_form", "Write the amount as text with a decimal point, such as \"10.00\".")
	errDecimals = fault.New(fault.Invalid, "amount_decimals", "An amount in {currency} can have {digits, plural, one {# decimal} other {# decimals}} at most.")
	errCurrency = fault.New(fault.Invalid, "amount_currency", "Amounts are in {currency} here.")
	errDay      = fault.New(fault.Invalid, "day_form", "Write the day as text such as \"2027-12-31\".")
	errMissing  = fault.New(fault.Invalid, "field_missing", "This field is needed.")
)

// readAmount reads an amount of a body in a currency. Errors are at the pointer or below it.
func readAmount(a *Amount, currency, pointer string) (money.Amount, *fault.Error) {
	none := money.Amount{Currency: currency}
	if a == nil {
		return none, errMissing.At(pointer)
	}
	if a.Currency != currency {
		return none, errCurrency.With("currency", fault.Name(currency)).At(pointer + "/currency")
	}
	minor, err := caller.ReadAmount(a.Amount, currency)
	switch {
	case errors.Is(err, money.ErrDecimals):
		return none, errDecimals.With("currency", fault.Name(currency)).With("digits", fault.Number(money.Digits(currency))).At(pointer + "/amount")
	case err != nil:
		return none, errAmount.At(pointer + "/amount")
	}
	return money.Amount{Minor: minor, Currency: currency}, nil
}

// currency returns the currency that a client moves: money.Test for a test client.
func currency(c *gin.Context, settings setting.Settings) string {
	if caller.Client(c).Test {
		return money.Test
	}
	return settings.Currency
}

// readDay reads the field valid_till of a body; the zero time for an empty text.
func readDay(text string) (time.Time, *fault.Error) {
	if text == "" {
		return time.Time{}, nil
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil || day.Year() < 1900 || day.Year() > 9000 {
		return time.Time{}, errDay.At("/valid_till")
	}
	return day, nil
}

// day writes a day; null: there is none.
func day(t *time.Time) *string {
	if t == nil {
		return nil
	}
	text := t.Format(time.DateOnly)
	return &text
}

// momentOrNil is moment of a time that may be missing.
func momentOrNil(t *time.Time) *string {
	if t == nil {
		return nil
	}
	text := moment(*t)
	return &text
}

// idOrNil is idText of an id that may be missing: nil or 0.
func idOrNil(id *int64) *string {
	if id == nil || *id == 0 {
		return nil
	}
	text := idText(*id)
	return &text
}

// pathID reads the id in the address of a request; missing where it is no id.
func pathID(c *gin.Context, missing error) (int64, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil || id < 1 {
		return 0, missing
	}
	return id, nil
}

// answer writes a JSON answer.
func answer(c *gin.Context, status int, value any) error {
	c.JSON(status, value)
	return nil
}

// accepted writes the answer of a request whose work follows at an address.
func accepted(c *gin.Context, address string, replayed bool, value any) error {
	c.Header("Location", address)
	if replayed {
		c.Header("Idempotent-Replayed", "true")
	}
	return answer(c, http.StatusAccepted, value)
}

// done writes the answer of a request that changed something, or, replayed, that asked for
// it again.
func done(c *gin.Context, replayed bool, value any) error {
	if replayed {
		c.Header("Idempotent-Replayed", "true")
	}
	return answer(c, http.StatusOK, value)
}

// created writes the answer of a request that made something at an address, or, replayed,
// that asked for it again.
func created(c *gin.Context, address string, replayed bool, value any) error {
	c.Header("Location", address)
	if replayed {
		c.Header("Idempotent-Replayed", "true")
		return answer(c, http.StatusOK, value)
	}
	return answer(c, http.StatusCreated, value)
}
