-- name: ApprovalCreate :one
-- No row where the activation of the series is asked for already.
insert into approval (kind, series_id, export_id, value, price, cards, before, requested_by)
values (@kind, @series_id, sqlc.narg(export_id), @value, @price, @cards, @before, @requested_by)
on conflict (series_id) where kind = 'activate' and state = 'waiting' do nothing
returning id;

-- name: ApprovalGet :one
-- One request; one about a series beyond the asking person's partners is not found.
select a.* from approval a
join series s on s.id = a.series_id
where a.id = @id
  and (@all_partners::boolean or (not s.any_partner and not exists (
    select from series_partner sp where sp.series_id = s.id and sp.removed_at is null and sp.partner_id <> all(@partner_ids::bigint[]))));

-- name: ApprovalGetForUpdate :one
select sqlc.embed(a), (a.expires_at <= now())::boolean as expired, (staff.disabled_at is not null)::boolean as asker_gone
from approval a
join staff on staff.id = a.requested_by
where a.id = @id
for update of a;

-- name: ApprovalShared :one
-- Whether one of two members of staff knows the other's password: they set it, and
-- its owner has not changed it since.
select exists (
  select from (values (sqlc.arg(one)::bigint, sqlc.arg(other)::bigint), (sqlc.arg(other)::bigint, sqlc.arg(one)::bigint)) as pair(owner, by)
  cross join lateral (
    select set.staff_id from audit set
    where (set.action in ('staff.created', 'staff.password_reset') and set.detail->>'staff_id' = pair.owner::text)
      or (set.action = 'staff.password_changed' and set.staff_id = pair.owner)
    order by set.id desc limit 1) as last
  where last.staff_id = pair.by);

-- name: ApprovalEnd :execrows
update approval set state = @state, decided_by = sqlc.narg(decided_by), decided_at = now(), reason = @reason
where id = @id and state = 'waiting';

-- name: ApprovalEndSeries :many
-- What was asked for a series that is no more.
update approval set state = 'withdrawn', decided_at = now() where series_id = @series_id and state = 'waiting'
returning id;

-- name: ApprovalEndExport :many
update approval set state = 'withdrawn', decided_at = now() where export_id = @export_id and state = 'waiting'
returning id;

-- name: ApprovalListExpired :many
select id from approval where state = 'waiting' and expires_at <= now();

-- name: ApprovalOfExport :one
-- Up to which value a file was approved; 0: it was not.
select coalesce((select value from approval where export_id = @export_id and state = 'approved'), 0)::bigint;

-- name: ApprovalList :many
-- What waits first, then what was decided lately.
select sqlc.embed(a), s.number as series_number, s.prefix as series_prefix, s.currency, asker.name as asked_by, coalesce(decider.name, '')::text as decided_name,
  coalesce(e.format::text, '')::text as format,
  coalesce(e.options->>'reason', '')::text as wanted_for, (a.state = 'waiting' and a.expires_at <= now())::boolean as expired
from approval a
join series s on s.id = a.series_id
join staff asker on asker.id = a.requested_by
left join staff decider on decider.id = a.decided_by
left join export e on e.id = a.export_id
where (@series_id::bigint = 0 or a.series_id = @series_id)
  and (not @waiting::boolean or a.state = 'waiting')
  and (@all_partners::boolean or (not s.any_partner and not exists (
    select from series_partner sp where sp.series_id = s.id and sp.removed_at is null and sp.partner_id <> all(@partner_ids::bigint[]))))
order by (a.state = 'waiting') desc, a.id desc
limit 100;

-- name: ApprovalCount :one
-- How many wait for a decision that this person may take.
select count(*) from approval a
join series s on s.id = a.series_id
where a.state = 'waiting' and a.expires_at > now() and a.requested_by <> @staff_id
  and (@all_partners::boolean or (not s.any_partner and not exists (
    select from series_partner sp where sp.series_id = s.id and sp.removed_at is null and sp.partner_id <> all(@partner_ids::bigint[]))));

-- name: ApprovalNotify :exec
select pg_notify('refill', json_build_object('kind', 'approval', 'id', @id::bigint)::text);
