-- +goose Up
-- What staff may change later (a series' partners, a customer's partner) must not
-- make an honest redemption of the past look like a wrong one. So what held at
-- the time is kept.
alter table series_partner add column removed_at timestamptz;
comment on column series_partner.removed_at is 'When the series stopped being for this partner; null: it still is. Kept, so that redemptions before it can be told to be right.';

alter table series add column any_partner_until timestamptz;
comment on column series.any_partner_until is 'When the series stopped being for any partner; null: it never was, or still is.';
alter table series add column partner_lock boolean not null default true;
comment on column series.partner_lock is 'Fixed at order. False: partners are only for information, and every partner''s customers may redeem.';

alter table card add column partner_id bigint;
comment on column card.partner_id is 'Overrides the series'' partners: only this partner''s customers may redeem the card. No foreign key: see series_id.';

alter table payment add column partner_id bigint references partner;
alter table payment disable trigger payment_append_only;
update payment set partner_id = (select partner_id from customer where customer.id = payment.customer_id);
alter table payment enable trigger payment_append_only;
alter table payment alter column partner_id set not null;
comment on column payment.partner_id is 'The customer''s partner at that time; the customer may move.';

-- +goose StatementBegin
-- card_is_for tells whether a partner's customers may redeem a card: the one rule,
-- asked by look-ups and by the guard of redemption alike.
create function card_is_for(of_series bigint, partner_lock boolean, any_partner boolean, card_partner bigint, asking bigint)
returns boolean language sql stable parallel safe as $$
  select not partner_lock or case
    when card_partner is not null then card_partner = asking
    else any_partner or exists (select from series_partner p
      where p.series_id = of_series and p.partner_id = asking and p.removed_at is null)
  end
$$;
-- +goose StatementEnd

-- +goose Down
drop function card_is_for;
alter table payment drop column partner_id;
alter table card drop column partner_id;
alter table series drop column partner_lock, drop column any_partner_until;
alter table series_partner drop column removed_at;
