-- +goose Up
create type series_state as enum
  ('queued', 'generating', 'ready', 'active', 'locked', 'void', 'cancelled', 'failed');
create type card_state as enum ('active', 'used', 'disabled', 'void');

create table series_counter (
  year integer primary key,
  last integer not null
);
comment on table series_counter is 'The last series number given out in a year; its row lock keeps the numbers without a gap.';

create table series (
  id         bigint generated always as identity primary key,
  number     text not null constraint series_number_key unique,
  prefix     text not null,
  price      bigint not null,
  currency   text not null,
  quantity   integer not null,
  any_partner boolean not null,
  time_zone  text not null,
  valid_till date not null,
  activate_when_generated boolean not null,
  code_length smallint not null,
  state      series_state not null default 'queued',
  made       integer not null default 0,
  order_key  uuid not null constraint series_order_key_key unique,
  job_id     bigint,
  created_by bigint references staff,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  made_at    timestamptz,
  activated_at timestamptz,
  lapsed_at  timestamptz,
  failure    text not null default '',
  constraint series_number_form check (number ~ '^[0-9]{6,}$'),
  constraint series_prefix_form check (prefix ~ '^[A-Za-z0-9]{0,20}$'),
  constraint series_price_range check (price between 1 and 100000000000),
  constraint series_currency_form check (currency ~ '^[A-Z]{3}$'),
  constraint series_quantity_range check (quantity between 1 and 1000000),
  constraint series_code_length_range check (code_length between 8 and 32),
  constraint series_made_range check (made between 0 and quantity),
  constraint series_made_whole check (state not in ('ready', 'active', 'locked') or made = quantity)
);
create index series_created_idx on series (created_at desc, id desc);
create index series_working_idx on series (id) where state in ('queued', 'generating');
comment on table series is 'One batch of cards ordered together.';
comment on column series.number is 'Year and counter: 202601. Printed on every card.';
comment on column series.prefix is 'A label before the code; not part of what is looked up.';
comment on column series.price is 'Face value of one card in minor units of currency.';
comment on column series.time_zone is 'Fixed at order: the partner''s where there is exactly one, else the installation''s. A card is valid until its valid-till day ends there, whoever redeems it.';
comment on column series.code_length is 'Symbols of a code, the check symbol included.';
comment on column series.made is 'Cards made so far; serials 1 to made exist. Moves only in the transaction that inserts the cards.';
comment on column series.order_key is 'Drawn when the form is shown, so that pressing the button twice orders once.';
comment on column series.lapsed_at is 'When the value left over after valid-till was posted to breakage.';
comment on column series.failure is 'Why generation stopped, in words for staff.';

create table series_partner (
  series_id  bigint not null references series,
  partner_id bigint not null references partner,
  primary key (series_id, partner_id)
);
comment on table series_partner is 'Whose customers may redeem the series; no rows are read where series.any_partner.';

-- No foreign key to series: its check would run for each of a million rows of a
-- COPY (see ARCHITECTURE.md for the measurement), series rows are never deleted,
-- and `refill check` looks for cards without a series.
create table card (
  series_id   bigint not null,
  serial      integer not null,
  key_id      smallint not null,
  state       card_state not null default 'active',
  code_index  bytea not null,
  code_sealed bytea not null,
  valid_till  date,
  used_by     bigint references customer,
  used_at     timestamptz,
  remark      text,
  constraint card_pkey primary key (series_id, serial),
  constraint card_code_index_key unique (code_index),
  constraint card_code_index_length check (octet_length(code_index) = 16),
  constraint card_serial_range check (serial between 1 and 1000000),
  constraint card_used_by_whom check (state <> 'used' or (used_by is not null and used_at is not null))
);
create index card_state_idx on card (series_id, state, serial) where state <> 'active';
create index card_used_by_idx on card (used_by, used_at) where used_by is not null;
comment on table card is 'One card. What can be derived from its series (inactive, locked, expired) is not stored.';
comment on column card.key_id is 'Which key set made code_index and code_sealed.';
comment on column card.code_index is 'HMAC-SHA-256 of the code under the index key, first 16 bytes: finds a card without the database knowing its code.';
comment on column card.code_sealed is 'AES-256-GCM: 12 bytes nonce, ciphertext, tag; series and serial are associated data, so swapped rows do not open.';
comment on column card.valid_till is 'Overrides the series'' date.';

-- +goose StatementBegin
-- card_stays_used refuses to change a used card in any way but voiding it, which
-- is what a reversal does.
create function card_stays_used() returns trigger language plpgsql as $$
begin
  raise exception 'card %/% is used', old.series_id, old.serial
    using errcode = 'restrict_violation', constraint = 'card_stays_used';
end
$$;
-- +goose StatementEnd
create trigger card_stays_used before update on card for each row
  when (old.state = 'used' and new.state not in ('void')
        and (new.state, new.used_by, new.used_at) is distinct from (old.state, old.used_by, old.used_at))
  execute function card_stays_used();
create trigger card_is_kept before delete or truncate on card
  for each statement execute function append_only();
create trigger series_is_kept before delete or truncate on series
  for each statement execute function append_only();

create table series_tally (
  series_id bigint not null references series,
  shard     smallint not null,
  used      integer not null default 0,
  disabled  integer not null default 0,
  void      integer not null default 0,
  primary key (series_id, shard)
) with (fillfactor = 50);
comment on table series_tally is 'Counts of cards by state, spread over shards so that redemptions of one series do not wait for one row; summed on read. Active is series.made less these.';

create table key_canary (
  key_id     smallint primary key,
  sealed     bytea not null,
  created_at timestamptz not null default now()
);
comment on table key_canary is 'A known text sealed under each key; start is refused where it does not open.';

create table guess (
  scope        text primary key,
  n            integer not null,
  since        timestamptz not null,
  barred_until timestamptz,
  allowed      boolean not null
);
comment on table guess is 'Attempts charged before the look-up, by who asks and by address; taken back when they were right.';
comment on column guess.allowed is 'Whether the attempt charged last may go on to the look-up.';

-- +goose StatementBegin
-- card_expires_at gives the first instant at which a card with this date is no
-- longer valid: the whole valid-till day belongs to it, in the series' zone.
create function card_expires_at(valid_till date, time_zone text) returns timestamptz
language sql immutable parallel safe as $$
  select (valid_till + 1)::timestamp at time zone time_zone
$$;
-- +goose StatementEnd

-- +goose Down
drop function card_expires_at;
drop table guess, key_canary, series_tally, card, series_partner, series, series_counter;
drop function card_stays_used;
drop type card_state, series_state;
