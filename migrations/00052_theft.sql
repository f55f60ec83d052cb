-- +goose Up
-- Alarms about redemptions that look like theft. The audit trail is read behind a
-- cursor by a periodic job, so that no redemption pays for them.
create table theft_cursor (
  one       boolean primary key default true,
  through   bigint not null,
  bound     bigint not null,
  waits     text[] not null default '{}',
  bound_at  timestamptz not null default now(),
  constraint theft_cursor_one check (one),
  constraint theft_cursor_order check (through <= bound)
);
insert into theft_cursor (through, bound) select coalesce(max(id), 0), coalesce(max(id), 0) from audit;
comment on table theft_cursor is 'How far the audit trail was looked through for theft. The worker that looks holds the row, so that no line counts twice.';
comment on column theft_cursor.through is 'The last audit id that was looked at. The trail of before an upgrade is not looked at.';
comment on column theft_cursor.bound is 'The last audit id that may be looked at once every transaction in waits has ended: then no line below it is still to come.';
comment on column theft_cursor.waits is 'The transactions that were writing into the audit trail when bound was taken, as pg_locks names them. An insert takes its lock before its id.';

create table theft_tally (
  rule     text not null,
  subject  text not null,
  hour     timestamptz not null,
  cards    integer not null,
  value    bigint not null,
  first_at timestamptz not null,
  last_at  timestamptz not null,
  constraint theft_tally_pkey primary key (rule, subject, hour),
  constraint theft_tally_rule_known check (rule in ('account', 'address'))
);
create index theft_tally_hour_idx on theft_tally (rule, hour);
comment on table theft_tally is 'What each account and each address redeemed by hour, for the rules about them. Old hours are deleted.';
comment on column theft_tally.subject is 'A customer''s id; or an IPv4 address, or an IPv6 network of 64 bits.';
comment on column theft_tally.value is 'Minor units.';

create type theft_alarm_state as enum ('open', 'acknowledged');

create table theft_alarm (
  id           bigint generated always as identity primary key,
  rule         text not null,
  subject      text not null,
  state        theft_alarm_state not null default 'open',
  series_id    bigint references series,
  first_serial integer,
  last_serial  integer,
  customer_id  bigint references customer,
  staff_id     bigint references staff,
  network      text not null default '',
  partner_ids  bigint[] not null,
  first_at     timestamptz not null,
  last_at      timestamptz not null,
  cards        integer not null,
  customers    integer not null,
  value        bigint not null,
  usual        integer not null default 0,
  raised_at    timestamptz not null default now(),
  acknowledged_by bigint references staff,
  acknowledged_at timestamptz,
  reason       text not null default '',
  constraint theft_alarm_rule_known check (rule in ('run', 'account', 'address', 'early', 'locked', 'copied', 'revealed')),
  constraint theft_alarm_subject check (case rule
    when 'account' then customer_id is not null
    when 'address' then network <> ''
    when 'revealed' then staff_id is not null
    else series_id is not null and first_serial <= last_serial end),
  constraint theft_alarm_times check (first_at <= last_at),
  constraint theft_alarm_acknowledged check (
    (state = 'acknowledged') = (acknowledged_at is not null) and (state = 'acknowledged') = (acknowledged_by is not null)
    and (state = 'acknowledged') = (reason <> ''))
);
-- A series may have several runs at a time: each is a box of its own.
create unique index theft_alarm_open_key on theft_alarm (rule, subject) where state = 'open' and rule <> 'run';
create index theft_alarm_subject_idx on theft_alarm (rule, subject, acknowledged_at);
create index theft_alarm_open_idx on theft_alarm (id) where state = 'open';
comment on table theft_alarm is 'Redemptions, or attempts, that look like theft: what a rule found, and who acknowledged it. Never deleted.';
comment on column theft_alarm.subject is 'What the rule is about, by id: the series, customer, address or member of staff.';
comment on column theft_alarm.partner_ids is 'Whose customers are concerned. Staff see the alarm where all of them are theirs.';
comment on column theft_alarm.cards is 'Different cards within the rule''s time, at their most so far.';
comment on column theft_alarm.value is 'What those were worth together, in minor units; 0 for refused attempts.';
comment on column theft_alarm.usual is 'What the other accounts or addresses had at that time, as a median; 0 where the rule does not compare.';

-- Refusals that name a card are few; redemptions do not enter this index.
create index audit_refused_idx on audit (series_id, at) where action = 'card.refused' and series_id is not null;

-- +goose StatementBegin
-- audit_writers names the transactions that are writing into the trail at this moment.
create function audit_writers() returns text[] language sql volatile as $$
  select coalesce(array_agg(l.virtualtransaction), '{}') from pg_locks l
  where l.locktype = 'relation' and l.relation = 'audit'::regclass and l.mode = 'RowExclusiveLock'
    and l.database = (select d.oid from pg_database d where d.datname = current_database())
$$;

-- theft_refusal names the rule that a refusal which names a card counts for; null: none.
create function theft_refusal(detail jsonb) returns text
language sql immutable parallel safe as $$
  select case
    when not detail ? 'trace' then null -- staff picked the card from its list: no code was typed
    when detail->>'reason' = 'card_used' then 'copied'
    when detail->>'reason' = 'card_disabled' then 'locked'
    when detail->>'reason' = 'card_inactive' and detail->>'series_state' = 'locked' then 'locked'
    when detail->>'reason' = 'card_inactive' then 'early'
  end
$$;
-- +goose StatementEnd

-- +goose Down
drop function theft_refusal, audit_writers;
drop index audit_refused_idx;
drop table theft_alarm, theft_tally, theft_cursor;
drop type theft_alarm_state;
