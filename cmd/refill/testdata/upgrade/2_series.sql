-- A series of every kind. cards is how many of a hundred cards a series has; the cards
-- come by COPY, since only a program seals codes.
insert into card_import (id, state, file_name, file, key_id, size, sha256, preview, plan, report, run, rows_done, rows_total, created_by, created_at, finished_at)
overriding system value values
  (1, 'done', 'vouchers.csv', 'import-1', 1, 123456, sha256('vouchers'), '{"rows": [["code", "serial"], ["••••", "A1"]], "columns": ["code", "serial"], "headings": true, "lines": 100}',
    '{"columns": ["code", "serial"], "price": "15.00"}', '{"good": 100, "groups": [{"price": 1500, "cards": 100}]}', 1, 101, 101, 1, '2025-01-14', '2025-01-15'),
  (2, 'failed', 'broken.xlsx', 'import-2', 1, 99, sha256('broken'), '{"rows": []}', '{}', '{}', 1, 0, 0, 2, '2025-01-16', '2025-01-16'),
  (3, 'expired', 'late.csv', 'import-3', 1, 99, sha256('late'), '{"rows": []}', '{}', '{}', 0, 0, 0, 2, '2025-01-17', '2025-01-18');
insert into card_import_problem (import_id, row, serial, reason) values (1, 7, 'A6', 'price'), (1, 9, '', 'known');

create temporary table sort (id integer, prefix text, price bigint, cards integer, everybody boolean, alphabet text, length integer, state series_state, sold boolean);
insert into sort values
  (1, 'Spring', 1000, 30, true, 'letters', 16, 'active', true),
  (2, '', 2500, 10, false, 'digits', 21, 'active', true),
  (3, 'Lock', 500, 5, true, 'letters', 16, 'locked', true),
  (4, 'Gone', 2000, 5, true, 'letters', 16, 'void', true),
  (5, 'Ready', 1000, 10, true, 'letters', 12, 'ready', false),
  (6, 'Past', 1000, 5, true, 'letters', 16, 'active', true),
  (7, 'Once', 1000, 5, true, 'letters', 16, 'active', true),
  (8, 'Soon', 1000, 5, true, 'letters', 16, 'ready', false),
  (9, '', 1500, 10, false, 'letters', 16, 'active', true),
  (10, 'Stop', 1000, 2, true, 'letters', 16, 'cancelled', false),
  (11, 'Fail', 1000, 2, true, 'letters', 16, 'failed', false),
  (12, 'Dear', 1500, 6, true, 'letters', 16, 'active', true),
  (13, 'Queue', 1000, 0, true, 'letters', 16, 'queued', false),
  (14, 'Kiosk', 100, 5, true, 'letters', 16, 'active', true);
insert into series (id, number, prefix, price, currency, quantity, any_partner, time_zone, valid_till, activate_when_generated, code_length, code_alphabet,
  state, made, order_key, created_by, created_at, started_at, made_at, activated_at, lapsed_at, failure, version, partner_lock, any_partner_until,
  erased_to, erased_at, import_id, code_bits, code_shortest, code_longest, print_once, shred_at, shredding_at, shredded_to, shredded_at, job_id)
overriding system value
select id, '2025' || lpad(id::text, 2, '0'), prefix, price, 'USD', case when id in (10, 11) then 2 * n when id = 13 then 500 else n end, everybody, 'Europe/Berlin',
  case when id = 6 then '2025-05-31' else '2099-12-31' end::date, id in (1, 14), length, alphabet,
  state, n, md5('order ' || id)::uuid, 1, made, made, case when id not in (11, 13) then made + interval '1 minute' end, case when sold then made + interval '1 hour' end,
  case when id = 6 then '2025-06-02 03:00+00'::timestamptz end, case when id = 11 then 'Generation stopped after several tries.' else '' end,
  case when id in (4, 12) then 3 else 1 end, id <> 14, case when id = 2 then made + interval '1 minute' end,
  case when id = 4 then n else 0 end, case when id = 4 then '2025-04-17 10:05+00'::timestamptz end,
  case when id = 9 then 1 end, case when id = 9 then 46.5 end, case when id = 9 then 16 end, case when id = 9 then 16 end,
  id in (7, 8), case when id = 7 then '2025-01-30'::timestamptz end, case when id = 7 then '2025-01-25'::timestamptz end,
  case when id = 7 then n else 0 end, case when id = 7 then '2025-01-25 00:01+00'::timestamptz end, case when id = 13 then 13 end
from (select *, '2025-01-15'::timestamptz + id * interval '1 hour' as made, current_setting('old.cards')::integer / 100 * cards as n from sort) s;
insert into series_counter (year, last) values (2025, 14);
insert into series_partner (series_id, partner_id, removed_at) values (2, 1, null), (2, 2, null), (2, 3, '2025-01-16'), (9, 1, null), (9, 2, null);
insert into river_job (id, args, kind, max_attempts, queue, state) overriding system value
values (13, '{"series_id": 13}', 'generate_series', 25, 'generate', 'available');
insert into account (id, kind, currency, customer_id, series_id, balance, version) overriding system value values
  (1, 'issued', 'USD', null, null, null, null), (2, 'breakage', 'USD', null, null, null, null),
  (3, 'cash', 'USD', null, null, null, null), (4, 'correction', 'USD', null, null, null, null);
insert into account (id, kind, currency, series_id) overriding system value select 10 + id, 'outstanding', 'USD', id from series;
insert into account (id, kind, currency, customer_id, balance, version) overriding system value select 1000 + id, 'customer', 'USD', id, 0, 0 from customer;
