-- name: CodeMacFillLock :one
-- Two workers do not go on at once.
select after_series, after_serial, finished_at from code_mac_fill for update;

-- name: CodeMacFillDone :one
select (finished_at is not null)::boolean from code_mac_fill;

-- name: CodeMacFillPage :many
-- The next cards that were shredded before there were MACs, locked.
select c.series_id, c.serial, coalesce(c.index_key_id, c.key_id)::smallint as index_key_id, c.code_index
from series s
join card c on c.series_id = s.id
where s.shredding_at is not null and s.id >= @after_series::bigint
  and (c.series_id, c.serial) > (@after_series::bigint, @after_serial::integer)
  and c.shredded and c.code_mac is null
order by c.series_id, c.serial
limit @size
for no key update of c;

-- name: CodeMacSet :exec
update card set code_mac = n.mac
from (select unnest(@series_ids::bigint[]) as series_id, unnest(@serials::integer[]) as serial, unnest(@macs::bytea[]) as mac) n
where card.series_id = n.series_id and card.serial = n.serial and card.code_mac is null;

-- name: CodeMacFillAdvance :exec
update code_mac_fill set after_series = @after_series, after_serial = @after_serial;

-- name: CodeMacFillFinish :exec
update code_mac_fill set finished_at = now();

-- name: CodeWalkGet :one
-- How far the walk is, with how many cards there are.
select w.after_series, w.after_serial, w.seen, w.started_at, w.slice_at, w.round_cards, w.round_at,
  (select coalesce(sum(s.made), 0) from series s)::bigint as cards,
  (select count(*) from code_fault)::bigint as faults
from code_walk w;

-- name: CodeWalkDue :one
-- Whether the walk may look at a slice of cards now, with how many cards there are: within
-- a round each time, and a new round when the last one began long enough ago.
select (w.after_series > 0 or w.round_at is null or w.started_at <= now() - @every::interval)::boolean as due,
  w.after_series, w.after_serial,
  (select coalesce(sum(s.made), 0) from series s)::bigint as cards
from code_walk w;

-- name: CodeWalkPage :many
-- The next cards in the order of the primary key, with what is kept of their codes.
select c.series_id, c.serial, c.state, c.key_id, coalesce(c.index_key_id, c.key_id)::smallint as index_key_id,
  c.code_index, c.code_sealed, c.code_mac, c.shredded, (select f.finished_at is not null from code_mac_fill f)::boolean as macs_kept
from card c
where (c.series_id, c.serial) > (@after_series::bigint, @after_serial::integer)
order by c.series_id, c.serial
limit @size;

-- name: CodeWalkAdvance :execrows
-- Moves the walk on from where the caller found it.
update code_walk set after_series = @after_series, after_serial = @after_serial, slice_at = now(),
  seen = case when was_series = 0 then 0 else seen end + @seen::bigint,
  started_at = case when was_series = 0 then now() else started_at end
from (select @was_series::bigint as was_series, @was_serial::integer as was_serial) w
where code_walk.after_series = w.was_series and code_walk.after_serial = w.was_serial;

-- name: CodeWalkEnd :execrows
-- Ends a round: all cards were looked at.
update code_walk set after_series = 0, after_serial = 0, round_cards = seen, round_at = now(), slice_at = now()
where after_series = @was_series and after_serial = @was_serial;

-- name: CodeFaultAdd :execrows
-- No row where it is known.
insert into code_fault (series_id, serial, what) values (@series_id, @serial, @what)
on conflict (series_id, serial) do nothing;

-- name: CodeFaultRemove :execrows
delete from code_fault where series_id = @series_id and serial = @serial;

-- name: CodeFaultList :many
-- The cards that were found, with what is kept of their codes now.
select f.series_id, f.serial, f.what, c.state, c.key_id, coalesce(c.index_key_id, c.key_id)::smallint as index_key_id,
  c.code_index, c.code_sealed, c.code_mac, c.shredded, (select m.finished_at is not null from code_mac_fill m)::boolean as macs_kept
from code_fault f
join card c on c.series_id = f.series_id and c.serial = f.serial
order by f.series_id, f.serial
limit @size;

-- name: CodeFaultCount :one
select count(*) from code_fault;
