-- name: ExportCreate :one
insert into export (series_id, format, options, request_key, rows_total, created_by, password_key_id, password_sealed)
values (@series_id, @format, @options, @request_key, @rows_total, @created_by, @password_key_id, @password_sealed)
returning id;

-- name: ExportGetChoice :one
-- What a person chose last on the page of exports: for this series, else for any.
-- The one-press buttons choose nothing.
select format, options from export
where created_by = @created_by and options <> '{}'
order by (series_id = @series_id) desc, id desc
limit 1;

-- name: ExportSetJob :exec
update export set job_id = @job_id where id = @id;

-- name: ExportGetByRequestKey :one
select id, series_id, format, created_by, password_key_id, password_sealed from export where request_key = @request_key;

-- name: ExportGet :one
-- One export; one of a series beyond the asking person's partners is not found.
select sqlc.embed(e), s.number as series_number, s.prefix as series_prefix, s.time_zone as series_time_zone, s.print_once as series_print_once,
  staff.name as created_by_name, now()::timestamptz as asked_at
from export e
join series s on s.id = e.series_id
join staff on staff.id = e.created_by
where e.id = @id
  and (@all_partners::boolean or (not s.any_partner and not exists (
    select from series_partner sp where sp.series_id = s.id and sp.removed_at is null and sp.partner_id <> all(@partner_ids::bigint[]))));

-- name: ExportListSeries :many
select sqlc.embed(e), staff.name as created_by_name, coalesce(fetcher.name, '')::text as sent_whole_name, now()::timestamptz as asked_at
from export e
join staff on staff.id = e.created_by
left join staff fetcher on fetcher.id = e.sent_whole_to
where e.series_id = @series_id and e.created_at > now() - interval '30 days'
order by e.id desc
limit 20;

-- name: ExportListWaiting :many
-- Files that are ready and that the person who asked has not fetched yet.
select e.id, e.format, e.size, e.rows_total, e.finished_at, s.number as series_number
from export e
join series s on s.id = e.series_id
where e.created_by = @created_by and e.state = 'ready' and e.fetched_at is null and e.dismissed_at is null
  and e.expires_at > now() and e.finished_at > now() - interval '1 hour'
order by e.id desc
limit 5;

-- name: ExportStart :execrows
update export set state = 'running', started_at = now(), rows_done = 0, rows_total = @rows_total, failure = ''
where id = @id and state in ('queued', 'running', 'failed');

-- name: ExportAdvance :one
-- Says how far an export is and learns whether it is still wanted.
update export set rows_done = @rows_done where id = @id
returning state;

-- name: ExportFinish :execrows
update export set state = 'ready', finished_at = now(), rows_done = @rows_done, rows_total = @rows_done,
  file = @file, size = @size, sha256 = @sha256, key_id = @key_id::smallint, expires_at = now() + @lifetime::interval
where id = @id and state = 'running';

-- name: ExportFail :exec
update export set state = 'failed', failure = @failure, finished_at = now()
where id = @id and state in ('queued', 'running');

-- name: ExportHold :exec
-- Keeps a file from being made until somebody else has approved it.
update export set state = 'waiting' where id = @id and state = 'queued' and job_id is null;

-- name: ExportRelease :execrows
update export set state = 'queued' where id = @id and state = 'waiting';

-- name: ExportCancel :execrows
update export set state = 'cancelled', finished_at = now()
where id = @id and state in ('waiting', 'queued', 'running', 'failed');

-- name: ExportRequeue :execrows
update export set state = 'queued', failure = '', rows_done = 0
where id = @id and state = 'failed';

-- name: ExportExpire :many
-- Marks what has expired and names its files, for removal.
update export set state = 'expired' where state = 'ready' and expires_at <= now()
returning id, file;

-- name: ExportListFiles :many
-- The files that someone may still fetch.
select file from export where state = 'ready';

-- name: ExportFetched :exec
update export set fetched_at = coalesce(fetched_at, now()) where id = @id;

-- name: ExportNotify :exec
-- Tells every web process, at commit, that an export changed, and whose it is.
select pg_notify('refill', json_build_object('kind', 'export', 'id', @id::bigint,
  'series', @series_id::bigint, 'staff', @staff_id::bigint)::text);

-- name: ExportListStranded :many
-- Exports that are to be made but whose job ended without them.
select e.id from export e
left join river_job j on j.id = e.job_id
where e.state in ('queued', 'running')
  and coalesce(j.state in ('cancelled', 'discarded', 'completed'), true);

-- name: ExportDismiss :execrows
-- Its owner wants no reminder of it any more.
update export set dismissed_at = now() where id = @id and created_by = @created_by;

-- name: ExportCountSeries :one
-- How many files of a series were written, or are about to be.
select count(*) from export where series_id = @series_id and state in ('queued', 'running', 'ready', 'expired');

-- name: ExportEndSeries :exec
-- A deleted series' files are no longer to be had: those under way are given up,
-- those ready are past their time, and housekeeping removes them.
update export set state = case when state = 'ready' then state else 'cancelled' end,
  finished_at = coalesce(finished_at, now()),
  expires_at = case when state = 'ready' then now() else expires_at end
where series_id = @series_id and state in ('waiting', 'queued', 'running', 'failed', 'ready');

-- name: ExportPasswordOld :many
-- Those that are sealed under an older key.
select id, request_key, password_key_id, password_sealed from export
where password_key_id < @key_id and password_sealed is not null
order by id limit 500;

-- name: ExportPasswordSeal :exec
-- Seals one under another key, unless somebody else has or it is erased meanwhile.
update export set password_key_id = @key_id, password_sealed = @sealed
where id = @id and password_sealed = @was_sealed;

-- name: ExportOutstanding :one
-- The other files of a series that are there or on their way, but for one.
select count(*) from export
where series_id = @series_id and id <> @except_id
  and (state in ('waiting', 'queued', 'running') or (state = 'ready' and expires_at > now()));

-- name: ExportCountAny :one
-- How many files of a series there are, were, or may still be.
select count(*) from export where series_id = @series_id and state <> 'cancelled';

-- name: ExportSent :one
-- Notes which bytes of a file were sent to a person, and says whether that is all of it
-- now. Pieces that went to somebody else before are forgotten. No row where the file is
-- over: it was discarded, though the file itself goes later. By the clock, as this may
-- have waited for whoever did.
update export set sent_to = @staff_id::bigint,
  sent = case when sent_to = @staff_id::bigint then sent else '{}' end + int8multirange(int8range(@from_byte::bigint, @to_byte::bigint))
where id = @id and state = 'ready' and expires_at > clock_timestamp()
returning (sent @> int8range(0, size))::boolean as whole, sent_whole_at, expires_at;

-- name: ExportSentWhole :exec
-- The file is kept until the codes go: as long as its series waits for a word.
update export e set sent_whole_at = now(), sent_whole_to = e.sent_to, expires_at = greatest(e.expires_at, s.shred_at)
from series s where e.id = @id and s.id = e.series_id;

-- name: ExportSentWholeAgain :exec
-- Another person has fetched all of it.
update export set sent_whole_to = sent_to where id = @id and sent_whole_at is not null;

-- name: ExportEndFiles :exec
-- The files of a series are past their time: housekeeping removes them.
update export set expires_at = now() where series_id = @series_id and state = 'ready';

-- name: ExportLock :exec
select from export where id = @id for no key update;

-- name: ExportOnceState :one
-- Whether a file can be had now, and when the last of it was sent, to whom.
select coalesce(state = 'ready' and expires_at > clock_timestamp(), false)::boolean as live, sent_whole_at, sent_whole_to
from export where id = @id for no key update;
