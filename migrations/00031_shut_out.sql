-- +goose Up
-- Checking a password takes a while. What ends every session of somebody counts up,
-- and a session begins only under the count under which the password was checked.
alter table staff add column shut_out integer not null default 0;
alter table customer add column shut_out integer not null default 0;
comment on column staff.shut_out is 'How often all their sign-ins were ended: a password, a second factor, or their being disabled.';
comment on column customer.shut_out is 'How often all their sign-ins were ended: a password, or their being disabled.';

-- +goose Down
alter table customer drop column shut_out;
alter table staff drop column shut_out;
