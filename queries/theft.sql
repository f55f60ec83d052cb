-- name: TheftCursorLock :one
-- Locks the cursor and returns whether the audit rows up to bound can be examined. No row:
-- another worker holds the lock. The rows can be examined after the end of every transaction
-- that was writing to the trail when bound was taken, because such a transaction may commit a
-- row with a lower id. Transactions of the program end within two minutes. After five minutes
-- the cursor no longer waits for a transaction.
select through, bound, (bound_at < now() - interval '5 minutes' or not waits && audit_writers())::boolean as ripe
from theft_cursor for update skip locked;

-- name: TheftCursorMove :exec
update theft_cursor set through = @through;

-- name: TheftCursorBound :one
-- Takes the next bound after through has reached the last one, and returns whether there are
-- rows to examine. The snapshot of the rows is taken before the locks of writers are read: a
-- row that is missing in the snapshot belongs to a transaction that holds such a lock, or to
-- one that has ended since, whose rows the examination then reads.
update theft_cursor set bound = greatest(bound, (select max(id) from audit)), bound_at = now(),
  waits = audit_writers()
where through = bound
returning (bound > through)::boolean as more;

-- name: TheftBatch :many
-- The next page of redemptions, and of refusals that name a card, in the order of the audit
-- trail. Cards for tests are worth nothing and are left out.
select a.id, a.at, (a.action = 'card.redeemed')::boolean as redeemed, a.customer_id, a.staff_id, a.series_id, a.serial, a.address,
  coalesce(theft_refusal(a.detail), '')::text as refusal,
  p.amount, c.revealed_at, k.partner_id
from audit a
left join customer k on k.id = a.customer_id
left join ledger_tx t on a.action = 'card.redeemed' and t.kind = 'redeem' and t.series_id = a.series_id and t.serial = a.serial
left join payment p on p.tx_id = t.id
left join card c on a.action = 'card.redeemed' and c.series_id = a.series_id and c.serial = a.serial
where a.id > @through and a.id <= @bound and a.action in ('card.redeemed', 'card.refused') and a.series_id is not null
  and not exists (select from series where series.id = a.series_id and series.currency = 'XTS')
order by a.id
limit @size;

-- name: TheftNeighbours :many
-- The cards in ranges of serials that were redeemed within a period.
select c.series_id, c.serial, c.used_at::timestamptz as used_at
from (select unnest(@series_ids::bigint[]) as series_id, unnest(@firsts::integer[]) as first, unnest(@lasts::integer[]) as last) r
join card c on c.series_id = r.series_id and c.serial between r.first and r.last
where c.state = 'used' and c.used_at > @since::timestamptz and c.used_at <= @until::timestamptz
order by c.series_id, c.serial;

-- name: TheftRunCount :one
-- The number, customers and value of the redemptions in a range of serials within a period.
select count(*)::integer as cards, count(distinct c.used_by)::integer as customers, coalesce(sum(s.price), 0)::bigint as value,
  coalesce(array_agg(distinct k.partner_id), '{}')::bigint[] as partner_ids,
  coalesce(min(c.used_at), @since)::timestamptz as first_at, coalesce(max(c.used_at), @until)::timestamptz as last_at
from card c
join series s on s.id = c.series_id
join customer k on k.id = c.used_by
where c.series_id = @series_id and c.serial between @first_serial and @last_serial
  and c.state = 'used' and c.used_at >= @since::timestamptz and c.used_at <= @until::timestamptz;

-- name: TheftTallyAdd :exec
insert into theft_tally as t (rule, subject, hour, cards, value, first_at, last_at)
select unnest(@rules::text[]), unnest(@subjects::text[]), unnest(@hours::timestamptz[]),
  unnest(@cards::integer[]), unnest(@values::bigint[]), unnest(@firsts::timestamptz[]), unnest(@lasts::timestamptz[])
on conflict (rule, subject, hour) do update set
  cards = t.cards + excluded.cards, value = t.value + excluded.value,
  first_at = least(t.first_at, excluded.first_at), last_at = greatest(t.last_at, excluded.last_at);

-- name: TheftTallySums :many
-- The sums of the redemptions of each subject within span up to an hour, for subjects with at
-- least @least cards. Redemptions before the last acknowledged alarm about a subject are left
-- out.
select a.rule::text as rule, a.subject::text as subject, a.hour::timestamptz as hour,
  sum(t.cards)::integer as cards, sum(t.value)::bigint as value,
  min(t.first_at)::timestamptz as first_at, max(t.last_at)::timestamptz as last_at
from (select unnest(@rules::text[]) as rule, unnest(@subjects::text[]) as subject, unnest(@hours::timestamptz[]) as hour) a
join theft_tally t on t.rule = a.rule and t.subject = a.subject and t.hour <= a.hour and t.hour > a.hour - @span::interval
where t.hour > coalesce((select max(l.acknowledged_at) from theft_alarm l
  where l.rule = a.rule and l.subject = a.rule || ':' || a.subject and l.state = 'acknowledged'), '-infinity')
group by a.rule, a.subject, a.hour
having sum(t.cards) >= @least::integer
order by a.rule, a.subject, a.hour;

-- name: TheftUsual :one
-- The usual number of cards and value: the lower median over all subjects with redemptions
-- within span up to an hour.
select count(*)::integer as active,
  coalesce(percentile_disc(0.5) within group (order by x.cards), 0)::integer as cards,
  coalesce(percentile_disc(0.5) within group (order by x.value), 0)::bigint as value
from (select sum(t.cards) as cards, sum(t.value) as value from theft_tally t
  where t.rule = sqlc.arg(rule) and t.hour <= sqlc.arg(hour)::timestamptz and t.hour > sqlc.arg(hour)::timestamptz - sqlc.arg(span)::interval group by t.subject) x;

-- name: TheftTallyDeleteOld :exec
delete from theft_tally where rule = any('{account,address}') and hour < now() - @keep::interval;

-- name: TheftAddressUse :one
-- The number of customers who redeemed from a network within a period, and their partners.
select count(distinct a.customer_id)::integer as customers, coalesce(array_agg(distinct k.partner_id), '{}')::bigint[] as partner_ids
from audit a join customer k on k.id = a.customer_id
where a.action = 'card.redeemed' and a.staff_id is null and a.address <<= cast(sqlc.arg(network)::text as inet)
  and a.at >= @since::timestamptz and a.at <= @until::timestamptz;

-- name: TheftRefused :many
-- The refused attempts at cards of series by rule, within span up to a time of each.
select r.series_id::bigint as series_id, r.rule::text as rule, count(distinct a.serial)::integer as cards, count(distinct a.customer_id)::integer as customers,
  min(a.serial)::integer as first_serial, max(a.serial)::integer as last_serial,
  min(a.at)::timestamptz as first_at, max(a.at)::timestamptz as last_at, array_agg(distinct k.partner_id)::bigint[] as partner_ids
from (select unnest(@series_ids::bigint[]) as series_id, unnest(@rules::text[]) as rule, unnest(@sinces::timestamptz[]) as since, unnest(@untils::timestamptz[]) as until) r
join audit a on a.series_id = r.series_id and a.action = 'card.refused' and theft_refusal(a.detail) = r.rule
  and a.at > r.until - @span::interval and a.at > r.since and a.at <= r.until
join customer k on k.id = a.customer_id
group by r.series_id, r.rule, r.until
order by r.series_id, r.rule, r.until;

-- name: TheftRevealers :many
-- The members of staff to whom the code of a given card was shown, with the number of cards
-- that were redeemed within span after their codes were shown to that person. Cards before
-- the last acknowledged alarm are left out. The scan of the trail begins ten minutes early, as
-- in GuessCountUnknown.
with shown as (
  select a.staff_id, a.series_id, a.serial, a.at from audit a
  where a.action = 'card.revealed' and a.staff_id is not null and a.at > sqlc.arg(since)::timestamptz
    and a.id >= coalesce((select first.id from audit first where first.at > sqlc.arg(since)::timestamptz - interval '10 minutes' order by first.at limit 1), 0)
), revealers as (
  select distinct shown.staff_id from shown
  join (select unnest(@series_ids::bigint[]) as series_id, unnest(@serials::integer[]) as serial) e
    on e.series_id = shown.series_id and e.serial = shown.serial
), gone as (
  select distinct on (shown.staff_id, c.series_id, c.serial) shown.staff_id, c.series_id, c.serial, shown.at, c.used_at, c.used_by
  from shown join revealers on revealers.staff_id = shown.staff_id
  join card c on c.series_id = shown.series_id and c.serial = shown.serial
  where c.state = 'used' and c.used_at > shown.at and c.used_at <= shown.at + @span::interval and c.used_at <= @until::timestamptz
    and c.used_at > coalesce((select max(l.acknowledged_at) from theft_alarm l
      where l.rule = 'revealed' and l.subject = 'revealed:' || shown.staff_id and l.state = 'acknowledged'), '-infinity')
  order by shown.staff_id, c.series_id, c.serial, shown.at
)
select g.staff_id::bigint as staff_id, count(*)::integer as cards, count(distinct g.used_by)::integer as customers, sum(s.price)::bigint as value,
  min(g.at)::timestamptz as first_at, max(g.used_at)::timestamptz as last_at, array_agg(distinct k.partner_id)::bigint[] as partner_ids
from gone g join series s on s.id = g.series_id and s.currency <> 'XTS' join customer k on k.id = g.used_by
group by g.staff_id
order by g.staff_id;

-- name: TheftAcknowledged :many
-- The time of the last acknowledgement of an alarm about each subject. Earlier events no longer
-- count.
select subject, max(acknowledged_at)::timestamptz as at from theft_alarm
where rule = @rule and state = 'acknowledged' and subject = any(@subjects::text[])
group by subject;

-- name: TheftAlarmOpenRuns :many
-- The oldest open alarm about a run of serials of a series that overlaps a range of serials.
select id, first_serial::integer as first_serial, last_serial::integer as last_serial, first_at from theft_alarm
where state = 'open' and rule = 'run' and subject = @subject and first_serial <= @last_serial::integer and last_serial >= @first_serial::integer
order by id
limit 1;

-- name: TheftAlarmOpen :one
select id from theft_alarm where state = 'open' and rule = @rule and subject = @subject and rule <> 'run';

-- name: TheftAlarmRaise :one
insert into theft_alarm (rule, subject, series_id, first_serial, last_serial, customer_id, staff_id, network, partner_ids,
  first_at, last_at, cards, customers, value, usual)
values (@rule, @subject, @series_id, @first_serial, @last_serial, @customer_id, @staff_id, @network, @partner_ids,
  @first_at, @last_at, @cards, @customers, @value, @usual)
returning id;

-- name: TheftAlarmExtend :exec
-- Extends an open alarm by further events. Figures never decrease.
update theft_alarm set
  first_serial = least(first_serial, @first_serial), last_serial = greatest(last_serial, @last_serial),
  first_at = least(first_at, @first_at), last_at = greatest(last_at, @last_at),
  cards = greatest(cards, @cards), customers = greatest(customers, @customers), value = greatest(value, @value),
  partner_ids = array(select distinct unnest(partner_ids || @partner_ids::bigint[]))
where id = @id and state = 'open';

-- name: TheftAlarmList :many
-- Alarms of a state, newest first, whose customers and series all belong to partners that the
-- reader may see. Alarms about staff are for readers of all partners only.
select sqlc.embed(a), s.number as series_number, s.state as series_state, k.name as customer_name, staff.name as staff_name, by.name as acknowledged_name
from theft_alarm a
left join series s on s.id = a.series_id
left join customer k on k.id = a.customer_id and (@all_partners::boolean or k.partner_id = any(@partner_ids::bigint[]))
left join staff on staff.id = a.staff_id
left join staff by on by.id = a.acknowledged_by
where a.state = @state and a.id < @before_id
  and (@all_partners::boolean or (a.partner_ids <@ @partner_ids::bigint[] and a.staff_id is null and (a.series_id is null or (not s.any_partner and not exists (
    select from series_partner sp where sp.series_id = s.id and sp.removed_at is null and (sp.partner_id = any(@partner_ids::bigint[])) is not true)))))
order by a.id desc
limit @size;

-- name: TheftAlarmGet :one
select sqlc.embed(a), s.number as series_number, s.state as series_state, k.name as customer_name, staff.name as staff_name, by.name as acknowledged_name
from theft_alarm a
left join series s on s.id = a.series_id
left join customer k on k.id = a.customer_id and (@all_partners::boolean or k.partner_id = any(@partner_ids::bigint[]))
left join staff on staff.id = a.staff_id
left join staff by on by.id = a.acknowledged_by
where a.id = @id
  and (@all_partners::boolean or (a.partner_ids <@ @partner_ids::bigint[] and a.staff_id is null and (a.series_id is null or (not s.any_partner and not exists (
    select from series_partner sp where sp.series_id = s.id and sp.removed_at is null and (sp.partner_id = any(@partner_ids::bigint[])) is not true)))));

-- name: TheftAlarmLock :exec
select from theft_alarm where id = @id for update;

-- name: TheftAlarmAcknowledge :execrows
update theft_alarm set state = 'acknowledged', acknowledged_by = @staff_id, acknowledged_at = now(), reason = @reason
where id = @id and state = 'open';

-- name: TheftAlarmCounts :many
-- The number of alarms of each rule, and of those that are open.
select rule, count(*) as raised, count(*) filter (where state = 'open') as open
from theft_alarm group by rule order by rule;

-- name: TheftAlarmEvents :many
-- The audit rows of an alarm, newest first: those of a range of serials of a series, of a
-- customer, or of a network. Series and customers of partners that the reader may not see are
-- not named.
select a.at, (a.action = 'card.redeemed')::boolean as redeemed, a.serial, a.address, a.staff_id,
  s.number as series_number, s.state as series_state, s.price, k.id as customer_id, k.name as customer_name
from audit a
left join series s on s.id = a.series_id and (@all_partners::boolean or (not s.any_partner and not exists (
  select from series_partner sp where sp.series_id = s.id and sp.removed_at is null and (sp.partner_id = any(@partner_ids::bigint[])) is not true)))
left join customer k on k.id = a.customer_id and (@all_partners::boolean or k.partner_id = any(@partner_ids::bigint[]))
where a.at >= @since::timestamptz and a.at <= @until::timestamptz
  and ((@refusal::text = '' and a.action = 'card.redeemed') or (@refusal::text <> '' and a.action = 'card.refused' and theft_refusal(a.detail) = @refusal::text))
  and (sqlc.narg(series_id)::bigint is null or (a.series_id = sqlc.narg(series_id) and a.serial between @first_serial::integer and @last_serial::integer))
  and (sqlc.narg(customer_id)::bigint is null or a.customer_id = sqlc.narg(customer_id))
  and (@network::text = '' or (a.staff_id is null and a.address <<= nullif(@network::text, '')::inet))
order by a.id desc
limit @size;

-- name: TheftAlarmReveals :many
-- The cards that were redeemed after their codes were shown to a member of staff.
select c.used_at::timestamptz as at, c.serial, s.number as series_number, s.state as series_state, s.price, k.id as customer_id, k.name as customer_name
from audit a
join card c on c.series_id = a.series_id and c.serial = a.serial
join series s on s.id = c.series_id
join customer k on k.id = c.used_by
where a.action = 'card.revealed' and a.staff_id = @staff_id and a.at >= @since::timestamptz and a.at <= @until::timestamptz
  and c.used_at > a.at and c.used_at <= @until::timestamptz
order by a.id desc
limit @size;
