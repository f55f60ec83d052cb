-- name: ImportCreate :one
insert into card_import (kind, file_name, file, key_id, size, sha256, preview, created_by)
values (@kind, @file_name, @file, @key_id, @size, @sha256, @preview, @created_by)
returning id;

-- name: ImportGet :one
-- An import is visible to its uploader and to staff of all partners.
select sqlc.embed(i), staff.name as created_by_name, now()::timestamptz as asked_at
from card_import i
join staff on staff.id = i.created_by
where i.id = @id and i.kind = @kind and (@all_partners::boolean or i.created_by = @staff_id);

-- name: ImportGetForUpdate :one
select * from card_import where id = @id for no key update;

-- name: ImportList :many
select sqlc.embed(i), staff.name as created_by_name
from card_import i
join staff on staff.id = i.created_by
where i.kind = @kind and (@all_partners::boolean or i.created_by = @staff_id)
order by i.id desc
limit 20;

-- name: ImportSetJob :exec
update card_import set job_id = @job_id where id = @id;

-- name: ImportPlan :execrows
-- Asks for a dry run under a plan.
update card_import set plan = @plan, state = 'checking', rows_done = 0, rows_total = 0, report = '{}', left_out = '{}',
  failure = '', planned_by = @planned_by
where card_import.id = @id and card_import.state in ('uploaded', 'checked', 'failed') and card_import.confirmed_by is null
  and not exists (select from series s where s.import_id = card_import.id);

-- name: ImportStartCheck :one
-- Begins a run of the dry run, which invalidates an older one that is still running.
update card_import set run = run + 1, rows_done = 0, left_out = '{}' where id = @id and state = 'checking'
returning *;

-- name: ImportAdvanceCheck :execrows
update card_import set rows_done = @rows_done where id = @id and run = @run and state = 'checking';

-- name: ImportFinishCheck :execrows
update card_import set state = 'checked', report = @report, left_out = @left_out, rows_done = @rows_total, rows_total = @rows_total
where id = @id and run = @run and state = 'checking';

-- name: ImportConfirm :execrows
update card_import set state = 'running', rows_done = 0, rows_known = 0 where id = @id and state = 'checked';

-- name: ImportResume :execrows
-- Resumes a stopped or failed import that has made cards already.
update card_import set state = 'running', failure = '', finished_at = null
where card_import.id = @id and card_import.state = 'failed'
  and exists (select from series s where s.import_id = card_import.id);

-- name: ImportAdvance :exec
update card_import set rows_done = @rows_done, rows_known = rows_known + @known::integer where id = @id;

-- name: ImportEnd :execrows
update card_import set state = @state, failure = @failure, finished_at = now()
where id = @id and state not in ('done', 'cancelled', 'expired');

-- name: ImportListOld :many
-- Uploads that were not continued for a day.
select card_import.id from card_import
where card_import.state in ('uploaded', 'checking', 'checked', 'failed') and card_import.created_at < now() - interval '1 day'
  and card_import.made = 0
  and not exists (select from series s where s.import_id = card_import.id);

-- name: ImportListFiles :many
-- The files that are still needed.
select file from card_import where state in ('uploaded', 'checking', 'checked', 'running', 'failed');

-- name: ImportListStranded :many
-- Unfinished imports whose job has ended.
select i.id from card_import i
left join river_job j on j.id = i.job_id
where i.state in ('checking', 'running')
  and coalesce(j.state in ('cancelled', 'discarded', 'completed'), true);

-- name: ImportListSeries :many
select * from series where import_id = @import_id order by id;

-- name: ImportNotify :exec
select pg_notify('refill', json_build_object('kind', 'import', 'id', @id::bigint)::text);

-- name: ImportProblemAdd :exec
insert into card_import_problem (import_id, row, serial, reason, value)
select @import_id, unnest(@rows::integer[]), unnest(@serials::text[]), unnest(@reasons::text[]), unnest(@vals::text[])
on conflict do nothing;

-- name: ImportProblemClear :exec
delete from card_import_problem where import_id = @import_id;

-- name: ImportProblemList :many
select row, serial, reason, value from card_import_problem
where import_id = @import_id and row > @after_row and (@reason::text = '' or reason = @reason)
order by row
limit @size;

-- name: ImportProblemCount :one
select count(*) from card_import_problem where import_id = @import_id;

-- name: ImportStaff :one
-- The partners whose data an import may reveal: those of its uploader.
select staff.all_partners,
  array(select partner_id from staff_partner p where p.staff_id = staff.id order by partner_id)::bigint[] as partner_ids
from staff where staff.id = @id;

-- name: CardListKnown :many
-- The cards that have these codes in any of their readings; whether they have or may
-- regain value (an expired card may be renewed); whether they belong to some partners; and
-- whether they came from the same file. An original serial that several cards of an import
-- share is null, because it identifies none of them.
with named as (
  select c.code_index, c.series_id, c.serial
  from unnest(@code_indexes::bytea[]) a(code_index) join card c using (code_index)
  union
  select r.code_index, r.series_id, r.serial
  from unnest(@code_indexes) a(code_index) join card_reading r using (code_index)
  where r.kind in ('own', 'exact', 'short')
)
select n.code_index::bytea as code_index, c.series_id, c.serial, s.import_id,
  case when c.imported_serial is null then case when s.import_id is null then c.serial::text else '' end
    when exists (select from series os join card o on o.series_id = os.id and o.imported_serial = c.imported_serial
      where os.import_id = s.import_id and (o.series_id, o.serial) <> (c.series_id, c.serial)) then ''
    else c.imported_serial end::text as old_serial,
  (c.state in ('active', 'disabled') and s.state not in ('void', 'cancelled'))::boolean as live,
  (@all_partners::boolean or (not s.any_partner and not exists (
    select from series_partner sp where sp.series_id = s.id and sp.removed_at is null and (sp.partner_id = any(@partner_ids::bigint[])) is not true)))::boolean as within,
  coalesce(i.sha256 = @sha256::bytea, false)::boolean as same_file
from named n
join card c on c.series_id = n.series_id and c.serial = n.serial
join series s on s.id = c.series_id
left join card_import i on i.id = s.import_id;

-- name: ImportHitAdd :one
-- Records which cards a person's file named, and returns how many of them are new.
with new as (
  insert into card_import_hit (staff_id, series_id, serial, import_id)
  select @staff_id, unnest(@series_ids::bigint[]), unnest(@serials::integer[]), @import_id
  on conflict do nothing returning 1
)
select count(*)::integer from new;

-- name: ImportHitDeleteOld :execrows
delete from card_import_hit where at < now() - interval '31 days';

-- name: ImportAlarm :execrows
update card_import set alarmed_at = now() where id = @id and coalesce(alarmed_at < now() - interval '1 hour', true);

-- name: ImportAlarms :many
-- Imports of the last day that were flagged as trying codes.
select i.id, i.file_name, i.alarmed_at::timestamptz as alarmed_at, coalesce(staff.name, '')::text as who
from card_import i
left join staff on staff.id = coalesce(i.planned_by, i.created_by)
where i.alarmed_at > now() - interval '1 day'
order by i.alarmed_at desc;

-- name: SeriesSetImport :exec
update series set import_id = @import_id, state = 'generating', started_at = now(), job_id = @job_id,
  code_bits = @code_bits, code_shortest = @code_shortest, code_longest = @code_longest, import_inactive = @inactive
where id = @id;

-- name: SeriesImportStop :exec
-- Series of an import that stopped before its end.
update series set state = 'failed', failure = @failure where import_id = @import_id and state = 'generating';

-- name: SeriesImportResume :exec
update series set state = 'generating', failure = '', job_id = @job_id
where import_id = @import_id and state in ('failed', 'generating');

-- name: SeriesImportWhole :one
-- The end of an import. Rows whose code became known concurrently made no card.
update series set quantity = greatest(made, 1), state = case when made = 0 then 'cancelled'::series_state else state end
where id = @id
returning *;

-- name: CardImportedSerial :one
-- The serial that a card had in the system it comes from; empty: none.
select coalesce(imported_serial, '')::text from card where series_id = @series_id and serial = @serial;

-- name: CardFindImported :one
-- The card of a series that had a serial in the system it comes from.
select serial from card where series_id = @series_id and imported_serial = @imported_serial order by serial limit 1;

-- name: ImportWorth :one
-- The number and value of an import's cards that are neither used nor void.
select coalesce(sum(s.made - coalesce(t.gone, 0)) filter (where s.state <> 'void'), 0)::bigint as cards, coalesce(sum(t.used), 0)::bigint as used,
  coalesce(sum((s.made - coalesce(t.gone, 0)) * s.price) filter (where s.state <> 'void'), 0)::bigint as value
from series s
left join (select series_id, sum(used + void) as gone, sum(used) as used from series_tally group by series_id) t on t.series_id = s.id
where s.import_id = @import_id;

-- name: ImportVoid :exec
update card_import set voided_at = now(), voided_by = @voided_by, state = case when state = 'failed' then 'cancelled'::import_state else state end
where id = @id;

-- name: ImportOpen :one
-- The uploads of a person that are neither imported nor cancelled.
select count(*) as n, coalesce(sum(size), 0)::bigint as bytes from card_import i
where i.created_by = @staff_id and i.state in ('uploaded', 'checking', 'checked', 'failed') and i.made = 0
  and not exists (select from series s where s.import_id = i.id);

-- name: ImportListForgotten :many
-- Imports that ended long ago and of which rows, or anything at all, are still kept.
select i.id from card_import i
where i.finished_at < now() - interval '90 days' and i.state in ('done', 'cancelled', 'expired')
  and (i.preview <> '{}' or exists (select from card_import_problem p where p.import_id = i.id))
order by i.id limit 100;

-- name: ImportProblemDelete :exec
delete from card_import_problem where import_id = any(@ids::bigint[]);

-- name: ImportForget :exec
update card_import set preview = '{}' where id = any(@ids::bigint[]);

-- name: ImportDelete :exec
-- Those that made nothing.
delete from card_import i
where i.id = any(@ids::bigint[]) and not exists (select from series s where s.import_id = i.id) and i.made = 0
  and not exists (select from approval a where a.import_id = i.id)
  and not exists (select from card_import_hit h where h.import_id = i.id);

-- name: ImportAnswerDeleteOld :execrows
delete from import_answer where used_at < now() - interval '400 days';

-- name: ImportLookAt :execrows
-- Selects another sheet, which drops the plan for the one before.
update card_import set preview = @preview, plan = '{}', report = '{}', left_out = '{}', state = 'uploaded', failure = ''
where card_import.id = @id and card_import.state in ('uploaded', 'checked', 'failed') and card_import.confirmed_by is null
  and not exists (select from series s where s.import_id = card_import.id);

-- name: ImportAnswerGet :one
select answers from import_answer where staff_id = @staff_id and kind = @kind and shape = @shape;

-- name: ImportAnswerSet :exec
insert into import_answer (staff_id, kind, shape, answers) values (@staff_id, @kind, @shape, @answers)
on conflict (staff_id, kind, shape) do update set answers = excluded.answers, used_at = now();
-- name: ImportOwner :one
-- The uploader of an import.
select created_by from card_import where id = @id;
