package theft_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"refill/internal/dbtest"
	"refill/internal/setting"
	"refill/internal/theft"
)

// manyRedemptions enters redemptions of one series by the owner, without their rules: n
// cards, from serial from on. A worker finds as many after minutes of work at full rate.
func manyRedemptions(t *testing.T, pool *pgxpool.Pool, from, n int) {
	t.Helper()
	owner := dbtest.Owner(t, pool)
	for _, sql := range []string{
		`set session_replication_role = replica`,
		`set statement_timeout = 0`,
		`insert into card (series_id, serial, key_id, state, code_index, code_sealed, used_by, used_at)
			select (select max(id) from series), n, 1, 'used', decode(md5(n::text), 'hex'), ''::bytea, (select min(id) from customer) + n % 1000, now()
			from generate_series($1::integer, $2::integer) n`,
		`insert into ledger_tx (kind, at, series_id, serial) select 'redeem', used_at, series_id, serial from card where serial between $1::integer and $2::integer`,
		`insert into payment (customer_id, partner_id, tx_id, type, amount, currency, balance_after, at)
			select c.used_by, k.partner_id, t.id, 'refill_card', 1000, 'USD', 1000, t.at
			from ledger_tx t join card c using (series_id, serial) join customer k on k.id = c.used_by where serial between $1::integer and $2::integer`,
		`insert into audit (action, customer_id, series_id, serial, address, at)
			select 'card.redeemed', c.used_by, c.series_id, c.serial, '10.0.0.0'::inet + c.serial, c.used_at from card c where serial between $1::integer and $2::integer order by serial`,
	} {
		var args []any
		if sql[:3] != "set" {
			args = []any{from, from + n - 1}
		}
		_, err := owner.Exec(t.Context(), sql, args...)
		require.NoError(t, err)
	}
	require.NoError(t, owner.Close(context.WithoutCancel(t.Context())))
}

// The watch reads each redemption by indexes, also right after an installation: on a
// connection that has the plans of an almost empty database, before the server has counted
// the rows anew.
func TestLookIsFastBeforeStatistics(t *testing.T) {
	t.Parallel()
	pool := dbtest.Pool(t)
	owner := dbtest.Owner(t, pool)
	for _, sql := range []string{
		`insert into partner (name, time_zone) values ('North', 'UTC')`,
		`insert into customer (partner_id, username, name) select (select max(id) from partner), 'c' || n, 'Customer ' || n from generate_series(1, 1000) n`,
		`insert into series (number, prefix, price, currency, quantity, any_partner, time_zone, valid_till, activate_when_generated, code_length, state, made, order_key, code_alphabet)
			values ('209901', '', 1000, 'USD', 1000000, true, 'UTC', '2099-12-31', true, 16, 'active', 1000000, gen_random_uuid(), 'letters')`,
	} {
		_, err := owner.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	config, err := pgxpool.ParseConfig(pool.Config().ConnString())
	require.NoError(t, err)
	config.MaxConns = 1
	one, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	defer one.Close()
	watch := theft.New(one, setting.NewStore(pool, time.Now), slog.New(slog.DiscardHandler))
	serial := 1
	for range 10 {
		manyRedemptions(t, pool, serial, 3)
		serial += 3
		_, err = owner.Exec(t.Context(), `analyze`)
		require.NoError(t, err)
		n, err := watch.Look(t.Context(), time.Now)
		require.NoError(t, err)
		require.Equal(t, 3, n)
	}
	const cards = 5_000
	manyRedemptions(t, pool, serial, cards)
	n, err := watch.Look(t.Context(), time.Now)
	require.NoError(t, err)
	require.Equal(t, cards, n)

	rows, err := one.Query(t.Context(), `select name from pg_prepared_statements where generic_plans > 0 and statement ~ '^-- name: Theft(Batch|Neighbours|RunCount|TallySums|Usual|Gone)'`)
	require.NoError(t, err)
	kept, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Empty(t, kept, "statements that ran by a plan of earlier")
	var name string
	require.NoError(t, one.QueryRow(t.Context(), `select name from pg_prepared_statements where custom_plans > 10 and statement like '-- name: TheftBatch %'`).Scan(&name))
	_, err = one.Exec(t.Context(), `set plan_cache_mode = force_custom_plan`)
	require.NoError(t, err)
	rows, err = one.Query(t.Context(), fmt.Sprintf(`explain execute %s (%d, %d, 10000)`, pgx.Identifier{name}.Sanitize(), serial-1, serial-1+cards), pgx.QueryExecModeSimpleProtocol)
	require.NoError(t, err)
	plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	for _, table := range []string{"card", "ledger_tx", "payment"} {
		require.NotContains(t, strings.Join(plan, "\n"), "Seq Scan on "+table+" ")
	}
}
