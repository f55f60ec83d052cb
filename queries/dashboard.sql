-- name: DashboardRedemptions :many
-- Redemptions by day of the last thirty days, in a time zone, by customers of the partners
-- that the reader may see. Days without redemptions have no row.
select (t.at at time zone @time_zone::text)::date as day, count(*) as n, sum(p.amount)::bigint as total
from ledger_tx t
join payment p on p.tx_id = t.id
join customer c on c.id = p.customer_id
where t.kind = 'redeem' and t.at > now() - interval '31 days'
  and (@all_partners::boolean or c.partner_id = any(@partner_ids::bigint[]))
group by 1
order by 1;

-- name: DashboardOutstanding :one
-- What cards that are out there are worth, and how many they are.
select coalesce(sum((s.made - coalesce(t.gone, 0)) * s.price), 0)::bigint as value,
  coalesce(sum(s.made - coalesce(t.gone, 0)), 0)::bigint as cards
from series s
left join (select series_id, sum(used + void) as gone from series_tally group by series_id) t on t.series_id = s.id
where s.state in ('active', 'locked') and s.lapsed_at is null
  and (@all_partners::boolean or (not s.any_partner and not exists (
    select from series_partner sp where sp.series_id = s.id and sp.removed_at is null and (sp.partner_id = any(@partner_ids::bigint[])) is not true)));

-- name: DashboardExpiring :many
-- Active series whose last day comes soon and that still have unused cards.
select s.number, s.prefix, s.valid_till, (s.made - coalesce(t.gone, 0))::bigint as unused
from series s
left join (select series_id, sum(used + disabled + void) as gone from series_tally group by series_id) t on t.series_id = s.id
where s.state = 'active' and s.made > coalesce(t.gone, 0)
  and card_expires_at(s.valid_till, s.time_zone) between now() and now() + interval '14 days'
  and (@all_partners::boolean or (not s.any_partner and not exists (
    select from series_partner sp where sp.series_id = s.id and sp.removed_at is null and (sp.partner_id = any(@partner_ids::bigint[])) is not true)))
order by s.valid_till
limit 5;
