-- +goose Up
-- The end of a code finds a card only where every screen shows that end. Imported
-- codes of less than twelve symbols show less, and were hashed all the same: they
-- lose their hashes here. Housekeeping hashes anew those that show enough.
update card c set last_four = null
from series s
where s.id = c.series_id and s.import_id is not null and s.code_bits is not null and c.last_four is not null;
comment on column card.last_four is 'Keyed hash of the last four symbols that a screen shows of the code, under a key of its own: finds cards by them. The hash of nothing where a screen shows less. Null: not yet filled in, or the code was erased.';

-- +goose Down
select 1; -- what was hashed too much stays away
