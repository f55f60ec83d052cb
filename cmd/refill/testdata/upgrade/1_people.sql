-- Partners, staff, customers and settings as version 4b8be3e left them. The test sets
-- old.cards, the number of cards; there is a customer for every 200 of them.
insert into partner (id, name, brand, time_zone, slug, accent, welcome, help, card_line1, card_line2, created_at, disabled_at)
overriding system value values
  (1, 'Harbour Net', 'Harbour', 'Europe/Berlin', 'harbour', '#1f5fbf', 'Welcome aboard', 'Call +49 40 555 010', 'Open harbour.example', 'and type the code', '2025-01-02', null),
  (2, 'Süd Kabel', '', 'Europe/Vienna', 'sued', '', '', '', '', '', '2025-01-02', null),
  (3, 'Old Reseller', 'Old', 'UTC', null, '', '', '', '', '', '2025-01-03', '2025-06-20');
insert into partner_method (partner_id, method, offered, instruction) values
  (1, 'cash', true, 'At the counter, 9 to 17'), (1, 'bank_transfer', true, 'DE02 1203 0000 0000 2020 51'), (2, 'other', false, '');
insert into role (key, name, permissions, created_at) values (null, 'Night shift', '{series.view,cards.view,customers.view,payments.view}', '2025-01-04');
insert into staff (id, username, name, password_hash, role_id, all_partners, created_at, seen_at, disabled_at, shut_out)
overriding system value
select id, username, name, '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$Kf1qSxFRaXhPbWJxqYJVTjWQ3sJ0aPBpdT2yXbEqkxM',
  (select r.id from role r where r.name = s.role), partners, '2025-01-05', '2025-06-28', disabled, outs
from (values
  (1, 'ada', 'Ada Admin', 'Administrator', true, null::timestamptz, 1), (2, 'ben', 'Ben Boss', 'Administrator', true, null, 0),
  (3, 'casey', 'Casey Cashier', 'Cashier', false, null, 0), (4, 'nora', 'Nora Night', 'Night shift', false, '2025-06-01', 2)) s (id, username, name, role, partners, disabled, outs);
insert into staff_partner (staff_id, partner_id) values (3, 1), (3, 2), (4, 1);
insert into staff_second_factor (staff_id, key_id, secret_sealed, last_step, recovery_salt, created_at)
values (1, 1, decode(repeat('5a', 60), 'hex'), 58000000, decode(repeat('11', 16), 'hex'), '2025-01-06');
insert into staff_recovery_code (staff_id, code_hash, used_at)
select 1, decode(md5('recovery ' || n), 'hex'), case n when 1 then '2025-03-01'::timestamptz end from generate_series(1, 10) n;
insert into customer (id, partner_id, username, name, email, phone, password_hash, disabled_at, created_at, shut_out)
overriding system value
select n, n % 3 + 1, 'customer' || n, case n % 4 when 0 then 'Zoë Müller ' else 'Jo Example ' end || n, 'c' || n || '@example.com', '+49 (0)30 ' || 100000 + n,
  case n % 5 when 0 then '' else '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$Kf1qSxFRaXhPbWJxqYJVTjWQ3sJ0aPBpdT2yXbEqkxM' end,
  case when n % 97 = 0 then '2025-06-15'::timestamptz end, '2025-01-07'::timestamptz + n * interval '1 second', n % 2
from generate_series(1, current_setting('old.cards')::integer / 200) n;
insert into customer_link (token_hash, customer_id, staff_id, created_at, expires_at, used_at)
select sha256(('link ' || n)::bytea), n, 1, '2025-06-01', '2025-06-03', case when n % 2 = 0 then '2025-06-02'::timestamptz end from generate_series(1, 20) n;
insert into session (token_hash, staff_id, customer_id, created_at, seen_at, expires_at, address, user_agent)
select sha256(('session ' || n)::bytea), case when n <= 3 then n end, case when n > 3 then n end, '2025-06-27', '2025-06-28', '2099-01-01', '203.0.113.9', 'Mozilla/5.0'
from generate_series(1, 30) n;
insert into guess (scope, n, since, barred_until, allowed) values
  ('customer:7', 10, '2025-06-27', '2025-06-28', false), ('ip:203.0.113.7', 3, '2025-06-27', null, true), ('signin:staff:ada', 1, '2025-06-27', null, true);
insert into setting (name, value, changed_at, changed_by) values
  ('brand', '"Harbour Group"', '2025-01-05', 1), ('time_zone', '"Europe/Berlin"', '2025-01-05', 1), ('approve_above', '50000000', '2025-01-06', 1),
  ('export_reason', 'true', '2025-01-06', 1), ('wrong_soft', '4', '2025-02-01', 2), ('card_words', '{"date": "long"}', '2025-02-01', 2),
  ('staff_factor', 'false', '2025-02-01', 2), ('code_days', '400', '2025-02-01', 2);
