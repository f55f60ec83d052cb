-- +goose Up
alter table series add column code_alphabet text not null default 'letters'
  constraint series_code_alphabet_known check (code_alphabet in ('letters', 'digits'));
alter table series alter column code_alphabet drop default;
comment on column series.code_alphabet is 'What the codes are made of, fixed at order: letters (31 symbols without look-alikes) or digits (for keypads).';

create table partner_method (
  partner_id  bigint not null references partner,
  method      payment_type not null,
  offered     boolean not null,
  instruction text not null,
  constraint partner_method_pkey primary key (partner_id, method),
  constraint partner_method_kind check (method in ('cash', 'bank_transfer', 'credit_card', 'other')),
  constraint partner_method_instruction_length check (char_length(instruction) <= 500)
);
comment on table partner_method is 'Ways to pay that the portal names to a partner''s customers. The refill card''s switch is partner.portal_refill_card.';
comment on column partner_method.instruction is 'What a customer has to do, in the partner''s words: an IBAN, opening hours.';

-- +goose Down
drop table partner_method;
alter table series drop column code_alphabet;
