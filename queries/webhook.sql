-- name: WebhookNextID :one
-- The id of an endpoint that is about to be made: its secret is sealed for it.
select nextval(pg_get_serial_sequence('webhook_endpoint', 'id'))::bigint;

-- name: WebhookCreate :exec
insert into webhook_endpoint (id, name, url, types, all_partners, partner_ids, in_order, key_id, secret, request_key, request_print, created_by, client_id, test)
values (@id, @name, @url, @types, @all_partners, @partner_ids, @in_order, @key_id, @secret, @request_key, @request_print, @created_by, @client_id, @test);

-- name: WebhookGetByKey :one
select id, request_print from webhook_endpoint where request_key = @request_key;

-- name: WebhookGet :one
select w.*, m.name as made_by, webhook_runs(w.client_id, w.all_partners, w.partner_ids) as runs,
  (select count(*) from webhook_delivery d where d.endpoint_id = w.id and d.state = 'due') as due,
  (select count(*) from webhook_delivery d where d.endpoint_id = w.id and d.state = 'failed') as failed
from webhook_endpoint w
join staff m on m.id = w.created_by
where w.id = @id and (@all_partners::boolean or (not w.all_partners and w.partner_ids <@ @partner_ids::bigint[]))
  and (w.partner_ids && @hidden_ids::bigint[]) is not true;

-- name: WebhookGetForUpdate :one
select * from webhook_endpoint where id = @id for update;

-- name: WebhookList :many
-- The endpoints whose partners are all among the given ones.
select w.*, m.name as made_by, webhook_runs(w.client_id, w.all_partners, w.partner_ids) as runs,
  array(select partner.name from partner where partner.id = any(w.partner_ids) order by partner.name)::text[] as partners,
  (select count(*) from webhook_delivery d where d.endpoint_id = w.id and d.state = 'due') as due,
  (select count(*) from webhook_delivery d where d.endpoint_id = w.id and d.state = 'failed') as failed
from webhook_endpoint w
join staff m on m.id = w.created_by
where (@all_partners::boolean or (not w.all_partners and w.partner_ids <@ @partner_ids::bigint[]))
  and (w.partner_ids && @hidden_ids::bigint[]) is not true
order by w.disabled_at is not null, lower(w.name);

-- name: WebhookUpdate :exec
update webhook_endpoint set name = @name, url = @url, types = @types, all_partners = @all_partners, partner_ids = @partner_ids, in_order = @in_order,
  failing_since = case when url = @url then failing_since end, version = version + 1
where id = @id;

-- name: WebhookSwitch :exec
-- Switches an endpoint off for a reason; empty: on.
update webhook_endpoint set disabled_why = @why::text, disabled_at = case when @why::text <> '' then now() end, failing_since = null, version = version + 1
where id = @id;

-- name: WebhookRotate :exec
update webhook_endpoint set old_key_id = key_id, old_secret = secret, old_until = now() + @overlap::interval, key_id = @key_id, secret = @secret, version = version + 1
where id = @id;

-- name: WebhookForgetOld :execrows
-- Forgets the secrets whose overlap has ended.
update webhook_endpoint set old_key_id = null, old_secret = null, old_until = null where old_until < now();

-- name: WebhookSecretOld :many
-- The secrets that are sealed under an older key.
select id, key_id, secret, old_key_id, old_secret from webhook_endpoint
where key_id < @key_id or old_key_id < @key_id order by id limit 500;

-- name: WebhookSecretSeal :exec
-- Stores secrets sealed under another key, unless they were changed meanwhile.
update webhook_endpoint set key_id = @key_id, secret = @secret, old_key_id = sqlc.narg(old_key_id), old_secret = sqlc.narg(old_secret)
where id = @id and secret = @was_secret and old_secret is not distinct from sqlc.narg(was_old_secret)::bytea;

-- name: WebhookFanOut :execrows
-- Notes for which endpoints new events are. A ping is for the endpoint that it names.
insert into webhook_delivery (endpoint_id, seq)
select w.id, e.seq
from event e join webhook_endpoint w on w.disabled_at is null
  and case when e.type = 'ping' then e.data ->> 'endpoint_id' = w.id::text
    else webhook_takes(w.types, w.all_partners, w.partner_ids, e.type, e.partner_ids) and w.test = e.test
      and webhook_may(w.created_by, w.client_id, e.type) end
where e.seq between @first and @last
on conflict do nothing;

-- name: WebhookReplayCount :one
-- How many events since a time an endpoint takes.
select count(*) from event e, webhook_endpoint w
where w.id = @id and e.at >= @since and e.type <> 'ping'
  and webhook_takes(w.types, w.all_partners, w.partner_ids, e.type, e.partner_ids) and w.test = e.test
  and webhook_may(w.created_by, w.client_id, e.type);

-- name: WebhookReplayStart :one
-- Has the events since a time sent again, from the oldest on, and returns how many seqs
-- are walked through.
update webhook_endpoint set replay_seq = span.first, replay_until = span.last
from (select min(e.seq) as first, max(e.seq) as last from event e where e.at >= @since) span
where webhook_endpoint.id = @id and span.first is not null
returning (webhook_endpoint.replay_until - webhook_endpoint.replay_seq + 1)::bigint as seqs;

-- name: WebhookReplayStep :many
-- Has the next seq of every replay, and more after it, sent again. What is due already
-- stays as it is.
with next as (
  select o.id, o.types, o.all_partners, o.partner_ids, o.test, o.created_by, o.client_id, o.replay_seq, least(o.replay_until, o.replay_seq + @more::bigint) as until
  from webhook_endpoint o where o.replay_seq is not null and o.disabled_at is null
), again as (
  insert into webhook_delivery as d (endpoint_id, seq)
  select n.id, e.seq from next n join event e on e.seq between n.replay_seq and n.until and e.type <> 'ping'
    and webhook_takes(n.types, n.all_partners, n.partner_ids, e.type, e.partner_ids) and n.test = e.test
    and webhook_may(n.created_by, n.client_id, e.type)
  on conflict (endpoint_id, seq) do update set state = 'due', attempts = 0, next_at = now() where d.state <> 'due'
)
update webhook_endpoint w set replay_seq = case when n.until < w.replay_until then n.until + 1 end,
  replay_until = case when n.until < w.replay_until then w.replay_until end
from next n where w.id = n.id
returning w.id, w.replay_seq;

-- name: WebhookDue :many
-- The endpoints that something is due for.
select w.id from webhook_endpoint w
where w.disabled_at is null and webhook_runs(w.client_id, w.all_partners, w.partner_ids) and exists (
  select from webhook_delivery d where d.endpoint_id = w.id and d.state = 'due' and d.next_at <= now());

-- name: WebhookClaim :one
-- Takes the next delivery of an endpoint that is due, for as long as one try may last. In
-- order: only the oldest one. Whether the endpoint takes events of these partners is asked
-- again, because it may have been given others since.
update webhook_delivery d set attempts = d.attempts + 1, next_at = now() + @lease::interval
from (
  select x.endpoint_id, x.seq from webhook_delivery x
  where x.endpoint_id = @endpoint_id and x.state = 'due' and x.next_at <= now()
    and (not (select o.in_order from webhook_endpoint o where o.id = @endpoint_id)
      or x.seq = (select min(y.seq) from webhook_delivery y where y.endpoint_id = @endpoint_id and y.state = 'due'))
  order by x.next_at, x.seq limit 1 for update skip locked
) picked
join webhook_endpoint w on w.id = picked.endpoint_id and w.disabled_at is null and webhook_runs(w.client_id, w.all_partners, w.partner_ids)
join event e on e.seq = picked.seq
where d.endpoint_id = picked.endpoint_id and d.seq = picked.seq
returning d.seq, d.attempts, w.id as endpoint_id, w.name, w.url, w.key_id, w.secret, w.old_key_id, w.old_secret, w.old_until, w.failing_since,
  e.id as event_id, e.type, e.at, e.data,
  (e.type = 'ping' or w.test = e.test and (w.all_partners or e.partner_ids is null or e.partner_ids && w.partner_ids)
    and webhook_may(w.created_by, w.client_id, e.type))::boolean as allowed;

-- name: WebhookDelete :exec
delete from webhook_delivery where endpoint_id = @endpoint_id and seq = @seq;

-- name: WebhookDone :exec
with calm as (update webhook_endpoint w set failing_since = null where w.id = @endpoint_id and w.failing_since is not null)
update webhook_delivery d set state = 'done', status = @status, error = '', answer = @answer, took_ms = @took_ms, tried_at = now(), done_at = now()
where d.endpoint_id = @endpoint_id and d.seq = @seq;

-- name: WebhookFailed :one
-- Notes a try that failed, and returns for how long the endpoint has been failing. Without a
-- next try the delivery has failed for good.
with failing as (
  update webhook_endpoint w set failing_since = coalesce(w.failing_since, now()) where w.id = @endpoint_id returning w.failing_since
), tried as (
  update webhook_delivery d set state = case when @again::boolean then 'due' else 'failed' end, next_at = now() + @wait::interval,
    status = @status, error = @error, answer = @answer, took_ms = @took_ms, tried_at = now()
  where d.endpoint_id = @endpoint_id and d.seq = @seq
)
select extract(epoch from now() - failing_since)::float8 as seconds from failing;

-- name: WebhookAgain :execrows
-- Has one delivery sent again, if its endpoint still takes events of those partners.
update webhook_delivery d set state = 'due', attempts = 0, next_at = now()
from event e, webhook_endpoint w
where d.endpoint_id = @endpoint_id and d.seq = @seq and e.seq = d.seq and w.id = d.endpoint_id
  and (e.type = 'ping' or w.test = e.test and (w.all_partners or e.partner_ids is null or e.partner_ids && w.partner_ids))
  and webhook_may(w.created_by, w.client_id, e.type);

-- name: WebhookDeliveryList :many
-- The deliveries of an endpoint, newest first.
select d.seq, d.state, d.attempts, d.next_at, d.status, d.error, d.answer, d.took_ms, d.tried_at, d.done_at, e.id as event_id, e.type, e.at
from webhook_delivery d join event e on e.seq = d.seq
where d.endpoint_id = @endpoint_id and d.seq < @before_seq and (@state::text = '' or d.state = @state)
order by d.seq desc limit @size;

-- name: WebhookDeliveryGet :one
select d.seq, d.state, d.attempts, d.next_at, d.status, d.error, d.answer, d.took_ms, d.tried_at, d.done_at, e.id as event_id, e.type, e.at, e.data
from webhook_delivery d join event e on e.seq = d.seq
where d.endpoint_id = @endpoint_id and d.seq = @seq;

-- name: WebhookFailing :many
-- Endpoints that have failed for longer than the given time, or were switched off for it.
select id, name, disabled_why, failing_since from webhook_endpoint
where (disabled_why in ('gone', 'failing') or (disabled_at is null and failing_since < now() - @age::interval))
  and (@all_partners::boolean or (not all_partners and partner_ids <@ @partner_ids::bigint[]))
order by lower(name);

-- name: WebhookLag :many
-- How long the oldest event that an endpoint has not got has been there.
select w.id, w.name, coalesce(extract(epoch from now() - (
    select e.at from webhook_delivery d join event e on e.seq = d.seq
    where d.endpoint_id = w.id and d.state = 'due' order by d.seq limit 1)), 0)::float8 as seconds
from webhook_endpoint w where w.disabled_at is null and webhook_runs(w.client_id, w.all_partners, w.partner_ids) order by w.id;
