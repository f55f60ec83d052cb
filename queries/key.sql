-- name: KeyCanaryList :many
-- The keys that are needed.
select key_id, sealed from key_canary where retired_at is null order by key_id;

-- name: KeyCanaryCreate :exec
insert into key_canary (key_id, sealed) values (@key_id, @sealed) on conflict do nothing;

-- name: KeyCanaryLock :exec
-- Waits until the transactions that enter cards under the current keys have ended; later
-- ones see the rows of the caller's transaction.
select key_id from key_canary order by key_id for update;

-- name: IndexCanaryList :many
select key_id, mac from index_canary order by key_id;

-- name: IndexCanaryPut :exec
insert into index_canary (key_id, mac) values (@key_id, @mac)
on conflict (key_id) do update set mac = excluded.mac where index_canary.mac is null;

-- name: IndexCanaryMissing :one
-- Whether codes are found by an index key that processes without it would not miss.
select exists (select from index_canary where key_id = @key_id and mac is null);

-- name: IndexKeyNewest :one
select coalesce(max(key_id), 0)::smallint from index_canary;

-- name: KeyNewest :one
-- The newest keys that anything may be sealed or indexed under.
select coalesce((select max(key_id) from key_canary where retired_at is null), 0)::smallint as seal,
  coalesce((select max(key_id) from index_canary), 0)::smallint as index;

-- name: KeyRetire :execrows
update key_canary set retired_at = now() where key_id = @key_id and retired_at is null;

-- name: KeyLock :exec
-- A row about to be entered under a key is either visible when the uses of the key are
-- counted, or its transaction finds the key retired.
select key_id from key_canary where key_id = @key_id for update;

-- name: KeyShare :one
-- Keeps a key from being retired until what was sealed under it is entered.
select (retired_at is not null)::boolean as retired from key_canary where key_id = @key_id for share;

-- name: KeyUse :many
-- How many cards are sealed under each key, how many secrets of staff, webhooks and pairs, and
-- how many passwords of files that are being made and files that are kept. Cards whose code
-- was erased need none. The cards are read once for all keys, since that may take long. A
-- card whose short code alone is left under a key counts as one.
with held as (
  select s.key_id, sum(s.cards) as cards from (
    select c.key_id, count(*) as cards from card c where octet_length(c.code_sealed) > 0 group by c.key_id
    union all
    select r.seal_key_id as key_id, count(*) as cards from card_reading r join card k on k.series_id = r.series_id and k.serial = r.serial
    where r.seal_key_id <> k.key_id group by r.seal_key_id
  ) s group by s.key_id
)
select k.key_id, k.created_at, k.retired_at,
  coalesce(h.cards, 0)::bigint as cards,
  (select count(*) from staff_second_factor f where f.key_id = k.key_id)::bigint as secrets,
  (select count(*) from export e where e.password_key_id = k.key_id and e.password_sealed is not null)::bigint as passwords,
  (select count(*) from webhook_endpoint w where w.key_id = k.key_id or w.old_key_id = k.key_id)::bigint as webhooks,
  (select count(*) from api_key a where a.splynx_key_id = k.key_id)::bigint as pairs,
  ((select count(*) from export e where e.key_id = k.key_id and e.state = 'ready')
    + (select count(*) from card_import i where i.key_id = k.key_id
        and i.state in ('uploaded', 'checking', 'checked', 'running', 'failed')))::bigint as files
from key_canary k
left join held h on h.key_id = k.key_id
order by k.key_id;

-- name: IndexKeyUse :many
-- How many cards are found by each index key, and how many of them could be indexed
-- under another, since their codes open. The cards are read once for all keys.
with held as (
  select coalesce(index_key_id, key_id) as key_id, count(*) as cards,
    count(*) filter (where octet_length(code_sealed) > 0) as opening
  from card group by 1
)
select k.key_id, k.created_at,
  coalesce(h.cards, 0)::bigint as cards,
  coalesce(h.opening, 0)::bigint as opening
from index_canary k
left join held h on h.key_id = k.key_id
order by k.key_id;

-- name: KeyRotationStart :execrows
insert into key_rotation (what, key_id) values (@what, @key_id) on conflict do nothing;

-- name: KeyRotationSetJob :exec
update key_rotation set job_id = @job_id where what = @what and key_id = @key_id;

-- name: KeyRotationLock :one
-- Two workers do not seal, or index, the same cards at once.
select * from key_rotation where what = @what and key_id = @key_id for no key update;

-- name: KeyRotationAdvance :exec
update key_rotation set after_series = @after_series, after_serial = @after_serial, done = done + @done::bigint
where what = @what and key_id = @key_id;

-- name: KeyRotationFinish :exec
update key_rotation set finished_at = now() where what = @what and key_id = @key_id;

-- name: KeyRotationList :many
select * from key_rotation order by what, key_id;

-- name: KeyRotationPage :many
-- The next cards in the order of the primary key, locked.
select series_id, serial, key_id, coalesce(index_key_id, key_id)::smallint as index_key_id, code_sealed from card
where (series_id, serial) > (@after_series::bigint, @after_serial::integer)
order by series_id, serial
limit @size
for no key update;

-- name: KeyRotationSeal :exec
-- The index stays as it is, and under the key that it was made under.
update card set key_id = @key_id, code_sealed = n.code_sealed, index_key_id = coalesce(card.index_key_id, card.key_id)
from (select unnest(@series_ids::bigint[]) as series_id, unnest(@serials::integer[]) as serial,
  unnest(@codes_sealed::bytea[]) as code_sealed) n
where card.series_id = n.series_id and card.serial = n.serial;

-- name: KeyRotationIndex :exec
update card set index_key_id = @key_id::smallint, code_index = n.code_index, last_four = n.last_four
from (select unnest(@series_ids::bigint[]) as series_id, unnest(@serials::integer[]) as serial,
  unnest(@code_indexes::bytea[]) as code_index, unnest(@last_fours::integer[]) as last_four) n
where card.series_id = n.series_id and card.serial = n.serial;

-- name: KeyRotationSealLeft :one
-- Whether a card is still sealed under another key, such as one made by a worker that had
-- not loaded the new key.
select (exists (select from card c where c.key_id <> sqlc.arg(key_id)::smallint and octet_length(c.code_sealed) > 0)
  or exists (select from card_reading r where r.seal_key_id <> sqlc.arg(key_id)::smallint))::boolean;

-- name: KeyRotationIndexLeft :one
select exists (select from card where coalesce(index_key_id, key_id) <> @key_id::smallint and octet_length(code_sealed) > 0);
