-- +goose Up
-- What finished in the background for a member of staff is new to them until they have
-- looked at their list.
alter table staff add column noted_until timestamptz not null default now();
comment on column staff.noted_until is 'Notifications up to this time were seen.';

-- +goose Down
alter table staff drop column noted_until;
