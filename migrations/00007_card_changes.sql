-- +goose Up
alter table card add column last_four integer;
comment on column card.last_four is 'Keyed hash of the code''s last four symbols, under a key of its own: finds cards by what a screen shows of them. Null: not yet filled in, or the code was erased.';
create index card_last_four_idx on card (last_four) where last_four is not null;
-- Empty but after an upgrade: what housekeeping still has to hash.
create index card_unhashed_idx on card (series_id, serial) where last_four is null and octet_length(code_sealed) > 0;

alter table card add column revealed_at timestamptz;
comment on column card.revealed_at is 'When staff last had its code shown, in the transaction of the audit row that says who and why.';

-- Cards with a date of their own are few; a series keeps its value outstanding
-- until the last of them has passed as well.
create index card_late_idx on card (series_id, valid_till) where valid_till is not null;

-- +goose StatementBegin
-- card_shown gives the status that a card is shown as; card.StatusOf says the
-- same in Go, and a test holds the two together.
create function card_shown(card card_state, series series_state, expired boolean) returns text
language sql immutable parallel safe as $$
  select case
    when card = 'used' then 'used'
    when card = 'void' or series in ('void', 'cancelled') then 'void'
    when card = 'disabled' then 'disabled'
    when expired then 'expired'
    when series = 'locked' then 'locked'
    when series = 'active' then 'active'
    else 'inactive'
  end
$$;

-- series_has_late_cards tells whether unused cards of a series have a date of
-- their own that has not passed, or not longer than a while ago.
create function series_has_late_cards(of_series bigint, time_zone text, since timestamptz) returns boolean
language sql stable parallel safe as $$
  select exists (select from card c where c.series_id = of_series and c.valid_till is not null
    and c.valid_till >= (since at time zone time_zone)::date - 1
    and c.state in ('active', 'disabled') and card_expires_at(c.valid_till, time_zone) >= since)
$$;
-- +goose StatementEnd

create type card_operation as enum ('enable', 'disable', 'void', 'extend', 'partner');
create type card_change_state as enum ('queued', 'running', 'done', 'failed', 'cancelled');

create table card_change (
  id           bigint generated always as identity primary key,
  series_id    bigint not null references series,
  operation    card_operation not null,
  first_serial integer not null,
  last_serial  integer not null,
  serials      integer[],
  status       text not null default '',
  valid_till   date,
  partner_id   bigint references partner,
  state        card_change_state not null default 'queued',
  total        integer not null,
  cursor       integer not null,
  changed      integer not null default 0,
  already      integer not null default 0,
  kept_used    integer not null default 0,
  kept_void    integer not null default 0,
  value_moved  bigint not null default 0,
  failure      text not null default '',
  request_key  uuid not null constraint card_change_request_key unique,
  job_id       bigint,
  created_by   bigint not null references staff,
  created_at   timestamptz not null default now(),
  started_at   timestamptz,
  finished_at  timestamptz,
  constraint card_change_range check (first_serial between 1 and last_serial),
  constraint card_change_cursor check (cursor between first_serial - 1 and last_serial)
);
create index card_change_series_idx on card_change (series_id, id desc);
comment on table card_change is 'One operation on many cards of a series, done in the background.';
comment on column card_change.serials is 'The cards that were ticked; null: all from first_serial to last_serial.';
comment on column card_change.status is 'Only cards that are shown as this when their turn comes; empty: all.';
comment on column card_change.partner_id is 'With operation partner: whose customers may redeem from then on; null: the series'' partners.';
comment on column card_change.total is 'How many cards the dry run found, for the progress bar.';
comment on column card_change.cursor is 'The last serial looked at. Moves only in the transaction that changes the cards, so that each is looked at once.';
comment on column card_change.value_moved is 'What went from outstanding to breakage, in minor units.';

create table card_change_part (
  change_id    bigint not null references card_change,
  first_serial integer not null,
  last_serial  integer not null,
  serials      integer[] not null,
  befores      text[] not null,
  outcomes     text[] not null,
  primary key (change_id, first_serial)
);
create trigger card_change_part_append_only before update or delete or truncate on card_change_part
  for each statement execute function append_only();
comment on table card_change_part is 'What became of each card of an operation, a few thousand cards a row. Insert-only.';
comment on column card_change_part.outcomes is 'changed, already (it was so before), used or void (such cards stay as they are).';

-- +goose Down
drop table card_change_part, card_change;
drop type card_change_state, card_operation;
drop function series_has_late_cards;
drop function card_shown;
drop index card_late_idx, card_unhashed_idx, card_last_four_idx;
alter table card drop column last_four, drop column revealed_at;
