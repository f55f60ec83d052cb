-- +goose Up
-- What an API client asks for counts for its owner, and neither the owner nor the person who
-- made the key decides it. Clients have no table yet, so that client_id has no foreign key.
alter table approval add column client_id bigint, add column key_maker bigint references staff,
  add constraint approval_client_key check ((client_id is null) = (key_maker is null)),
  add constraint approval_by_no_key_maker check (decided_by <> key_maker);
comment on column approval.client_id is 'The API client that asked, for the member of staff in requested_by, its owner. Null: they asked in person.';
comment on column approval.key_maker is 'The member of staff who made the key with which the client asked. They do not decide.';

alter table series add column client_id bigint, add column key_maker bigint references staff,
  add constraint series_client_key check ((client_id is null) = (key_maker is null));
comment on column series.client_id is 'The API client that ordered the series, or took up its making again, for its owner. Null: no client did.';
comment on column series.key_maker is 'The member of staff who made the key of that client. What the end of the making asks for, they do not decide.';

comment on column audit.staff_id is 'The member of staff who acted, in person or by the API client that detail names in by; null: a customer, a user of a dealer (in detail), or the program itself.';

-- +goose Down
alter table series drop column key_maker, drop column client_id;
alter table approval drop column key_maker, drop column client_id;
