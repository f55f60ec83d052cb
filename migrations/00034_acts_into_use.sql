-- +goose Up
-- Acts of one person are no longer about whole series alone: about one card, a partner,
-- a payment, an import. What is about the same subject counts once a day, at its most.
alter table solo_act
  alter column series_id drop not null,
  add column serial integer,
  add column partner_id bigint references partner;
comment on table solo_act is 'What one member of staff did without a second person. It serves the limit of a day alone: old rows go.';
comment on column solo_act.value is 'What it was worth, in minor units. The same series, card or partner counts once a day, at its most; an act without any of them by itself.';
comment on column solo_act.serial is 'The one card that it was about; null: the whole series.';
comment on column solo_act.partner_id is 'The partner that was enabled again.';

-- The cards that are kept for one partner: what it is worth to enable that partner.
create index card_partner_idx on card (partner_id, series_id) where partner_id is not null;

-- +goose StatementBegin
-- card_widens tells whether a card that was kept for one partner (null: for those of
-- its series) and is now kept for another can be redeemed by customers who could not.
create function card_widens(of_series bigint, partner_lock boolean, any_partner boolean, before bigint, after bigint)
returns boolean language sql stable parallel safe as $$
  select partner_lock and before is distinct from after and case
    when after is null then any_partner or exists (select from series_partner p
      where p.series_id = of_series and p.removed_at is null and p.partner_id <> before)
    when before is not null then true
    else not any_partner and not exists (select from series_partner p
      where p.series_id = of_series and p.removed_at is null and p.partner_id = after)
  end
$$;
-- +goose StatementEnd

-- +goose Down
drop function card_widens;
drop index card_partner_idx;
delete from solo_act where series_id is null;
alter table solo_act drop column serial, drop column partner_id, alter column series_id set not null;
