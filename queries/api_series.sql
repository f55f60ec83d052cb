-- name: SeriesPage :many
-- Series as the API shows them, newest first, below an id; those that the reader may not see
-- are left out. Empty texts, 0 and null: no filter. status is the shown one. approval_id is
-- what a client asked a second person about the series; 0: nothing waits.
select sqlc.embed(s),
  array(select sp.partner_id from series_partner sp where sp.series_id = s.id and sp.removed_at is null order by sp.partner_id)::bigint[] as partner_ids,
  coalesce(t.used, 0)::bigint as used, coalesce(t.disabled, 0)::bigint as disabled, coalesce(t.void, 0)::bigint as void,
  (now() >= card_expires_at(s.valid_till, s.time_zone))::boolean as expired, now()::timestamptz as asked_at,
  coalesce((select max(a.id) from approval a where a.series_id = s.id and a.state = 'waiting' and a.expires_at > now()
    and a.client_id = @client_id::bigint and a.kind in ('activate', 'renewal', 'deletion')), 0)::bigint as approval_id
from series s
left join lateral (select sum(used) as used, sum(disabled) as disabled, sum(void) as void
  from series_tally where series_id = s.id) t on true
where s.id < @before_id
  and (@number::text = '' or s.number = @number)
  and (@status::text = '' or case when s.state in ('ready', 'active', 'locked') and now() >= card_expires_at(s.valid_till, s.time_zone)
    then 'expired' else s.state::text end = @status)
  and (@partner_id::bigint = 0 or exists (select from series_partner sp where sp.series_id = s.id and sp.partner_id = @partner_id and sp.removed_at is null))
  and (sqlc.narg(created_from)::timestamptz is null or s.created_at >= sqlc.narg(created_from))
  and (sqlc.narg(created_to)::timestamptz is null or s.created_at < sqlc.narg(created_to))
  and (@all_partners::boolean or (not s.any_partner and not exists (
    select from series_partner sp where sp.series_id = s.id and sp.removed_at is null and (sp.partner_id = any(@partner_ids::bigint[])) is not true)))
  and not exists (select from series_partner sp where sp.series_id = s.id and sp.removed_at is null and sp.partner_id = any(@hidden_ids::bigint[]))
order by s.id desc
limit @size;

-- name: ApprovalOfClient :one
-- A request that an API client has made for a second person. Any other is not found.
select sqlc.embed(a), coalesce(s.number, '')::text as series_number, coalesce(decider.name, '')::text as decided_name,
  (a.state = 'waiting' and a.expires_at <= now())::boolean as expired
from approval a
left join series s on s.id = a.series_id
left join staff decider on decider.id = a.decided_by
where a.id = @id and a.client_id = @client_id::bigint
  and approval_is_for(a.series_id, a.customer_id, a.partner_ids, @all_partners::boolean, @partner_ids::bigint[]);

-- name: ApprovalWaitingOfClient :one
-- The last open request of a client about a series, about a file, or under an idempotency key.
select a.id from approval a
where a.client_id = @client_id::bigint and a.state = 'waiting'
  and (a.series_id = sqlc.narg(series_id)::bigint and a.kind in ('activate', 'renewal', 'deletion')
    or a.export_id = sqlc.narg(export_id)::bigint or a.request_key = sqlc.narg(request_key)::uuid)
order by a.id desc
limit 1;

-- name: KeyDone :one
-- Whether an idempotency key of the API has made something already.
select (exists (select from customer where request_key = @key::uuid)
  or exists (select from series where order_key = @key::uuid)
  or exists (select from card_change where request_key = @key::uuid)
  or exists (select from export where request_key = @key::uuid))::boolean;
