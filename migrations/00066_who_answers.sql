-- +goose Up
-- Who takes up the making of a series again answers for the cards that it brings into use,
-- and who fetched the only file of a series answers for its arrival.
alter table series add column retried_by bigint references staff;
comment on column series.retried_by is 'Who took the making of the series up again last: bringing its cards into use when it ends counts for them, and takes their rights. Null: it counts for created_by.';

alter table export add column sent_whole_to bigint references staff;
comment on column export.sent_whole_to is 'The last person who had every byte of a file of a series that is printed once. sent_to is who fetched some of it last.';
update export set sent_whole_to = sent_to where sent_whole_at is not null;

-- +goose Down
alter table export drop column sent_whole_to;
alter table series drop column retried_by;
