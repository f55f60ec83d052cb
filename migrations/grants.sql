-- What the application may do. Run by the owner after every migration, as often
-- as one likes. Nothing is granted that a line below does not name.
grant usage on schema public to refill_app;
revoke all on all tables in schema public from refill_app;

-- Ledger, payments and audit trail only grow.
grant select, insert on ledger_tx, ledger_entry, payment, audit, audit_block to refill_app;

-- Cards and series are never deleted.
grant select, insert, update on
  partner, staff, customer, setting, series_counter, series, card, series_tally,
  key_rotation, account, export to refill_app;

-- The names of partners in addresses stay with them.
grant select, insert on partner_address to refill_app;

-- Announcing a key is for the owner. Holding one while something is sealed under it
-- locks its row, for which Postgres asks for the right to update some column.
grant select on key_canary, index_canary to refill_app;
grant update (created_at) on key_canary to refill_app;

-- What series cost before; a trigger writes it as the owner.
grant select on series_price to refill_app;

-- How far codes were walked through, and what was found.
grant select, update on code_mac_fill, code_walk to refill_app;
grant select, insert, delete on code_fault to refill_app;

-- Operations on many cards; what became of each card only grows.
grant select, insert, update on card_change to refill_app;
grant select, insert on card_change_part to refill_app;

grant select, insert, update, delete on
  role, staff_partner, series_partner, session, sign_in_step, staff_second_factor, staff_recovery_code,
  guess, partner_logo, partner_method to refill_app;

grant select, insert, update, delete on customer_link to refill_app;
-- Filters that staff named.
grant select, insert, update, delete on list_view to refill_app;
grant select, insert, delete on sign_in_help to refill_app;
-- An import and what is wrong with its file.
grant select, insert, update, delete on card_import to refill_app;
grant select, insert, delete on card_import_problem to refill_app;
grant select, insert, delete on card_import_hit to refill_app;
grant select, insert, update, delete on import_answer to refill_app;

-- What a second person decides, and what was done without one; old lines of that go.
grant select, insert, update on approval to refill_app;
grant select, insert, delete on solo_act to refill_app;

-- Alarms about theft are kept; how far the trail was looked through, and old counts that go.
grant select, insert, update on theft_alarm to refill_app;
grant select, update on theft_cursor to refill_app;
grant select, insert, update, delete on theft_tally to refill_app;

-- Looks at the books, and what they found; old ones go.
grant select, insert, update, delete on check_run, check_result to refill_app;

-- How far codes of cards that were used long ago are erased.
grant select, update on shredding to refill_app;

-- River keeps its own house.
grant select, insert, update, delete on
  river_job, river_leader, river_queue, river_notification to refill_app;
grant select on river_migration, goose_db_version to refill_app;
grant usage, select on all sequences in schema public to refill_app;

-- Browsers that people signed in from, and what forms were sent with; old rows go.
grant select, insert, update, delete on known_device to refill_app;
grant select, insert, delete on form_print to refill_app;

-- Further readings of imported codes.
grant select, insert on card_reading, series_shape to refill_app;
-- After an index key was compromised they are written anew.
grant update (sealed, seal_key_id), delete on card_reading to refill_app;
grant delete on series_shape to refill_app;
grant select, insert, update on series_reading to refill_app;

-- Clients of the API. Keys are kept when they end; the log of requests goes.
grant select, insert, update on api_client, api_key to refill_app;
grant select, insert, delete on api_client_partner, api_request to refill_app;
grant select, insert, update, delete on api_quota to refill_app;
-- Access tokens of clients and customers; those that have ended go.
grant select, insert, update, delete on splynx_token to refill_app;
-- E-mail: addresses, what was told, and links that were asked for; old rows go.
grant select, insert, update, delete on staff_mail, mail_alarm to refill_app;
grant select, insert, delete on mail_former, sign_in_mail to refill_app;

-- Cards that API clients hold back for a customer.
grant select, insert, update on reservation to refill_app;

-- Events: the queue, what the relay made of it, and what is sent. A trigger sets the switch
-- as the owner. Of an event only the names of an erased customer change.
grant select on event_switch to refill_app;
grant select, insert, delete on event_out, event, event_partner to refill_app;
grant update (data) on event to refill_app;
grant select, update on event_counter to refill_app;
grant select, insert, delete on event_alarm to refill_app;
grant select, insert, update on webhook_endpoint to refill_app;
grant select, insert, update, delete on webhook_delivery to refill_app;

-- Values handed over to other systems. A row only closes; acknowledgements only grow.
grant select, insert on handover, handover_ack to refill_app;
grant update (open) on handover to refill_app;
