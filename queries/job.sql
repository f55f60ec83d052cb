-- name: JobCounts :many
-- How many jobs of each queue wait, run and failed. A queue has no row of its own before a
-- worker has run.
select q.name as queue, (q.paused_at is not null)::boolean as paused,
  count(j.id) filter (where j.state in ('available', 'scheduled', 'pending')) as waiting,
  count(j.id) filter (where j.state = 'running') as running,
  count(j.id) filter (where j.state = 'retryable') as retrying,
  count(j.id) filter (where j.state = 'discarded') as failed,
  coalesce(extract(epoch from now() - min(j.scheduled_at) filter (where j.state = 'available')), 0)::bigint as oldest_seconds
from (
  select name, paused_at from river_queue
  union all
  select distinct queue, null::timestamptz from river_job
  where state not in ('completed', 'cancelled', 'discarded') and queue not in (select name from river_queue)
) q
left join river_job j on j.queue = q.name and j.state not in ('completed', 'cancelled')
group by q.name, q.paused_at
order by q.name;

-- name: JobWorkerSeen :one
-- Whether a worker has run within the last minute. River's workers elect a leader, who
-- renews the election every few seconds and gives it up at a clean end.
select exists (select from river_leader where expires_at > now() - interval '1 minute')::boolean;

-- name: JobList :many
-- Jobs with what is behind them; what is wrong comes first.
select j.id, j.kind, j.queue, j.state, j.attempt, j.max_attempts, j.created_at, j.scheduled_at,
  j.attempted_at, j.finalized_at, coalesce(j.errors[array_upper(j.errors, 1)]->>'error', '')::text as last_error,
  coalesce(s.number, es.number, x.number, h.number, cs.number, '')::text as series_number,
  coalesce(s.made, e.rows_done, x.erased_to, 0)::integer as done, coalesce(s.quantity, e.rows_total, x.made, 0)::integer as total,
  coalesce(e.id, 0)::bigint as export_id, coalesce(e.format::text, '')::text as export_format,
  coalesce(ch.id, 0)::bigint as change_id, coalesce(i.id, 0)::bigint as import_id
from river_job j
left join series s on s.job_id = j.id and s.import_id is null
left join export e on e.job_id = j.id
left join series es on es.id = e.series_id
left join series x on x.erase_job_id = j.id
left join series h on h.shred_job_id = j.id
left join card_change ch on ch.job_id = j.id
left join series cs on cs.id = ch.series_id
left join card_import i on i.job_id = j.id
where (@state::text = '' or j.state::text = @state)
  and (@queue::text = '' or j.queue = @queue)
  and (@id::bigint = 0 or j.id = @id)
  and (@everything::boolean or j.state <> 'completed' or s.id is not null or e.id is not null or x.id is not null)
order by case j.state when 'discarded' then 0 when 'retryable' then 1 when 'running' then 2
  when 'available' then 3 when 'scheduled' then 4 when 'pending' then 5 else 6 end, j.id desc
limit @size offset @skip;

-- name: JobGet :one
-- What a page about one job shows beyond its line of the list.
select id, args, priority, errors, attempted_by from river_job where id = @id;

-- name: JobBehind :one
-- What a job is about, so that it can be cancelled or retried there.
select j.id, j.kind, j.queue, j.state,
  coalesce((select s.id from series s where s.job_id = j.id and s.import_id is null), 0)::bigint as series_id,
  coalesce((select s.state = 'failed' from series s where s.job_id = j.id and s.import_id is null), false)::boolean as series_failed,
  coalesce((select e.id from export e where e.job_id = j.id), 0)::bigint as export_id,
  coalesce((select e.state = 'failed' from export e where e.job_id = j.id), false)::boolean as export_failed,
  coalesce((select ch.id from card_change ch where ch.job_id = j.id), 0)::bigint as change_id,
  coalesce((select ch.state = 'failed' from card_change ch where ch.job_id = j.id), false)::boolean as change_failed,
  coalesce((select i.id from card_import i where i.job_id = j.id), 0)::bigint as import_id,
  coalesce((select i.state = 'failed' from card_import i where i.job_id = j.id), false)::boolean as import_failed
from river_job j
where j.id = @id;

-- name: JobListWorkers :many
-- Which workers have jobs running.
select distinct attempted_by[array_upper(attempted_by, 1)]::text as worker
from river_job where state = 'running' and attempted_by is not null;

-- name: JobRelease :execrows
-- Gives a dead worker's jobs back to the queue. The attempt was not the jobs' fault.
update river_job set state = 'available', scheduled_at = now(), attempt = greatest(attempt - 1, 0)
where state = 'running' and attempted_by[array_upper(attempted_by, 1)] = @worker::text;
