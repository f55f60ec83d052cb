-- name: AccountCreateCustomer :one
insert into account (kind, currency, customer_id, balance, version)
values ('customer', @currency, @customer_id, 0, 0)
returning id;

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
select coalesce(balance, 0)::bigint from account where customer_id = @customer_id and currency = @currency;
