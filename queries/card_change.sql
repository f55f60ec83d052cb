-- name: CardGetForUpdate :one
-- Locks a card and returns what decides whether it may be changed. The caller holds the shared
-- lock of its series.
select c.state, c.valid_till, c.partner_id, c.remark, c.key_id, c.code_sealed, c.reserved_until,
  coalesce(c.reserved_until > now(), false)::boolean as reserved
from card c
where c.series_id = @series_id and c.serial = @serial
for no key update;

-- name: CardEdit :exec
-- Used and void cards never change. The caller has checked the state under the row lock.
update card set valid_till = @valid_till, partner_id = @partner_id, remark = @remark
where series_id = @series_id and serial = @serial and state in ('active', 'disabled');

-- name: CardSetState :exec
update card set state = @state
where series_id = @series_id and serial = @serial and state in ('active', 'disabled');

-- name: CardWidens :one
-- Whether a change of a card's own partner lets more customers redeem it.
select card_widens(s.id, s.partner_lock, s.any_partner, sqlc.narg('before')::bigint, sqlc.narg('after')::bigint)
from series s where s.id = @series_id;

-- name: CardReveal :exec
update card set revealed_at = now() where series_id = @series_id and serial = @serial;

-- name: CardCountRevealed :one
-- The number of unused cards of a series whose codes were shown to staff.
select count(*) from card where series_id = @series_id and revealed_at is not null and state in ('active', 'disabled');

-- name: CardChangeCount :many
-- The dry run of an operation: the cards of a selection by state and shown status, with the
-- number of those that are in the wanted state already. Equal cards are counted before the
-- status is computed, because a million cards have only a few kinds.
select x.shown, x.state, sum(x.cards)::bigint as cards,
  coalesce(sum(x.cards) filter (where x.already), 0)::bigint as already,
  coalesce(sum(x.cards) filter (where x.widens), 0)::bigint as widened
from (
  select k.state, k.cards, card_widens(s.id, s.partner_lock, s.any_partner, k.partner_id, sqlc.narg('partner_id')::bigint) as widens, card_shown(k.state, s.state, now() >= card_expires_at(coalesce(k.valid_till, s.valid_till), s.time_zone)) as shown,
    case @operation::card_operation
      when 'enable' then k.state = 'active'
      when 'disable' then k.state = 'disabled'
      when 'extend' then k.valid_till is not distinct from sqlc.narg('valid_till')::date
      when 'partner' then k.partner_id is not distinct from sqlc.narg('partner_id')::bigint
      else false end and k.state in ('active', 'disabled') as already
  from (
    select c.state, c.valid_till, c.partner_id, count(*) as cards
    from card c
    where c.series_id = @series_id and c.serial between @first_serial and @last_serial
      and (sqlc.narg('serials')::integer[] is null or c.serial = any(sqlc.narg('serials')::integer[]))
    group by c.state, c.valid_till, c.partner_id
  ) k join series s on s.id = @series_id
) x
where @status::text = '' or x.shown = @status
group by x.shown, x.state
order by x.shown, x.state;

-- name: CardChangeCreate :one
insert into card_change (series_id, operation, first_serial, last_serial, serials, status, valid_till, partner_id, total, cursor, request_key, created_by, client_id)
values (@series_id, @operation, @first_serial, @last_serial, sqlc.narg('serials')::integer[], @status, @valid_till, @partner_id, @total, @cursor, @request_key, @created_by, sqlc.narg(client_id))
returning id;

-- name: CardChangeSetJob :exec
update card_change set job_id = @job_id where id = @id;

-- name: CardChangeGetByRequestKey :one
select id, series_id, operation, created_by from card_change where request_key = @request_key;

-- name: CardChangeGet :one
-- An operation, if its series is within the partners of the reader.
select sqlc.embed(ch), s.number as series_number, s.currency, staff.name as created_by_name, api_client.name as client_name,
  coalesce(partner.name, '')::text as partner_name, now()::timestamptz as asked_at
from card_change ch
join series s on s.id = ch.series_id
join staff on staff.id = ch.created_by
left join api_client on api_client.id = ch.client_id
left join partner on partner.id = ch.partner_id
where ch.id = @id
  and (@all_partners::boolean or (not s.any_partner and not exists (
    select from series_partner sp where sp.series_id = s.id and sp.removed_at is null and (sp.partner_id = any(@partner_ids::bigint[])) is not true)));

-- name: CardChangeGetForUpdate :one
select * from card_change where id = @id for no key update;

-- name: CardChangeTake :many
-- Locks the next cards of an operation in the order of serials. Cards with another shown
-- status than the operation selects are included, so that the cursor advances.
select c.serial, c.state, c.valid_till, c.partner_id,
  card_shown(c.state, s.state, now() >= card_expires_at(coalesce(c.valid_till, s.valid_till), s.time_zone)) as shown,
  card_widens(s.id, s.partner_lock, s.any_partner, c.partner_id, sqlc.narg('partner_id')::bigint) as widens,
  coalesce(c.reserved_until > now(), false)::boolean as reserved
from card c join series s on s.id = c.series_id
where c.series_id = @series_id and c.serial > @after_serial and c.serial <= @last_serial
  and (sqlc.narg('serials')::integer[] is null or c.serial = any(sqlc.narg('serials')::integer[]))
order by c.series_id, c.serial
limit @size
for no key update of c;

-- name: CardSetStates :execrows
update card set state = @state
where series_id = @series_id and serial = any(@serials::integer[]) and state in ('active', 'disabled');

-- name: CardSetTills :execrows
update card set valid_till = @valid_till
where series_id = @series_id and serial = any(@serials::integer[]) and state in ('active', 'disabled');

-- name: CardSetPartners :execrows
update card set partner_id = @partner_id
where series_id = @series_id and serial = any(@serials::integer[]) and state in ('active', 'disabled');

-- name: CardChangePartCreate :exec
insert into card_change_part (change_id, first_serial, last_serial, serials, befores, outcomes)
values (@change_id, @first_serial, @last_serial, @serials, @befores, @outcomes);

-- name: CardChangeAdvance :exec
update card_change set state = 'running', started_at = coalesce(started_at, now()), cursor = @cursor,
  changed = changed + @changed, already = already + @already,
  kept_used = kept_used + @kept_used, kept_void = kept_void + @kept_void, kept_reserved = kept_reserved + @kept_reserved, value_moved = value_moved + @value_moved
where id = @id;

-- name: CardChangeFinish :exec
update card_change set state = @state, failure = @failure, finished_at = now() where id = @id;

-- name: CardChangeRequeue :exec
-- Queues a failed operation again. The rest of it counts within the limit of retried_by.
update card_change set state = 'queued', failure = '', finished_at = null, retried_by = sqlc.narg(retried_by) where id = @id;

-- name: CardChangeListSeries :many
select sqlc.embed(ch), staff.name as created_by_name, api_client.name as client_name
from card_change ch
join staff on staff.id = ch.created_by
left join api_client on api_client.id = ch.client_id
where ch.series_id = @series_id
order by ch.id desc
limit @size;

-- name: CardChangeListCard :many
-- The operations that changed a card, newest first.
select sqlc.embed(ch), staff.name as created_by_name, api_client.name as client_name, coalesce(partner.name, '')::text as partner_name
from card_change ch
join staff on staff.id = ch.created_by
left join api_client on api_client.id = ch.client_id
left join partner on partner.id = ch.partner_id
join card_change_part p on p.change_id = ch.id and @serial::integer between p.first_serial and p.last_serial
where ch.series_id = @series_id and ch.first_serial <= @serial and ch.last_serial >= @serial
  and p.outcomes[array_position(p.serials, @serial)] = 'changed'
order by ch.id desc
limit @size;

-- name: CardChangePartList :many
-- The outcomes of the cards of an operation, a page of parts at a time.
select first_serial, serials, befores, outcomes from card_change_part
where change_id = @change_id and first_serial > @after_serial
order by first_serial
limit @size;

-- name: CardChangeListStranded :many
-- Unfinished operations whose job has ended without them.
select ch.id from card_change ch
left join river_job j on j.id = ch.job_id
where ch.state in ('queued', 'running')
  and coalesce(j.state in ('cancelled', 'discarded', 'completed'), true);
