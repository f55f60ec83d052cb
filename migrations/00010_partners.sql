-- +goose Up
-- What customers see of their partner, and whether the partner is open at all.
alter table partner
  add column slug         text constraint partner_slug_key unique,
  add column accent       text not null default '',
  add column welcome      text not null default '',
  add column help         text not null default '',
  add column card_line1   text not null default '',
  add column card_line2   text not null default '',
  add column look_version bigint not null default 1,
  add column disabled_at  timestamptz,
  add constraint partner_slug_form check (slug ~ '^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$'),
  add constraint partner_accent_form check (accent ~ '^(#[0-9a-f]{6})?$'),
  add constraint partner_texts_length check (char_length(welcome) <= 200 and char_length(help) <= 500
    and char_length(card_line1) <= 48 and char_length(card_line2) <= 48);
comment on column partner.slug is 'Names the partner in the address of the sign-in page, so that it shows the partner''s look before anybody has signed in. Null: it has none.';
comment on column partner.accent is 'The brand''s colour, #rrggbb. Empty: the product''s own.';
comment on column partner.welcome is 'A line on the portal''s first page.';
comment on column partner.help is 'Whom to ask: on the refill-card page and on receipts.';
comment on column partner.card_line1 is 'First line of instructions on cards that are for this partner alone. Both empty: the product''s own.';
comment on column partner.look_version is 'Grows with every change of the look: part of the addresses of style sheet and logo, which browsers keep.';
comment on column partner.disabled_at is 'Since when its customers can neither sign in nor redeem; null: it is open.';

create table partner_logo (
  partner_id bigint primary key references partner,
  png        bytea not null,
  width      integer not null,
  height     integer not null,
  constraint partner_logo_size check (octet_length(png) <= 1048576 and width between 1 and 480 and height between 1 and 240)
);
comment on table partner_logo is 'A partner''s logo, always as we encoded it ourselves, never as it was uploaded.';

-- +goose Down
drop table partner_logo;
alter table partner drop column slug, drop column accent, drop column welcome, drop column help,
  drop column card_line1, drop column card_line2, drop column look_version, drop column disabled_at;
