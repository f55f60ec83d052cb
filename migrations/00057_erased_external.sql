-- +goose Up
-- What another system calls an erased customer is gone as well.
alter table customer add constraint customer_erased_external check (erased_at is null or external_id is null) not valid;

-- +goose Down
alter table customer drop constraint customer_erased_external;
