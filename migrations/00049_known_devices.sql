-- +goose Up
-- Browsers that somebody signed in from before. Wrong passwords that come from such a
-- browser have a count of their own, so that guesses from elsewhere don't bar its owner.
create table known_device (
  id          bigint generated always as identity primary key,
  token_hash  bytea not null,
  staff_id    bigint references staff,
  customer_id bigint references customer,
  created_at  timestamptz not null default now(),
  used_at     timestamptz not null default now(),
  expires_at  timestamptz not null,
  constraint known_device_owner check ((staff_id is null) <> (customer_id is null)),
  constraint known_device_hash check (length(token_hash) = 32)
);
create unique index known_device_staff_key on known_device (staff_id, token_hash) where staff_id is not null;
create unique index known_device_customer_key on known_device (customer_id, token_hash) where customer_id is not null;
create index known_device_token_idx on known_device (token_hash);
create index known_device_expires_idx on known_device (expires_at);
comment on table known_device is 'Browsers that somebody signed in from before. A row gives no session and no right: it only names the count that wrong passwords and codes of its owner go to.';
comment on column known_device.token_hash is 'SHA-256 of the random token in the browser''s cookie. A desk that several people share has one token and a row for each of them.';

-- +goose Down
drop table known_device;
