-- name: SessionCreateStaff :execrows
-- No row where the account's sessions were ended after the password was checked. Ending
-- them locks the account's row, so that either this statement sees it, or it sees this
-- session.
insert into session (token_hash, staff_id, expires_at, address, user_agent)
select @token_hash, staff.id, now() + @lifetime::interval, sqlc.narg(address)::inet, @user_agent
from staff where staff.id = @staff_id and staff.shut_out = @shut_out
for share of staff;

-- name: SessionCreateCustomer :execrows
insert into session (token_hash, customer_id, expires_at, address, user_agent)
select @token_hash, customer.id, now() + @lifetime::interval, sqlc.narg(address)::inet, @user_agent
from customer where customer.id = @customer_id and customer.shut_out = @shut_out
for share of customer;

-- name: SessionGetStaff :one
-- The member of staff of a session; no row where the session has expired, was idle too
-- long, or belongs to a disabled account.
select session.id as session_id, session.renew,
  staff.id, staff.username, staff.name, staff.role_id, staff.all_partners,
  exists (select from staff_second_factor f where f.staff_id = staff.id) as second_factor,
  role.name as role_name, role.everything, role.permissions,
  array(select partner_id from staff_partner p where p.staff_id = staff.id order by partner_id)::bigint[] as partner_ids,
  session.seen_at < now() - interval '1 minute' as stale
from session
join staff on staff.id = session.staff_id
join role on role.id = staff.role_id
where (session.token_hash = @token_hash
    or session.previous_hash = @token_hash and session.renewed_at > now() - interval '10 seconds')
  and session.expires_at > now()
  and session.seen_at > now() - @idle::interval and staff.disabled_at is null;

-- name: SessionGetCustomer :one
select session.id as session_id, customer.id, customer.username, customer.name, customer.partner_id,
  partner.name as partner_name, partner.brand, partner.time_zone, partner.portal_refill_card,
  partner.accent, partner.slug, partner.welcome, partner.help, partner.look_version, partner.test,
  coalesce(logo.width, 0)::integer as logo_width, coalesce(logo.height, 0)::integer as logo_height,
  session.seen_at < now() - interval '1 minute' as stale
from session
join customer on customer.id = session.customer_id
join partner on partner.id = customer.partner_id
left join partner_logo logo on logo.partner_id = partner.id
where session.token_hash = @token_hash and session.expires_at > now()
  and session.seen_at > now() - @idle::interval and customer.disabled_at is null
  and partner.disabled_at is null;

-- name: SessionTouch :exec
update session set seen_at = now() where id = @id;

-- name: SessionRenew :execrows
-- Renews the token of a session; of two concurrent requests one succeeds. With grace, the
-- old token stays valid for a few seconds (see SessionGetStaff).
update session set token_hash = @token_hash, renew = false,
  previous_hash = case when @grace::boolean then token_hash end, renewed_at = now()
where token_hash = @old_hash;

-- name: SessionRenewStaff :exec
-- Marks the sessions of a member of staff whose rights have changed.
update session set renew = true where staff_id = @staff_id;

-- name: SessionRenewRole :exec
-- Marks the sessions of all members of staff with a role whose rights have changed.
update session set renew = true where staff_id in (select staff.id from staff where staff.role_id = @role_id);

-- name: SessionDelete :exec
delete from session where token_hash = @token_hash or previous_hash = @token_hash;

-- name: SessionDeleteExpired :execrows
delete from session where expires_at < now();

-- name: SessionDeleteOthers :execrows
-- Ends a customer's sessions except this one.
delete from session where customer_id = @customer_id and token_hash <> @token_hash;

-- name: SessionDeleteStaff :exec
-- Ends a member of staff's sessions except this one; without a token, all of them.
delete from session where staff_id = @staff_id and token_hash is distinct from sqlc.narg(token_hash)::bytea;

-- name: SessionDeleteCustomer :exec
-- Ends all sessions of a customer.
delete from session where customer_id = @customer_id;

-- name: SessionList :many
-- The sessions of a member of staff or of a customer.
select id, created_at, seen_at, address, user_agent from session
where (staff_id = sqlc.narg(staff_id) or customer_id = sqlc.narg(customer_id))
  and expires_at > now() and seen_at > now() - @idle::interval
order by id = @own::bigint desc, seen_at desc, id desc
limit 50;

-- name: SessionEnd :execrows
-- Ends one session of its owner's.
delete from session where id = @id and (staff_id = sqlc.narg(staff_id) or customer_id = sqlc.narg(customer_id));

-- name: SessionEndOthers :execrows
delete from session where id <> @own and (staff_id = sqlc.narg(staff_id) or customer_id = sqlc.narg(customer_id));

-- name: SessionListStaff :many
-- The owners of some sessions, for responses that outlive their request (event streams).
-- An ended session has no row.
select session.id as session_id, staff.id, role.everything, role.permissions, staff.all_partners,
  array(select partner_id from staff_partner p where p.staff_id = staff.id order by partner_id)::bigint[] as partner_ids
from session
join staff on staff.id = session.staff_id
join role on role.id = staff.role_id
where session.id = any(@ids::bigint[]) and session.expires_at > now()
  and session.seen_at > now() - @idle::interval and staff.disabled_at is null;
