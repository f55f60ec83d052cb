-- +goose Up
-- A customer can be erased: what identifies the person goes, the ledger stays.
alter table customer
  add column erased_at timestamptz,
  add constraint customer_erased check (erased_at is null or (
    disabled_at is not null and password_hash = '' and email = '' and phone = ''
    and name = 'Erased customer ' || id and username = 'erased:' || id));
comment on column customer.erased_at is 'When the person''s data was erased on request. From then on the row never changes: no name, no sign-in, no redemption.';

-- +goose Down
alter table customer drop constraint customer_erased, drop column erased_at;
