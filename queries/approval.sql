-- name: ApprovalCreate :one
-- No row where the same request is open already.
insert into approval (kind, series_id, serial, customer_id, import_id, export_id, partner_ids, version,
  value, currency, price, cards, before, request_key, facts, requested_by, client_id, key_maker)
values (@kind, sqlc.narg(series_id), sqlc.narg(serial), sqlc.narg(customer_id), sqlc.narg(import_id), sqlc.narg(export_id), @partner_ids::bigint[], @version,
  @value, @currency, @price, @cards, @before, sqlc.narg(request_key), @facts, @requested_by, sqlc.narg(client_id), sqlc.narg(key_maker))
on conflict do nothing
returning id;

-- name: ApprovalGet :one
-- One request. It is not found where its subject belongs to partners that the reader may
-- not see.
select * from approval a
where a.id = @id
  and approval_is_for(a.series_id, a.customer_id, a.partner_ids, @all_partners::boolean, @partner_ids::bigint[]);

-- name: ApprovalGetByKey :one
select * from approval where request_key = @request_key;

-- name: ApprovalGetForUpdate :one
select sqlc.embed(a), (a.expires_at <= now())::boolean as expired, (staff.disabled_at is not null)::boolean as asker_gone
from approval a
join staff on staff.id = a.requested_by
where a.id = @id
for update of a;

-- name: ApprovalShared :one
-- Whether two staff accounts may belong to one person: whether some account, possibly one
-- of the two, controls both. The account that created another one, or reset its password
-- or its second factor, controls it for 30 days, and all accounts that it controls. There
-- are two exceptions. An account whose second factor was not reset escapes the control of
-- its creator and of a password reset, because the two people prove by separate telephones
-- that they are two. And the host can vouch that an account belongs to a separate person.
with recursive control as (
  select distinct a.staff_id as holder, (a.detail->>'staff_id')::bigint as owner
  from audit a
  where a.action in ('staff.created', 'staff.password_reset', 'staff.second_factor_reset')
    and a.at > now() - interval '30 days' and a.staff_id is not null
    and not (a.action <> 'staff.second_factor_reset'
      and exists (select from staff_second_factor f where f.staff_id = (a.detail->>'staff_id')::bigint))
    and not exists (select from audit v where v.action = 'staff.vouched' and v.staff_id is null and not v.detail ? 'by'
      and (v.detail->>'staff_id')::bigint = (a.detail->>'staff_id')::bigint and v.at > a.at)
), reach as (
  select start.id as owner, start.id as holder from unnest(array[sqlc.arg(one)::bigint, sqlc.arg(other)::bigint]) as start(id)
  union
  select reach.owner, control.holder from reach join control on control.owner = reach.holder
)
select exists (
  select from reach a join reach b on a.holder = b.holder
  where a.owner = sqlc.arg(one)::bigint and b.owner = sqlc.arg(other)::bigint)::boolean;

-- name: ApprovalControls :one
-- Whether one staff account controls another: it created the account, or reset its
-- password or second factor, within 30 days, or an account that it controls did. A
-- password reset gives no control where a second factor was set up before. A second factor
-- that was set up later does not end the control, because the creator may have set it up.
-- The host can vouch that an account belongs to a separate person.
with recursive control as (
  select distinct a.staff_id as holder, (a.detail->>'staff_id')::bigint as owner
  from audit a
  where a.action in ('staff.created', 'staff.password_reset', 'staff.second_factor_reset')
    and a.at > now() - interval '30 days' and a.staff_id is not null
    and not (a.action = 'staff.password_reset'
      and exists (select from staff_second_factor f where f.staff_id = (a.detail->>'staff_id')::bigint and f.created_at < a.at))
    and not exists (select from audit v where v.action = 'staff.vouched' and v.staff_id is null and not v.detail ? 'by'
      and (v.detail->>'staff_id')::bigint = (a.detail->>'staff_id')::bigint and v.at > a.at)
), reach as (
  select control.holder from control where control.owner = sqlc.arg(account)::bigint
  union
  select control.holder from reach join control on control.owner = reach.holder
)
select exists (select from reach where reach.holder = sqlc.arg(holder)::bigint)::boolean;

-- name: ApprovalAskerMay :one
-- Whether the requester now holds some permissions and sees the request's partners.
select ((role.everything or @permissions::text[] <@ role.permissions)
  and approval_is_for(a.series_id, a.customer_id, a.partner_ids, staff.all_partners,
    array(select sp.partner_id from staff_partner sp where sp.staff_id = staff.id)))::boolean
from approval a
join staff on staff.id = a.requested_by
join role on role.id = staff.role_id
where a.id = @id;

-- name: ApprovalEnd :execrows
update approval set state = @state, decided_by = sqlc.narg(decided_by), decided_at = now(), reason = @reason
where id = @id and state = 'waiting';

-- name: ApprovalListOfSeries :many
-- The open requests about a series, locked in order of their ids.
select * from approval where series_id = @series_id::bigint and state = 'waiting' order by id for update;

-- name: ApprovalListOfExport :many
select * from approval where export_id = @export_id::bigint and state = 'waiting' order by id for update;

-- name: ApprovalListOfImport :many
select * from approval where import_id = @import_id::bigint and state = 'waiting' order by id for update;

-- name: ApprovalListOfCustomer :many
-- The open requests about a customer, locked in order of their ids.
select * from approval where customer_id = @customer_id::bigint and state = 'waiting' order by id for update;

-- name: ApprovalListOfPartner :many
-- The open request to enable a partner.
select * from approval where kind = 'reopening' and state = 'waiting' and partner_ids = array[@partner_id::bigint] order by id for update;

-- name: ApprovalListExpired :many
select id from approval where state = 'waiting' and expires_at <= now();

-- name: ApprovalOfExport :one
-- The value up to which a file may be made, because it was approved; 0: none. An approval
-- lasts a day, while the series is not edited and the requester keeps the permission,
-- since the making can fail and be retried much later.
select coalesce((
  select a.value from approval a
  join series s on s.id = a.series_id
  join staff on staff.id = a.requested_by
  join role on role.id = staff.role_id
  where a.export_id = @export_id and a.state = 'approved' and a.decided_at > now() - interval '24 hours'
    and s.edited_version <= a.version and s.price = a.price and staff.disabled_at is null
    and (role.everything or @permissions::text[] <@ role.permissions)
    and approval_is_for(a.series_id, a.customer_id, a.partner_ids, staff.all_partners,
      array(select sp.partner_id from staff_partner sp where sp.staff_id = staff.id))), 0)::bigint;

-- name: ApprovalList :many
-- Open requests first, then the latest decisions.
select sqlc.embed(a), coalesce(s.number, '')::text as series_number, coalesce(s.prefix, '')::text as series_prefix,
  coalesce(nullif(a.currency, ''), s.currency, '')::text as currency,
  coalesce(customer.name, '')::text as customer_name,
  coalesce(i.file_name, '')::text as file_name,
  asker.name as asked_by, api_client.name as client_name, coalesce(decider.name, '')::text as decided_name,
  coalesce(e.format::text, '')::text as format,
  coalesce(e.options->>'reason', '')::text as wanted_for, (a.state = 'waiting' and a.expires_at <= now())::boolean as expired
from approval a
left join series s on s.id = a.series_id
left join customer on customer.id = a.customer_id
left join card_import i on i.id = a.import_id
join staff asker on asker.id = a.requested_by
left join api_client on api_client.id = a.client_id
left join staff decider on decider.id = a.decided_by
left join export e on e.id = a.export_id
where (@series_id::bigint = 0 or a.series_id = @series_id)
  and (@customer_id::bigint = 0 or a.customer_id = @customer_id)
  and (@import_id::bigint = 0 or a.import_id = @import_id)
  and (@asked_by::bigint = 0 or a.requested_by = @asked_by)
  and (@kind::text = '' or a.kind::text = @kind)
  and (@api_client::bigint = 0 or (a.kind = 'client' and a.facts ->> 'client' = @api_client::text))
  and (not @waiting::boolean or a.state = 'waiting')
  and (@cards::boolean or a.kind in ('limit', 'protection', 'payment', 'opening_balances', 'reopening', 'client'))
  and approval_is_for(a.series_id, a.customer_id, a.partner_ids, @all_partners::boolean, @partner_ids::bigint[])
order by (a.state = 'waiting') desc, a.id desc
limit 100;

-- name: ApprovalCount :one
-- The number of open requests that this person may decide.
select count(*) from approval a
where a.state = 'waiting' and a.expires_at > now() and a.requested_by <> @staff_id and a.key_maker is distinct from @staff_id
  and (@cards::boolean or a.kind in ('limit', 'protection', 'payment', 'opening_balances', 'reopening', 'client'))
  and approval_is_for(a.series_id, a.customer_id, a.partner_ids, @all_partners::boolean, @partner_ids::bigint[]);

-- name: ApprovalCountDeciders :one
-- The number of other people who may decide requests that concern all partners.
select count(*) from staff join role on role.id = staff.role_id
where staff.disabled_at is null and staff.all_partners and staff.id <> @staff_id
  and (role.everything or 'series.approve' = any(role.permissions));

-- name: ApprovalTakeReveal :execrows
-- Uses up an approval to show one card's code. It can be used once, within a day, by the
-- requester, unless the card's face value has risen.
update approval set used_at = now()
where id = (
  select a.id from approval a
  where a.kind = 'reveal' and a.series_id = @series_id::bigint and a.serial = @serial::integer and a.requested_by = @staff_id
    and a.state = 'approved' and a.used_at is null and a.decided_at > now() - interval '24 hours' and a.value >= @value
  order by a.id limit 1
  for update)
  and used_at is null;

-- name: ApprovalOpenReveal :one
-- The time until which a person may see a card's code by an approval; no row: they may
-- not.
select (a.decided_at + interval '24 hours')::timestamptz as until from approval a
where a.kind = 'reveal' and a.series_id = @series_id::bigint and a.serial = @serial::integer and a.requested_by = @staff_id
  and a.state = 'approved' and a.used_at is null and a.decided_at > now() - interval '24 hours'
order by a.id limit 1;

-- name: ApprovalTakeKey :one
-- Uses up an approval to make a key of an API client. It can be used once, within a day, by
-- the requester, while the client is as it was.
update approval set used_at = now()
where id = (
  select a.id from approval a
  where a.kind = 'client' and a.facts ->> 'client' = @api_client::text and (a.facts ->> 'key')::boolean
    and (a.facts ->> 'version')::integer = @version::integer and a.requested_by = @staff_id
    and a.state = 'approved' and a.used_at is null and a.decided_at > now() - interval '24 hours'
  order by a.id limit 1
  for update)
  and used_at is null
returning *;

-- name: ApprovalOpenKey :one
-- The time until which a person may make a key by an approval; no row: they may not.
select (a.decided_at + interval '24 hours')::timestamptz as until from approval a
where a.kind = 'client' and a.facts ->> 'client' = @api_client::text and (a.facts ->> 'key')::boolean
  and (a.facts ->> 'version')::integer = @version::integer and a.requested_by = @staff_id
  and a.state = 'approved' and a.used_at is null and a.decided_at > now() - interval '24 hours'
order by a.id limit 1;

-- name: ApprovalOfImport :one
-- Whether a second person approved that an import's cards are active at once.
select exists (select from approval where import_id = @import_id::bigint and kind = 'import' and state = 'approved' and (facts->>'active')::boolean);
