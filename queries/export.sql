-- name: ExportCreate :one
insert into export (series_id, format, options, request_key, rows_total, created_by, client_id, password_key_id, password_sealed)
values (@series_id, @format, @options, @request_key, @rows_total, @created_by, sqlc.narg(client_id), @password_key_id, @password_sealed)
returning id;

-- name: ExportGetChoice :one
-- What a person chose last on the page of exports: for this series, else for any.
-- The one-press buttons choose nothing: a reason is none, nor are the states of the cards
-- where the series is printed once, which says them.
select e.format, e.options from export e
join series s on s.id = e.series_id
where e.created_by = @created_by
  and (e.options - 'reason' - 'states' <> '{}' or (e.options ? 'states' and not s.print_once))
order by (e.series_id = @series_id) desc, e.id desc
limit 1;

-- name: ExportSetJob :exec
update export set job_id = @job_id where id = @id;

-- name: ExportGetByRequestKey :one
select id, series_id, format, options, created_by, password_key_id, password_sealed from export where request_key = @request_key;

-- name: ExportGet :one
-- One export. It is not found where its series belongs to partners that the reader may not
-- see.
select sqlc.embed(e), s.number as series_number, s.prefix as series_prefix, s.time_zone as series_time_zone, s.print_once as series_print_once,
  staff.name as created_by_name, api_client.name as client_name, now()::timestamptz as asked_at
from export e
join series s on s.id = e.series_id
join staff on staff.id = e.created_by
left join api_client on api_client.id = e.client_id
where e.id = @id
  and (@all_partners::boolean or (not s.any_partner and not exists (
    select from series_partner sp where sp.series_id = s.id and sp.removed_at is null and (sp.partner_id = any(@partner_ids::bigint[])) is not true)));

-- name: ExportListSeries :many
select sqlc.embed(e), staff.name as created_by_name, api_client.name as client_name, coalesce(fetcher.name, '')::text as sent_whole_name, now()::timestamptz as asked_at
from export e
join staff on staff.id = e.created_by
left join staff fetcher on fetcher.id = e.sent_whole_to
left join api_client on api_client.id = e.client_id
where e.series_id = @series_id and e.created_at > now() - interval '30 days'
order by e.id desc
limit 20;

-- name: ExportListWaiting :many
-- The file that finished last, within five minutes, and that the requester has not
-- downloaded yet.
select e.id, e.format, e.size, e.rows_total, e.finished_at, s.number as series_number
from export e
join series s on s.id = e.series_id
where e.created_by = @created_by and e.state = 'ready' and e.fetched_at is null and e.dismissed_at is null
  and e.expires_at > now() and e.finished_at > now() - interval '5 minutes'
order by e.finished_at desc
limit 1;

-- name: ExportStart :execrows
update export set state = 'running', started_at = now(), rows_done = 0, rows_total = @rows_total, failure = ''
where id = @id and state in ('queued', 'running', 'failed');

-- name: ExportAdvance :one
-- Records the progress of an export. No row: it was cancelled.
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
-- Keeps a file from being made until another person has approved it.
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
-- The files that can still be downloaded.
select file from export where state = 'ready';

-- name: ExportFetched :exec
update export set fetched_at = coalesce(fetched_at, now()) where id = @id;

-- name: ExportNotify :exec
-- Tells every web process, at commit, that an export changed, and whose it is.
select pg_notify('refill', json_build_object('kind', 'export', 'id', @id::bigint,
  'series', @series_id::bigint, 'staff', @staff_id::bigint)::text);

-- name: ExportListStranded :many
-- Unfinished exports whose job has ended.
select e.id from export e
left join river_job j on j.id = e.job_id
where e.state in ('queued', 'running')
  and coalesce(j.state in ('cancelled', 'discarded', 'completed'), true);

-- name: ExportDismiss :exec
-- Dismisses the reminder of a finished file.
update export set dismissed_at = now() where id = @id;

-- name: ExportCountSeries :one
-- The number of files of a series that were or will be written.
select count(*) from export where series_id = @series_id and state in ('queued', 'running', 'ready', 'expired');

-- name: ExportEndSeries :exec
-- Ends the files of a deleted series: unfinished ones are cancelled, finished ones expire,
-- and housekeeping removes them.
update export set state = case when state = 'ready' then state else 'cancelled' end,
  finished_at = coalesce(finished_at, now()),
  expires_at = case when state = 'ready' then now() else expires_at end
where series_id = @series_id and state in ('waiting', 'queued', 'running', 'failed', 'ready');

-- name: ExportPasswordOld :many
-- The exports whose password is sealed under an older key.
select id, request_key, password_key_id, password_sealed from export
where password_key_id < @key_id and password_sealed is not null
order by id limit 500;

-- name: ExportPasswordSeal :exec
-- Stores the password of an export sealed under another key, unless it was sealed or
-- erased concurrently.
update export set password_key_id = @key_id, password_sealed = @sealed
where id = @id and password_sealed = @was_sealed;

-- name: ExportOutstanding :one
-- The other current and future files of a series.
select count(*) from export
where series_id = @series_id and id <> @except_id
  and (state in ('waiting', 'queued', 'running') or (state = 'ready' and expires_at > now()));

-- name: ExportCountAny :one
-- The number of files of a series that exist, existed or may still be made.
select count(*) from export where series_id = @series_id and state <> 'cancelled';

-- name: ExportSent :one
-- Records which bytes of a file were sent to a person, and returns whether that is the
-- whole file now. Parts that were sent to another person before are discarded. No row: the
-- file was discarded, even if its bytes are still stored. It reads the clock, not the
-- start of the transaction, because it may have waited for a concurrent discard.
update export set sent_to = @staff_id::bigint,
  sent = case when sent_to = @staff_id::bigint then sent else '{}' end + int8multirange(int8range(@from_byte::bigint, @to_byte::bigint))
where id = @id and state = 'ready' and expires_at > clock_timestamp()
returning (sent @> int8range(0, size))::boolean as whole, sent_whole_at, expires_at;

-- name: ExportSentWhole :exec
-- The file is kept until the codes are shredded, while the portal waits for the
-- confirmation.
update export e set sent_whole_at = now(), sent_whole_to = e.sent_to, expires_at = greatest(e.expires_at, s.shred_at)
from series s where e.id = @id and s.id = e.series_id;

-- name: ExportSentWholeAgain :exec
-- Another person has downloaded the whole file.
update export set sent_whole_to = sent_to where id = @id and sent_whole_at is not null;

-- name: ExportEndFiles :exec
-- Expires the files of a series; housekeeping removes them.
update export set expires_at = now() where series_id = @series_id and state = 'ready';

-- name: ExportLock :exec
select from export where id = @id for no key update;

-- name: ExportOnceState :one
-- Whether a file can be downloaded now, and when and to whom its last byte was sent.
select coalesce(state = 'ready' and expires_at > clock_timestamp(), false)::boolean as live, sent_whole_at, sent_whole_to
from export where id = @id for no key update;
