-- +goose Up
-- A series can be edited and deleted. Deleting makes it void at once; a job then
-- erases the sealed codes of its cards, chunk by chunk.
alter table series
  add column version integer not null default 1,
  add column erase_job_id bigint,
  add column erased_to integer not null default 0,
  add column erased_at timestamptz,
  add constraint series_erased_range check (erased_to between 0 and made),
  add constraint series_erased_void check (state = 'void' or (erased_to = 0 and erased_at is null));
comment on column series.version is 'Grows with every edit and every change of state: a form that was shown for an older one is shown anew instead of being saved.';
comment on column series.erase_job_id is 'The job that erases the codes of a void series.';
comment on column series.erased_to is 'Serials 1 to here were gone through by erasing. Moves only in the transaction that erases their codes.';
comment on column series.erased_at is 'When the last code of a void series was erased.';
create index series_erasing_idx on series (id) where state = 'void' and erased_at is null;

alter table card add constraint card_code_sealed_erased check (octet_length(code_sealed) >= 36 or (octet_length(code_sealed) = 0 and state = 'void'));
comment on column card.code_sealed is 'AES-256-GCM: 12 bytes nonce, ciphertext, tag; series and serial are associated data, so swapped rows do not open. Empty: erased, since its series was deleted. The index stays, so that the code is never drawn again.';

-- +goose Down
alter table card drop constraint card_code_sealed_erased;
alter table series drop constraint series_erased_void, drop constraint series_erased_range,
  drop column erased_at, drop column erased_to, drop column erase_job_id, drop column version;
