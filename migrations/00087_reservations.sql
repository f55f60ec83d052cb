-- +goose Up
-- A reservation holds an active card back for one customer of an API client, until it is
-- committed, released, or its time is over. It is no state of the card: like the date of the
-- card it is judged by the clock of the database.
create type reservation_state as enum ('held', 'committed', 'released', 'expired');

create table reservation (
  id          uuid primary key,
  client_id   bigint not null,
  customer_id bigint not null references customer,
  series_id   bigint not null,
  serial      integer not null,
  request_key uuid not null constraint reservation_request_key unique,
  reference   text not null default '',
  picked      boolean not null default false,
  amount      bigint not null,
  currency    text not null,
  state       reservation_state not null default 'held',
  held_at     timestamptz not null default now(),
  held_until  timestamptz not null,
  ended_at    timestamptz,
  tx_id       bigint constraint reservation_tx_key unique,
  constraint reservation_card foreign key (series_id, serial) references card (series_id, serial),
  constraint reservation_committed check ((state = 'committed') = (tx_id is not null)),
  constraint reservation_ended check ((state = 'held') = (ended_at is null)),
  constraint reservation_time check (held_until > held_at and held_until <= held_at + interval '31 minutes'),
  constraint reservation_reference_length check (char_length(reference) <= 120)
);
create index reservation_open on reservation (held_until) where state = 'held';
create index reservation_card_idx on reservation (series_id, serial);
create index reservation_client_idx on reservation (client_id, held_at desc);
comment on table reservation is 'Cards that API clients hold back for a customer.';
comment on column reservation.state is 'Held: also after its time, until housekeeping marks it as expired. An expired reservation can still be committed while no other request has used or reserved the card.';
comment on column reservation.picked is 'The card was named by its series and serial, not by its code.';
comment on column reservation.tx_id is 'The redemption by which it was committed.';

alter table card add column reserved_by uuid, add column reserved_until timestamptz,
  add constraint card_reserved_whole check ((reserved_by is null) = (reserved_until is null)) not valid;
comment on column card.reserved_by is 'The last reservation of the card that did not end; it holds the card until reserved_until.';

-- A number of cards that an operation left out because they were reserved.
alter table card_change add column kept_reserved integer not null default 0;

-- +goose Down
alter table card_change drop column kept_reserved;
alter table card drop column reserved_until, drop column reserved_by;
drop table reservation;
drop type reservation_state;
