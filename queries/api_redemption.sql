-- name: RedemptionGet :one
-- One redemption by the id of its payment; one of other partners' customers is not found.
select payment.id, payment.at, payment.amount, payment.currency, payment.balance_after, tx.comment as reference, tx.serial, series.number,
  customer.id as customer_id, customer.username, coalesce(customer.external_id, '')::text as external_id,
  coalesce(reversal.id, 0)::bigint as reversed_by, (handover.tx_id is not null)::boolean as handed, ack.at as acknowledged_at
from payment
join ledger_tx tx on tx.id = payment.tx_id
join customer on customer.id = payment.customer_id
join series on series.id = tx.series_id
left join handover on handover.tx_id = tx.id
left join handover_ack ack on ack.tx_id = tx.id
left join ledger_tx undo on undo.reverses = tx.id
left join payment reversal on reversal.tx_id = undo.id
where payment.id = @id and payment.type = 'refill_card'
  and (@all_partners::boolean or customer.partner_id = any(@partner_ids::bigint[]))
  and (customer.partner_id = any(@hidden_ids::bigint[])) is not true;

-- name: RedemptionList :many
-- Redemptions, newest first, below an id. Null: no filter.
select payment.id, payment.at, payment.amount, payment.currency, payment.balance_after, tx.comment as reference, tx.serial, series.number,
  customer.id as customer_id, customer.username, coalesce(customer.external_id, '')::text as external_id,
  coalesce(reversal.id, 0)::bigint as reversed_by, (handover.tx_id is not null)::boolean as handed, ack.at as acknowledged_at
from payment
join ledger_tx tx on tx.id = payment.tx_id
join customer on customer.id = payment.customer_id
join series on series.id = tx.series_id
left join handover on handover.tx_id = tx.id
left join handover_ack ack on ack.tx_id = tx.id
left join ledger_tx undo on undo.reverses = tx.id
left join payment reversal on reversal.tx_id = undo.id
where payment.id < @before_id and payment.type = 'refill_card'
  and (@all_partners::boolean or customer.partner_id = any(@partner_ids::bigint[]))
  and (customer.partner_id = any(@hidden_ids::bigint[])) is not true
  and (sqlc.narg(customer_id)::bigint is null or payment.customer_id = sqlc.narg(customer_id))
  and (sqlc.narg(reference)::text is null or tx.comment = sqlc.narg(reference))
  and (sqlc.narg(created_from)::timestamptz is null or payment.at >= sqlc.narg(created_from))
  and (sqlc.narg(created_to)::timestamptz is null or payment.at < sqlc.narg(created_to))
order by payment.id desc
limit @size;
