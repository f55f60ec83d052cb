package theft_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/setting"
	"refill/internal/theft"
)

// BenchmarkLook looks at a million redemptions of one series by 200,000 customers from
// 100,000 addresses, spread over a day: more than a worker ever finds at once.
//
//	go run ./internal/dbtest/withpg -- go test ./internal/theft -run '^$' -bench Look -benchtime 1x
func BenchmarkLook(b *testing.B) {
	const cards = 1_000_000
	for b.Loop() {
		b.StopTimer()
		pool := dbtest.Pool(b)
		watch := theft.New(pool, setting.NewStore(pool, time.Now), slog.New(slog.DiscardHandler))
		north, err := db.New().PartnerCreate(b.Context(), pool, db.PartnerCreateParams{Name: "North", TimeZone: "UTC"})
		require.NoError(b, err)
		config, err := pgx.ParseConfig(pool.Config().ConnString()) // without deadlines
		require.NoError(b, err)
		delete(config.RuntimeParams, "role")
		owner, err := pgx.ConnectConfig(b.Context(), config)
		require.NoError(b, err)
		for _, sql := range []string{
			`set session_replication_role = replica`,
			`set statement_timeout = 0`,
			`insert into customer (partner_id, username, name) select $1, 'c' || n, 'Customer ' || n from generate_series(1, 200000) n`,
			`insert into series (number, prefix, price, currency, quantity, any_partner, time_zone, valid_till, activate_when_generated, code_length, state, made, order_key, code_alphabet)
				select '209901', '', 1000, 'USD', 1000000, true, 'UTC', '2099-12-31', true, 16, 'active', 1000000, gen_random_uuid(), 'letters' where $1::bigint > 0`,
			`insert into card (series_id, serial, key_id, state, code_index, code_sealed, used_by, used_at)
				select (select max(id) from series), n, 1, 'used', decode(md5(n::text), 'hex'), ''::bytea,
					(select min(id) from customer) + (n::bigint * 7919) % 200000, now() - interval '1 day' + (n::bigint * 611953 % 1000000) * interval '0.0864 s' from generate_series(1, 1000000) n where $1::bigint > 0`,
			`insert into ledger_tx (id, kind, at, series_id, serial) overriding system value
				select row_number() over (order by used_at), 'redeem', used_at, series_id, serial from card where $1::bigint > 0`,
			`insert into payment (customer_id, partner_id, tx_id, type, amount, currency, balance_after, at)
				select c.used_by, $1, t.id, 'refill_card', 1000, 'USD', 1000, t.at from ledger_tx t join card c using (series_id, serial)`,
			`insert into audit (action, customer_id, series_id, serial, address, at)
				select 'card.redeemed', c.used_by, c.series_id, c.serial, '10.0.0.0'::inet + c.used_by % 100000, c.used_at from card c where $1::bigint > 0 order by c.used_at`,
		} {
			args := []any{north.ID}
			if sql[:3] == "set" {
				args = nil
			}
			_, err = owner.Exec(b.Context(), sql, args...)
			require.NoError(b, err)
		}
		_, err = owner.Exec(b.Context(), `analyze`)
		require.NoError(b, err)
		require.NoError(b, owner.Close(b.Context()))
		b.StartTimer()
		seen := 0
		for seen < cards {
			n, err := watch.Look(b.Context(), time.Now)
			require.NoError(b, err)
			seen += n
		}
		require.Equal(b, cards, seen)
	}
}
