-- name: CustomerPage :many
-- Customers as the API lists them, newest first, below an id. Empty texts, 0 and null: no
-- filter; ids are those that a search has found.
select customer.id, customer.partner_id, customer.username, customer.name, customer.email, customer.phone,
  coalesce(customer.external_id, '')::text as external_id, customer.created_at, customer.disabled_at, customer.erased_at, customer.version
from customer
where customer.id < @before_id
  and (@all_partners::boolean or customer.partner_id = any(@partner_ids::bigint[]))
  and (customer.partner_id = any(@hidden_ids::bigint[])) is not true
  and (@partner_id::bigint = 0 or customer.partner_id = @partner_id)
  and (@external_id::text = '' or customer.external_id = @external_id)
  and (@username::text = '' or customer.username = @username)
  and (sqlc.narg('disabled')::boolean is null or (customer.disabled_at is not null) = sqlc.narg('disabled'))
  and (sqlc.narg('ids')::bigint[] is null or customer.id = any(sqlc.narg('ids')::bigint[]))
order by customer.id desc
limit @size;

-- name: CustomerPaymentPage :many
-- A customer's payments as the API lists them, newest first, below an id. one_id: only that
-- payment; 0: all.
select payment.id, payment.at, payment.type, payment.amount, payment.currency, payment.balance_after, payment.comment,
  (case when tx.kind in ('redeem', 'charge') then tx.comment else '' end)::text as reference,
  tx.serial, coalesce(series.number, '')::text as series_number,
  coalesce(reversal.id, 0)::bigint as reversed_by, coalesce(original.id, 0)::bigint as reverses
from payment
join ledger_tx tx on tx.id = payment.tx_id
left join series on series.id = tx.series_id
left join ledger_tx undo on undo.reverses = tx.id
left join payment reversal on reversal.tx_id = undo.id
left join payment original on original.tx_id = tx.reverses
where payment.customer_id = @customer_id and payment.id < @before_id
  and (@one_id::bigint = 0 or payment.id = @one_id)
  and (sqlc.narg('type')::payment_type is null or payment.type = sqlc.narg('type'))
  and (sqlc.narg(created_from)::timestamptz is null or payment.at >= sqlc.narg(created_from))
  and (sqlc.narg(created_to)::timestamptz is null or payment.at < sqlc.narg(created_to))
order by payment.id desc
limit @size;
