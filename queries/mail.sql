-- Messages are queued by statements, so that packages that only write rows can queue one in
-- their transaction. mails says that the process has an SMTP server (db.Mails); without one
-- nothing is queued. A worker finds the jobs within a second.

-- name: MailQueueStaff :execrows
-- Queues a message for each member of staff who wants it and has a confirmed address. The
-- permissions are checked again, with the partners, when the message is sent.
insert into river_job (kind, args, queue, max_attempts)
select 'mail_staff', jsonb_build_object('staff_id', staff.id, 'about', @about::text, 'id', @id::bigint), 'mail', @max_attempts::smallint
from staff_mail m
join staff on staff.id = m.staff_id
join role on role.id = staff.role_id
where @mails::boolean and m.address <> '' and staff.disabled_at is null
  and case @choice::text when 'files' then m.files when 'approvals' then m.approvals else m.alarms end
  and (sqlc.arg(only_staff)::bigint = 0 or staff.id = sqlc.arg(only_staff)) and staff.id <> all(sqlc.arg(but_staff)::bigint[])
  and (role.everything or @permissions::text[] && role.permissions);

-- name: MailQueue :execrows
-- Queues one message.
insert into river_job (kind, args, queue, max_attempts)
select @kind::text, @args::jsonb, 'mail', @max_attempts::smallint
where @mails::boolean;

-- name: MailStaffGet :one
select staff.id, staff.name, staff.username, staff.disabled_at, staff.all_partners, role.everything, role.permissions,
  array(select partner_id from staff_partner p where p.staff_id = staff.id)::bigint[] as partner_ids,
  m.address, m.pending, m.files, m.approvals, m.alarms
from staff
join role on role.id = staff.role_id
join staff_mail m on m.staff_id = staff.id
where staff.id = @id;

-- name: MailStaffShow :one
select * from staff_mail where staff_id = @staff_id;

-- name: MailStaffAsk :exec
-- Notes an address that waits for its confirmation. An earlier link stops working.
insert into staff_mail (staff_id, pending, pending_at) values (@staff_id, @pending, now())
on conflict (staff_id) do update set pending = @pending, pending_at = now(), token_hash = null, token_until = null;

-- name: MailStaffToken :execrows
-- Keeps the hash of the token of a confirmation link, which works for an hour.
update staff_mail set token_hash = @token_hash::bytea, token_until = now() + interval '1 hour'
where staff_id = @staff_id and pending = @pending::text and pending <> '';

-- name: MailStaffFind :one
-- The address that a confirmation link is for, while the link works.
select pending from staff_mail where staff_id = @staff_id and token_hash = @token_hash::bytea and token_until > now();

-- name: MailStaffLock :one
select * from staff_mail where staff_id = @staff_id for update;

-- name: MailStaffConfirm :execrows
update staff_mail set address = pending, confirmed_at = now(), pending = '', pending_at = null, token_hash = null, token_until = null
where staff_id = @staff_id and token_hash = @token_hash::bytea and token_until > now();

-- name: MailStaffRemove :exec
update staff_mail set address = '', confirmed_at = null, pending = '', pending_at = null, token_hash = null, token_until = null
where staff_id = @staff_id;

-- name: MailStaffChoose :exec
insert into staff_mail (staff_id, files, approvals, alarms) values (@staff_id, @files, @approvals, @alarms)
on conflict (staff_id) do update set files = @files, approvals = @approvals, alarms = @alarms;

-- name: MailFormerCreate :one
insert into mail_former (staff_id, address) values (@staff_id, @address) returning id;

-- name: MailFormerGet :one
select address from mail_former where id = @id and staff_id = @staff_id;

-- name: MailFormerDelete :exec
delete from mail_former where id = @id;

-- name: MailFormerDeleteOld :execrows
delete from mail_former where at < now() - interval '2 days';

-- name: MailAlarmTell :execrows
-- Notes that an alarm is mailed. No row: it was mailed within 24 hours and lasts.
insert into mail_alarm as a (alarm, subject) select @alarm, @subject where @mails::boolean
on conflict (alarm, subject) do update set told_at = now() where a.told_at < now() - interval '24 hours';

-- name: MailAlarmOver :execrows
delete from mail_alarm where alarm = @alarm and subject = @subject;

-- name: MailAlarmOverExcept :exec
-- Ends the alarms of a kind that do not last.
delete from mail_alarm where alarm = @alarm and subject <> all(@subjects::bigint[]);

-- name: MailAlarmDeleteOld :execrows
-- Imports that try codes are stopped: such an alarm has no end of its own.
delete from mail_alarm where alarm = 'probe' and told_at < now() - interval '2 days';

-- name: MailAlarmEnd :many
-- Ends the alarms of a kind and returns their subjects.
delete from mail_alarm where alarm = @alarm returning subject;

-- name: MailAlarmDue :many
-- The members of staff who are to be told of a missing worker and were not within 24 hours.
select m.staff_id, m.address, staff.name
from staff_mail m
join staff on staff.id = m.staff_id
join role on role.id = staff.role_id
where m.address <> '' and m.alarms and staff.disabled_at is null and staff.all_partners
  and (role.everything or 'jobs.view' = any(role.permissions))
  and not exists (select from mail_alarm a where a.alarm = 'worker' and a.subject = m.staff_id and a.told_at > now() - interval '24 hours')
order by m.staff_id;

-- name: MailBooksBroken :one
-- How many rules a check of the books found broken.
select count(*) from check_result where run_id = @run_id and found > 0;

-- name: SignInMailGet :one
-- A customer who asked for a link, while the account can sign in. late: the request is too
-- old to be answered by a message.
select customer.id, customer.name, customer.username, customer.email, coalesce(nullif(partner.brand, ''), partner.name)::text as brand,
  (m.at < now() - interval '2 hours')::boolean as late
from sign_in_mail m
join customer on customer.id = m.customer_id
join partner on partner.id = customer.partner_id
where m.id = @id and customer.id = @customer_id and customer.disabled_at is null and partner.disabled_at is null;

-- name: SignInMailDeleteOld :execrows
delete from sign_in_mail where at < now() - interval '1 day';

-- name: MailCustomerGet :one
select customer.id, customer.name, customer.username, customer.email, coalesce(nullif(partner.brand, ''), partner.name)::text as brand, partner.slug, partner.time_zone
from customer join partner on partner.id = customer.partner_id
where customer.id = @id and customer.disabled_at is null;
