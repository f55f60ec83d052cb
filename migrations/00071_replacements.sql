-- +goose Up
-- A lost or damaged card is replaced by a series of one card, while the old card becomes
-- void.
alter table series add column replaces_series_id bigint, add column replaces_serial integer,
  add constraint series_replaces_whole check ((replaces_series_id is null) = (replaces_serial is null)),
  add constraint series_replaces_one check (replaces_serial is null or quantity = 1),
  add constraint series_replaces_card foreign key (replaces_series_id, replaces_serial) references card (series_id, serial);
create unique index series_replaces_key on series (replaces_series_id, replaces_serial) where replaces_serial is not null;
comment on column series.replaces_serial is 'The serial of the card that the one card of this series replaces. Null: it replaces none.';

-- +goose Down
alter table series drop column replaces_serial, drop column replaces_series_id;
