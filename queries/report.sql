-- name: ReportSeries :many
-- Every series that the reader may see: its cards by state now, its redemptions within a
-- period (from the ledger), its outstanding value. A series is for a partner when it names
-- the partner; partner -1 selects the series for any partner. Only series in the currency of
-- the report count, here and below.
select s.id, s.number, s.prefix, s.price, s.currency, s.quantity, s.made, s.state, s.any_partner, s.valid_till,
  array(select p.name from series_partner sp join partner p on p.id = sp.partner_id
    where sp.series_id = s.id and sp.removed_at is null order by p.name)::text[] as partner_names,
  coalesce(t.used, 0)::bigint as used, coalesce(t.disabled, 0)::bigint as disabled, coalesce(t.void, 0)::bigint as void,
  coalesce(o.own, 0)::bigint as own_date, coalesce(o.passed, 0)::bigint as own_date_passed,
  (now() >= card_expires_at(s.valid_till, s.time_zone))::boolean as expired,
  coalesce(r.n, 0)::bigint as redeemed, coalesce(r.total, 0)::bigint as redeemed_sum,
  case when s.state in ('active', 'locked') and s.lapsed_at is null
    then (s.made - coalesce(t.used, 0) - coalesce(t.void, 0)) * s.price else 0 end::bigint as outstanding
from series s
left join (select series_id, sum(used) as used, sum(disabled) as disabled, sum(void) as void from series_tally group by series_id) t on t.series_id = s.id
left join lateral (select count(*) as own, count(*) filter (where now() >= card_expires_at(c.valid_till, s.time_zone)) as passed
  from card c where c.series_id = s.id and c.valid_till is not null and c.state = 'active') o on true
left join (select l.series_id, count(*) as n, sum(p.amount) as total
  from ledger_tx l join payment p on p.tx_id = l.id
  where l.kind = 'redeem' and l.at >= @from_at and l.at < @till_at group by l.series_id) r on r.series_id = s.id
where s.currency = @currency::text
  and (@partner_id::bigint = 0 or (@partner_id = -1 and s.any_partner) or exists (
    select from series_partner sp where sp.series_id = s.id and sp.removed_at is null and sp.partner_id = @partner_id))
  and (@all_partners::boolean or (not s.any_partner and not exists (
    select from series_partner sp where sp.series_id = s.id and sp.removed_at is null and (sp.partner_id = any(@partner_ids::bigint[])) is not true)))
order by s.id desc;

-- name: ReportMovements :many
-- The movements on the provider's accounts of one kind (outstanding or breakage), by
-- period and kind of movement. Movements after the end of the requested time are one
-- period of their own, the year 9999, so that the caller can compute earlier balances from
-- the current one.
select case when l.at >= @till_at then date '9999-12-31'
  else date_trunc(@unit::text, l.at at time zone @time_zone::text)::date end::date as period, l.kind,
  count(*) as n, sum(e.amount)::bigint as total
from ledger_tx l
join ledger_entry e on e.tx_id = l.id
join account a on a.id = e.account_id and a.kind = @account and a.currency = @currency
join series s on s.id = l.series_id
where l.at >= @from_at
  and (@partner_id::bigint = 0 or (@partner_id = -1 and s.any_partner) or exists (
    select from series_partner sp where sp.series_id = s.id and sp.removed_at is null and sp.partner_id = @partner_id))
  and (@all_partners::boolean or (not s.any_partner and not exists (
    select from series_partner sp where sp.series_id = s.id and sp.removed_at is null and (sp.partner_id = any(@partner_ids::bigint[])) is not true)))
group by 1, 2
order by 1, 2;

-- name: ReportRedemptions :many
-- Redemptions by day and by the partner that the customer had at that time.
select (l.at at time zone @time_zone::text)::date as day, p.partner_id, count(*) as n, sum(p.amount)::bigint as total
from ledger_tx l join payment p on p.tx_id = l.id
where l.kind = 'redeem' and l.at >= @from_at and l.at < @till_at
  and p.currency = @currency
  and (@partner_id::bigint <= 0 or p.partner_id = @partner_id)
  and (@all_partners::boolean or p.partner_id = any(@partner_ids::bigint[]))
group by 1, 2
order by 1, 2;

-- name: ReportTimeToUse :many
-- How many cards of each series were redeemed within a period so many whole days
-- after the activation of their series. Counted, not sorted: percentiles of a
-- million redemptions in SQL take ten times as long.
select s.number, (greatest(extract(epoch from l.at - s.activated_at), 0)::bigint / 86400)::bigint as days, count(*) as n
from ledger_tx l
join series s on s.id = l.series_id and s.activated_at is not null
join payment p on p.tx_id = l.id
where l.kind = 'redeem' and l.at >= @from_at and l.at < @till_at
  and p.currency = @currency
  and (@partner_id::bigint <= 0 or p.partner_id = @partner_id)
  and (@all_partners::boolean or p.partner_id = any(@partner_ids::bigint[]))
group by s.id, 2
order by s.id desc, 2;

-- name: ReportPartners :many
-- The partners of reports; no report counts test partners.
select id, name from partner
where (@all_partners::boolean or id = any(@partner_ids::bigint[])) and not test
order by name;

-- name: ReportToday :one
-- The day now in a time zone, by the database's clock, and that of the first
-- movement of the ledger.
select (now() at time zone @time_zone::text)::date as today,
  (coalesce((select min(at) from ledger_tx), now()) at time zone @time_zone::text)::date as first;
