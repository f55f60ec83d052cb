-- +goose Up
-- Notifications by e-mail to members of staff, and sign-in links by e-mail to customers.
create table staff_mail (
  staff_id     bigint primary key references staff,
  address      text not null default '',
  confirmed_at timestamptz,
  pending      text not null default '',
  pending_at   timestamptz,
  token_hash   bytea,
  token_until  timestamptz,
  files        boolean not null default true,
  approvals    boolean not null default true,
  alarms       boolean not null default true,
  constraint staff_mail_confirmed check ((address = '') = (confirmed_at is null)),
  constraint staff_mail_pending check ((pending = '') = (pending_at is null)),
  constraint staff_mail_token check ((token_hash is null) = (token_until is null) and (token_hash is null or (pending <> '' and octet_length(token_hash) = 32))),
  constraint staff_mail_length check (octet_length(address) <= 254 and octet_length(pending) <= 254)
);
create unique index staff_mail_token_key on staff_mail (token_hash) where token_hash is not null;
comment on table staff_mail is 'The e-mail address of a member of staff, and what they want to be told there.';
comment on column staff_mail.address is 'The confirmed address; empty: there is none.';
comment on column staff_mail.pending is 'An address that waits for its confirmation; empty: none does.';
comment on column staff_mail.token_hash is 'SHA-256 of the token in the confirmation link. It is drawn when the message is sent.';

create table mail_former (
  id       bigint generated always as identity primary key,
  staff_id bigint not null references staff,
  address  text not null,
  at       timestamptz not null default now()
);
comment on table mail_former is 'Addresses that are no longer used and have to be told so. A row goes when the message is sent.';

create table mail_alarm (
  alarm   text not null,
  subject bigint not null,
  told_at timestamptz not null default now(),
  constraint mail_alarm_pkey primary key (alarm, subject),
  constraint mail_alarm_known check (alarm in ('books', 'guess', 'probe', 'worker'))
);
comment on table mail_alarm is 'Alarms that last and were mailed. A row goes when the alarm is over.';
comment on column mail_alarm.subject is 'The number of the invariant, the partner whose codes are guessed (0: all), the import that tries codes, or the member of staff who was told of a missing worker.';

create table sign_in_mail (
  id          bigint generated always as identity primary key,
  customer_id bigint not null references customer,
  address     inet,
  at          timestamptz not null default now()
);
create index sign_in_mail_customer_idx on sign_in_mail (customer_id, at);
comment on table sign_in_mail is 'Sign-in links that customers asked for by e-mail. Old rows go.';
comment on column sign_in_mail.address is 'Where the request came from. The person is not proved to be the customer.';

alter table customer_link add column mailed boolean not null default false;
comment on column customer_link.mailed is 'The link went to the customer by e-mail, because they asked for it. The next one of that kind replaces it; links that staff made stay.';

-- +goose Down
alter table customer_link drop column mailed;
drop table sign_in_mail, mail_alarm, mail_former, staff_mail;
