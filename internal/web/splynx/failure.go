package splynx

import (
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/card"
	"refill/internal/client"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/web/caller"
	"refill/internal/web/kit"
)

// failure is an error in the shape of Splynx.
type failure struct {
	Error failureBody `json:"error"`
}

type failureBody struct {
	Message      string `json:"message"`
	Code         int    `json:"code"`
	InternalCode string `json:"internal_code"`
}

// Errors of the shape of requests.
var (
	errDisabled    = fault.New(fault.Invalid, "splynx_method_disabled", "Method is disabled!")
	errBody        = fault.New(fault.Invalid, "splynx_body", "The body is neither a JSON object nor a form.")
	errFilter      = fault.New(fault.Invalid, "splynx_filter", "The address has a parameter, a filter or an operator that this call does not know.")
	errAuthType    = fault.New(fault.Invalid, "splynx_auth_type", "The auth_type is api_key or customer here. Members of staff use the pages.")
	errNoDelete    = fault.New(fault.Conflict, "splynx_no_delete", "Deleting this waits until another person approves it.")
	errWaits       = fault.New(fault.Forbidden, "splynx_waits", "Nothing has changed yet: this waits until another person approves it.")
	errNeeded      = fault.New(fault.Invalid, "splynx_field_missing", "A field that this call needs is missing.")
	errNumber      = fault.New(fault.Invalid, "splynx_number", "A field that holds a number can't be read.")
	errAmount      = fault.New(fault.Invalid, "splynx_amount", "Write the amount with a decimal point, such as 10.00.")
	errDay         = fault.New(fault.Invalid, "splynx_day", "Write the day such as 2027-12-31.")
	errCardPrice   = fault.New(fault.Invalid, "splynx_card_price", "A single card has the price of its series. Change the price of the series.")
	errPaymentType = fault.New(fault.Invalid, "splynx_payment_type", "The payment_type is 1 cash, 2 bank transfer, 3 credit card, 4 other or 5 correction.")
	errReceiptUsed = fault.New(fault.Invalid, "splynx_receipt_used", "This receipt_number was used for another payment. Use a new one.")
)

// special are the answers to codes whose kind does not tell theirs.
var special = map[string]failureBody{ //nolint:gochecknoglobals // a table
	errDisabled.Code:            {Code: http.StatusMethodNotAllowed, InternalCode: "METHOD_DISABLED"},
	errBody.Code:                {Code: http.StatusBadRequest, InternalCode: "BAD_REQUEST"},
	errFilter.Code:              {Code: http.StatusBadRequest, InternalCode: "BAD_REQUEST"},
	errSecretInAddress.Code:     {Code: http.StatusBadRequest, InternalCode: "BAD_REQUEST"},
	kit.ErrMalformed.Code:       {Code: http.StatusBadRequest, InternalCode: "BAD_REQUEST"},
	errAuthType.Code:            {Code: http.StatusBadRequest, InternalCode: "INVALID_AUTH_TYPE"},
	errNoDelete.Code:            {Code: http.StatusMethodNotAllowed, InternalCode: "ENTITY_CANNOT_BE_DELETED"},
	errOwn.Code:                 {Code: http.StatusForbidden, InternalCode: "NOT_ALLOWED_BY_USER_RESTRICTION"},
	errHeader.Code:              {Code: http.StatusUnauthorized, InternalCode: "MISSED_AUTHORIZATION_HEADER"},
	client.ErrKeyUnknown.Code:   {Code: http.StatusUnauthorized, InternalCode: "UNAUTHORIZED"},
	client.ErrKeyEnded.Code:     {Code: http.StatusUnauthorized, InternalCode: "UNAUTHORIZED"},
	client.ErrDisabled.Code:     {Code: http.StatusUnauthorized, InternalCode: "UNAUTHORIZED"},
	client.ErrNoKey.Code:        {Code: http.StatusUnauthorized, InternalCode: "UNAUTHORIZED"},
	client.ErrSignature.Code:    {Code: http.StatusUnauthorized, InternalCode: "UNAUTHORIZED"},
	client.ErrNonce.Code:        {Code: http.StatusUnauthorized, InternalCode: "UNAUTHORIZED"},
	client.ErrTokenUnknown.Code: {Code: http.StatusUnauthorized, InternalCode: "UNAUTHORIZED"},
	client.ErrTokenClosed.Code:  {Code: http.StatusUnauthorized, InternalCode: "UNAUTHORIZED"},
	client.ErrTokenExpired.Code: {Code: http.StatusUnauthorized, InternalCode: "EXPIRED_ACCESS_TOKEN"},
	client.ErrTokenAddress.Code: {Code: http.StatusUnauthorized, InternalCode: "IP_CHANGED"},
	client.ErrTokenAgent.Code:   {Code: http.StatusUnauthorized, InternalCode: "USER_AGENT_CHANGED"},
	errSignIn.Code:              {Code: http.StatusUnauthorized, InternalCode: "UNAUTHORIZED"},
	card.ErrModuleOff.Code:      {Code: http.StatusServiceUnavailable, InternalCode: serverError},
}

const serverError = "SERVER_ERROR"

// internalCodes are the codes of Splynx by status.
var internalCodes = map[int]string{ //nolint:gochecknoglobals // a table
	http.StatusBadRequest: "BAD_REQUEST", http.StatusUnauthorized: "UNAUTHORIZED", http.StatusForbidden: "FORBIDDEN", http.StatusNotFound: "NOT_FOUND",
	http.StatusMethodNotAllowed: "METHOD_NOT_ALLOWED", http.StatusUnprocessableEntity: "INVALID_INPUT_DATA", http.StatusTooManyRequests: "EXCEEDED_MAX_ATTEMPTS",
	http.StatusRequestEntityTooLarge: "BAD_REQUEST", http.StatusRequestTimeout: "BAD_REQUEST",
}

// Fail writes the answer to an error. It never repeats a value of the request, because that
// may be the code of a card.
func (s *Server) Fail(c *gin.Context, err error) {
	err, over := s.Prepare(c, err)
	if over {
		return
	}
	o := kit.OutcomeOf(err, s.Now())
	body := failureBody{Code: o.Status}
	if one, listed := special[o.Code]; listed {
		body = one
	} else {
		if body.Code == http.StatusConflict { // Splynx has no such status
			body.Code = http.StatusUnprocessableEntity
		}
		if body.InternalCode = internalCodes[body.Code]; body.InternalCode == "" {
			body.InternalCode = serverError
		}
	}
	if _, kept := errors.AsType[undeletableError](err); kept {
		body = special[errNoDelete.Code]
	}
	body.Message = message(o, body.Code)
	s.Log.LogAttrs(c.Request.Context(), o.Level, "refused",
		slog.Int("status", body.Code), slog.Any("error", err),
		slog.String("route", c.FullPath()), slog.String("request_id", kit.RequestID(c)))
	if body.Code == http.StatusUnauthorized {
		c.Header("WWW-Authenticate", `Splynx-EA realm="Refill"`)
	}
	wait := o.RetryAfter
	if o.Code == client.ErrQuota.Code {
		wait = caller.Client(c).Rate.Reset
	}
	if body.Code == http.StatusServiceUnavailable && wait == 0 {
		wait = time.Minute
	}
	if wait > 0 {
		c.Header("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	caller.SetProblem(c, o.Code)
	text, _ := json.Marshal(failure{body}) // texts and a number: Marshal can't fail
	c.Data(body.Code, "application/json; charset=utf-8", text)
}

// message returns the text for people of an outcome.
func message(o kit.Outcome, status int) string {
	if len(o.Faults) > 0 {
		return o.Faults[0].Text()
	}
	switch status {
	case http.StatusForbidden:
		for _, arg := range o.Args {
			if name, ok := arg.Value.(fault.Name); ok {
				return lang.M("The client needs the permission ") + string(name) + "."
			}
		}
	case http.StatusMethodNotAllowed:
		return lang.M("This address does not know the method.")
	case http.StatusRequestEntityTooLarge:
		return lang.M("The body of a request can have 64 KB.")
	case http.StatusRequestTimeout:
		return lang.M("The line broke off. Nothing was changed. Send the request again.")
	case http.StatusServiceUnavailable:
		return lang.M("The database does not answer. Send the request again later.")
	}
	return lang.M("The portal made a mistake. It has been logged. Quote the X-Request-ID to the people who run the portal.")
}

// MethodDisabled answers the calls that are there in Splynx and have no use here.
func (s *Server) MethodDisabled(*gin.Context) error { return errDisabled }
