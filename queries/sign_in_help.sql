-- name: SignInHelpAsk :one
-- Answers the request of the customer with a username: by a message with a link where
-- may_mail allows it and the account has an address, otherwise by a request for staff,
-- unless one is open. customer_id 0: no customer can sign in with the username, or the
-- request is open already.
with who as (
  select customer.id, customer.email
  from customer join partner on partner.id = customer.partner_id
  where customer.username = @username and customer.disabled_at is null and partner.disabled_at is null
), mailed as (
  insert into sign_in_mail (customer_id, address)
  select who.id, sqlc.narg('address')::inet from who
  where @may_mail::boolean and who.email <> ''
  returning id, customer_id
), queued as (
  insert into river_job (kind, args, queue, max_attempts)
  select 'mail_customer', jsonb_build_object('customer_id', customer_id, 'about', 'link', 'id', id), 'mail', @max_attempts::smallint from mailed
), asked as (
  insert into sign_in_help (customer_id, address)
  select who.id, sqlc.narg('address')::inet from who where not exists (select from mailed)
  on conflict (customer_id) do nothing
  returning customer_id
)
select coalesce((select customer_id from asked), (select customer_id from mailed), 0)::bigint as customer_id,
  exists (select from mailed)::boolean as mailed;

-- name: SignInHelpOpen :execrows
-- Opens the request of a customer to whom a link could not be mailed.
insert into sign_in_help (customer_id, address)
select m.customer_id, m.address from sign_in_mail m join customer on customer.id = m.customer_id
where m.id = @id and customer.disabled_at is null
on conflict (customer_id) do nothing;

-- name: SignInHelpClose :execrows
delete from sign_in_help where customer_id = @customer_id;

-- name: SignInHelpGet :one
select asked_at, address from sign_in_help where customer_id = @customer_id;

-- name: SignInHelpList :many
-- Open requests that a member of staff sees, oldest first.
select customer.id, customer.name, customer.username, sign_in_help.asked_at
from sign_in_help join customer on customer.id = sign_in_help.customer_id
where @all_partners::boolean or customer.partner_id = any(@partner_ids::bigint[])
order by sign_in_help.asked_at
limit @size;
