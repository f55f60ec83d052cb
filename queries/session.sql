-- name: SessionCreate :exec
insert into session (token_hash, staff_id, customer_id, expires_at, address, user_agent)
values (@token_hash, @staff_id, @customer_id, now() + @lifetime::interval, @address, @user_agent);

-- name: SessionGetStaff :one
-- Who is signed in; nobody where the session is over, idle too long, or its
-- owner has been disabled since.
select staff.id, staff.username, staff.name, staff.role_id, staff.all_partners,
  role.name as role_name, role.everything, role.permissions,
  array(select partner_id from staff_partner p where p.staff_id = staff.id order by partner_id)::bigint[] as partner_ids,
  session.seen_at < now() - interval '1 minute' as stale
from session
join staff on staff.id = session.staff_id
join role on role.id = staff.role_id
where session.token_hash = @token_hash and session.expires_at > now()
  and session.seen_at > now() - @idle::interval and staff.disabled_at is null;

-- name: SessionGetCustomer :one
select customer.id, customer.username, customer.name, customer.partner_id,
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
update session set seen_at = now() where token_hash = @token_hash;

-- name: SessionDelete :exec
delete from session where token_hash = @token_hash;

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
