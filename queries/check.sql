-- name: CheckRunCreate :one
-- No row where a run is under way.
insert into check_run (asked_by, total) values (sqlc.narg(asked_by), @total)
on conflict ((true)) where ended_at is null do nothing
returning id;

-- name: CheckRunSetJob :exec
update check_run set job_id = @job_id where id = @id;

-- name: CheckRunDue :one
-- Whether no run is under way and the last one is older than the interval.
select not exists (select from check_run where ended_at is null or started_at > now() - @every::interval);

-- name: CheckRunStart :execrows
-- Begins a run, or begins it again.
update check_run set done = 0, started_at = case when done = 0 then now() else started_at end
where id = @id and ended_at is null;

-- name: CheckResultClear :exec
delete from check_result where run_id = @run_id;

-- name: CheckResultAdd :exec
insert into check_result (run_id, number, found, examples, took) values (@run_id, @number, @found, @examples, @took);

-- name: CheckRunAdvance :execrows
update check_run set done = done + 1 where id = @id and ended_at is null;

-- name: CheckRunEnd :execrows
update check_run set ended_at = now(), failure = @failure where id = @id and ended_at is null;

-- name: CheckRunListStranded :many
-- Runs under way whose job ended without them.
select r.id from check_run r
left join river_job j on j.id = r.job_id
where r.ended_at is null and coalesce(j.state in ('cancelled', 'discarded', 'completed'), true);

-- name: CheckRunDeleteOld :execrows
delete from check_run where id <= (select id from check_run order by id desc offset @keep limit 1);

-- name: CheckRunList :many
-- The latest runs with how many invariants were broken in each.
select r.id, r.started_at, r.ended_at, r.done, r.total, r.failure, staff.name as staff_name,
  (select count(*) from check_result c where c.run_id = r.id and c.found > 0) as broken
from check_run r
left join staff on staff.id = r.asked_by
order by r.id desc
limit @size;

-- name: CheckRunLast :one
-- The last run that came to its end.
select r.id, r.started_at, r.ended_at::timestamptz as ended_at,
  (select count(*) from check_result c where c.run_id = r.id and c.found > 0) as broken
from check_run r
where r.ended_at is not null and r.failure = ''
order by r.id desc
limit 1;

-- name: CheckResultList :many
select number, found, examples, took from check_result where run_id = @run_id order by number;

-- name: CheckNotify :exec
select pg_notify('refill', json_build_object('kind', 'check', 'id', @id::bigint)::text);
