-- +goose Up
-- What one member of staff activated or exported without a second person, so that
-- several small series of one day are measured together.
create table solo_act (
  id        bigint generated always as identity primary key,
  kind      approval_kind not null,
  staff_id  bigint not null references staff,
  series_id bigint not null references series,
  export_id bigint references export,
  value     bigint not null,
  done_at   timestamptz not null default now(),
  constraint solo_act_value_from_zero check (value >= 0),
  constraint solo_act_export_which check (export_id is null or kind = 'export')
);
create index solo_act_staff_idx on solo_act (staff_id, kind, done_at);
comment on table solo_act is 'What one member of staff activated or exported by themselves. It serves the limit of a day alone: old rows go.';
comment on column solo_act.export_id is 'The file; one that was given up before it was made does not count. Null: a price was raised of cards whose codes are known.';
comment on column solo_act.value is 'What the cards of the series were worth together, in minor units. A series counts once a day, at its most.';

alter table approval add column before bigint not null default 0;
comment on column approval.before is 'What the person who asks had done by themselves of that kind in the 24 hours before, with other series.';

-- +goose Down
alter table approval drop column before;
drop table solo_act;
