package main

import (
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// step is a statement of a redemption: a query of the program by its name, or
// begin and commit.
type step struct {
	query string
	args  map[string]string // what stands for its parameters: an expression or a variable of pgbench
	into  string            // its columns become variables that begin so
}

// redeemSteps are the statements of one redemption in the portal, in order and in
// their transactions. A test compares the names with what the program asks for.
func redeemSteps() []step {
	customer := map[string]string{"id": ":customer", "all_partners": "false", "partner_ids": "array[:partner::bigint]"}
	guess := map[string]string{
		"who": "('customer:' || :customer::bigint)", "address": "('address:' || :address::text)",
		"who_window": "'24 hours'", "hard_limit": "10", "hard_pause": "'24 hours'", "soft_limit": "5", "first_pause": "'30 seconds'",
		"top_pause": "'1 hour'", "address_window": "'1 hour'", "address_limit": "30",
	}
	return []step{
		{"SessionGetCustomer", map[string]string{"token_hash": ":token::bytea", "idle": "'24 hours'"}, ""}, //nolint:gosec // names of a column and of a variable, no secret
		{"CustomerGet", customer, ""}, // for the page
		{"CustomerGet", customer, ""}, // for the domain
		{"LedgerGetByKey", map[string]string{"idempotency_key": ":key::uuid"}, ""},
		{"GuessCharge", guess, ""},
		{"begin", nil, ""},
		{"CardFind", map[string]string{"code_indexes": "array[:code_index::bytea]", "partner_id": ":partner::bigint"}, "card_"},
		{"SeriesShare", map[string]string{"series_id": ":card_series_id"}, ""},
		{"CardUse", map[string]string{"customer_id": ":customer::bigint", "series_id": ":card_series_id::bigint", "serial": ":card_serial::integer"}, "used_"},
		{"AccountAdd", map[string]string{"amount": ":used_price", "customer_id": ":customer::bigint", "currency": ":used_currency"}, "account_"},
		{"AccountGetOutstanding", map[string]string{"series_id": ":card_series_id::bigint"}, "outstanding_"},
		{"LedgerPost", map[string]string{
			"kind": "'redeem'", "idempotency_key": ":key::uuid", "series_id": ":card_series_id::bigint", "serial": ":card_serial::integer",
			"reverses": "null", "staff_id": "null", "comment": "''",
			"account_ids": "array[:outstanding_id::bigint, :account_id::bigint]",
			"amounts":     "array[-(:used_price::bigint), :used_price::bigint]",
			"versions":    "array[0, :account_version::bigint]",
			"balances":    "array[0, :account_balance::bigint]",
		}, "tx_"},
		{"PaymentCreate", map[string]string{
			"customer_id": ":customer::bigint", "tx_id": ":tx_id::bigint", "type": "'refill_card'", "amount": ":used_price::bigint",
			"currency": ":used_currency", "balance_after": ":account_balance::bigint", "staff_id": "null",
			"comment": "'Series ' || :card_number::text || ', serial ' || :card_serial::integer",
		}, ""},
		{"TallyAdd", map[string]string{
			"series_id": ":card_series_id::bigint", "shard": "(:customer::bigint % 32)::smallint", "used": "1", "disabled": "0", "void": "0",
		}, ""},
		{"AuditCreate", map[string]string{
			"action": "'card.redeemed'", "staff_id": "null", "customer_id": ":customer::bigint", "series_id": ":card_series_id::bigint",
			"serial": ":card_serial::integer", "address": ":address::inet", "request_id": "'0123456789abcdef'", "detail": "'{}'",
		}, ""},
		{"commit", nil, ""},
		{"GuessForgive", guess, ""},
	}
}

// redeemPlan is what the clients of the portal know and pgbench must look up:
// which card is next, and who the client is. It is one statement by primary key,
// the only one that the program does not run.
const redeemPlan = `\set i :i + 1
select code_index, key, customer, partner, token, address from bench_plan where client = :client_id and i = :i \gset
`

// redeemScript makes pgbench's script of the steps, from the queries' own source.
func redeemScript(queries fs.FS) (string, error) {
	sources, err := readQueries(queries)
	if err != nil {
		return "", err
	}
	var script strings.Builder
	script.WriteString(redeemPlan)
	for _, s := range redeemSteps() {
		text := s.query
		if text != "begin" && text != "commit" {
			source, found := sources[s.query]
			if !found {
				return "", fmt.Errorf("there is no query %s any more; bring cmd/bench/script.go up to date", s.query)
			}
			if text, err = fillIn(source, s.args); err != nil {
				return "", fmt.Errorf("query %s: %w; bring cmd/bench/script.go up to date", s.query, err)
			}
		}
		script.WriteString(text)
		if s.into != "" {
			script.WriteString(" \\gset " + s.into + "\n")
		} else {
			script.WriteString(";\n")
		}
	}
	return script.String(), nil
}

// queryName begins a query in a file of queries.
var queryName = regexp.MustCompile(`(?m)^-- name: (\w+) .*$`)

// comment is a line that says something about a query.
var comment = regexp.MustCompile(`(?m)^\s*--.*\n`)

// readQueries returns the text of every query by its name.
func readQueries(queries fs.FS) (map[string]string, error) {
	files, err := fs.Glob(queries, "*.sql")
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	for _, file := range files {
		source, err := fs.ReadFile(queries, file)
		if err != nil {
			return nil, err
		}
		starts := queryName.FindAllSubmatchIndex(source, -1)
		for n, at := range starts {
			end := len(source)
			if n+1 < len(starts) {
				end = starts[n+1][0]
			}
			text := comment.ReplaceAllString(string(source[at[1]:end]), "")
			found[string(source[at[2]:at[3]])] = strings.TrimRight(strings.TrimSpace(text), ";")
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no queries found; bench runs in the root of the repository (make bench does that)")
	}
	return found, nil
}

// parameter is a parameter of a query, in either of sqlc's spellings.
var parameter = regexp.MustCompile(`@(\w+)|sqlc\.arg\((\w+)\)`)

// fillIn puts args in the place of the parameters. Each parameter needs one.
func fillIn(query string, args map[string]string) (string, error) {
	missing := map[string]bool{}
	filled := parameter.ReplaceAllStringFunc(query, func(found string) string {
		m := parameter.FindStringSubmatch(found)
		arg, ok := args[m[1]+m[2]]
		if !ok {
			missing[m[1]+m[2]] = true
		}
		return arg
	})
	if len(missing) > 0 {
		return "", fmt.Errorf("nothing stands for its parameters %v", slices.Sorted(maps.Keys(missing)))
	}
	return filled, nil
}
