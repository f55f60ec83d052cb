-- +goose Up
-- What another system calls a customer is unique within a partner: each partner may have a
-- system of its own, and must not notice the customers of the others.
drop index customer_external_id_key;
create unique index customer_external_id_key on customer (external_id, partner_id);
comment on column customer.external_id is 'What another system calls the customer, unique within the partner. Null: nothing.';

-- Every change of what a customer's data shows raises the version, whoever writes it.
-- +goose StatementBegin
create function customer_raises_version() returns trigger language plpgsql as $$
begin
  new.version := old.version + 1;
  return new;
end $$;
-- +goose StatementEnd
create trigger customer_raises_version before update on customer for each row
  when (row(old.partner_id, old.username, old.name, old.email, old.phone, old.external_id, old.disabled_at, old.erased_at)
    is distinct from row(new.partner_id, new.username, new.name, new.email, new.phone, new.external_id, new.disabled_at, new.erased_at))
  execute function customer_raises_version();

-- +goose Down
drop trigger customer_raises_version on customer;
drop function customer_raises_version();
drop index customer_external_id_key;
create unique index customer_external_id_key on customer (external_id);
