// Command refill is a client of the Refill API. It needs the standard library only.
//
//	export REFILL=https://refill.example.net KEY_FILE=/etc/acme/refill-key
//	printf %s CODE | go run refill.go redeem USERNAME REFERENCE
//	go run refill.go list [REFERENCE]
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// again are the statuses after which the same request can succeed later.
var again = []int{408, 429, 500, 502, 503, 504}

const tries = 5

// Client calls the API at an address with a key.
type Client struct {
	Address, Key string
}

// RefusedError is an answer that does not change by asking again.
type RefusedError struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

func (r RefusedError) Error() string { return r.Code + ": " + r.Detail }

// Redemption is what a redemption returns. Fields that it does not name are ignored.
type Redemption struct {
	ID           string `json:"id"`
	Card         string `json:"card"`
	Amount       Amount `json:"amount"`
	BalanceAfter Amount `json:"balance_after"`
	Reference    string `json:"reference"`
	At           string `json:"at"`
}

// Amount is an amount of money. The figure is text, and stays exact.
type Amount struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

// Redeem redeems a card once for a reference, however often it is called.
func (c Client) Redeem(ctx context.Context, code, username, reference string) (Redemption, error) {
	var done Redemption
	body, err := json.Marshal(map[string]any{"code": code, "customer": map[string]string{"username": username}, "reference": reference})
	if err == nil {
		err = c.ask(ctx, http.MethodPost, "/redemptions", body, reference, &done)
	}
	return done, err
}

// Redemptions calls each for every redemption, newest first, page by page. reference: only
// those with it; empty: all.
func (c Client) Redemptions(ctx context.Context, reference string, each func(Redemption)) error {
	query := url.Values{"limit": {"50"}}
	if reference != "" {
		query.Set("reference", reference)
	}
	for {
		var page struct {
			Data []Redemption `json:"data"`
			Next *string      `json:"next"`
		}
		if err := c.ask(ctx, http.MethodGet, "/redemptions?"+query.Encode(), nil, "", &page); err != nil {
			return err
		}
		for _, one := range page.Data {
			each(one)
		}
		if page.Next == nil {
			return nil
		}
		query.Set("after", *page.Next)
	}
}

// ask sends a request until it gets an answer that stays the same.
func (c Client) ask(ctx context.Context, method, path string, body []byte, key string, into any) error {
	for try := 1; ; try++ {
		wait, err := c.send(ctx, method, path, body, key, into)
		refused, isRefused := errors.AsType[RefusedError](err)
		if err == nil || try == tries || isRefused && !slices.Contains(again, refused.Status) {
			return err
		}
		if wait == nil {
			second := time.Duration(try) * time.Second
			wait = &second
		}
		select {
		case <-time.After(*wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// send sends a request once. The wait is what the server asks for; nil: nothing.
func (c Client) send(ctx context.Context, method, path string, body []byte, key string, into any) (wait *time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.Address, "/")+"/api/v1"+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+c.Key)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err // the outcome is unknown
	}
	defer answer.Body.Close() //nolint:errcheck // read to its end
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode < 300 {
		return nil, json.Unmarshal(text, into)
	}
	refused := RefusedError{}
	_ = json.Unmarshal(text, &refused) // a proxy on the way may have answered
	refused.Status = answer.StatusCode
	if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil {
		asked := time.Duration(seconds) * time.Second
		wait = &asked
	}
	return wait, refused
}

func run(ctx context.Context, args []string) error {
	key, err := os.ReadFile(os.Getenv("KEY_FILE"))
	if err != nil {
		return err
	}
	client, out := Client{os.Getenv("REFILL"), strings.TrimSpace(string(key))}, json.NewEncoder(os.Stdout)
	switch {
	case len(args) == 3 && args[0] == "redeem":
		code, err := io.ReadAll(os.Stdin)
		if err != nil {
			return err
		}
		done, err := client.Redeem(ctx, strings.TrimSpace(string(code)), args[1], args[2])
		if err != nil {
			return err
		}
		return out.Encode(done)
	case len(args) >= 1 && len(args) <= 2 && args[0] == "list":
		reference := ""
		if len(args) == 2 {
			reference = args[1]
		}
		return client.Redemptions(ctx, reference, func(r Redemption) { _ = out.Encode(r) })
	}
	return errors.New("usage: refill redeem USERNAME REFERENCE | refill list [REFERENCE]")
}

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
