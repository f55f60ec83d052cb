-- name: KnownDeviceFindStaff :one
-- The row of a browser that this member of staff signed in from before.
select known_device.id from known_device join staff on staff.id = known_device.staff_id
where known_device.token_hash = @token_hash and staff.username = lower(@username) and known_device.expires_at > now();

-- name: KnownDeviceFindCustomer :one
select known_device.id from known_device join customer on customer.id = known_device.customer_id
where known_device.token_hash = @token_hash and customer.username = lower(@username) and known_device.expires_at > now();

-- name: KnownDeviceMove :exec
-- Gives a browser a new token, for all people who are known in it.
update known_device set token_hash = @token_hash where token_hash = @old_hash;

-- name: KnownDeviceKeepStaff :exec
insert into known_device (token_hash, staff_id, expires_at) values (@token_hash, @staff_id, now() + @lifetime::interval)
on conflict (staff_id, token_hash) where staff_id is not null do update set used_at = now(), expires_at = excluded.expires_at;

-- name: KnownDeviceKeepCustomer :exec
insert into known_device (token_hash, customer_id, expires_at) values (@token_hash, @customer_id, now() + @lifetime::interval)
on conflict (customer_id, token_hash) where customer_id is not null do update set used_at = now(), expires_at = excluded.expires_at;

-- name: KnownDeviceTrim :exec
-- Deletes all of a person's known browsers except the most recently used.
delete from known_device where id in (
  select d.id from known_device d
  where d.staff_id = sqlc.narg(staff_id) or d.customer_id = sqlc.narg(customer_id)
  order by d.used_at desc, d.id desc offset @most::integer);

-- name: KnownDeviceForget :exec
-- Deletes a person's known browsers except the one with a token.
delete from known_device
where (staff_id = sqlc.narg(staff_id) or customer_id = sqlc.narg(customer_id))
  and token_hash is distinct from sqlc.narg(keep)::bytea;

-- name: KnownDeviceDeleteOld :execrows
delete from known_device where expires_at < now();
