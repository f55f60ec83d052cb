-- +goose Up
-- What was chosen for a file beyond its format: the layout of its sheets, and so on.
alter table export add column options jsonb not null default '{}';
comment on column export.options is 'card.ExportOptions: what was chosen for the file beyond its format. Never a code.';

-- +goose Down
alter table export drop column options;
