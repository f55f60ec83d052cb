-- name: HandoverGet :one
-- A redemption whose value was handed over, by the id of its payment, with its acknowledgement
-- where there is one. One of other partners' customers is not found.
select handover.tx_id, handover.open, payment.id, payment.customer_id, tx.series_id, tx.serial,
  coalesce(ack.reference, '')::text as reference, ack.at as acknowledged_at, exists (select from ledger_tx undo where undo.reverses = tx.id)::boolean as reversed
from payment
join ledger_tx tx on tx.id = payment.tx_id
join handover on handover.tx_id = tx.id
join customer on customer.id = payment.customer_id
left join handover_ack ack on ack.tx_id = handover.tx_id
where payment.id = @id and (@all_partners::boolean or customer.partner_id = any(@partner_ids::bigint[]));

-- name: HandoverClose :execrows
-- Locks an open handover and closes it. No row: it is acknowledged or reversed already.
update handover set open = false where tx_id = @tx_id and open;

-- name: HandoverAckAdd :one
insert into handover_ack (tx_id, client_id, staff_id, reference)
values (@tx_id, sqlc.narg('client_id')::bigint, sqlc.narg('staff_id')::bigint, @reference)
returning at;

-- name: HandoverOpenList :many
-- Redemptions that are older than age and not acknowledged, oldest first, after an id. Both
-- ids are those of redemptions in the ledger.
select handover.tx_id, handover.at, payment.id as payment_id, payment.amount, payment.currency, tx.serial, series.number as series_number, tx.comment as reference,
  customer.id as customer_id, customer.name as customer_name, customer.username, coalesce(customer.external_id, '')::text as external_id,
  partner.name as partner_name
from handover
join ledger_tx tx on tx.id = handover.tx_id
join payment on payment.tx_id = tx.id
join customer on customer.id = payment.customer_id
join partner on partner.id = customer.partner_id
join series on series.id = tx.series_id
where handover.open and handover.at < now() - @age::interval and handover.tx_id > @after_id
  and (@partner_id::bigint = 0 or customer.partner_id = @partner_id)
  and (@all_partners::boolean or customer.partner_id = any(@partner_ids::bigint[]))
order by handover.tx_id
limit @size;

-- name: HandoverOpenCount :one
-- How many redemptions that are older than age are not acknowledged.
select count(*)
from handover
join payment on payment.tx_id = handover.tx_id
join customer on customer.id = payment.customer_id
where handover.open and handover.at < now() - @age::interval
  and (@all_partners::boolean or customer.partner_id = any(@partner_ids::bigint[]));

-- name: HandoverShown :one
-- Whether a reader has anything to do with values that are handed over: a partner keeps balances
-- outside, or a redemption waits for its acknowledgement.
select (exists (select from partner where balances = 'outside' and (@all_partners::boolean or id = any(@partner_ids::bigint[])))
  or exists (select from handover join payment on payment.tx_id = handover.tx_id join customer on customer.id = payment.customer_id
    where handover.open and (@all_partners::boolean or customer.partner_id = any(@partner_ids::bigint[]))))::boolean;
