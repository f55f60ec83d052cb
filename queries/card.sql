-- name: CardFind :one
-- The card of a code with everything that decides about its redemption, by the clock of the
-- database, and the outstanding account of its series, which never changes. A typed text can
-- have several readings. If two of them are cards, the one with the longer code was typed in
-- full. Uses the unique index on code_index.
select c.series_id, c.serial, c.state, c.used_by, c.used_at, s.number, s.state as series_state,
  s.price, s.currency,
  (now() >= card_expires_at(coalesce(c.valid_till, s.valid_till), s.time_zone))::boolean as expired,
  coalesce(c.reserved_until > now(), false)::boolean as reserved, c.reserved_until,
  (card_is_for(s.id, s.partner_lock, s.any_partner, c.partner_id, @partner_id::bigint)
    and (s.currency = 'XTS') = coalesce((select p.test from partner p where p.id = @partner_id), false))::boolean as partner_allowed,
  c.key_id, coalesce(c.index_key_id, c.key_id)::smallint as index_key_id, c.code_index, c.code_sealed, c.code_mac, c.shredded,
  (select f.finished_at is not null from code_mac_fill f)::boolean as macs_kept,
  coalesce((select account.id from account where account.series_id = s.id), 0)::bigint as outstanding_id
from card c
join series s on s.id = c.series_id
where c.code_index = any(@code_indexes::bytea[])
order by s.code_length desc, s.id
limit 1;

-- name: CardFindSerial :one
-- CardFind for a card that is identified by series and serial.
select c.series_id, c.serial, c.state, c.used_by, c.used_at, s.number, s.state as series_state,
  s.price, s.currency,
  (now() >= card_expires_at(coalesce(c.valid_till, s.valid_till), s.time_zone))::boolean as expired,
  coalesce(c.reserved_until > now(), false)::boolean as reserved, c.reserved_until,
  (card_is_for(s.id, s.partner_lock, s.any_partner, c.partner_id, @partner_id::bigint)
    and (s.currency = 'XTS') = coalesce((select p.test from partner p where p.id = @partner_id), false))::boolean as partner_allowed,
  c.key_id, coalesce(c.index_key_id, c.key_id)::smallint as index_key_id, c.code_index, c.code_sealed, c.code_mac, c.shredded,
  (select f.finished_at is not null from code_mac_fill f)::boolean as macs_kept,
  coalesce((select account.id from account where account.series_id = s.id), 0)::bigint as outstanding_id
from card c
join series s on s.id = c.series_id
where c.series_id = @series_id and c.serial = @serial;

-- name: CardDone :one
-- The card that was redeemed under an idempotency key, with the index of its code.
select c.code_index, s.number from card c
join series s on s.id = c.series_id
where c.series_id = @series_id and c.serial = @serial;

-- name: CardLook :one
-- The card if this customer could redeem it now: the conditions of CardUse as a query. No
-- row: the redemption would be refused.
select c.series_id, c.serial, s.number, s.price, s.currency,
  coalesce(c.valid_till, s.valid_till)::date as valid_till
from card c
join series s on s.id = c.series_id
join customer k on k.id = @customer_id
where c.series_id = @series_id and c.serial = @serial
  and c.state = 'active' and s.state = 'active' and k.disabled_at is null
  and s.activated_at <= now()
  and not exists (select from partner p where p.id = k.partner_id and p.disabled_at is not null)
  and now() < card_expires_at(coalesce(c.valid_till, s.valid_till), s.time_zone)
  and coalesce(c.reserved_until <= now(), true)
  and card_is_for(s.id, s.partner_lock, s.any_partner, c.partner_id, k.partner_id)
  and (s.currency = 'XTS') = (select p.test from partner p where p.id = k.partner_id);

-- name: CardUse :one
-- Marks a card as used: the guard of every redemption. All conditions are in this one update,
-- so that exactly one of any number of concurrent attempts gets a row. The customer's row is
-- locked against concurrent changes of partner and state. A transaction that began before the
-- activation of the series is refused, because the ledger would date the redemption before
-- the activation. A card that is reserved is refused unless reservation is the one that holds
-- it. A card of a test series is for customers of test partners, and any other for others. as_of is the time by which the last day is judged; null: now.
update card c set state = 'used', used_by = @customer_id, used_at = now(), reserved_by = null, reserved_until = null
from series s, (select id, partner_id, disabled_at from customer where id = @customer_id for key share) k
where c.series_id = @series_id and c.serial = @serial and s.id = c.series_id
  and c.state = 'active' and s.state = 'active' and k.disabled_at is null
  and s.activated_at <= now()
  and not exists (select from partner p where p.id = k.partner_id and p.disabled_at is not null)
  and coalesce(sqlc.narg('as_of')::timestamptz, now()) < card_expires_at(coalesce(c.valid_till, s.valid_till), s.time_zone)
  and (coalesce(c.reserved_until <= now(), true) or c.reserved_by = sqlc.narg('reservation')::uuid)
  and card_is_for(s.id, s.partner_lock, s.any_partner, c.partner_id, k.partner_id)
  and (s.currency = 'XTS') = (select p.test from partner p where p.id = k.partner_id)
returning c.used_at::timestamptz as used_at, s.price, s.currency;

-- name: CardList :many
-- A page of cards of a series after a serial, with the customers who used them. Customers of
-- other partners are not named. status filters by the shown status; empty: all. way selects
-- the access path: 'each', every card; 'state', the cards of a stored state; 'own', the unused
-- cards with a date of their own, which alone can be shown in another status than their
-- series; 'held', the cards that API clients have reserved. A single path for all filters would read a million cards to find none, because
-- Postgres makes one plan for every filter.
with chosen as (
  (select c.serial from card c join series s on s.id = c.series_id
   where @way::text = 'each' and c.series_id = @series_id and c.serial > @after_serial
     and (@status::text = '' or card_shown(c.state, s.state, now() >= card_expires_at(coalesce(c.valid_till, s.valid_till), s.time_zone)) = @status)
   order by c.series_id, c.serial limit @size)
  union all
  (select c.serial from card c join series s on s.id = c.series_id
   where @way::text = 'state' and c.series_id = @series_id and c.serial > @after_serial and c.state = sqlc.narg('state')::card_state and c.state <> 'active'
     and (@status::text = '' or card_shown(c.state, s.state, now() >= card_expires_at(coalesce(c.valid_till, s.valid_till), s.time_zone)) = @status)
   order by c.series_id, c.serial limit @size)
  union all
  (select c.serial from card c join series s on s.id = c.series_id
   where @way::text = 'own' and c.series_id = @series_id and c.serial > @after_serial
     and c.state = 'active' and c.valid_till is not null and c.valid_till between @from_day::date and @to_day::date
     and (@status::text = '' or card_shown(c.state, s.state, now() >= card_expires_at(coalesce(c.valid_till, s.valid_till), s.time_zone)) = @status)
   order by c.series_id, c.serial limit @size)
  union all
  (select r.serial from reservation r
   where @way::text = 'held' and r.series_id = @series_id and r.serial > @after_serial and r.state = 'held' and r.held_until > now()
   order by r.series_id, r.serial limit @size)
)
select c.serial, c.state, c.key_id, c.code_sealed, c.valid_till, c.used_at, c.remark, c.partner_id, c.revealed_at,
  c.used_by, customer.name as used_by_name, partner.name as partner_name,
  (now() >= card_expires_at(coalesce(c.valid_till, s.valid_till), s.time_zone))::boolean as expired,
  c.reserved_until, (c.state = 'active' and coalesce(c.reserved_until > now(), false))::boolean as held
from chosen
join card c on c.series_id = @series_id and c.serial = chosen.serial
join series s on s.id = c.series_id
left join customer on customer.id = c.used_by and (@all_partners::boolean or customer.partner_id = any(@partner_ids::bigint[]))
left join partner on partner.id = c.partner_id
order by c.serial;

-- name: CardListBack :many
-- The page of cards before a serial, last card first; see CardList.
with chosen as (
  (select c.serial from card c join series s on s.id = c.series_id
   where @way::text = 'each' and c.series_id = @series_id and c.serial < @before_serial
     and (@status::text = '' or card_shown(c.state, s.state, now() >= card_expires_at(coalesce(c.valid_till, s.valid_till), s.time_zone)) = @status)
   order by c.series_id desc, c.serial desc limit @size)
  union all
  (select c.serial from card c join series s on s.id = c.series_id
   where @way::text = 'state' and c.series_id = @series_id and c.serial < @before_serial and c.state = sqlc.narg('state')::card_state and c.state <> 'active'
     and (@status::text = '' or card_shown(c.state, s.state, now() >= card_expires_at(coalesce(c.valid_till, s.valid_till), s.time_zone)) = @status)
   order by c.series_id desc, c.serial desc limit @size)
  union all
  (select c.serial from card c join series s on s.id = c.series_id
   where @way::text = 'own' and c.series_id = @series_id and c.serial < @before_serial
     and c.state = 'active' and c.valid_till is not null and c.valid_till between @from_day::date and @to_day::date
     and (@status::text = '' or card_shown(c.state, s.state, now() >= card_expires_at(coalesce(c.valid_till, s.valid_till), s.time_zone)) = @status)
   order by c.series_id desc, c.serial desc limit @size)
  union all
  (select r.serial from reservation r
   where @way::text = 'held' and r.series_id = @series_id and r.serial < @before_serial and r.state = 'held' and r.held_until > now()
   order by r.series_id desc, r.serial desc limit @size)
)
select c.serial, c.state, c.key_id, c.code_sealed, c.valid_till, c.used_at, c.remark, c.partner_id, c.revealed_at,
  c.used_by, customer.name as used_by_name, partner.name as partner_name,
  (now() >= card_expires_at(coalesce(c.valid_till, s.valid_till), s.time_zone))::boolean as expired,
  c.reserved_until, (c.state = 'active' and coalesce(c.reserved_until > now(), false))::boolean as held
from chosen
join card c on c.series_id = @series_id and c.serial = chosen.serial
join series s on s.id = c.series_id
left join customer on customer.id = c.used_by and (@all_partners::boolean or customer.partner_id = any(@partner_ids::bigint[]))
left join partner on partner.id = c.partner_id
order by c.serial desc;

-- name: CardExportPage :many
-- The columns that an export needs of the next page of cards of a series, up to a serial, in
-- the given states. Void cards have no code.
select serial, state, key_id, code_sealed, valid_till, partner_id
from card
where series_id = @series_id and serial > @after_serial and serial <= @last_serial
  and state::text = any(@states::text[]) and state <> 'void'
order by series_id, serial
limit @size;

-- name: CardExportCount :one
-- The number of cards that an export of a selection would contain.
select count(*) from card
where series_id = @series_id and serial between @first_serial and @last_serial
  and state::text = any(@states::text[]) and state <> 'void';

-- name: CardSample :many
-- A sample of the cards of each series, spread over its serials. turn changes the sample.
select c.series_id, c.serial, c.state, c.key_id, coalesce(c.index_key_id, c.key_id)::smallint as index_key_id,
  c.code_index, c.code_sealed, c.code_mac, c.shredded, (select f.finished_at is not null from code_mac_fill f)::boolean as macs_kept
from series s
cross join generate_series(0, sqlc.arg(size)::integer - 1) as n(n)
join card c on c.series_id = s.id and c.serial = 1 + (n.n * 7919 + s.id * 104729 + sqlc.arg(turn)::bigint) % greatest(s.made, 1);

-- name: CardShow :one
-- A card with the customer who used it. A customer of another partner is not named.
select c.serial, c.state, c.key_id, c.code_sealed, c.valid_till, c.used_at, c.remark, c.partner_id, c.revealed_at,
  c.used_by, customer.name as used_by_name, partner.name as partner_name,
  (now() >= card_expires_at(coalesce(c.valid_till, s.valid_till), s.time_zone))::boolean as expired,
  c.reserved_until, (c.state = 'active' and coalesce(c.reserved_until > now(), false))::boolean as held
from card c
join series s on s.id = c.series_id
left join customer on customer.id = c.used_by and (@all_partners::boolean or customer.partner_id = any(@partner_ids::bigint[]))
left join partner on partner.id = c.partner_id
where c.series_id = @series_id and c.serial = @serial;

-- name: CardErase :one
-- Makes the unused cards of a void series void, after a serial and up to another. A trigger
-- (card_void_loses_code) erases their sealed codes. Returns the number of changed cards by
-- their earlier state, for the tally.
with before as (
  select k.serial, k.state from card k
  where k.series_id = @series_id and k.serial > @after_serial and k.serial <= @to_serial
    and k.state in ('active', 'disabled')
), erased as (
  update card c set state = 'void'
  from before b where c.series_id = @series_id and c.serial = b.serial
)
select count(*) filter (where before.state = 'active')::integer as active,
  count(*) filter (where before.state = 'disabled')::integer as disabled
from before;

-- name: CardShredPage :many
-- The cards of a series whose sealed codes are to be erased, after a serial and up to
-- another, locked.
select c.serial, c.state, c.key_id, coalesce(c.index_key_id, c.key_id)::smallint as index_key_id, c.code_index, c.code_sealed
from card c
where c.series_id = @series_id and c.serial > @after_serial and c.serial <= @to_serial
  and c.state <> 'void' and octet_length(c.code_sealed) > 0
order by c.series_id, c.serial
for no key update;

-- name: CardShredSeries :execrows
-- Erases the sealed codes of cards of a print-once series. The blind index stays, so that the
-- cards are redeemable; a MAC of the index replaces the sealed code. The hash of the last four
-- symbols stays, so that staff find the card of a customer.
update card set code_sealed = '', shredded = true, code_mac = n.mac
from (select unnest(@serials::integer[]) as serial, unnest(@macs::bytea[]) as mac) n
where card.series_id = @series_id and card.serial = n.serial
  and state <> 'void' and octet_length(code_sealed) > 0;

-- name: CardUnuse :one
-- Makes the card of a reversed redemption void, because its code is known. A customer who is
-- owed a card gets a new one. The columns used_by and used_at are kept.
update card set state = 'void'
where series_id = @series_id and serial = @serial and state = 'used' and used_by = @customer_id
returning serial;

-- name: CardShred :one
-- Erases the sealed codes of the next cards that were used more than some days ago, in the
-- order of the ledger. No row: nothing was left to process. Ledger ids follow times only
-- approximately, so it stops before the first transaction that is too young.
with due as (
  select t.id, t.kind, t.series_id, t.serial, t.at >= now() - make_interval(days => @days) as young
  from ledger_tx t where t.id > (select through from shredding for update)
  order by t.id limit @size
), bound as (
  select coalesce(min(id) filter (where young) - 1, max(id)) as id from due
), shredded as (
  update card c set code_sealed = '', last_four = null
  from due, bound where due.id <= bound.id and due.kind = 'redeem'
    and c.series_id = due.series_id and c.serial = due.serial and c.state = 'used' and octet_length(c.code_sealed) > 0
)
update shredding set through = bound.id from bound where bound.id > through returning through;
