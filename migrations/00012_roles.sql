-- +goose Up
-- Roles are rows, so that a provider can cut them as its people work.
create table role (
  id          bigint generated always as identity primary key,
  key         text constraint role_key_key unique,
  name        text not null,
  everything  boolean not null default false,
  permissions text[] not null default '{}',
  created_at  timestamptz not null default now(),
  constraint role_name_length check (char_length(name) between 1 and 60),
  constraint role_everything check (not everything or key = 'administrator')
);
create unique index role_name_key on role (lower(name));
comment on table role is 'What somebody on the staff may do.';
comment on column role.key is 'Names a role that came with the portal; null: somebody made it.';
comment on column role.everything is 'Includes every permission, also those of later versions. Only the administrator''s role.';
comment on column role.permissions is 'See internal/staff/permission.go. One that is unknown there lets nobody do anything.';

insert into role (key, name, everything, permissions) values
  ('administrator', 'Administrator', true, '{}'),
  ('cashier', 'Cashier', false, '{series.view,cards.view,customers.view,customers.edit,payments.view,payments.enter,cards.redeem}'),
  ('operator', 'Operator', false, '{series.view,jobs.view,jobs.manage}');

-- +goose StatementBegin
-- role_fixed keeps the one role that can always mend the others.
create function role_fixed() returns trigger language plpgsql as $$
begin
  raise exception 'the administrator''s role is fixed'
    using errcode = 'restrict_violation', constraint = 'role_fixed';
end
$$;
-- +goose StatementEnd
create trigger role_fixed before update or delete on role
  for each row when (old.everything) execute function role_fixed();

alter table staff add column role_id bigint references role;
update staff set role_id = (select id from role where key = staff.role::text);
alter table staff alter column role_id set not null;
alter table staff drop column role;
drop type staff_role;
create index staff_role_idx on staff (role_id);

alter table staff add column seen_at timestamptz;
comment on column staff.seen_at is 'When they last asked for a page, to the minute; null: they never signed in.';

-- The audit trail is read newest first, by who acted, by what, and from where.
create index audit_at_idx on audit (at);
create index audit_staff_idx on audit (staff_id, id) where staff_id is not null;
create index audit_action_idx on audit (action, id);
create index audit_address_idx on audit (address, id) where address is not null;

-- +goose Down
drop index audit_address_idx, audit_action_idx, audit_staff_idx, audit_at_idx;
create type staff_role as enum ('administrator', 'cashier', 'operator');
alter table staff add column role staff_role not null default 'operator';
update staff set role = (select key::staff_role from role where role.id = staff.role_id and key is not null)
where exists (select from role where role.id = staff.role_id and key is not null);
alter table staff alter column role drop default;
alter table staff drop column role_id, drop column seen_at;
drop table role;
drop function role_fixed;
