-- +goose Up
-- A series may be printed once: when its file has arrived, the sealed codes of its
-- cards are shredded. The cards stay good, for their index stays, but nobody can show
-- or export a code of them any more.
alter table series
  add column print_once boolean not null default false,
  add column shred_at timestamptz,
  add column shredding_at timestamptz,
  add column shredded_to integer not null default 0,
  add column shredded_at timestamptz,
  add column shred_job_id bigint,
  add constraint series_shredded_once check (
    (print_once or (shred_at is null and shredding_at is null))
    and (shredding_at is not null or shredded_to = 0)
    and (shredded_at is null or shredded_to = made));
comment on column series.print_once is 'One file is made of the series; when it has arrived, its codes are shredded.';
comment on column series.shred_at is 'When the codes are shredded if nobody says before that the file arrived, or did not; set when every byte of it was sent.';
comment on column series.shredding_at is 'When the shredding was begun: from then on no file is made and no code shown.';
comment on column series.shredded_to is 'Up to which serial codes are shredded.';
create index series_shred_idx on series (shred_at) where shredding_at is null and shred_at is not null;
create index series_shredding_idx on series (id) where shredding_at is not null and shredded_at is null;

alter table export
  add column sent int8multirange not null default '{}',
  add column sent_to bigint references staff,
  add column sent_whole_at timestamptz;
comment on column export.sent is 'Which bytes of the file have been sent to one person, counted where a series is printed once.';
comment on column export.sent_to is 'To whom: halves that two people fetched are no file.';
comment on column export.sent_whole_at is 'When the last of them was.';

alter table card add column shredded boolean;
comment on column card.shredded is 'True: the sealed code was erased because its series was printed once; the card stays as good as it is.';
alter table card drop constraint card_code_sealed_erased;
-- The next migration but one holds the cards that are there against it, without a lock
-- that redemptions would wait for.
alter table card add constraint card_code_sealed_erased check (case
  when shredded or state = 'void' then octet_length(code_sealed) = 0
  when state = 'used' then octet_length(code_sealed) = 0 or octet_length(code_sealed) >= 36
  else octet_length(code_sealed) >= 36 end) not valid;

-- +goose Down
alter table card drop constraint card_code_sealed_erased;
-- Fails where such cards are still unused: without their codes the older program
-- can't keep its rule, and voiding them would take their value.
alter table card add constraint card_code_sealed_erased check (case state
  when 'void' then octet_length(code_sealed) = 0
  when 'used' then octet_length(code_sealed) = 0 or octet_length(code_sealed) >= 36
  else octet_length(code_sealed) >= 36 end);
alter table card drop column shredded;
alter table export drop column sent, drop column sent_to, drop column sent_whole_at;
alter table series drop constraint series_shredded_once, drop column print_once, drop column shred_at, drop column shredding_at,
  drop column shredded_to, drop column shredded_at, drop column shred_job_id;
