-- name: SignInHelpAsk :one
-- Opens the request of the customer with a username, unless one is open. 0: no customer can
-- sign in with the username, or the request is open already.
with asked as (
  insert into sign_in_help (customer_id, address)
  select customer.id, sqlc.narg('address')::inet
  from customer join partner on partner.id = customer.partner_id
  where customer.username = @username and customer.disabled_at is null and partner.disabled_at is null
  on conflict (customer_id) do nothing
  returning customer_id
)
select coalesce((select customer_id from asked), 0)::bigint as customer_id;

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
