-- name: AuditCreate :exec
insert into audit (action, staff_id, customer_id, series_id, serial, address, request_id, detail)
values (@action, @staff_id, @customer_id, @series_id, @serial, @address, @request_id, @detail);

-- name: ActAnnounce :exec
-- Notifies every web process, at commit, of what an act has changed.
select pg_notify('refill', payload) from unnest(@payloads::text[]) as payload;

-- name: AuditListSeries :many
-- The acts on a series, newest first. Redemptions of its cards are left out; the pages of
-- the cards list them.
select audit.id, audit.at, audit.action, audit.detail, staff.name as staff_name, api_client.name as client_name
from audit
left join staff on staff.id = audit.staff_id
left join api_client on audit.detail -> 'by' ->> 'kind' = 'client' and api_client.id = (audit.detail -> 'by' ->> 'id')::bigint
where audit.series_id = @series_id and audit.serial is null
order by audit.id desc
limit @size;

-- name: AuditListCard :many
-- The acts on one card, newest first. A customer of another partner is not named.
select audit.id, audit.at, audit.action, audit.detail, audit.customer_id, staff.name as staff_name, api_client.name as client_name, customer.name as customer_name
from audit
left join staff on staff.id = audit.staff_id
left join api_client on audit.detail -> 'by' ->> 'kind' = 'client' and api_client.id = (audit.detail -> 'by' ->> 'id')::bigint
left join customer on customer.id = audit.customer_id
  and (@all_partners::boolean or customer.partner_id = any(@partner_ids::bigint[]))
where audit.series_id = @series_id and audit.serial = @serial::integer
order by audit.id desc
limit @size;

-- name: AuditList :many
-- The audit trail, newest first. Staff of some partners see their own acts, the acts that
-- concern customers of their partners, and, where no customer is concerned, acts on series
-- of their partners. For a refused code they see the card only where its series belongs to
-- their partners. "/" is the character after ".".
select audit.id, audit.at, audit.action, audit.detail, audit.address, audit.request_id, audit.serial, audit.customer_id,
  staff.name as staff_name, api_client.name as client_name, customer.name as customer_name, series.number as series_number
from audit
left join staff on staff.id = audit.staff_id
left join api_client on audit.detail -> 'by' ->> 'kind' = 'client' and api_client.id = (audit.detail -> 'by' ->> 'id')::bigint
left join customer on customer.id = audit.customer_id
left join series on series.id = audit.series_id and (@all_partners::boolean or audit.action <> 'card.refused' or (not series.any_partner and not exists (
  select from series_partner sp where sp.series_id = series.id and sp.removed_at is null and (sp.partner_id = any(@partner_ids::bigint[])) is not true)))
where audit.id < @before_id
  and (sqlc.narg(from_at)::timestamptz is null or audit.at >= sqlc.narg(from_at))
  and (sqlc.narg(until_at)::timestamptz is null or audit.at < sqlc.narg(until_at))
  and (sqlc.narg(staff_id)::bigint is null or audit.staff_id = sqlc.narg(staff_id))
  and (sqlc.narg(customer_id)::bigint is null or audit.customer_id = sqlc.narg(customer_id))
  and (sqlc.narg(series_id)::bigint is null or (audit.series_id = sqlc.narg(series_id) and (audit.action <> 'card.refused' or series.id is not null)))
  and (sqlc.narg(serial)::integer is null or audit.serial = sqlc.narg(serial))
  and (sqlc.narg(partner)::text is null or (audit.action >= 'partner.' and audit.action < 'partner/' and audit.detail ->> 'partner' = sqlc.narg(partner)))
  and (sqlc.narg(about_staff)::text is null or (audit.action >= 'staff.' and audit.action < 'staff/' and audit.detail ->> 'staff_id' = sqlc.narg(about_staff)))
  and (sqlc.narg(address)::inet is null or audit.address = sqlc.narg(address))
  and (@action_from::text = '' or (audit.action >= @action_from and audit.action < @action_until::text))
  and (@all_partners::boolean or audit.staff_id = @viewer_id::bigint
    or exists (select from customer c where c.id = audit.customer_id and c.partner_id = any(@partner_ids::bigint[]))
    or (audit.customer_id is null and exists (
      select from series s where s.id = audit.series_id and (s.any_partner or exists (
        select from series_partner p where p.series_id = s.id and p.partner_id = any(@partner_ids::bigint[]) and p.removed_at is null)))))
order by audit.id desc
limit @size;

-- name: AuditSeriesID :one
-- The series with a number, for the filter. The list itself decides which rows are shown.
select id from series where number = @number;

-- name: AuditFetchedLately :one
-- Whether a person has begun to download a file from an address within the last hour.
select exists (select from audit
  where action = 'export.downloaded' and series_id = @series_id and staff_id = @staff_id
    and address is not distinct from @address and detail ->> 'export' = @export::text and at > now() - interval '1 hour');
