-- name: SessionCreateStaff :execrows
-- None where their sign-ins were ended since the password was checked. Whoever ends
-- them holds the row; so either they are seen here, or this session is seen there.
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
-- Who is signed in; nobody where the session is over, idle too long, or its
-- owner has been disabled since.
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
  partner.accent, partner.slug, partner.welcome, partner.help, partner.look_version,
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
-- The session goes on under another token. Two requests at once: one of them.
-- With grace, the token before holds for the few seconds that SessionGetStaff says.
update session set token_hash = @token_hash, renew = false,
  previous_hash = case when @grace::boolean then token_hash end, renewed_at = now()
where token_hash = @old_hash;

-- name: SessionRenewStaff :exec
-- A member of staff's rights have changed.
update session set renew = true where staff_id = @staff_id;

-- name: SessionRenewRole :exec
-- The rights of everybody with a role have changed.
update session set renew = true where staff_id in (select staff.id from staff where staff.role_id = @role_id);

-- name: SessionDelete :exec
delete from session where token_hash = @token_hash or previous_hash = @token_hash;

-- name: SessionDeleteExpired :execrows
delete from session where expires_at < now();

-- name: SessionDeleteOthers :execrows
-- Signs a customer out everywhere but here.
delete from session where customer_id = @customer_id and token_hash <> @token_hash;

-- name: SessionDeleteStaff :exec
-- Signs a member of staff out everywhere but here; without a token, everywhere.
delete from session where staff_id = @staff_id and token_hash is distinct from sqlc.narg(token_hash)::bytea;

-- name: SessionDeleteCustomer :exec
-- Signs a customer out everywhere.
delete from session where customer_id = @customer_id;

-- name: SessionList :many
-- Where somebody is signed in: a member of staff or a customer.
select id, created_at, seen_at, address, user_agent from session
where (staff_id = sqlc.narg(staff_id) or customer_id = sqlc.narg(customer_id))
  and expires_at > now() and seen_at > now() - @idle::interval
order by id = @own::bigint desc, seen_at desc, id desc
limit 50;

-- name: SessionEnd :execrows
-- Ends one of somebody's own.
delete from session where id = @id and (staff_id = sqlc.narg(staff_id) or customer_id = sqlc.narg(customer_id));

-- name: SessionEndOthers :execrows
delete from session where id <> @own and (staff_id = sqlc.narg(staff_id) or customer_id = sqlc.narg(customer_id));

-- name: SessionListStaff :many
-- Who is signed in under each of some sessions, for answers that outlive their
-- request; a session that is over has no row.
select session.id as session_id, staff.id, role.everything, role.permissions, staff.all_partners,
  array(select partner_id from staff_partner p where p.staff_id = staff.id order by partner_id)::bigint[] as partner_ids
from session
join staff on staff.id = session.staff_id
join role on role.id = staff.role_id
where session.id = any(@ids::bigint[]) and session.expires_at > now()
  and session.seen_at > now() - @idle::interval and staff.disabled_at is null;
