-- name: KeyCanaryList :many
-- The keys that are needed.
select key_id, sealed from key_canary where retired_at is null order by key_id;

-- name: KeyCanaryCreate :exec
insert into key_canary (key_id, sealed) values (@key_id, @sealed) on conflict do nothing;

-- name: KeyNewest :one
-- The newest key that anything may be sealed under.
select coalesce(max(key_id), 0)::smallint from key_canary where retired_at is null;

-- name: KeyRetire :execrows
update key_canary set retired_at = now() where key_id = @key_id and retired_at is null;

-- name: KeyLock :exec
-- What is about to be entered under a key either is there when it is counted, or
-- finds it retired.
select key_id from key_canary where key_id = @key_id for update;

-- name: KeyShare :one
-- Keeps a key from being retired until what was sealed under it is entered.
select (retired_at is not null)::boolean as retired from key_canary where key_id = @key_id for share;

-- name: KeyUse :many
-- How many cards are sealed under each key, how many secrets of staff, and how many
-- passwords of files that are being made and files that are kept. Cards whose code
-- was erased need none, but for those that were printed once: what is typed finds them
-- by an index under their key, which can't be made anew without the code. The cards are
-- read once for all keys, since that may take long.
with held as (
  select key_id, count(*) filter (where octet_length(code_sealed) > 0) as cards,
    count(*) filter (where shredded and state in ('active', 'disabled')) as printed_once
  from card group by key_id
)
select k.key_id, k.created_at, k.retired_at,
  coalesce(h.cards, 0)::bigint as cards, coalesce(h.printed_once, 0)::bigint as printed_once,
  (select count(*) from staff_second_factor f where f.key_id = k.key_id)::bigint as secrets,
  (select count(*) from export e where e.password_key_id = k.key_id and e.password_sealed is not null)::bigint as passwords,
  ((select count(*) from export e where e.key_id = k.key_id and e.state = 'ready')
    + (select count(*) from card_import i where i.key_id = k.key_id
        and i.state in ('uploaded', 'checking', 'checked', 'running', 'failed')))::bigint as files
from key_canary k
left join held h on h.key_id = k.key_id
order by k.key_id;

-- name: KeyRotationStart :execrows
insert into key_rotation (key_id) values (@key_id) on conflict do nothing;

-- name: KeyRotationSetJob :exec
update key_rotation set job_id = @job_id where key_id = @key_id;

-- name: KeyRotationGet :one
select * from key_rotation where key_id = @key_id;

-- name: KeyRotationLock :one
-- Two workers do not seal the same cards at once.
select * from key_rotation where key_id = @key_id for no key update;

-- name: KeyRotationAdvance :exec
update key_rotation set after_series = @after_series, after_serial = @after_serial, done = done + @done::bigint
where key_id = @key_id;

-- name: KeyRotationFinish :exec
update key_rotation set finished_at = now() where key_id = @key_id;

-- name: KeyRotationList :many
select * from key_rotation order by key_id;

-- name: KeyRotationPage :many
-- The next cards in the order of the primary key, those locked that have to be
-- sealed again.
select series_id, serial, key_id, code_sealed from card
where (series_id, serial) > (@after_series::bigint, @after_serial::integer)
order by series_id, serial
limit @size
for no key update;

-- name: KeyRotationSeal :exec
update card set key_id = @key_id, code_index = n.code_index, code_sealed = n.code_sealed,
  last_four = null -- housekeeping hashes it anew, under the new key
from (select unnest(@series_ids::bigint[]) as series_id, unnest(@serials::integer[]) as serial,
  unnest(@code_indexes::bytea[]) as code_index, unnest(@codes_sealed::bytea[]) as code_sealed) n
where card.series_id = n.series_id and card.serial = n.serial;

-- name: KeyRotationLeft :one
-- Whether a card is left under another key, such as one that a worker made which
-- had not heard of the new key yet.
select exists (select from card where key_id <> @key_id and octet_length(code_sealed) > 0);
