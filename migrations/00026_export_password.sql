-- +goose Up
-- A PDF may open with a password. It is kept, sealed, from the request until the
-- file is made: whatever ends the export erases it.
alter table export
  add column password_key_id smallint,
  add column password_sealed bytea,
  add constraint export_password_whole check ((password_key_id is null) = (password_sealed is null)),
  add constraint export_password_erased check (password_sealed is null or state in ('waiting', 'queued', 'running'));
create index export_password_idx on export (password_key_id) where password_sealed is not null;
comment on column export.password_sealed is 'AES-256-GCM under a key derived from set password_key_id of the key file, bound to request_key. Empty: no password, or the export has ended.';

-- +goose StatementBegin
create function export_end_loses_password() returns trigger language plpgsql as $$
begin
  new.password_key_id := null;
  new.password_sealed := null;
  return new;
end
$$;
-- +goose StatementEnd
create trigger export_end_loses_password before update of state on export for each row
  when (new.state not in ('waiting', 'queued', 'running')) execute function export_end_loses_password();

-- +goose Down
drop trigger export_end_loses_password on export;
drop function export_end_loses_password;
alter table export drop column password_key_id, drop column password_sealed;
