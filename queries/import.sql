-- name: ImportCreate :one
insert into card_import (file_name, file, key_id, size, sha256, preview, created_by)
values (@file_name, @file, @key_id, @size, @sha256, @preview, @created_by)
returning id;

-- name: ImportGet :one
-- An import is its uploader's, and of staff of all partners.
select sqlc.embed(i), staff.name as created_by_name, now()::timestamptz as asked_at
from card_import i
join staff on staff.id = i.created_by
where i.id = @id and (@all_partners::boolean or i.created_by = @staff_id);

-- name: ImportGetForUpdate :one
select * from card_import where id = @id for no key update;

-- name: ImportList :many
select sqlc.embed(i), staff.name as created_by_name
from card_import i
join staff on staff.id = i.created_by
where @all_partners::boolean or i.created_by = @staff_id
order by i.id desc
limit 20;

-- name: ImportSetJob :exec
update card_import set job_id = @job_id where id = @id;

-- name: ImportPlan :execrows
-- Asks for a dry run under a plan.
update card_import set plan = @plan, state = 'checking', rows_done = 0, rows_total = 0, report = '{}', failure = ''
where card_import.id = @id and card_import.state in ('uploaded', 'checked', 'failed')
  and not exists (select from series s where s.import_id = card_import.id);

-- name: ImportStartCheck :one
-- Begins a run of the dry run; whatever an older one still does is void.
update card_import set run = run + 1, rows_done = 0 where id = @id and state = 'checking'
returning *;

-- name: ImportAdvanceCheck :execrows
update card_import set rows_done = @rows_done where id = @id and run = @run and state = 'checking';

-- name: ImportFinishCheck :execrows
update card_import set state = 'checked', report = @report, rows_done = @rows_total, rows_total = @rows_total
where id = @id and run = @run and state = 'checking';

-- name: ImportConfirm :execrows
update card_import set state = 'running', rows_done = 0 where id = @id and state = 'checked';

-- name: ImportResume :execrows
-- A stopped or failed import whose series are begun goes on.
update card_import set state = 'running', failure = '', finished_at = null
where card_import.id = @id and card_import.state = 'failed'
  and exists (select from series s where s.import_id = card_import.id);

-- name: ImportAdvance :exec
update card_import set rows_done = @rows_done where id = @id;

-- name: ImportEnd :execrows
update card_import set state = @state, failure = @failure, finished_at = now()
where id = @id and state not in ('done', 'cancelled', 'expired');

-- name: ImportListOld :many
-- Uploads that nobody went on with for a day.
select card_import.id from card_import
where card_import.state in ('uploaded', 'checking', 'checked', 'failed') and card_import.created_at < now() - interval '1 day'
  and not exists (select from series s where s.import_id = card_import.id);

-- name: ImportListFiles :many
-- The files that are still needed.
select file from card_import where state in ('uploaded', 'checking', 'checked', 'running', 'failed');

-- name: ImportListStranded :many
-- Imports under way whose job ended without them.
select i.id from card_import i
left join river_job j on j.id = i.job_id
where i.state in ('checking', 'running')
  and coalesce(j.state in ('cancelled', 'discarded', 'completed'), true);

-- name: ImportListSeries :many
select * from series where import_id = @import_id order by id;

-- name: ImportNotify :exec
select pg_notify('refill', json_build_object('kind', 'import', 'id', @id::bigint)::text);

-- name: ImportProblemAdd :exec
insert into card_import_problem (import_id, row, serial, reason)
select @import_id, unnest(@rows::integer[]), unnest(@serials::text[]), unnest(@reasons::text[])
on conflict do nothing;

-- name: ImportProblemClear :exec
delete from card_import_problem where import_id = @import_id;

-- name: ImportProblemList :many
select row, serial, reason from card_import_problem
where import_id = @import_id and row > @after_row
order by row
limit @size;

-- name: ImportProblemCount :many
select reason, count(*) as n from card_import_problem where import_id = @import_id group by reason order by reason;

-- name: SeriesSetImport :exec
update series set import_id = @import_id, state = 'generating', started_at = now(), job_id = @job_id,
  code_bits = @code_bits, code_shortest = @code_shortest, code_longest = @code_longest
where id = @id;

-- name: SeriesImportStop :exec
-- Series of an import that stopped before its end.
update series set state = 'failed', failure = @failure where import_id = @import_id and state = 'generating';

-- name: SeriesImportResume :exec
update series set state = 'generating', failure = '', job_id = @job_id
where import_id = @import_id and state in ('failed', 'generating');

-- name: SeriesImportWhole :one
-- The end of an import: rows that became known meanwhile made no card.
update series set quantity = greatest(made, 1), state = case when made = 0 then 'cancelled'::series_state else state end
where id = @id
returning *;

-- name: CardImportedSerial :one
-- The serial that a card had in the system it comes from; empty: none.
select coalesce(imported_serial, '')::text from card where series_id = @series_id and serial = @serial;

-- name: CardFindImported :one
-- The card of a series that had a serial in the system it comes from.
select serial from card where series_id = @series_id and imported_serial = @imported_serial order by serial limit 1;
