-- +goose Up
-- A code with dots, slashes or other signs between its groups is read without them as
-- well. The readings and the shapes of series that have such codes are written anew;
-- until then the codes are found as they are written.
update series_reading set finished_at = null, after_serial = 0, cards = 0
where series_id in (select series_id from series_shape where kind = 'folded' and classes & 4 <> 0);
comment on column series_shape.length is 'Symbols, dashes and other signs between groups not counted.';

-- +goose Down
comment on column series_shape.length is 'Symbols, dashes not counted.';
