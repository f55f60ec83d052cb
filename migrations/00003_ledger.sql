-- +goose Up
create type account_kind as enum ('customer', 'issued', 'outstanding', 'breakage', 'cash', 'correction');
create type ledger_kind as enum
  ('activate', 'redeem', 'payment', 'reverse', 'lapse', 'renew', 'void', 'reprice');
create type payment_type as enum
  ('refill_card', 'cash', 'bank_transfer', 'credit_card', 'other', 'reversal');

create table account (
  id          bigint generated always as identity primary key,
  kind        account_kind not null,
  currency    text not null,
  customer_id bigint references customer constraint account_customer_key unique,
  series_id   bigint references series constraint account_series_key unique,
  balance     bigint,
  version     bigint,
  constraint account_owner check (
    (kind = 'customer') = (customer_id is not null) and (kind = 'outstanding') = (series_id is not null)),
  constraint account_running check (
    (kind = 'customer') = (balance is not null) and (kind = 'customer') = (version is not null)),
  constraint account_balance_range check (abs(balance) <= 1000000000000000)
);
create unique index account_system_key on account (kind, currency) where customer_id is null and series_id is null;
comment on table account is 'Customer accounts keep a running balance and a version. System accounts keep none and are summed on read, so that no row is hot.';

create table ledger_tx (
  id          bigint generated always as identity primary key,
  kind        ledger_kind not null,
  at          timestamptz not null default now(),
  idempotency_key uuid constraint ledger_tx_idempotency_key unique,
  series_id   bigint,
  serial      integer,
  reverses    bigint references ledger_tx constraint ledger_tx_reverses_key unique,
  staff_id    bigint references staff,
  comment     text not null default '',
  constraint ledger_tx_redeem_card check (kind <> 'redeem' or (series_id is not null and serial is not null)),
  constraint ledger_tx_reverse_what check ((kind = 'reverse') = (reverses is not null))
);
create unique index ledger_tx_redeem_once on ledger_tx (series_id, serial) where kind = 'redeem';
create index ledger_tx_at_idx on ledger_tx (at);
comment on table ledger_tx is 'A movement of money. Insert-only.';
comment on column ledger_tx.series_id is 'No foreign key: its check would lock the series row for every redemption, and series are never deleted.';
comment on column ledger_tx.idempotency_key is 'Drawn when the form is shown. The row is its own record of "done": the same key asked again finds it.';
comment on column ledger_tx.staff_id is 'Who acted, where it was not the customer.';

create table ledger_entry (
  tx_id      bigint not null references ledger_tx,
  account_id bigint not null,
  amount     bigint not null,
  version    bigint,
  balance_after bigint,
  primary key (tx_id, account_id),
  constraint ledger_entry_amount_some check (amount <> 0)
);
create unique index ledger_entry_version_key on ledger_entry (account_id, version) where version is not null;
create index ledger_entry_account_idx on ledger_entry (account_id, tx_id) where version is null;
comment on table ledger_entry is 'One side of a movement, signed, in minor units. Insert-only; the entries of a transaction come in one statement and sum to zero.';

create table payment (
  id          bigint generated always as identity primary key,
  customer_id bigint not null references customer,
  tx_id       bigint not null references ledger_tx constraint payment_tx_key unique,
  type        payment_type not null,
  amount      bigint not null,
  currency    text not null,
  balance_after bigint not null,
  comment     text not null default '',
  staff_id    bigint references staff,
  at          timestamptz not null default now(),
  constraint payment_amount_some check (amount <> 0),
  constraint payment_comment_length check (char_length(comment) <= 500)
);
create index payment_customer_idx on payment (customer_id, id desc);
comment on table payment is 'A line of a customer''s billing. Insert-only: a mistake is answered by a reversal.';
comment on column payment.balance_after is 'As of the ledger entry of the same transaction; an invariant holds the two together.';

-- +goose StatementBegin
-- ledger_balances refuses a statement whose entries do not sum to zero for every
-- transaction in it, or name an account that is not there. (A foreign key would
-- lock the shared accounts for every redemption; accounts are never deleted, so
-- a look is enough.)
create function ledger_balances() returns trigger language plpgsql as $$
begin
  if exists (select from entries group by tx_id having sum(amount) <> 0 or count(*) < 2) then
    raise exception 'ledger entries do not balance'
      using errcode = 'check_violation', constraint = 'ledger_entry_balanced';
  end if;
  if exists (select from entries e where not exists (select from account a where a.id = e.account_id)) then
    raise exception 'ledger entry of an unknown account'
      using errcode = 'foreign_key_violation', constraint = 'ledger_entry_account';
  end if;
  return null;
end
$$;
-- +goose StatementEnd
create trigger ledger_entry_balanced after insert on ledger_entry
  referencing new table as entries for each statement execute function ledger_balances();
create trigger account_is_kept before delete or truncate on account
  for each statement execute function append_only();
create trigger ledger_tx_append_only before update or delete or truncate on ledger_tx
  for each statement execute function append_only();
create trigger ledger_entry_append_only before update or delete or truncate on ledger_entry
  for each statement execute function append_only();
create trigger payment_append_only before update or delete or truncate on payment
  for each statement execute function append_only();

-- +goose Down
drop table payment, ledger_entry, ledger_tx, account;
drop function ledger_balances;
drop type payment_type, ledger_kind, account_kind;
