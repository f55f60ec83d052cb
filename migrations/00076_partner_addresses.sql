-- +goose Up
-- Printed cards lead to the name that their partner had in addresses. They are used for
-- years, so a name stays with its partner for good.
create table partner_address (
  name       text primary key constraint partner_address_form check (name ~ '^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$'),
  partner_id bigint not null references partner,
  created_at timestamptz not null default now()
);
comment on table partner_address is 'Every name that a partner has, or had, in addresses. Rows are never changed and never deleted.';
create index partner_address_partner on partner_address (partner_id);

insert into partner_address (name, partner_id) select slug, id from partner where slug is not null;

-- +goose StatementBegin
create function partner_address_keep() returns trigger language plpgsql as $$
begin
  if not exists (select from partner_address where name = new.slug and partner_id = new.id) then
    insert into partner_address (name, partner_id) values (new.slug, new.id);
  end if;
  return null;
end $$;
-- +goose StatementEnd
comment on function partner_address_keep is 'Binds a name to its partner. partner_address_pkey refuses a name of another partner.';

create trigger partner_address_keep after insert or update of slug on partner
  for each row when (new.slug is not null) execute function partner_address_keep();

comment on column partner.slug is 'The name of the partner in addresses: of its sign-in page, and on its printed cards. Former names are in partner_address. Null: it has none.';

-- +goose Down
drop trigger partner_address_keep on partner;
drop function partner_address_keep;
drop table partner_address;
comment on column partner.slug is 'Names the partner in the address of the sign-in page, so that it shows the partner''s look before anybody has signed in. Null: it has none.';
