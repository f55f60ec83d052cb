-- +goose Up
-- A customer is entered once under the key of a form, however often it is sent.
alter table customer add column request_key uuid;
create unique index customer_request_key on customer (request_key) where request_key is not null;
comment on column customer.request_key is 'The idempotency key of the form that entered the customer. Null: entered by an import, by the program, or before there were keys.';

-- +goose Down
alter table customer drop column request_key;
