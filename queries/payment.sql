-- name: PaymentCreate :one
insert into payment (customer_id, partner_id, tx_id, type, amount, currency, balance_after, comment, staff_id)
select customer.id, customer.partner_id, @tx_id, @type, @amount, @currency, @balance_after, @comment, @staff_id
from customer where customer.id = @customer_id
returning id, at;

-- name: PaymentList :many
-- A customer's payments, newest first, below before_id.
select payment.id, payment.at, payment.type, payment.amount, payment.currency,
  payment.balance_after, payment.comment, staff.name as staff_name,
  tx.serial, series.number as series_number
from payment
join ledger_tx tx on tx.id = payment.tx_id
left join staff on staff.id = payment.staff_id
left join series on series.id = tx.series_id
where payment.customer_id = @customer_id and payment.id < @before_id
order by payment.id desc
limit @size;

-- name: PaymentListBetween :many
-- As PaymentList, within a period; null: without that end.
select payment.id, payment.at, payment.type, payment.amount, payment.currency,
  payment.balance_after, payment.comment, staff.name as staff_name,
  tx.serial, series.number as series_number
from payment
join ledger_tx tx on tx.id = payment.tx_id
left join staff on staff.id = payment.staff_id
left join series on series.id = tx.series_id
where payment.customer_id = @customer_id and payment.id < @before_id
  and (sqlc.narg('from')::timestamptz is null or payment.at >= sqlc.narg('from'))
  and (sqlc.narg('until')::timestamptz is null or payment.at < sqlc.narg('until'))
order by payment.id desc
limit @size;

-- name: PaymentTotalsBetween :many
select type, count(*) as n, sum(amount)::bigint as total, currency
from payment
where payment.customer_id = @customer_id
  and (sqlc.narg('from')::timestamptz is null or payment.at >= sqlc.narg('from'))
  and (sqlc.narg('until')::timestamptz is null or payment.at < sqlc.narg('until'))
group by type, currency order by type;

-- name: PaymentGet :one
select payment.id, payment.customer_id, payment.at, payment.type, payment.amount, payment.currency,
  payment.balance_after, payment.comment, tx.serial, series.number as series_number
from payment
join ledger_tx tx on tx.id = payment.tx_id
left join series on series.id = tx.series_id
where payment.id = @id and payment.customer_id = @customer_id;

-- name: PaymentTotals :many
select type, count(*) as n, sum(amount)::bigint as total, currency
from payment where customer_id = @customer_id
group by type, currency order by type;
