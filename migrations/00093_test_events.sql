-- +goose Up
-- Events of test partners go to the endpoints and feeds of test clients, and to no others.
alter table event add column test boolean not null default false;
comment on column event.test is 'Whether it concerns test partners.';
alter table webhook_endpoint add column test boolean not null default false;
comment on column webhook_endpoint.test is 'Whether it takes the events of test partners, and no others. It never changes.';
create trigger webhook_endpoint_keeps_test before update of test on webhook_endpoint
  for each row when (old.test is distinct from new.test) execute function test_mark_is_kept();

-- +goose Down
drop trigger webhook_endpoint_keeps_test on webhook_endpoint;
alter table webhook_endpoint drop column test;
alter table event drop column test;
