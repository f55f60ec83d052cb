-- name: AuditBlockHead :one
select * from audit_block order by number desc limit 1;

-- name: AuditBlockGet :one
select * from audit_block where number = @number;

-- name: AuditBlockListSince :many
-- The blocks made since a time. A row with an id below theirs that no block holds may
-- still appear.
select * from audit_block where at > @since order by number;

-- name: AuditBlockClosed :one
-- The id up to which no further row may appear.
select coalesce((select last_id from audit_block where at <= @before order by number desc limit 1), 0)::bigint;

-- name: AuditBlockList :many
select * from audit_block where number > @after order by number limit @size;

-- name: AuditBlockCreate :exec
insert into audit_block (number, at, key_id, rows, firsts, lasts, last_id, hash, mac)
values (@number, @at, @key_id, @rows, @firsts, @lasts, @last_id, @hash, @mac);

-- name: AuditRowsAfter :many
-- The rows above the highest sealed id.
select id, at, action, staff_id, customer_id, series_id, serial, address, request_id, detail::text as detail
from audit where id > @after order by id limit @size;

-- name: AuditRowsIn :many
-- The rows in gaps between sealed ids.
select a.id, a.at, a.action, a.staff_id, a.customer_id, a.series_id, a.serial, a.address, a.request_id, a.detail::text as detail
from (select unnest(@firsts::bigint[]) as first, unnest(@lasts::bigint[]) as last) as gap
join audit a on a.id between gap.first and gap.last
order by a.id limit @size;

-- name: AuditRowsOfBlocks :many
-- The rows of some blocks, block by block.
select b.number, a.id, a.at, a.action, a.staff_id, a.customer_id, a.series_id, a.serial, a.address, a.request_id, a.detail::text as detail
from audit_block b
cross join lateral (select unnest(b.firsts) as first, unnest(b.lasts) as last) as run
join audit a on a.id between run.first and run.last
where b.number > @after and b.number <= @until
order by b.number, a.id;

-- name: AuditOldestAfter :one
-- The time since which the rows above an id have been waiting to be sealed.
select coalesce(min(at), now())::timestamptz from (select at from audit where id > @id order by id limit 1000) waiting;

-- name: AuditIDsUpTo :many
select id from audit where id <= @until and id > @after order by id limit @size;

-- name: DatabaseNow :one
select now()::timestamptz;
