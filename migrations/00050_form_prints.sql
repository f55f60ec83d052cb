-- +goose Up
-- What was sent under the key of a form, so that the same key with other entries is
-- told from the same form sent twice.
create table form_print (
  form  text not null,
  key   uuid not null,
  print bytea not null,
  at    timestamptz not null default now(),
  primary key (form, key),
  constraint form_print_length check (length(print) = 32)
);
create index form_print_at_idx on form_print (at);
comment on table form_print is 'Which entries a form was sent with, by the form''s idempotency key. Rows go after 90 days.';
comment on column form_print.form is 'What kind of form it is: order, operation, export.';
comment on column form_print.print is 'SHA-256 of the entries, normalised. It never covers a code or a password.';

-- +goose Down
drop table form_print;
