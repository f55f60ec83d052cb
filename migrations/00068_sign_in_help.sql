-- +goose Up
-- A customer who can't sign in asks for help. The row is there while the request is open.
create table sign_in_help (
  customer_id bigint primary key references customer,
  asked_at    timestamptz not null default now(),
  address     inet
);
comment on table sign_in_help is 'Open requests of customers who can''t sign in. A row goes when staff make a sign-in link, set a password or close the request.';
comment on column sign_in_help.address is 'Where the request came from. The person is not proved to be the customer.';

-- +goose Down
drop table sign_in_help;
