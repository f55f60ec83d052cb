-- +goose Up
-- All codes are opened and compared with their index, a slice at a time.
create table code_walk (
  one          boolean primary key default true check (one),
  after_series bigint not null default 0,
  after_serial integer not null default 0,
  seen         bigint not null default 0,
  started_at   timestamptz not null default now(),
  slice_at     timestamptz,
  round_cards  bigint not null default 0,
  round_at     timestamptz
);
comment on table code_walk is 'How far the walk through all cards is, which opens their codes and compares them with their index.';
comment on column code_walk.seen is 'Cards looked at in this round, which began at started_at.';
comment on column code_walk.slice_at is 'When cards were looked at last.';
comment on column code_walk.round_at is 'When all cards had been looked at last; round_cards of them.';
insert into code_walk default values;

create table code_fault (
  series_id bigint not null,
  serial    integer not null,
  what      text not null,
  found_at  timestamptz not null default now(),
  primary key (series_id, serial)
);
comment on table code_fault is 'Cards whose code does not open or is not that of their index: found when one was to be redeemed, or by the walk, which removes those that are sound again.';

-- +goose Down
drop table code_fault, code_walk;
