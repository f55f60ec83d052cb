-- +goose Up
-- Cards with a date of their own are few; a report must find which of them have
-- passed without reading the others.
create index card_own_date_idx on card (series_id, valid_till) where valid_till is not null and state = 'active';

-- +goose Down
drop index card_own_date_idx;
