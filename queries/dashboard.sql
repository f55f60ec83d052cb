-- name: DashboardRedemptions :many
-- Redemptions by day since a point in time, in a time zone, by customers of the partners
-- that the reader may see. Days without redemptions have no row. What is for testing counts
-- nowhere on the dashboard.
select (t.at at time zone @time_zone::text)::date as day, count(*) as n, sum(p.amount)::bigint as total
from ledger_tx t
join payment p on p.tx_id = t.id
join customer c on c.id = p.customer_id
where t.kind = 'redeem' and t.at >= @from_at and p.currency <> 'XTS'
  and (@all_partners::boolean or c.partner_id = any(@partner_ids::bigint[]))
group by 1
order by 1;

-- name: DashboardTopSeries :many
-- The series with the highest redeemed sum since a point in time.
select s.number, s.prefix, t.n, t.total
from (
  select l.series_id, count(*) as n, sum(p.amount)::bigint as total
  from ledger_tx l join payment p on p.tx_id = l.id
  where l.kind = 'redeem' and l.at >= @from_at and p.currency <> 'XTS'
  group by l.series_id
) t
join series s on s.id = t.series_id
where @all_partners::boolean or (not s.any_partner and not exists (
  select from series_partner sp where sp.series_id = s.id and sp.removed_at is null and (sp.partner_id = any(@partner_ids::bigint[])) is not true))
order by t.total desc, s.id desc
limit 5;

-- name: DashboardOutstanding :one
-- The face value and the number of cards that can still be redeemed, and those among them
-- whose series expires within 30 days.
select coalesce(sum(left_over * price), 0)::bigint as value, coalesce(sum(left_over), 0)::bigint as cards,
  coalesce(sum(left_over * price) filter (where soon), 0)::bigint as soon_value, coalesce(sum(left_over) filter (where soon), 0)::bigint as soon_cards
from (
  select s.price, (s.made - coalesce(t.gone, 0)) as left_over,
    card_expires_at(s.valid_till, s.time_zone) between now() and now() + interval '30 days' as soon
  from series s
  left join (select series_id, sum(used + void) as gone from series_tally group by series_id) t on t.series_id = s.id
  where s.state in ('active', 'locked') and s.lapsed_at is null and s.currency <> 'XTS'
    and (@all_partners::boolean or (not s.any_partner and not exists (
      select from series_partner sp where sp.series_id = s.id and sp.removed_at is null and (sp.partner_id = any(@partner_ids::bigint[])) is not true)))
) open;

-- name: DashboardExpiring :many
-- Active series whose last day comes soon and that still have unused cards.
select s.number, s.prefix, s.valid_till, (s.made - coalesce(t.gone, 0))::bigint as unused
from series s
left join (select series_id, sum(used + disabled + void) as gone from series_tally group by series_id) t on t.series_id = s.id
where s.state = 'active' and s.currency <> 'XTS' and s.made > coalesce(t.gone, 0)
  and card_expires_at(s.valid_till, s.time_zone) between now() and now() + interval '14 days'
  and (@all_partners::boolean or (not s.any_partner and not exists (
    select from series_partner sp where sp.series_id = s.id and sp.removed_at is null and (sp.partner_id = any(@partner_ids::bigint[])) is not true)))
order by s.valid_till
limit 5;

-- name: DashboardInactive :one
-- The number of series that were made at least a day ago and were never activated, and the
-- newest of them.
select count(*) as n, coalesce(max(s.number), '')::text as newest
from series s
where s.currency <> 'XTS' and s.state = 'ready' and s.activated_at is null and s.lapsed_at is null and s.created_at < now() - interval '1 day'
  and (@all_partners::boolean or (not s.any_partner and not exists (
    select from series_partner sp where sp.series_id = s.id and sp.removed_at is null and (sp.partner_id = any(@partner_ids::bigint[])) is not true)));

-- name: DashboardImports :many
-- Imports of the reader whose dry run has ended and that are not confirmed. Staff of all
-- partners see the imports of others too.
select i.id, i.kind, i.file_name, staff.name as created_by_name
from card_import i
join staff on staff.id = i.created_by
where i.state = 'checked' and i.confirmed_by is null and (@all_partners::boolean or i.created_by = @staff_id)
order by i.id desc
limit 5;

-- name: DashboardAsked :one
-- The number of open requests that the reader made.
select count(*) from approval a
where a.state = 'waiting' and a.expires_at > now() and a.requested_by = @staff_id;

-- name: DashboardSetup :one
-- What a new installation has already: a partner, a customer, a series, a redeemed card, a
-- second administrator, and the second factor of the reader.
select exists (select from partner where disabled_at is null and not test)::boolean as partner,
  exists (select from account where customer_id is not null and currency <> 'XTS')::boolean as customer,
  exists (select from series where state not in ('failed', 'cancelled') and currency <> 'XTS')::boolean as series,
  exists (select from payment where type = 'refill_card' and currency <> 'XTS')::boolean as redeemed,
  (select count(*) >= 2 from staff join role on role.id = staff.role_id
    where staff.disabled_at is null and staff.all_partners and role.everything)::boolean as second_administrator,
  exists (select from staff_second_factor f where f.staff_id = @staff_id)::boolean as second_factor;

-- name: SeriesRedemptions :many
-- Redemptions of the cards of a series by day in a time zone. Days without redemptions have
-- no row.
select (t.at at time zone @time_zone::text)::date as day, count(*) as n, sum(p.amount)::bigint as total
from ledger_tx t
join payment p on p.tx_id = t.id
where t.kind = 'redeem' and t.series_id = @series_id::bigint
group by 1
order by 1;
