-- +goose Up
-- One request for weaker rules waits at a time.
create unique index approval_protection_key on approval (kind) where kind = 'protection' and state = 'waiting';

-- An operation that is taken up again counts for the person who took it up.
alter table card_change add column retried_by bigint references staff;
comment on column card_change.retried_by is 'Who took the operation up again last: what is left of it counts within their limit. Null: it counts within that of created_by.';

-- +goose Down
alter table card_change drop column retried_by;
drop index approval_protection_key;
