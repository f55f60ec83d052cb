-- name: CardReserve :one
-- Holds a card back for a customer: the conditions of CardUse, and no other reservation holds
-- the card.
update card c set reserved_by = @reservation, reserved_until = now() + @ttl::interval
from series s, (select customer.id, customer.partner_id, customer.disabled_at from customer where customer.id = @customer_id for key share) k
where c.series_id = @series_id and c.serial = @serial and s.id = c.series_id
  and c.state = 'active' and s.state = 'active' and k.disabled_at is null
  and s.activated_at <= now()
  and not exists (select from partner p where p.id = k.partner_id and p.disabled_at is not null)
  and now() < card_expires_at(coalesce(c.valid_till, s.valid_till), s.time_zone)
  and coalesce(c.reserved_until <= now(), true)
  and card_is_for(s.id, s.partner_lock, s.any_partner, c.partner_id, k.partner_id)
  and (s.currency = 'XTS') = (select p.test from partner p where p.id = k.partner_id)
returning s.price, s.currency;

-- name: CardRelease :exec
-- Frees a card from a reservation that still holds it.
update card set reserved_by = null, reserved_until = null
where series_id = @series_id and serial = @serial and state = 'active' and reserved_by = @reservation;

-- name: ReservationCreate :one
insert into reservation (id, client_id, customer_id, series_id, serial, request_key, reference, picked, amount, currency, held_until)
values (@id, @client_id, @customer_id, @series_id, @serial, @request_key, @reference, @picked, @amount, @currency, now() + @ttl::interval)
returning held_at, held_until, event_no;

-- name: ReservationGetByKey :one
select r.*, s.number from reservation r join series s on s.id = r.series_id where r.request_key = @request_key;

-- name: ReservationGet :one
-- A reservation of a client, while its customer is within the client's partners.
select r.*, s.number, customer.username, coalesce(customer.external_id, '')::text as external_id,
  (r.state = 'held' and r.held_until <= now())::boolean as over,
  coalesce((select payment.id from payment where payment.tx_id = r.tx_id), 0)::bigint as payment_id
from reservation r
join series s on s.id = r.series_id
join customer on customer.id = r.customer_id
where r.id = @id and r.client_id = @client_id
  and (@all_partners::boolean or customer.partner_id = any(@partner_ids::bigint[]));

-- name: ReservationGetForUpdate :one
select r.*, (r.held_until > now())::boolean as in_time, now()::timestamptz as at from reservation r
where r.id = @id and r.client_id = @client_id for update;

-- name: ReservationOfCard :one
-- The reservation that holds a card now.
select r.*, coalesce(c.name, '')::text as client_name from reservation r
join card on card.series_id = r.series_id and card.serial = r.serial and card.reserved_by = r.id and card.reserved_until > now() and card.state = 'active'
left join api_client c on c.id = r.client_id
where r.series_id = @series_id and r.serial = @serial and r.state = 'held';

-- name: ReservationEnd :exec
update reservation set state = @state, ended_at = now(), tx_id = sqlc.narg('tx_id')::bigint where id = @id;

-- name: ReservationCountSeries :one
-- The reservations that hold cards of a series now, and when the last of them ends.
select count(*) as held, coalesce(max(held_until), now())::timestamptz as until
from reservation where series_id = @series_id and state = 'held' and held_until > now();

-- name: ReservationBreak :execrows
-- Notes the first refusal of a commit. No row: it was noted before.
update reservation set broken_at = now() where id = @id and broken_at is null;

-- name: ReservationExpire :many
-- Marks reservations whose time is over, at most size of them.
update reservation set state = 'expired', ended_at = now() where id in (
  select id from reservation where state = 'held' and held_until <= now() order by held_until limit @size for update skip locked)
returning id, event_no, customer_id, (select series.number from series where series.id = reservation.series_id)::text as series, serial;

-- name: LedgerIDByKey :one
select id from ledger_tx where idempotency_key = @idempotency_key;

-- name: ReservationCountCustomer :one
-- The reservations that hold cards for a customer now.
select count(*) from reservation where customer_id = @customer_id and state = 'held' and held_until > now();
