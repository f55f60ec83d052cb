-- name: CustomerErase :exec
-- Removes the identifying columns and every way to sign in. The search column is generated
-- from them and changes with them.
update customer set name = 'Erased customer ' || id, username = 'erased:' || id, email = '', phone = '', password_hash = '', external_id = null,
  disabled_at = coalesce(disabled_at, now()), erased_at = now()
where id = @id and erased_at is null;

-- name: CustomerEraseLinks :exec
-- Used links show the time of a first sign-in.
delete from customer_link where customer_id = @customer_id;

-- name: CustomerEraseMails :exec
-- Requests for links by e-mail, which hold the address that they came from.
delete from sign_in_mail where customer_id = @customer_id;

-- name: CustomerEraseGuesses :exec
-- Counts of wrong codes, passwords and requests for help, the latter two under the username.
delete from guess where scope = 'customer:' || @customer_id::bigint
  or scope like 'customer:' || @customer_id::bigint || ':%'
  or scope in ('signin:customer:' || @username::text, 'signin:own:customer:' || @username, 'help:name:' || @username, 'help:name:' || @username || ':address')
  or (scope like '%:customer:' || @customer_id::bigint and scope not like 'signin:%');

-- name: CustomerEraseImported :exec
-- Rows of customer import files that were left out and contain identifying texts.
delete from card_import_problem p using card_import i
where i.id = p.import_id and i.kind = 'customers'
  and (lower(p.value) = any(@texts::text[]) or lower(p.serial) = any(@texts));

-- name: CustomerEraseRemarks :execrows
-- What staff wrote on the cards that the person redeemed.
update card set remark = null where used_by = @customer_id and remark is not null;

-- name: CustomerBalance :one
select account.balance::bigint as balance, account.currency from account where customer_id = @customer_id;

-- name: CustomerShare :one
-- Locks a customer's row, before the account in the lock order, so that no concurrent
-- erasure is overlooked.
select erased_at from customer where id = @id for key share;

-- name: CustomerHoldings :one
-- The amount of personal data kept about a customer, by kind.
select
  (select count(*) from session where session.customer_id = @customer_id::bigint) as sessions,
  ((select count(*) from customer_link l where l.customer_id = @customer_id::bigint)
    + (select count(*) from sign_in_mail m where m.customer_id = @customer_id::bigint))::bigint as links,
  (select count(*) from payment p where p.customer_id = @customer_id::bigint) as payments,
  (select count(*) from payment p where p.customer_id = @customer_id::bigint and p.comment <> '' and p.type <> 'refill_card') as comments,
  (select count(*) from card c where c.used_by = @customer_id::bigint) as cards,
  (select count(*) from card c where c.used_by = @customer_id::bigint and c.remark is not null) as remarks,
  (select count(*) from audit a where a.customer_id = @customer_id::bigint) as lines,
  (select count(*) from audit a where a.customer_id = @customer_id::bigint and a.address is not null and a.staff_id is null) as addresses,
  (select count(*) from theft_alarm t where t.customer_id = @customer_id::bigint) as alarms,
  (select count(*) from approval a where a.customer_id = @customer_id::bigint and a.state = 'waiting') as waiting;

-- name: CustomerUnderAlarm :one
-- Whether an open alarm about theft concerns a customer, or counts cards that they
-- redeemed or tried. The rows are those that the alarm's page lists.
select exists (select from theft_alarm t where t.state = 'open' and (
  t.customer_id = @customer_id::bigint
  or (t.rule in ('run', 'early', 'locked', 'copied') and exists (
    select from audit a
    where a.customer_id = @customer_id and a.series_id = t.series_id and a.serial between t.first_serial and t.last_serial
      and a.at between t.first_at and t.last_at
      and (t.rule = 'run' and a.action = 'card.redeemed' or a.action = 'card.refused' and theft_refusal(a.detail) = t.rule)))
  or (t.rule = 'address' and exists (
    select from audit a
    where a.customer_id = @customer_id and a.action = 'card.redeemed' and a.staff_id is null
      and a.at between t.first_at and t.last_at and a.address <<= nullif(t.network, '')::inet))
  or (t.rule = 'revealed' and exists (
    select from card c join audit a on a.series_id = c.series_id and a.serial = c.serial
    where c.used_by = @customer_id and c.used_at <= t.last_at
      and a.action = 'card.revealed' and a.staff_id = t.staff_id and a.at between t.first_at and c.used_at))
))::boolean;
