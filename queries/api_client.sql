-- name: ClientAdmit :one
-- Finds the client of a key, or of the pair with a splynx_key, with the rights of its owner, and
-- counts its requests, in one statement, so that several web processes share one count. A key
-- that is not good is not counted. A test client has test partners only, and any other client
-- none of them. Two concurrent statements of a client wait for each other's count only: the
-- commit does not wait for the disk.
with calm as materialized (select set_config('synchronous_commit', 'off', true)),
found as materialized (
  select k.id as key_id, c.test, k.created_by as key_maker, k.revoked_at is not null or coalesce(k.expires_at <= now(), false) or (k.splynx_key is not null and not c.splynx) as ended,
    k.expires_at, k.last_used_at, c.id, c.name, c.owner_id, c.permissions, c.all_partners, c.per_minute, c.wrong_codes_hour,
    c.disabled_at is not null as disabled, o.disabled_at is not null as owner_disabled, o.all_partners as owner_all_partners,
    role.everything, role.permissions as owner_permissions,
    cardinality(c.networks) = 0 or coalesce(sqlc.narg(address)::inet <<= any (c.networks), false) as near
  from api_key k
  join api_client c on c.id = k.client_id
  join staff o on o.id = c.owner_id
  join role on role.id = o.role_id, calm
  where k.hash = @hash and k.splynx_key is not distinct from sqlc.narg(splynx_key)::text
), good as (
  select * from found where not ended and not disabled and not owner_disabled and near
), counted as (
  insert into api_quota as q (client_id, minute, n) select id, date_trunc('minute', now()), sqlc.arg(requests)::integer from good
  on conflict (client_id) do update set minute = excluded.minute, n = case when q.minute = excluded.minute then q.n else 0 end + excluded.n
  returning n
), seen as (
  update api_key set last_used_at = now(), last_used_from = sqlc.narg(address)::inet
  from good where api_key.id = good.key_id and coalesce(good.last_used_at < now() - interval '1 minute', true)
)
select found.key_id, found.test, found.key_maker, found.ended::boolean as ended, found.expires_at, found.id, found.name, found.owner_id, found.permissions,
  found.all_partners, found.per_minute, found.wrong_codes_hour, found.disabled::boolean as disabled, found.owner_disabled::boolean as owner_disabled,
  found.owner_all_partners, found.everything, found.owner_permissions, found.near::boolean as near,
  coalesce((select n from counted), 0)::integer as used,
  case when found.all_partners then '{}' else array(select p.partner_id from api_client_partner p
    where p.client_id = found.id and (select partner.test from partner where partner.id = p.partner_id) = found.test
    order by p.partner_id) end::bigint[] as partner_ids,
  case when found.owner_all_partners then '{}' else array(select p.partner_id from staff_partner p
    where p.staff_id = found.owner_id and (select partner.test from partner where partner.id = p.partner_id) = found.test
    order by p.partner_id) end::bigint[] as owner_partner_ids,
  array(select partner.id from partner where partner.test order by partner.id)::bigint[] as test_partner_ids,
  (60 - extract(second from now()))::float8 as reset
from found;

-- name: ClientGet :one
-- A client within the partners of the reader, with the makers of its keys that work.
select c.*, o.name as owner_name, o.disabled_at as owner_disabled_at,
  array(select p.partner_id from api_client_partner p where p.client_id = c.id order by p.partner_id)::bigint[] as partner_ids,
  array(select partner.name from api_client_partner p join partner on partner.id = p.partner_id
    where p.client_id = c.id order by partner.name)::text[] as partners,
  array(select distinct k.created_by from api_key k
    where k.client_id = c.id and k.revoked_at is null and coalesce(k.expires_at > now(), true))::bigint[] as key_makers
from api_client c
join staff o on o.id = c.owner_id
where c.id = @id and (@all_partners::boolean or (not c.all_partners and not exists (
  select from api_client_partner p where p.client_id = c.id and p.partner_id <> all(@partner_ids::bigint[]))));

-- name: ClientGetForUpdate :one
select c.*, array(select p.partner_id from api_client_partner p where p.client_id = c.id order by p.partner_id)::bigint[] as partner_ids
from api_client c where c.id = @id for update of c;

-- name: ClientList :many
-- Every client within the partners of the reader, with its live keys and its last request.
select c.*, o.name as owner_name, o.disabled_at as owner_disabled_at,
  array(select partner.name from api_client_partner p join partner on partner.id = p.partner_id
    where p.client_id = c.id order by partner.name)::text[] as partners,
  (select count(*) from api_key k where k.client_id = c.id and k.revoked_at is null and coalesce(k.expires_at > now(), true)) as keys,
  coalesce((select max(k.last_used_at) from api_key k where k.client_id = c.id), 'epoch')::timestamptz as last_used_at
from api_client c
join staff o on o.id = c.owner_id
where @all_partners::boolean or (not c.all_partners and not exists (
  select from api_client_partner p where p.client_id = c.id and p.partner_id <> all(@partner_ids::bigint[])))
order by c.disabled_at is not null, lower(c.name);

-- name: ClientCreate :one
insert into api_client (name, owner_id, all_partners, permissions, networks, per_minute, wrong_codes_hour, splynx, created_by, test)
values (@name, @owner_id, @all_partners, @permissions, @networks::cidr[], @per_minute, @wrong_codes_hour, @splynx, @created_by, @test)
returning *;

-- name: ClientUpdate :exec
update api_client set name = @name, owner_id = @owner_id, all_partners = @all_partners, permissions = @permissions,
  networks = @networks::cidr[], per_minute = @per_minute, wrong_codes_hour = @wrong_codes_hour, splynx = @splynx, version = version + 1
where id = @id;

-- name: ClientPartnerAdd :exec
insert into api_client_partner (client_id, partner_id) select @client_id, unnest(@partner_ids::bigint[]);

-- name: ClientPartnerClear :exec
delete from api_client_partner where client_id = @client_id;

-- name: ClientSwitch :exec
update api_client set disabled_at = case when @disabled::boolean then now() end, version = version + 1 where id = @id;

-- name: ClientKeyCreate :one
insert into api_key (client_id, hint, hash, created_by, splynx_key, splynx_key_id, splynx_secret)
values (@client_id, @hint, @hash, @created_by, sqlc.narg(splynx_key), sqlc.narg(splynx_key_id), sqlc.narg(splynx_secret)) returning *;

-- name: ClientKeyList :many
-- The keys of a client, newest first.
select k.id, k.hint, k.created_at, k.expires_at, k.revoked_at, k.last_used_at, k.last_used_from, m.name as made_by,
  coalesce(k.expires_at <= now(), false)::boolean as expired, (k.splynx_key is not null)::boolean as pair
from api_key k join staff m on m.id = k.created_by
where k.client_id = @client_id order by k.id desc limit @size;

-- name: ClientKeyExpire :exec
-- Ends the other live keys, or the other live pairs, of a client after a time in which both work.
update api_key set expires_at = least(coalesce(expires_at, 'infinity'), now() + @overlap::interval)
where client_id = @client_id and id <> @keep and (splynx_key is not null) = @pairs::boolean
  and revoked_at is null and coalesce(expires_at > now(), true);

-- name: ClientKeyRevoke :execrows
update api_key set revoked_at = now(), splynx_key_id = null, splynx_secret = null where id = @id and client_id = @client_id and revoked_at is null;

-- name: ClientKeyRevokeByHash :one
update api_key set revoked_at = now(), splynx_key_id = null, splynx_secret = null where hash = @hash and revoked_at is null returning id, client_id;

-- name: ClientRequestAdd :exec
insert into api_request (client_id, key_id, at, operation, status, code, request_id, took_ms)
select unnest(@client_ids::bigint[]), unnest(@key_ids::bigint[]), unnest(@ats::timestamptz[]), unnest(@operations::text[]),
  unnest(@statuses::integer[]), unnest(@codes::text[]), unnest(@request_ids::text[]), unnest(@took_ms::integer[]);

-- name: ClientRequestList :many
-- The last requests of a client below an id, newest first; refused: only those that were.
select * from api_request
where client_id = @client_id and id < @before_id and (not @refused::boolean or status >= 400)
order by id desc limit @size;

-- name: ClientRequestTrim :execrows
-- Deletes requests older than the given age, at most size of them.
delete from api_request where id in (
  select id from api_request where at < now() - @age::interval order by at limit @size);

-- name: ClientNames :one
-- The names of an owner and of partners, for a request that a second person reads.
select coalesce((select staff.name from staff where staff.id = @owner_id), '')::text as owner,
  array(select partner.name from partner where partner.id = any(@partner_ids::bigint[]) order by partner.name)::text[] as partners;

-- name: ClientParties :one
-- The owner of a client and the makers of its keys that work.
select array(select c.owner_id from api_client c where c.id = sqlc.arg(id)
  union select k.created_by from api_key k
    where k.client_id = sqlc.arg(id) and k.revoked_at is null and coalesce(k.expires_at > now(), true))::bigint[];

-- name: ClientKeyCount :one
-- The number of the keys and of the pairs of a client that work, and the newest of all; 0: it has none.
select count(*) filter (where splynx_key is null and revoked_at is null and coalesce(expires_at > now(), true)) as live,
  count(*) filter (where splynx_key is not null and revoked_at is null and coalesce(expires_at > now(), true)) as pairs, coalesce(max(id), 0)::bigint as newest
from api_key where client_id = @client_id;

-- name: ClientOwnerList :many
-- The members of staff for whom a person may make clients: the person, and those whose
-- accounts the person may change.
select s.id, s.name, s.username
from staff me
join role mine on mine.id = me.role_id
join staff s on s.disabled_at is null
join role r on r.id = s.role_id
where me.id = @staff_id and (s.id = me.id
  or ((mine.everything or 'staff.manage' = any(mine.permissions))
    and (mine.everything or (not r.everything and r.permissions <@ mine.permissions))
    and (me.all_partners or (not s.all_partners and not exists (
      select from staff_partner p where p.staff_id = s.id and p.partner_id not in (select o.partner_id from staff_partner o where o.staff_id = me.id))))))
order by s.id <> me.id, lower(s.name);
