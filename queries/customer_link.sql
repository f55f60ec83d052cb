-- name: CustomerLinkCreate :exec
insert into customer_link (token_hash, customer_id, staff_id, expires_at)
values (@token_hash, @customer_id, @staff_id, now() + @lifetime::interval);

-- name: CustomerLinkCreateMailed :exec
-- A link that goes to the customer by e-mail. It works for half an hour.
insert into customer_link (token_hash, customer_id, expires_at, mailed)
values (@token_hash, @customer_id, now() + interval '30 minutes', true);

-- name: CustomerLinkDeleteMailed :exec
-- Revokes an unused link of that kind. A link that staff made stays, so that a request by a
-- stranger takes nothing from the customer.
delete from customer_link where customer_id = @customer_id and used_at is null and mailed;

-- name: CustomerLinkDelete :exec
-- Revokes an unused link, before the next one replaces it.
delete from customer_link where customer_id = @customer_id and used_at is null;

-- name: CustomerLinkFind :one
-- Whose link it is, while it works.
select customer.id, customer.username, customer.name, customer.partner_id, customer_link.expires_at
from customer_link
join customer on customer.id = customer_link.customer_id
join partner on partner.id = customer.partner_id
where customer_link.token_hash = @token_hash and customer_link.used_at is null
  and customer_link.expires_at > now() and customer.disabled_at is null and partner.disabled_at is null;

-- name: CustomerLinkPast :one
-- A link that does not work any more, for the person who holds it.
select customer_link.used_at, customer_link.expires_at, customer_link.expires_at <= now() as expired, customer.partner_id, partner.time_zone
from customer_link
join customer on customer.id = customer_link.customer_id
join partner on partner.id = customer.partner_id
where customer_link.token_hash = @token_hash and partner.disabled_at is null and customer.erased_at is null;

-- name: CustomerLinkUse :one
-- Of any number of presses at once one gets a row.
update customer_link set used_at = now()
from customer
join partner on partner.id = customer.partner_id
where customer_link.token_hash = @token_hash and customer_link.used_at is null
  and customer_link.expires_at > now() and customer.id = customer_link.customer_id
  and customer.disabled_at is null and partner.disabled_at is null
returning customer.id, customer.username, customer.shut_out;

-- name: CustomerLinkDeleteOld :execrows
delete from customer_link where expires_at < now() - interval '30 days';
