-- name: LedgerPost :exec
-- One movement between accounts that keep no running balance, with all its entries in
-- one statement: the trigger on ledger_entry refuses any that does not sum to zero.
-- Customers' balances are moved by PaymentPost.
with tx as (
  insert into ledger_tx (kind, series_id, serial, staff_id) values (@kind, @series_id, @serial, @staff_id)
  returning id
)
insert into ledger_entry (tx_id, account_id, amount)
select tx.id, e.account_id, e.amount
from tx, (select unnest(@account_ids::bigint[]) as account_id, unnest(@amounts::bigint[]) as amount) e;

-- name: LedgerGetByKey :one
-- What was done under an idempotency key, if anything was.
select tx.id, tx.kind, tx.at, tx.series_id, tx.serial, tx.comment, payment.customer_id, payment.id as payment_id,
  payment.type, payment.amount, payment.currency, payment.balance_after, payment.comment as payment_comment
from ledger_tx tx
join payment on payment.tx_id = tx.id
where tx.idempotency_key = @idempotency_key;

-- name: LedgerBalance :one
-- The balance of an account that keeps none, summed.
select coalesce(sum(amount), 0)::bigint from ledger_entry where account_id = @account_id;

-- name: LedgerOther :many
-- The entries of a movement on accounts that keep no running balance.
select account_id, amount from ledger_entry where tx_id = @tx_id and version is null;

-- name: LedgerGetReversal :one
-- The payment that reversed a movement, if one did.
select payment.id from ledger_tx tx join payment on payment.tx_id = tx.id where tx.reverses = @tx_id;
