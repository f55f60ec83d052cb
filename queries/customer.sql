-- name: CustomerCreate :one
insert into customer (partner_id, username, name, email, phone, password_hash)
values (@partner_id, @username, @name, @email, @phone, @password_hash)
returning *;

-- name: CustomerGetByUsername :one
select customer.*, partner.disabled_at as partner_disabled_at
from customer join partner on partner.id = customer.partner_id
where username = lower(@username);

-- name: CustomerGet :one
-- A customer with partner and balance; a foreign one is not found.
select customer.*, partner.name as partner_name, partner.time_zone,
  partner.disabled_at as partner_disabled_at,
  account.id as account_id, account.balance, account.currency
from customer
join partner on partner.id = customer.partner_id
join account on account.customer_id = customer.id
where customer.id = @id
  and (@all_partners::boolean or customer.partner_id = any(@partner_ids::bigint[]));

-- name: CustomerList :many
-- Newest first, below before_id; search goes over name, username, e-mail and phone.
select customer.id, customer.username, customer.name, customer.email, customer.phone,
  customer.disabled_at, partner.name as partner_name, account.balance, account.currency
from customer
join partner on partner.id = customer.partner_id
join account on account.customer_id = customer.id
where (@all_partners::boolean or customer.partner_id = any(@partner_ids::bigint[]))
  and (@search::text = '' or customer.name ilike '%' || @search || '%'
    or customer.username ilike @search || '%' or customer.email ilike @search || '%'
    or customer.phone ilike '%' || @search || '%' or customer.id::text = @search)
  and customer.id < @before_id
order by customer.id desc
limit @size;

-- name: CustomerSuggest :many
-- The few customers that a search most likely means: the one whose username or
-- number it is, then names that begin with it.
select customer.id, customer.username, customer.name, customer.disabled_at, partner.name as partner_name
from customer
join partner on partner.id = customer.partner_id
where (@all_partners::boolean or customer.partner_id = any(@partner_ids::bigint[]))
  and (customer.name ilike '%' || @search::text || '%' or customer.username ilike @search::text || '%'
    or customer.email ilike @search::text || '%' or customer.phone ilike '%' || @search::text || '%'
    or customer.id::text = @search::text)
order by (customer.username = lower(@search::text) or customer.id::text = @search::text) desc,
  (customer.name ilike @search::text || '%') desc, customer.name, customer.id
limit @size;

-- name: CustomerCount :one
select count(*) from customer
where (@all_partners::boolean or customer.partner_id = any(@partner_ids::bigint[]))
  and (@search::text = '' or customer.name ilike '%' || @search || '%'
    or customer.username ilike @search || '%' or customer.email ilike @search || '%'
    or customer.phone ilike '%' || @search || '%' or customer.id::text = @search);

-- name: CustomerSetPassword :exec
update customer set password_hash = @password_hash where id = @id;
