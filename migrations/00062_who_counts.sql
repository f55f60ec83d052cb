-- +goose Up
-- One request for weaker rules waits at a time.
create unique index approval_protection_key on approval (kind) where kind = 'protection' and state = 'waiting';

-- An operation that is taken up again counts for the person who took it up.
alter table card_change add column retried_by bigint references staff;
comment on column card_change.retried_by is 'Who took the operation up again last: what is left of it counts within their limit. Null: it counts within that of created_by.';

-- An alarm that no other person may close is closed on the host.
alter table theft_alarm drop constraint theft_alarm_acknowledged;
alter table theft_alarm add constraint theft_alarm_acknowledged check (
  (state = 'acknowledged') = (acknowledged_at is not null) and (state = 'acknowledged' or acknowledged_by is null)
  and (state = 'acknowledged') = (reason <> ''));
comment on column theft_alarm.acknowledged_by is 'Who closed it. Null with an acknowledged alarm: it was closed on the host.';

-- +goose Down
alter table theft_alarm drop constraint theft_alarm_acknowledged;
alter table theft_alarm add constraint theft_alarm_acknowledged check (
  (state = 'acknowledged') = (acknowledged_at is not null) and (state = 'acknowledged') = (acknowledged_by is not null)
  and (state = 'acknowledged') = (reason <> '')) not valid;
alter table card_change drop column retried_by;
drop index approval_protection_key;
