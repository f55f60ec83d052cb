package main

// redeemScript is one redemption in the portal as Postgres sees it: the statements
// of the queries SessionGetCustomer, CustomerGet (twice), LedgerGetByKey,
// GuessCharge, CardFind, SeriesShare, CardUse, AccountAdd, AccountGetOutstanding,
// LedgerPost, PaymentCreate, TallyAdd, AuditCreate and GuessForgive, in the same
// transactions. The first three lines find a card and a customer for it.
const redeemScript = `
select nextval('bench_next') as n, gen_random_uuid() as key \gset
select code_index from bench_card where n = :n::bigint \gset
select id as customer, token from bench_client where n = :client_id::bigint \gset

select customer.id, customer.username, customer.name, customer.partner_id, partner.name as partner_name, partner.brand, partner.time_zone, partner.portal_refill_card, session.seen_at < now() - interval '1 minute' as stale from session join customer on customer.id = session.customer_id join partner on partner.id = customer.partner_id where session.token_hash = :token::bytea and session.expires_at > now() and session.seen_at > now() - interval '24 hours' and customer.disabled_at is null;
select customer.*, partner.name as partner_name, partner.time_zone, account.id as account_id, account.balance, account.currency from customer join partner on partner.id = customer.partner_id join account on account.customer_id = customer.id where customer.id = :customer::bigint;
select customer.*, partner.name as partner_name, partner.time_zone, account.id as account_id, account.balance, account.currency from customer join partner on partner.id = customer.partner_id join account on account.customer_id = customer.id where customer.id = :customer::bigint;
select tx.id, tx.kind, tx.at, tx.series_id, tx.serial, payment.customer_id, payment.id as payment_id, payment.type, payment.amount, payment.currency, payment.balance_after from ledger_tx tx join payment on payment.tx_id = tx.id where tx.idempotency_key = :key::uuid;

with calm as materialized (select set_config('synchronous_commit', 'off', true)), who as (insert into guess as g (scope, n, since, allowed) select 'customer:' || :customer::bigint, 1, now(), true from calm on conflict (scope) do update set allowed = coalesce(g.barred_until <= now(), true), n = case when g.barred_until > now() then g.n when g.since < now() - interval '24 hours' then 1 else g.n + 1 end, since = case when g.since < now() - interval '24 hours' then now() else g.since end, barred_until = case when g.barred_until > now() then g.barred_until when g.n + 1 >= 10 then now() + interval '24 hours' when g.n + 1 >= 5 then now() + interval '30 seconds' end returning scope, n, allowed, barred_until), address as (insert into guess as g (scope, n, since, allowed) select 'bench:' || :client_id::bigint, 1, now(), true from who where who.allowed on conflict (scope) do update set allowed = coalesce(g.barred_until <= now(), true), n = case when g.barred_until > now() then g.n when g.since < now() - interval '1 hour' then 1 else g.n + 1 end, since = case when g.since < now() - interval '1 hour' then now() else g.since end, barred_until = case when g.barred_until > now() then g.barred_until when g.n + 1 >= 30 then now() + interval '1 hour' end returning scope, n, allowed, barred_until) select scope, n, allowed, barred_until from who union all select scope, n, allowed, barred_until from address;

begin;
select c.series_id as series, c.serial as serial, s.number as number from card c join series s on s.id = c.series_id where c.code_index = any(array[:code_index::bytea]) and (s.any_partner or exists (select from series_partner p where p.series_id = s.id and p.partner_id = 1)) \gset
select pg_advisory_xact_lock_shared(1, :series::integer);
update card c set state = 'used', used_by = :customer::bigint, used_at = now() from series s, customer k where c.series_id = :series::bigint and c.serial = :serial::integer and s.id = c.series_id and k.id = :customer::bigint and c.state = 'active' and s.state = 'active' and k.disabled_at is null and now() < card_expires_at(coalesce(c.valid_till, s.valid_till), s.time_zone) and (s.any_partner or exists (select from series_partner p where p.series_id = s.id and p.partner_id = k.partner_id)) returning s.price as price \gset
update account set balance = balance + :price::bigint, version = version + 1 where customer_id = :customer::bigint and currency = 'USD' returning id as account, balance as balance, version as version \gset
select id as outstanding from account where series_id = :series::bigint \gset
with tx as (insert into ledger_tx (kind, idempotency_key, series_id, serial) values ('redeem', :key::uuid, :series::bigint, :serial::integer) returning id, at), entries as (insert into ledger_entry (tx_id, account_id, amount, version, balance_after) select tx.id, e.account_id, e.amount, nullif(e.version, 0), case when e.version > 0 then e.balance_after end from tx, (select unnest(array[:outstanding::bigint, :account::bigint]) as account_id, unnest(array[-(:price::bigint), :price::bigint]) as amount, unnest(array[0, :version::bigint]) as version, unnest(array[0, :balance::bigint]) as balance_after) e) select id as tx from tx \gset
insert into payment (customer_id, tx_id, type, amount, currency, balance_after, comment) values (:customer::bigint, :tx::bigint, 'refill_card', :price::bigint, 'USD', :balance::bigint, 'Series ' || :number::text || ', serial ' || :serial::integer) returning id, at;
insert into series_tally as t (series_id, shard, used, disabled, void) values (:series::bigint, (:customer::bigint % 32)::smallint, 1, 0, 0) on conflict (series_id, shard) do update set used = t.used + excluded.used, disabled = t.disabled + excluded.disabled, void = t.void + excluded.void;
insert into audit (action, customer_id, series_id, serial, address, request_id, detail) values ('card.redeemed', :customer::bigint, :series::bigint, :serial::integer, '198.51.100.1', 'bench', '{}');
commit;

with calm as materialized (select set_config('synchronous_commit', 'off', true)), who as (update guess set n = 0, barred_until = null from calm where scope = 'customer:' || :customer::bigint returning scope) update guess g set n = greatest(g.n - 1, 0), barred_until = case when g.n - 1 < 30 then null else g.barred_until end from (select count(*) from who) as after_who where g.scope = 'bench:' || :client_id::bigint;
`
