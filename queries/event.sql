-- name: EventOutAdd :exec
-- Queues an event in the transaction of an act, where other systems want to be told.
insert into event_out (type, customer_id, series_id, serial, ref_id, client_id)
select @type::text, sqlc.narg(customer_id)::bigint, sqlc.narg(series_id)::bigint, sqlc.narg(serial)::integer, sqlc.narg(ref_id)::bigint, sqlc.narg(client_id)::bigint
from event_switch where wanted;

-- name: EventOutAddMany :exec
-- As EventOutAdd, for one act on many customers.
insert into event_out (type, customer_id, ref_id, client_id)
select @type::text, one.customer_id, nullif(one.ref_id, 0), sqlc.narg(client_id)::bigint
from event_switch, (select unnest(@customer_ids::bigint[]) as customer_id, unnest(@ref_ids::bigint[]) as ref_id) one
where wanted;

-- name: EventOutHoldCustomers :exec
-- Holds the customers of the next entries, so that none of them is erased between the
-- reading of their names and the commit.
select from customer
where id in (select customer_id from (select customer_id from event_out order by event_out.id limit @size) o where customer_id is not null)
order by id for key share;

-- name: EventOutTake :many
-- The next entries with everything that their events are made of.
select o.id, o.type, o.at, o.client_id, o.customer_id, o.series_id, o.serial, o.ref_id,
  coalesce(c.username, '') as username, c.external_id, coalesce(c.partner_id, 0)::bigint as customer_partner,
  (c.disabled_at is not null)::boolean as customer_disabled, (c.erased_at is not null)::boolean as customer_erased,
  r.id as reservation_id, coalesce(r.amount, 0)::bigint as held_amount, coalesce(r.currency, '')::text as held_currency, coalesce(r.reference, '')::text as held_reference,
  r.client_id as held_by, r.held_until, r.serial as held_serial,
  coalesce(s.number, '') as series_number, coalesce(s.quantity, 0)::integer as quantity, coalesce(s.price, 0)::bigint as price,
  coalesce(s.currency, '') as series_currency, s.valid_till, coalesce(s.any_partner, false)::boolean as any_partner,
  array(select sp.partner_id from series_partner sp where sp.series_id = o.series_id and sp.removed_at is null order by sp.partner_id)::bigint[] as series_partners,
  coalesce(p.id, 0)::bigint as payment_id, coalesce(p.type::text, '')::text as payment_type, coalesce(p.amount, 0)::bigint as amount,
  coalesce(p.currency, '') as currency, coalesce(p.balance_after, 0)::bigint as balance_after, coalesce(p.partner_id, 0)::bigint as payment_partner,
  coalesce(p.at, o.at)::timestamptz as paid_at, coalesce(tx.comment, '') as note, coalesce(original.id, 0)::bigint as reverses,
  (handover.tx_id is not null)::boolean as handed, ack.at as acknowledged_at,
  coalesce(a.kind::text, '')::text as approval_kind, coalesce(a.state::text, '')::text as approval_state
from (select * from event_out order by event_out.id limit @size) o
left join customer c on c.id = o.customer_id
left join reservation r on o.type like 'reservation.%' and r.event_no = o.ref_id
left join series s on s.id = coalesce(o.series_id, r.series_id)
left join ledger_tx redeemed on o.type = 'redemption.created' and redeemed.kind = 'redeem' and redeemed.series_id = o.series_id and redeemed.serial = o.serial
left join payment found on found.tx_id = redeemed.id
left join payment p on p.id = coalesce(found.id, case when o.type in ('redemption.reversed', 'payment.created', 'payment.reversed', 'charge.created') then o.ref_id end)
left join ledger_tx tx on tx.id = p.tx_id
left join payment original on original.tx_id = tx.reverses
left join handover on handover.tx_id = coalesce(original.tx_id, p.tx_id)
left join handover_ack ack on ack.tx_id = handover.tx_id
left join approval a on o.type in ('approval.asked', 'approval.decided') and a.id = o.ref_id
order by o.id;

-- name: EventOutDelete :execrows
delete from event_out where id = any(@ids::bigint[]);

-- name: EventOutState :one
-- How many entries wait, up to 10,001, and for how long the oldest has waited.
select (select count(*) from (select from event_out limit 10001) o)::bigint as waiting,
  coalesce(extract(epoch from now() - (select min(at) from event_out)), 0)::float8 as seconds;

-- name: EventCounterMove :one
-- Takes the next n numbers and returns the last one of them.
update event_counter set last = last + @n::bigint returning last;

-- name: EventCounterGet :one
select last, trimmed from event_counter;

-- name: EventAdd :exec
-- Writes events, and the partners that each concerns. all_partners marks those that every
-- reader sees; partners holds the others, separated by commas. An event of test partners is
-- marked as such; one that every reader sees is about a series for any partner, which is none.
with added as (
  insert into event (seq, id, type, at, partner_ids, customer_id, payment_id, data, test)
  select e.seq, e.id, e.type, e.at, case when e.everyone then null else string_to_array(e.partners, ',')::bigint[] end,
    nullif(e.customer_id, 0), nullif(e.payment_id, 0), e.data,
    not e.everyone and exists (select from partner where partner.test and partner.id = any(string_to_array(e.partners, ',')::bigint[]))
  from (select unnest(@seqs::bigint[]) as seq, unnest(@ids::uuid[]) as id, unnest(@types::text[]) as type, unnest(@ats::timestamptz[]) as at,
    unnest(@everyone::boolean[]) as everyone, unnest(@partners::text[]) as partners, unnest(@customer_ids::bigint[]) as customer_id,
    unnest(@payment_ids::bigint[]) as payment_id, unnest(@datas::text[])::jsonb as data) e
  returning seq, type, partner_ids
)
insert into event_partner (partner_id, seq, type)
select 0, seq, type from added where partner_ids is null
union all
select partner_id, seq, type from added, unnest(partner_ids) as partner_id;

-- name: EventNotify :exec
select pg_notify('refill', '{"kind": "event"}');

-- name: EventFeed :many
-- Events of all partners but test partners, without the types that are hidden.
select seq, id, type, at, data from event
where seq > @after and seq <= @until and type <> all(@hidden::text[]) and not test
order by seq limit @size;

-- name: EventFeedTypes :many
-- As EventFeed, for some types.
select e.seq, e.id, e.type, e.at, e.data
from unnest(@types::text[]) as wanted,
  lateral (select seq, id, type, at, data from event where event.type = wanted and event.seq > @after and event.seq <= @until and not event.test order by seq limit @size) e
order by e.seq limit @size;

-- name: EventFeedPartners :many
-- Events of some partners; no types: of all types. everyone: also those that every reader sees.
select e.seq, e.id, e.type, e.at, e.data
from (
  select distinct own.seq
  from unnest(case when @everyone::boolean then array_append(@partner_ids::bigint[], 0) else @partner_ids::bigint[] end) as partner,
    lateral (select ep.seq from event_partner ep
      where ep.partner_id = partner and ep.seq > @after and ep.seq <= @until
        and (cardinality(@types::text[]) = 0 or ep.type = any(@types))
      order by ep.seq limit @size) own
  order by own.seq limit @size
) found
join event e on e.seq = found.seq
order by e.seq;

-- name: EventEraseCustomer :exec
-- Removes what identifies an erased customer from events. It follows the erasure of the
-- customer's row in the same transaction: an entry that the relay takes later finds no name.
update event set data = jsonb_set(data, '{customer}', jsonb_build_object('id', data -> 'customer' -> 'id'))
where event.customer_id = @customer_id::bigint and data -> 'customer' ? 'username';

-- name: EventAlarmBegin :execrows
-- Notes alarms that last. No row: all of them were noted before.
insert into event_alarm (kind, subject) select @kind, unnest(@subjects::bigint[]) on conflict do nothing;

-- name: EventAlarmOverExcept :exec
-- Ends the alarms of a kind that do not last.
delete from event_alarm where kind = @kind and subject <> all(@subjects::bigint[]);

-- name: EventTrim :one
-- Deletes the oldest events up to the first one that is younger than the given age, at most
-- size of them, with their deliveries, and returns how many went. An event whose transaction
-- was long may be older than one before it, so the bound is the first young one and not the
-- last old one. Without a young event all are old, and least ignores the null.
with bound as (
  select c.trimmed, least(c.trimmed + @size::bigint, (select e.seq from event e where e.at >= now() - @age::interval order by e.seq limit 1) - 1) as until
  from event_counter c
), gone as (
  delete from event using bound where event.seq > bound.trimmed and event.seq <= bound.until returning event.seq
), own as (delete from event_partner where seq in (select seq from gone)),
sent as (delete from webhook_delivery where seq in (select seq from gone)),
moved as (update event_counter set trimmed = (select max(seq) from gone) where exists (select from gone))
select count(*) from gone;
