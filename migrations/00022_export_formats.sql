-- +goose Up
-- More forms of a file; see docs/printing.md.
alter type export_format add value 'xlsx';
alter type export_format add value 'jsonl';
alter type export_format add value 'printer';

-- +goose Down
-- A value of an enum can't be taken out; nothing uses these once the exports are gone.
select 1;
