-- +goose Up
create table check_run (
  id         bigint generated always as identity primary key,
  asked_by   bigint references staff,
  started_at timestamptz not null default now(),
  ended_at   timestamptz,
  done       integer not null default 0,
  total      integer not null,
  failure    text not null default '',
  job_id     bigint
);
create unique index check_run_live_key on check_run ((true)) where ended_at is null;
comment on table check_run is 'One look at the books against every invariant. The latest hundred are kept.';
comment on column check_run.asked_by is 'The member of staff who pressed Run now; null: its time had come.';
comment on column check_run.done is 'How many invariants have been looked at, of total.';
comment on column check_run.failure is 'Why it did not come to its end, in words for staff; empty: it did, or is under way.';

create table check_result (
  run_id   bigint not null references check_run on delete cascade,
  number   integer not null,
  found    bigint not null,
  examples text[] not null,
  took     interval not null,
  primary key (run_id, number)
);
comment on table check_result is 'What a run found of one invariant: zero rows where it holds.';
comment on column check_result.examples is 'A few of those found, by their ids; never a code.';

-- +goose Down
drop table check_result, check_run;
