-- +goose Up
-- One index for all that is asked of cards with a date of their own: whether one
-- keeps its series from lapsing, and how many of a report's have passed. Cards that
-- are used or void leave it; state is in it so that counting reads nothing else.
create index card_own_till_idx on card (series_id, valid_till, state) where valid_till is not null and state in ('active', 'disabled');
drop index card_late_idx, card_own_date_idx;

-- +goose Down
create index card_late_idx on card (series_id, valid_till) where valid_till is not null;
create index card_own_date_idx on card (series_id, valid_till) where valid_till is not null and state = 'active';
drop index card_own_till_idx;
