-- name: AccountCreateCustomer :one
-- The account of a new customer. The caller shares the lock of where the partner keeps balances.
insert into account (kind, currency, customer_id, balance, version, outside)
select 'customer', @currency, customer.id, 0, 0, partner.balances = 'outside'
from customer join partner on partner.id = customer.partner_id where customer.id = @customer_id::bigint
returning id, outside;

-- name: AccountCreateOutstanding :one
insert into account (kind, currency, series_id) values ('outstanding', @currency, @series_id)
returning id;

-- name: AccountGetOutstanding :one
select id from account where series_id = @series_id;

-- name: AccountEnsureSystem :exec
insert into account (kind, currency) values (@kind, @currency) on conflict do nothing;

-- name: AccountGetSystem :one
select id from account
where kind = @kind and currency = @currency and customer_id is null and series_id is null;

-- name: AccountBalance :one
select coalesce(balance, 0)::bigint as balance, outside from account where customer_id = @customer_id and currency = @currency;

-- name: AccountKeep :exec
-- Notes where the balance of a customer is kept. A balance other than zero violates
-- account_outside_zero where that is outside.
update account set outside = @outside where customer_id = @customer_id;

-- name: AccountKeepPartner :execrows
-- As AccountKeep, for all customers of a partner.
update account set outside = @outside
from customer where customer.id = account.customer_id and customer.partner_id = @partner_id;

-- name: AccountEnsureOutside :exec
-- The accounts of values that were handed over, in the currencies of a partner's customers and
-- of the settings.
insert into account (kind, currency)
select distinct 'outside'::account_kind, c.currency
from (select account.currency from account join customer on customer.id = account.customer_id where customer.partner_id = @partner_id
  union select @currency::text) c
on conflict do nothing;
