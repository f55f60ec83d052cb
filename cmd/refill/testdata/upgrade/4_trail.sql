-- Files, requests and operations, and the audit trail of all that happened: every action
-- that version 4b8be3e wrote, with the details that it wrote.
insert into export (id, series_id, format, state, request_key, rows_total, rows_done, file, size, sha256, failure, created_by, created_at, started_at, finished_at,
  expires_at, fetched_at, options, key_id, sent, sent_to, sent_whole_at) overriding system value
select id, series_id, format, state, md5('export ' || id)::uuid, 100, case state when 'ready' then 100 else 0 end, file, case state when 'ready' then 5000 else 0 end,
  case state when 'ready' then sha256(file::bytea) end, failure, 1, at, at, case when state not in ('queued', 'waiting') then at end,
  case when file <> '' then at + interval '1 day' end, case when fetched then at + interval '1 hour' end, options, case when file <> '' then 1 end,
  case when id = 3 then '{[0,5000)}'::int8multirange else '{}' end, case when id = 3 then 1 end, case when id = 3 then at + interval '1 hour' end
from (values
  (1, 1, 'csv'::export_format, 'expired'::export_state, 'export-1.csv', '', '2025-01-20'::timestamptz, true, '{"reason": "For the shop"}'::jsonb),
  (2, 1, 'pdf', 'ready', 'export-2.pdf', '', '2025-06-28', true, '{"layout": "a4-24", "both_sides": true}'),
  (3, 7, 'printer', 'expired', 'export-3.txt', '', '2025-01-24', true, '{"shop": "Print & Co", "sealed_as": "age"}'),
  (4, 2, 'xlsx', 'failed', '', 'The disk is full.', '2025-02-01', false, '{}'),
  (5, 2, 'jsonl', 'cancelled', '', '', '2025-02-02', false, '{"first": 1, "last": 50}'),
  (6, 8, 'pdf', 'waiting', '', '', '2025-06-28', false, '{}')) e (id, series_id, format, state, file, failure, at, fetched, options);
insert into approval (id, kind, state, series_id, export_id, value, price, cards, requested_by, requested_at, expires_at, decided_by, decided_at, reason, before)
overriding system value values
  (1, 'activate', 'approved', 1, null, 300000, 1000, 300, 1, '2025-01-15', '2025-01-16', 2, '2025-01-15 02:00', 'Counted', 0),
  (2, 'activate', 'refused', 5, null, 1000000, 1000, 1000, 1, '2025-02-15', '2025-02-16', 2, '2025-02-15 02:00', 'Too many', 5000),
  (3, 'export', 'expired', 2, 5, 2500, 2500, 1, 2, '2025-02-02', '2025-02-03', null, '2025-02-03', '', 0),
  (4, 'activate', 'outdated', 12, null, 2500, 1000, 1, 2, '2025-02-02', '2025-02-03', null, '2025-02-03', '', 0),
  (5, 'activate', 'withdrawn', 4, null, 2500, 2000, 1, 2, '2025-02-02', '2025-02-03', null, '2025-02-03', '', 0),
  (6, 'export', 'waiting', 8, 6, 1000000, 1000, 1000, 1, '2025-06-28', '2025-06-29', null, null, '', 0);
insert into solo_act (kind, staff_id, series_id, export_id, value, done_at) values ('activate', 1, 14, null, 100000, '2025-06-28'), ('export', 1, 1, 2, 300000, '2025-06-28');
insert into card_change (id, series_id, operation, first_serial, last_serial, state, total, cursor, changed, kept_used, value_moved, request_key, created_by, created_at, started_at, finished_at)
overriding system value
select 1, 2, 'void', made - 9, made, 'done', 10, made, 9, 1, 9 * 2500, md5('change 1')::uuid, 1, '2025-04-16'::timestamptz - interval '1 minute', '2025-04-16', '2025-04-16' from series where id = 2;
insert into card_change_part (change_id, first_serial, last_serial, serials, befores, outcomes)
select 1, made - 9, made, array(select generate_series(made - 9, made)), array_fill('active'::text, array[10]), array_fill('changed'::text, array[9]) || 'used'::text from series where id = 2;
insert into check_run (id, asked_by, started_at, ended_at, done, total) overriding system value values (1, 2, '2025-06-01', '2025-06-01 00:01', 20, 20);
insert into check_result (run_id, number, found, examples, took) select 1, n, 0, '{}', '1 second' from generate_series(1, 20) n;
insert into key_rotation (key_id, started_at, finished_at, after_series, after_serial, done) values (1, '2025-01-10', '2025-01-11', 0, 0, 0);
select setval('export_id_seq', 6), setval('approval_id_seq', 6), setval('card_change_id_seq', 1), setval('check_run_id_seq', 1);

create temporary table trail (seq bigint generated always as identity, at timestamptz, action text, staff_id bigint, customer_id bigint, series_id bigint, serial integer, detail jsonb);
insert into trail (at, action, staff_id, customer_id, series_id, serial, detail)
select at, 'card.redeemed', null::bigint, customer_id, series_id, serial, '{}'::jsonb from movement where phase = 2
union all
select at, case phase when 4 then 'payment.reversed' else 'payment.entered' end, staff_id, customer_id, series_id, serial,
  case phase when 4 then jsonb_build_object('payment', of, 'reversal', k, 'reason', comment) else jsonb_build_object('payment', k) end
  || jsonb_build_object('type', type, 'amount', (amount / 100.0)::numeric(20, 2)::text, 'currency', 'USD')
from movement where phase <> 2
union all
select at, case kind when 'void' then case when serial is null then 'series.voided' else 'card.voided' end when 'lapse' then 'series.lapsed' else 'series.activated' end,
  case when kind = 'lapse' then null else 1 end, null, series_id, serial,
  case when kind <> 'void' then '{}' when serial is null then jsonb_build_object('cards', amount / 2000) else jsonb_build_object('amount', amount, 'currency', 'USD') end
from posting where kind in ('activate', 'lapse') or (kind = 'void' and series_id <> 2)
union all
select revealed_at, 'card.revealed', 1, null, series_id, serial, '{"reason": "The scratch field was torn"}' from card where revealed_at is not null
union all
select '2025-03-01'::timestamptz + n * interval '1 minute', 'card.refused', null, n, null, null,
  jsonb_build_object('reason', (array['card_unknown', 'card_used', 'card_void', 'card_foreign', 'card_inactive'])[n % 5 + 1], 'trace', left(md5('trace ' || n), 16))
from generate_series(1, current_setting('old.cards')::integer / 200) n;
insert into trail (at, action, staff_id, series_id, detail)
select created_at, 'series.ordered', 1, id, jsonb_build_object('quantity', quantity, 'price', (price / 100.0)::numeric(20, 2)::text, 'currency', 'USD', 'valid_till', valid_till) from series
union all select made_at, 'series.generated', null, id, jsonb_build_object('cards', quantity) from series where made_at is not null;

insert into trail (at, action, staff_id, customer_id, series_id, serial, detail) values
  ('2025-06-10 09:00+00', 'series.edited', 1, null, 12, null, '{"cards": 948, "changes": [{"what": "price", "from": "USD 10.00", "to": "USD 15.00"}, {"what": "valid till", "from": "31 May 2025", "to": "31 December 2099"}], "renewed": "9480.00", "repriced": "4740.00"}'),
  ('2025-04-15 23:59+00', 'cards.change_ordered', 1, null, 2, null, '{"change": 1, "operation": "void", "first": 1991, "last": 2000, "cards": 9, "status": "active", "serials": null}'),
  ('2025-04-16 00:00+00', 'cards.changed', null, null, 2, null, '{"change": 1, "operation": "void", "cards": 9, "first": 1991, "last": 2000, "already": 0, "used": 1, "void": 0, "amount": 22500}'),
  ('2025-04-16 01:00+00', 'cards.change_failed', null, null, 2, null, '{"change": 1, "operation": "extend", "cards": 0}'),
  ('2025-04-16 01:01+00', 'cards.change_retried', 1, null, 2, null, '{"change": 1, "operation": "extend", "cards": 0}'),
  ('2025-04-16 01:02+00', 'cards.change_cancelled', 1, null, 2, null, '{"change": 1, "operation": "extend", "cards": 0}'),
  ('2025-04-17 10:05+00', 'series.erased', null, null, 4, null, '{"cards": 1000}'),
  ('2025-01-15 12:00+00', 'series.cancelled', 1, null, 10, null, '{}'), ('2025-01-15 13:00+00', 'series.failed', null, null, 11, null, '{}'),
  ('2025-01-15 13:01+00', 'series.retried', 1, null, 11, null, '{}'), ('2025-02-20', 'series.locked', 1, null, 3, null, '{}'),
  ('2025-01-25', 'series.shredding', 1, null, 7, null, '{}'), ('2025-01-25 00:01+00', 'series.shredded', null, null, 7, null, '{"cards": 1000}'),
  ('2025-05-02', 'card.edited', 1, null, 1, 27, '{"changes": [{"what": "valid till", "from": "as the series", "to": "31 December 2098"}, {"what": "remark", "from": "none", "to": "For the fair"}]}'),
  ('2025-05-02', 'card.disabled', 1, null, 1, 25, '{}'), ('2025-05-02', 'card.enabled', 1, null, 1, 30, '{}'),
  ('2025-01-20', 'export.requested', 1, null, 1, null, '{"export": 1, "format": "csv", "reason": "For the shop"}'), ('2025-01-20', 'export.finished', null, null, 1, null, '{"export": 1, "format": "csv"}'),
  ('2025-01-20 01:00+00', 'export.downloaded', 1, null, 1, null, '{"export": 1, "format": "csv"}'), ('2025-01-21', 'export.expired', null, null, null, null, '{"export": 1}'),
  ('2025-06-28 01:00+00', 'export.downloaded', 1, null, 1, null, '{"export": 2, "format": "pdf"}'), ('2025-01-24 01:00+00', 'export.downloaded', 1, null, 7, null, '{"export": 3, "format": "printer"}'),
  ('2025-01-24 01:00+00', 'export.sent_whole', 1, null, 7, null, '{"export": 3, "format": "printer"}'), ('2025-01-25', 'export.arrived', 1, null, 7, null, '{"export": 3, "format": "printer"}'),
  ('2025-01-23', 'export.discarded', 1, null, 7, null, '{"export": 3, "format": "printer"}'), ('2025-02-01', 'export.failed', null, null, 2, null, '{"export": 4, "format": "xlsx"}'),
  ('2025-02-01', 'export.retried', 1, null, 2, null, '{"export": 4, "format": "xlsx"}'), ('2025-02-02', 'export.cancelled', 1, null, 2, null, '{"export": 5, "format": "jsonl"}'),
  ('2025-01-15', 'approval.asked', 1, null, 1, null, '{"approval": 1, "kind": "activate", "value": "3000.00", "cards": 300, "before": "50.00"}'),
  ('2025-01-15 02:00+00', 'approval.approved', 2, null, 1, null, '{"approval": 1, "kind": "activate", "value": "3000.00", "cards": 300, "requested_by": 1, "reason": "Counted"}'),
  ('2025-02-15 02:00+00', 'approval.refused', 2, null, 5, null, '{"approval": 2, "kind": "activate", "value": "10000.00", "cards": 1000, "requested_by": 1, "reason": "Too many"}'),
  ('2025-02-03', 'approval.expired', null, null, 2, null, '{"approval": 3, "kind": "export", "value": "25.00", "cards": 1, "requested_by": 2, "export": 5}'),
  ('2025-02-03', 'approval.outdated', null, null, 12, null, '{"approval": 4, "kind": "activate", "value": "25.00", "cards": 1, "requested_by": 2}'),
  ('2025-01-14', 'import.uploaded', 1, null, null, null, '{"import": 1, "size": 123456}'), ('2025-01-14', 'import.planned', 1, null, null, null, '{"import": 1}'),
  ('2025-01-14', 'import.checked', null, null, null, null, '{"import": 1, "good": 100, "bad": 2}'), ('2025-01-14', 'import.confirmed', 1, null, null, null, '{"import": 1, "cards": 100, "file": "vouchers.csv", "sha256": "ab"}'),
  ('2025-01-14', 'import.stopped', 1, null, null, null, '{"import": 1}'), ('2025-01-14', 'import.resumed', 1, null, null, null, '{"import": 1}'), ('2025-01-15', 'import.finished', null, null, null, null, '{"import": 1}'),
  ('2025-01-16', 'import.failed', null, null, null, null, '{"import": 2}'), ('2025-01-16', 'import.cancelled', 2, null, null, null, '{"import": 2}'), ('2025-01-18', 'import.expired', null, null, null, null, '{"import": 3}'),
  ('2025-01-05', 'staff.created', 1, null, null, null, '{"staff_id": 2, "username": "ben", "role": "Administrator", "all_partners": true, "partner_ids": []}'),
  ('2025-01-05', 'staff.signed_in', 1, null, null, null, '{}'), ('2025-01-06', 'staff.signed_in', 1, null, null, null, '{"with": "code"}'), ('2025-01-06', 'staff.signed_out', 1, null, null, null, '{}'),
  ('2025-01-06', 'staff.sign_in_failed', null, null, null, null, '{"reason": "password", "staff_id": 1, "barred": true}'), ('2025-01-06', 'staff.code_asked', null, null, null, null, '{"staff_id": 1}'),
  ('2025-01-06', 'staff.code_failed', null, null, null, null, '{"staff_id": 1, "reason": "code"}'), ('2025-01-06', 'staff.second_factor_on', 1, null, null, null, '{}'), ('2025-01-06', 'staff.second_factor_off', 2, null, null, null, '{}'),
  ('2025-01-07', 'staff.second_factor_reset', 1, null, null, null, '{"staff_id": 2, "username": "ben", "name": "Ben Boss"}'), ('2025-01-06', 'staff.recovery_codes_made', 1, null, null, null, '{}'),
  ('2025-03-01', 'staff.recovery_code_used', 1, null, null, null, '{"left": 9}'), ('2025-01-07', 'staff.password_changed', 1, null, null, null, '{}'),
  ('2025-01-07', 'staff.password_reset', 1, null, null, null, '{"staff_id": 3, "username": "casey", "name": "Casey Cashier"}'), ('2025-01-07', 'staff.renamed', 1, null, null, null, '{"name": "Ada Admin", "name_before": "Ada"}'),
  ('2025-01-08', 'staff.edited', 1, null, null, null, '{"staff_id": 3, "username": "casey", "name": "Casey Cashier", "name_before": "Casey", "role": "Cashier", "role_before": "Operator", "all_partners": false, "all_partners_before": true, "partner_ids": [1, 2], "partner_ids_before": []}'),
  ('2025-06-01', 'staff.disabled', 1, null, null, null, '{"staff_id": 4, "username": "nora", "name": "Nora Night"}'), ('2025-05-01', 'staff.enabled', 1, null, null, null, '{"staff_id": 4, "username": "nora", "name": "Nora Night"}'),
  ('2025-01-08', 'staff.session_ended', 1, null, null, null, '{"signed_out": 1}'), ('2025-01-08', 'staff.sessions_ended', 1, null, null, null, '{"signed_out": 3}'),
  ('2025-01-04', 'role.created', 1, null, null, null, '{"role_id": 4, "name": "Night", "permissions": ["series.view"]}'),
  ('2025-01-04', 'role.edited', 1, null, null, null, '{"role_id": 4, "name": "Night shift", "name_before": "Night", "permissions": ["series.view", "cards.view"], "permissions_before": ["series.view"]}'),
  ('2025-01-04', 'role.deleted', 1, null, null, null, '{"role_id": 5, "name": "Spare", "permissions": []}'),
  ('2025-01-05', 'setting.changed', 1, null, null, null, '{"brand": "Harbour Group", "time_zone": "Europe/Berlin", "approve_above": 50000000}'),
  ('2025-01-02', 'partner.created', 1, null, null, null, '{"partner": 1, "name": "Harbour Net"}'), ('2025-01-03', 'partner.changed', 1, null, null, null, '{"partner": 1, "accent": "#1f5fbf", "logo": "240 × 120"}'),
  ('2025-01-03', 'partner.portal_changed', 1, null, null, null, '{"partner": 1, "refill_card": true, "cash": {"offered": true, "instruction": "At the counter, 9 to 17"}}'),
  ('2025-06-20', 'partner.disabled', 1, null, null, null, '{"partner": 3, "name": "Old Reseller", "signed_out": 12}'), ('2025-05-20', 'partner.enabled', 1, null, null, null, '{"partner": 3, "name": "Old Reseller"}'),
  ('2025-01-07', 'customer.created', 1, 1, null, null, '{}'), ('2025-01-08', 'customer.edited', 1, 1, null, null, '{"changed": ["name", "partner"], "partner_from": 1, "partner_to": 2}'),
  ('2025-06-15', 'customer.disabled', 1, 97, null, null, '{}'), ('2025-06-14', 'customer.enabled', 1, 97, null, null, '{}'), ('2025-01-09', 'customer.password_set', 1, 1, null, null, '{}'),
  ('2025-01-09', 'customer.password_changed', null, 1, null, null, '{"signed_out": 1}'), ('2025-06-01', 'customer.link_made', 1, 2, null, null, '{"hours": 48}'), ('2025-06-02', 'customer.link_used', null, 2, null, null, '{"password": true}'),
  ('2025-01-09', 'customer.signed_in', null, 1, null, null, '{}'), ('2025-01-09', 'customer.signed_out', null, 1, null, null, '{}'), ('2025-01-09', 'customer.sign_in_failed', null, null, null, null, '{"reason": "unknown"}'),
  ('2025-01-09', 'customer.session_ended', null, 1, null, null, '{"signed_out": 1}'), ('2025-01-09', 'customer.sessions_ended', null, 1, null, null, '{"signed_out": 2}'),
  ('2025-06-27', 'guesses.cleared', 1, 7, null, null, '{"reason": "Misread the card"}'), ('2025-06-01', 'table.exported', 1, null, null, null, '{"table": "customers", "format": "csv", "rows": 100}'),
  ('2025-06-01', 'job.retried', 1, null, null, null, '{"job": 12}'), ('2025-06-01', 'job.cancelled', 1, null, null, null, '{"job": 12}'), ('2025-06-01', 'queue.paused', 1, null, null, null, '{"queue": "export"}'),
  ('2025-06-01', 'queue.resumed', 1, null, null, null, '{"queue": "export"}'), ('2025-06-01', 'check.asked', 2, null, null, null, '{"run": 1}'),
  ('2025-01-10', 'keys.rotation_started', null, null, null, null, '{"key": 1}'), ('2025-01-11', 'keys.rotation_finished', null, null, null, null, '{"key": 1, "cards": 0}'), ('2025-01-11', 'keys.retired', null, null, null, null, '{"key": 9}');
insert into audit (id, at, action, staff_id, customer_id, series_id, serial, address, request_id, detail) overriding system value
select row_number() over (order by at, seq), at, action, staff_id, customer_id, series_id, serial,
  case when staff_id is not null then '203.0.113.9'::inet when customer_id % 2 = 0 then '2001:db8::7'::inet when customer_id % 2 = 1 then ('198.51.100.' || customer_id % 250)::inet end,
  left(md5('request ' || seq), 20), detail
from trail order by at, seq;
select setval('audit_id_seq', (select max(id) from audit));
