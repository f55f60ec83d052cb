-- +goose Up
-- Files lie sealed in their store, and a file needs its key as long as it is kept.
alter table export add column key_id smallint;
comment on column export.key_id is 'Which key set the file is sealed under; null: not written yet, or written in clear before files were sealed.';
create index export_key_idx on export (key_id) where state = 'ready';

-- What was written before can't be served any more: files in clear are past their
-- time, and housekeeping removes them; uploads that nobody went on with as well.
update export set expires_at = least(expires_at, now()) where state = 'ready';
update card_import set state = 'expired', finished_at = now()
where state in ('uploaded', 'checking', 'checked', 'failed')
  and not exists (select from series s where s.import_id = card_import.id);

-- +goose Down
drop index export_key_idx;
alter table export drop column key_id;
