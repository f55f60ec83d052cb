-- name: PaymentPost :one
-- Moves a customer's running balance: the account, one movement of the ledger with its
-- entries and the payment, in one statement. No row: the customer has no account in this
-- currency, or the balance would fall below floor; null: it may. The house_ parameters are the opposite entries, on the provider's accounts,
-- which have no running balance; the trigger on ledger_entry refuses entries that do not
-- sum to zero. The account's row stays locked until the end of the transaction.
--
-- Where the balance is kept outside and hands_over is set, a second movement hands the amount
-- over: customer -, outside +. hands_back is the movement by which an earlier amount was handed
-- over; it is taken back, wherever the balance is kept now. The handover is booked before the
-- movement, so that the balance after the movement is the one that remains. Any other movement
-- of a balance that is kept outside violates account_outside_zero.
with moved as (
  update account set
    balance = balance + case when account.outside and @hands_over::boolean or sqlc.narg('hands_back')::bigint is not null then 0 else @amount::bigint end,
    version = version + case when account.outside and @hands_over::boolean or sqlc.narg('hands_back')::bigint is not null then 2 else 1 end
  where account.customer_id = @customer_id::bigint and account.currency = @currency::text
    and (sqlc.narg('floor')::bigint is null or balance + @amount::bigint >= sqlc.narg('floor')::bigint)
  returning id, balance, version,
    (account.outside and @hands_over::boolean or sqlc.narg('hands_back')::bigint is not null) as handed
), handed as (
  insert into ledger_tx (kind, series_id, serial, reverses, staff_id, client_id)
  select 'handover', sqlc.narg('series_id')::bigint, sqlc.narg('serial')::integer, sqlc.narg('hands_back')::bigint,
    sqlc.narg('staff_id')::bigint, sqlc.narg('client_id')::bigint
  from moved where moved.handed
  returning id
), tx as (
  insert into ledger_tx (kind, idempotency_key, series_id, serial, reverses, staff_id, client_id, comment)
  select @kind::ledger_kind, @idempotency_key::uuid, sqlc.narg('series_id')::bigint, sqlc.narg('serial')::integer,
    sqlc.narg('reverses')::bigint, sqlc.narg('staff_id')::bigint, sqlc.narg('client_id')::bigint, @tx_comment::text
  from moved left join handed on true
  returning id
), entries as (
  insert into ledger_entry (tx_id, account_id, amount, version, balance_after)
  select tx.id, moved.id, @amount::bigint, moved.version, moved.balance from tx, moved
  union all
  select tx.id, house.account_id, house.amount, null::bigint, null::bigint
  from tx, (select unnest(@house_accounts::bigint[]) as account_id, unnest(@house_amounts::bigint[]) as amount) house
  union all
  select handed.id, moved.id, -(@amount::bigint), moved.version - 1, moved.balance - @amount::bigint from handed, moved
  union all
  select handed.id, account.id, @amount::bigint, null::bigint, null::bigint
  from handed, account where account.kind = 'outside' and account.currency = @currency::text and account.customer_id is null and account.series_id is null
), handed_paid as (
  insert into payment (customer_id, partner_id, tx_id, type, amount, currency, balance_after, staff_id, client_id)
  select customer.id, customer.partner_id, handed.id, 'handover', -(@amount::bigint), @currency::text, moved.balance - @amount::bigint,
    sqlc.narg('staff_id')::bigint, sqlc.narg('client_id')::bigint
  from customer, handed, moved where customer.id = @customer_id::bigint
  returning id
), opened as (
  insert into handover (tx_id, moved_by) select tx.id, handed.id from tx, handed where sqlc.narg('hands_back')::bigint is null
), closed as (
  update handover set open = false where moved_by = sqlc.narg('hands_back')::bigint and open
), paid as (
  insert into payment (customer_id, partner_id, tx_id, type, amount, currency, balance_after, comment, staff_id, client_id)
  select customer.id, customer.partner_id, tx.id, @type::payment_type, @amount::bigint, @currency::text, moved.balance,
    @comment::text, sqlc.narg('staff_id')::bigint, sqlc.narg('client_id')::bigint
  from customer, tx, moved left join handed_paid on true where customer.id = @customer_id::bigint
  returning id, at
)
select paid.id, paid.at, moved.balance::bigint as balance, moved.handed::boolean as handed from paid, moved;

-- name: PaymentList :many
-- A customer's payments, newest first, below before_id, without handovers to another system.
select payment.id, payment.at, payment.type, payment.amount, payment.currency,
  payment.balance_after, payment.comment, staff.name as staff_name, api_client.name as client_name,
  tx.serial, series.number as series_number,
  coalesce(reversal.id, 0)::bigint as reversed_by, coalesce(original.id, 0)::bigint as reverses
from payment
join ledger_tx tx on tx.id = payment.tx_id
left join staff on staff.id = payment.staff_id
left join api_client on api_client.id = payment.client_id
left join series on series.id = tx.series_id
left join ledger_tx undo on undo.reverses = tx.id
left join payment reversal on reversal.tx_id = undo.id
left join payment original on original.tx_id = tx.reverses
where payment.customer_id = @customer_id and payment.id < @before_id and payment.type <> 'handover'
order by payment.id desc
limit @size;

-- name: PaymentListBetween :many
-- As PaymentList, within a period; null: without that end. Handovers to another system are
-- left out: they are no payments to the customer.
select payment.id, payment.at, payment.type, payment.amount, payment.currency,
  payment.balance_after, payment.comment, staff.name as staff_name, api_client.name as client_name,
  tx.serial, series.number as series_number,
  coalesce(reversal.id, 0)::bigint as reversed_by, coalesce(original.id, 0)::bigint as reverses
from payment
join ledger_tx tx on tx.id = payment.tx_id
left join staff on staff.id = payment.staff_id
left join api_client on api_client.id = payment.client_id
left join series on series.id = tx.series_id
left join ledger_tx undo on undo.reverses = tx.id
left join payment reversal on reversal.tx_id = undo.id
left join payment original on original.tx_id = tx.reverses
where payment.customer_id = @customer_id and payment.id < @before_id and payment.type <> 'handover'
  and (sqlc.narg('from')::timestamptz is null or payment.at >= sqlc.narg('from'))
  and (sqlc.narg('until')::timestamptz is null or payment.at < sqlc.narg('until'))
order by payment.id desc
limit @size;

-- name: PaymentTotalsBetween :many
-- The totals of PaymentListBetween by type of payment.
select type, count(*) as n, sum(amount)::bigint as total, currency
from payment
where payment.customer_id = @customer_id and payment.type <> 'handover'
  and (sqlc.narg('from')::timestamptz is null or payment.at >= sqlc.narg('from'))
  and (sqlc.narg('until')::timestamptz is null or payment.at < sqlc.narg('until'))
group by type, currency order by type;

-- name: PaymentBilling :many
-- A customer's payments as staff see them, newest first, between two ids and of a
-- period. back: the page above after_id, last one first.
select payment.id, payment.at, payment.type, payment.amount, payment.currency,
  payment.balance_after, payment.comment, staff.name as staff_name, api_client.name as client_name,
  tx.serial, series.number as series_number,
  coalesce(reversal.id, 0)::bigint as reversed_by, coalesce(original.id, 0)::bigint as reverses
from payment
join ledger_tx tx on tx.id = payment.tx_id
left join staff on staff.id = payment.staff_id
left join api_client on api_client.id = payment.client_id
left join series on series.id = tx.series_id
left join ledger_tx undo on undo.reverses = tx.id
left join payment reversal on reversal.tx_id = undo.id
left join payment original on original.tx_id = tx.reverses
where payment.customer_id = @customer_id and payment.id < @before_id and payment.id > @after_id
  and (sqlc.narg('type')::payment_type is null or payment.type = sqlc.narg('type'))
  and (sqlc.narg('since')::timestamptz is null or payment.at >= sqlc.narg('since'))
  and (sqlc.narg('until')::timestamptz is null or payment.at < sqlc.narg('until'))
order by case when @back::boolean then payment.id else -payment.id end
limit @size;

-- name: PaymentBillingTotals :many
-- The totals by type of payment, within a period.
select type, count(*) as n, sum(amount)::bigint as total, currency
from payment
where customer_id = @customer_id
  and (sqlc.narg('type')::payment_type is null or type = sqlc.narg('type'))
  and (sqlc.narg('since')::timestamptz is null or at >= sqlc.narg('since'))
  and (sqlc.narg('until')::timestamptz is null or at < sqlc.narg('until'))
group by type, currency order by type;

-- name: PaymentGreatest :one
-- A customer's largest payment; 0: none.
select coalesce(max(abs(amount)), 0)::bigint from payment where customer_id = @customer_id;

-- name: PaymentGet :one
-- A payment of a customer, with what it reverses or what reversed it, and how it was handed
-- over to another system (handed_by is the movement; 0: it was not).
select payment.id, payment.customer_id, payment.tx_id, payment.at, payment.type, payment.amount, payment.currency,
  payment.balance_after, payment.comment, staff.name as staff_name, api_client.name as client_name,
  tx.series_id, tx.serial, series.number as series_number,
  coalesce(reversal.id, 0)::bigint as reversed_by, coalesce(original.id, 0)::bigint as reverses,
  coalesce(handover.moved_by, 0)::bigint as handed_by, coalesce(handover.open, false)::boolean as handover_open,
  ack.at as acknowledged_at, coalesce(ack.reference, '')::text as acknowledged_as
from payment
join ledger_tx tx on tx.id = payment.tx_id
left join staff on staff.id = payment.staff_id
left join api_client on api_client.id = payment.client_id
left join series on series.id = tx.series_id
left join ledger_tx undo on undo.reverses = tx.id
left join payment reversal on reversal.tx_id = undo.id
left join payment original on original.tx_id = tx.reverses
left join handover on handover.tx_id = tx.id
left join handover_ack ack on ack.tx_id = tx.id
where payment.id = @id and payment.customer_id = @customer_id;

-- name: PaymentFind :one
-- A payment by its number, if its customer is within the partners.
select payment.id, payment.customer_id, payment.at, payment.type, payment.amount, payment.currency,
  customer.name as customer_name, customer.username
from payment
join customer on customer.id = payment.customer_id
where payment.id = @id and (@all_partners::boolean or customer.partner_id = any(@partner_ids::bigint[]));
