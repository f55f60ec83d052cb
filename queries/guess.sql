-- name: GuessCharge :many
-- Charges an attempt to both scopes, a person and an address, and returns whether the attempt
-- is allowed, in one statement: a limiter that checks first and counts later lets concurrent
-- guesses through. Reaching soft_limit bars the scope; the bar doubles with every further
-- attempt up to top_pause (backoff). Reaching hard_limit bars it for hard_pause. An attempt in
-- a barred scope is not looked up and charges neither scope, so that a barred address can't
-- bar the persons whose names it knows. The commit does not wait for the disk, because an
-- attempt that is lost in a crash loses no money.
with calm as materialized (select set_config('synchronous_commit', 'off', true)),
closed as materialized (
  select scope, n, barred_until from guess where scope = sqlc.arg(address)::text and barred_until > now()
), who as (
  insert into guess as g (scope, n, since, allowed) select sqlc.arg(who)::text, 1, now(), true from calm
  where not exists (select from closed)
  on conflict (scope) do update set
    allowed = coalesce(g.barred_until <= now(), true),
    n = case when g.barred_until > now() then g.n
             when g.since < now() - sqlc.arg(who_window)::interval then 1
             else g.n + 1 end,
    since = case when g.since < now() - sqlc.arg(who_window)::interval and coalesce(g.barred_until <= now(), true) then now() else g.since end,
    barred_until = case
      when g.barred_until > now() then g.barred_until
      when g.since < now() - sqlc.arg(who_window)::interval then null
      when g.n + 1 >= sqlc.arg(hard_limit)::integer then now() + sqlc.arg(hard_pause)::interval
      when g.n + 1 >= sqlc.arg(soft_limit)::integer
        then now() + least(sqlc.arg(first_pause)::interval * power(2, least(g.n + 1 - sqlc.arg(soft_limit)::integer, 20)), sqlc.arg(top_pause)::interval)
    end
  returning scope, n, allowed, barred_until
), address as (
  insert into guess as g (scope, n, since, allowed) select sqlc.arg(address)::text, 1, now(), true from who where who.allowed
  on conflict (scope) do update set
    allowed = coalesce(g.barred_until <= now(), true),
    n = case when g.barred_until > now() then g.n
             when g.since < now() - sqlc.arg(address_window)::interval then 1
             else g.n + 1 end,
    since = case when g.since < now() - sqlc.arg(address_window)::interval and coalesce(g.barred_until <= now(), true) then now() else g.since end,
    barred_until = case
      when g.barred_until > now() then g.barred_until
      when g.since < now() - sqlc.arg(address_window)::interval then null
      when g.n + 1 >= sqlc.arg(address_limit)::integer then now() + sqlc.arg(address_window)::interval
    end
  returning scope, n, allowed, barred_until
)
select scope, n, allowed, barred_until from who
union all
select scope, n, allowed, barred_until from address
union all
select scope, n, false, barred_until from closed;

-- name: GuessForgive :exec
-- Takes back the charges of attempts that redeemed a card: as many attempts of their address,
-- and the whole count of each person with its bar. The bar of the address is lifted if its
-- count falls below the limit. Locks are taken in the order of GuessCharge, and those of
-- persons in the order of their scopes, to avoid deadlocks.
with calm as materialized (select set_config('synchronous_commit', 'off', true)),
locked as materialized (
  select g.scope from calm, guess g where g.scope = any(sqlc.arg(who)::text[]) order by g.scope for update of g
), who as (
  update guess g set n = 0, barred_until = null from locked where g.scope = locked.scope
  returning g.scope
)
update guess g set n = greatest(g.n - sqlc.arg(attempts)::integer, 0),
  barred_until = case when g.n - sqlc.arg(attempts)::integer < sqlc.arg(address_limit)::integer then null else g.barred_until end
from (select count(*) from who) as after_who
where g.scope = sqlc.arg(address)::text;

-- name: GuessTakeBack :exec
-- Takes back the charge of a right attempt that spent no card, and a bar that this charge
-- set. The count does not restart as in GuessForgive: otherwise looking at one valid card
-- between guesses would prevent every bar. Locks are taken in the order of GuessCharge.
with calm as materialized (select set_config('synchronous_commit', 'off', true)),
who as (
  update guess set n = greatest(n - 1, 0),
    barred_until = case when barred_until = sqlc.narg(who_bar)::timestamptz then null else barred_until end
  from calm where scope = sqlc.arg(who)::text
  returning scope
)
update guess g set n = greatest(g.n - 1, 0),
  barred_until = case when g.barred_until = sqlc.narg(address_bar)::timestamptz then null else g.barred_until end
from (select count(*) from who) as after_who
where g.scope = sqlc.arg(address)::text;

-- name: GuessClear :execrows
-- Lifts the bar of a scope.
update guess set n = 0, barred_until = null where scope = sqlc.arg(scope);

-- name: GuessClearAll :exec
-- Lifts every bar of a person.
update guess set n = 0, barred_until = null where scope = any(@scopes::text[]);

-- name: GuessDeleteOld :execrows
delete from guess where since < now() - interval '31 days' and coalesce(barred_until < now(), true);

-- name: GuessGet :one
-- The end of the longest present bar of some scopes. No row: there is none.
select barred_until from guess where scope = any(@scopes::text[]) and barred_until > now()
order by barred_until desc
limit 1;

-- name: GuessCountUnknown :many
-- The number of well-formed codes without a card that were tried within the last hour, by
-- partner. It counts rows of the audit trail, which every refusal writes, so that portal and
-- staff pages share one count. A code that staff looked up without a customer counts for each
-- of their partners. Codes looked up by staff of all partners count in a row with the id 0,
-- which is left out if it is empty. The scan of the trail begins 70 minutes ago: ids follow
-- times except for transactions in progress, for which ten minutes are added.
with unknown as (
  select a.customer_id, a.staff_id
  from audit a
  where a.action = 'card.refused' and a.detail->>'reason' = 'card_unknown' and a.at > now() - interval '1 hour'
    and a.id >= (select first.id from audit first where first.at > now() - interval '70 minutes' order by first.at limit 1)
), tried as (
  select c.partner_id, count(*) as n
  from unknown u join customer c on c.id = u.customer_id
  group by c.partner_id
  union all
  select case when staff.all_partners then 0 else sp.partner_id end, count(*)
  from unknown u join staff on staff.id = u.staff_id
  left join staff_partner sp on sp.staff_id = staff.id and not staff.all_partners
  where u.customer_id is null
  group by 1
), counted as (
  select partner_id, sum(n)::bigint as n from tried group by partner_id
)
select partner.id, partner.name, coalesce(counted.n, 0)::bigint as unknown
from partner
left join counted on counted.partner_id = partner.id
where @all_partners::boolean or partner.id = any(@partner_ids::bigint[])
union all
select 0, 'All partners', counted.n from counted where counted.partner_id = 0 and @all_partners::boolean
order by unknown desc, id;

-- name: GuessChargeHits :one
-- Charges the existing cards that an import file names, n at once. Unlike typed codes they are
-- known to be right. Reaching hard_limit bars the scope for hard_pause. Further cards during
-- the bar extend it.
insert into guess as g (scope, n, since, allowed, barred_until)
values (@scope, @n, now(), true, case when @n >= sqlc.arg(hard_limit)::integer then now() + sqlc.arg(hard_pause)::interval end)
on conflict (scope) do update set
  n = case when g.since < now() - sqlc.arg(hard_pause)::interval and coalesce(g.barred_until <= now(), true) then @n else g.n + @n end,
  since = case when g.since < now() - sqlc.arg(hard_pause)::interval and coalesce(g.barred_until <= now(), true) then now() else g.since end,
  barred_until = case
    when (case when g.since < now() - sqlc.arg(hard_pause)::interval and coalesce(g.barred_until <= now(), true) then @n else g.n + @n end) >= sqlc.arg(hard_limit)::integer
      then now() + sqlc.arg(hard_pause)::interval
    else g.barred_until end
returning coalesce(barred_until > now(), false)::boolean as barred;
