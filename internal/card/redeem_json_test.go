package card_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/fault"
)

// redeemJSON is a channel of its own: it redeems what comes as JSON. That it needs nothing
// but Redeem and the kinds of fault is what this file proves.
func redeemJSON(cards *card.Service) http.Handler {
	statuses := map[fault.Kind]int{
		fault.Invalid: http.StatusUnprocessableEntity, fault.NotFound: http.StatusNotFound, fault.Forbidden: http.StatusForbidden,
		fault.Conflict: http.StatusConflict, fault.Limited: http.StatusTooManyRequests, fault.Unsettled: http.StatusServiceUnavailable,
	}
	answer := func(w http.ResponseWriter, status int, body any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body) // a client that is gone asks again with its key
	}
	refuse := func(w http.ResponseWriter, status int, code, field, message string) {
		answer(w, status, map[string]string{"error": code, "field": field, "message": message})
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct {
			Code     string    `json:"code"`
			Customer int64     `json:"customer"`
			Key      uuid.UUID `json:"key"`
		}
		body := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096))
		body.DisallowUnknownFields()
		if err := body.Decode(&asked); err != nil || asked.Key == uuid.Nil {
			refuse(w, http.StatusBadRequest, "malformed", "", "Send code, customer and key.")
			return
		}
		actor := audit.ByCustomer(asked.Customer, audit.Everything()) // a real one knows its client
		receipt, err := cards.Redeem(r.Context(), actor, card.Redemption{CustomerID: asked.Customer, Code: asked.Code, Key: asked.Key})
		if faults := fault.All(err); len(faults) > 0 {
			refuse(w, statuses[faults[0].Kind], faults[0].Code, faults[0].Field, faults[0].Text())
			return
		}
		if err != nil {
			refuse(w, http.StatusInternalServerError, "internal", "", "")
			return
		}
		answer(w, http.StatusOK, map[string]any{
			"payment": receipt.PaymentID, "series": receipt.Series, "serial": receipt.Serial, "amount": receipt.Amount,
			"balance": receipt.Balance, "currency": receipt.Currency, "at": receipt.At, "replayed": receipt.Replayed,
		})
	})
}

// A redemption over JSON: receipt, replay, refusals by kind, and what is no JSON.
func TestRedeemOverJSON(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, form(4))
	codes := b.codes(t, s)
	line := &dbtest.Line{Pool: b.pool}
	handler := redeemJSON(newServiceOn(t, line, b.pool, b.keys))
	send := func(body string) (int, map[string]any) {
		t.Helper()
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/redeem", strings.NewReader(body)))
		require.Equal(t, "application/json", w.Header().Get("Content-Type"))
		var got map[string]any
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
		return w.Code, got
	}
	redeem := func(c db.Customer, code string, key uuid.UUID) (int, map[string]any) {
		t.Helper()
		body, err := json.Marshal(map[string]any{"code": code, "customer": c.ID, "key": key})
		require.NoError(t, err)
		return send(string(body))
	}

	key := uuid.New()
	status, receipt := redeem(b.anna, codes[0], key)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, s.Number, receipt["series"])
	require.InDelta(t, 1000, receipt["balance"], 0)
	require.Equal(t, false, receipt["replayed"])

	status, again := redeem(b.anna, codes[0], key)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, true, again["replayed"])
	for _, name := range []string{"payment", "serial", "amount", "balance", "currency"} {
		require.Equal(t, receipt[name], again[name], name)
	}
	first, err := time.Parse(time.RFC3339, fmt.Sprint(receipt["at"]))
	require.NoError(t, err)
	second, err := time.Parse(time.RFC3339, fmt.Sprint(again["at"]))
	require.NoError(t, err)
	require.True(t, first.Equal(second))

	status, refused := redeem(b.anna, codes[1], key)
	require.Equal(t, http.StatusConflict, status)
	require.Equal(t, "redeem_key_reused", refused["error"])
	status, refused = redeem(b.ben, codes[0], uuid.New())
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Equal(t, card.ErrRefused.Code, refused["error"], "not why")
	require.Equal(t, "code", refused["field"])
	status, refused = redeem(db.Customer{ID: 1 << 40}, codes[1], uuid.New())
	require.Equal(t, http.StatusNotFound, status)
	require.Equal(t, "customer_unknown", refused["error"])

	line.Cut(true)
	key = uuid.New()
	status, refused = redeem(b.anna, codes[1], key)
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Equal(t, "redeem_unsettled", refused["error"])
	line.Cut(false)
	status, settled := redeem(b.anna, codes[1], key)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, true, settled["replayed"])
	require.InDelta(t, 2000, settled["balance"], 0, "redeemed once")

	for status != http.StatusTooManyRequests {
		require.Less(t, b.counted(t, "customer:%"), 20)
		status, refused = redeem(b.ben, card.DrawForTest().Reveal(""), uuid.New())
	}
	require.Equal(t, "code_barred", refused["error"])

	for _, body := range []string{"", "code", "{}", `{"code": 7}`, `{"code": "x", "customer": 1, "key": "no uuid"}`, `{"pin": "1234"}`, `{"code": "` + strings.Repeat("x", 5000) + `"}`} {
		status, refused = send(body)
		require.Equal(t, http.StatusBadRequest, status, body)
		require.Equal(t, "malformed", refused["error"])
	}
	b.sound(t)
}
