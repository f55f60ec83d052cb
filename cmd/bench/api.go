package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"refill/internal/audit"
	"refill/internal/client"
	"refill/internal/staff"
)

// program is an API client with its key.
type program struct {
	addr, key string
	http      *http.Client
}

// program makes an API client. Its limits are the highest, because all load comes from it.
// Without partners it is for all of them.
func (tb *testbed) program(ctx context.Context, name string, permissions []staff.Permission, partners ...int64) (program, error) {
	id, err := client.Create(ctx, tb.pool, audit.System(), client.Form{
		Name: name, OwnerID: tb.admin.Person(), AllPartners: len(partners) == 0, PartnerIDs: partners,
		Permissions: staff.Stored(permissions...), PerMinute: 100_000, WrongCodesHour: 100_000,
	})
	if err != nil {
		return program{}, err
	}
	key, err := client.MakeKey(ctx, tb.pool, audit.System(), id, client.KeyForm{})
	return program{tb.addr, key, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: tb.clients}, Timeout: 30 * time.Second}}, err
}

// call sends a request and requires a status. It decodes the answer into a value that is not
// nil.
func (p program) call(ctx context.Context, method, path string, body, into any, status int) error {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://"+p.addr+"/api/v1"+path, strings.NewReader(string(text)))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+p.key)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Idempotency-Key", uuid.NewString())
	}
	answer, err := p.http.Do(request)
	if err != nil {
		return err
	}
	got, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		return err
	}
	if answer.StatusCode != status {
		return fmt.Errorf("%s %s answered %s instead of %d: %s", method, path, answer.Status, status, got)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(got, into)
}

// redeem redeems a code for customer n and returns the id of the redemption.
func (p program) redeem(ctx context.Context, n int, code string) (string, error) {
	var made struct{ ID string }
	err := p.call(ctx, http.MethodPost, "/redemptions", map[string]any{"code": code, "customer": map[string]string{"username": username(n)}}, &made, http.StatusCreated)
	return made.ID, err
}

// measureAPI redeems as many cards by the API as in the portal, alternating for each round.
// Both sides have the same customers and as many requests at once. The client does not listen
// to events, so that both sides write the same rows.
func measureAPI(ctx context.Context, tb *testbed) (figures, error) {
	if err := tb.openPortal(ctx); err != nil {
		return nil, err
	}
	billing, err := tb.program(ctx, "Billing", []staff.Permission{staff.RedeemFor})
	if err != nil {
		return nil, err
	}
	f := figures{}
	for range tb.rounds {
		portal, err := tb.redeemAll(ctx, tb.redeemInPortal)
		if err != nil {
			return nil, err
		}
		api, err := tb.redeemAll(ctx, func(ctx context.Context, n int, code string) error {
			_, err := billing.redeem(ctx, n, code)
			return err
		})
		if err != nil {
			return nil, err
		}
		f.add("portal_redeem_per_s", portal, "redemptions/s")
		f.add("api_redeem_per_s", api, "redemptions/s")
		f.add("api_redeem_vs_portal", api/portal, "ratio")
	}
	return f, nil
}
