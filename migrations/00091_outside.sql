-- +goose Up
-- A partner can keep the balances of its customers in another system. A redemption then hands
-- its value over in its own transaction, and the balance here stays zero.
create type balances_kept as enum ('here', 'outside');
alter table partner add column balances balances_kept not null default 'here';
comment on column partner.balances is 'Where the balances of its customers are kept. The column outside of their accounts says the same, which an invariant holds.';

-- The constraint refuses every way to move such a balance that does not hand the value over.
-- No row can break it: the new column is false in all of them, so that none is read.
alter table account add column outside boolean not null default false,
  add constraint account_outside_zero check (not outside or balance = 0) not valid;
comment on column account.outside is 'The balance of this customer is kept in another system, and here it is zero.';

-- A reversal of a redemption takes back its handover too, by a second movement of this kind.
alter table ledger_tx drop constraint ledger_tx_reverse_what;
alter table ledger_tx add constraint ledger_tx_reverse_what check (
  case kind when 'reverse' then reverses is not null when 'handover' then true else reverses is null end) not valid;

create table handover (
  tx_id  bigint primary key references ledger_tx,
  moved_by bigint not null references ledger_tx constraint handover_moved_by_key unique,
  open   boolean not null default true,
  at     timestamptz not null default now()
);
create index handover_open_idx on handover (at) where open;
comment on table handover is 'Redemptions whose value was handed over to another system.';
comment on column handover.tx_id is 'The redemption.';
comment on column handover.moved_by is 'The movement from the balance of the customer to the account outside.';
comment on column handover.open is 'The other system has not acknowledged the credit, and the redemption was not reversed.';

create table handover_ack (
  tx_id     bigint primary key references handover,
  client_id bigint,
  staff_id  bigint references staff,
  reference text not null,
  at        timestamptz not null default now(),
  constraint handover_ack_reference_length check (char_length(reference) between 1 and 120)
);
comment on table handover_ack is 'The other system has credited the value of a redemption. Insert-only.';
comment on column handover_ack.client_id is 'The API client that said so; null: a member of staff, by hand. No foreign key, as in ledger_tx.';
comment on column handover_ack.reference is 'What the other system calls its entry.';

create trigger handover_kept before delete or truncate on handover
  for each statement execute function append_only();
create trigger handover_ack_append_only before update or delete or truncate on handover_ack
  for each statement execute function append_only();

-- +goose Down
drop table handover_ack, handover;
alter table ledger_tx drop constraint ledger_tx_reverse_what;
alter table ledger_tx add constraint ledger_tx_reverse_what check ((kind = 'reverse') = (reverses is not null)) not valid;
alter table account drop column outside;
alter table partner drop column balances;
drop type balances_kept;
