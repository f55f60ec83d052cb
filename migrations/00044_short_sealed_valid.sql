-- +goose Up
alter table card validate constraint card_code_sealed_erased;

-- +goose Down
select 1; -- a constraint stays valid
