-- name: KeyCanaryList :many
select key_id, sealed from key_canary order by key_id;

-- name: KeyCanaryCreate :exec
insert into key_canary (key_id, sealed) values (@key_id, @sealed) on conflict do nothing;
