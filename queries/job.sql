-- name: JobCounts :many
-- How many jobs of each queue wait, run and failed.
select q.name as queue, (q.paused_at is not null)::boolean as paused,
  count(j.id) filter (where j.state in ('available', 'scheduled', 'pending')) as waiting,
  count(j.id) filter (where j.state = 'running') as running,
  count(j.id) filter (where j.state = 'retryable') as retrying,
  count(j.id) filter (where j.state = 'discarded') as failed,
  coalesce(extract(epoch from now() - min(j.scheduled_at) filter (where j.state = 'available')), 0)::bigint as oldest_seconds
from river_queue q
left join river_job j on j.queue = q.name and j.state not in ('completed', 'cancelled')
group by q.name, q.paused_at
order by q.name;

-- name: JobList :many
-- Jobs with the series or export behind them; what is wrong comes first.
select j.id, j.kind, j.queue, j.state, j.attempt, j.max_attempts, j.created_at, j.scheduled_at,
  j.attempted_at, j.finalized_at, coalesce(j.errors[array_upper(j.errors, 1)]->>'error', '')::text as last_error,
  coalesce(s.number, es.number, x.number, '')::text as series_number,
  coalesce(s.made, e.rows_done, x.erased_to, 0)::integer as done, coalesce(s.quantity, e.rows_total, x.made, 0)::integer as total,
  coalesce(e.id, 0)::bigint as export_id, coalesce(e.format::text, '')::text as export_format
from river_job j
left join series s on s.job_id = j.id
left join export e on e.job_id = j.id
left join series es on es.id = e.series_id
left join series x on x.erase_job_id = j.id
where (@state::text = '' or j.state::text = @state)
  and (@everything::boolean or j.state <> 'completed' or s.id is not null or e.id is not null or x.id is not null)
order by case j.state when 'discarded' then 0 when 'retryable' then 1 when 'running' then 2
  when 'available' then 3 when 'scheduled' then 4 when 'pending' then 5 else 6 end, j.id desc
limit @size;

-- name: JobBehind :one
-- What a job is about, so that it can be cancelled or retried there.
select j.id, j.state, coalesce(s.id, 0)::bigint as series_id, coalesce(s.state = 'failed', false)::boolean as series_failed,
  coalesce(e.id, 0)::bigint as export_id, coalesce(e.state = 'failed', false)::boolean as export_failed
from river_job j
left join series s on s.job_id = j.id
left join export e on e.job_id = j.id
where j.id = @id;

-- name: JobListWorkers :many
-- Which workers have jobs running.
select distinct attempted_by[array_upper(attempted_by, 1)]::text as worker
from river_job where state = 'running' and attempted_by is not null;

-- name: JobTryWorker :one
-- Takes the lock that a live worker holds; true: it is dead. Ends with the
-- transaction.
select pg_try_advisory_xact_lock(2, hashtext(@worker::text));

-- name: JobRelease :execrows
-- Gives a dead worker's jobs back to the queue. The attempt was not the jobs' fault.
update river_job set state = 'available', scheduled_at = now(), attempt = greatest(attempt - 1, 0)
where state = 'running' and attempted_by[array_upper(attempted_by, 1)] = @worker::text;
