-- +goose Up
-- +goose StatementBegin
-- search_fold brings a text to the form in which customers are searched: small letters
-- without accents, one space between words. (The extension unaccent is missing on some
-- servers.) Letters that have no accent to lose but are typed without theirs are named.
create function search_fold(t text) returns text
language sql immutable parallel safe strict as $$
  select btrim(regexp_replace(
    translate(
      replace(replace(replace(replace(replace(
        regexp_replace(normalize(lower(t), NFKD), '[\u0300-\u036f\u200b-\u200f\u202a-\u202e\u2060-\u206f]', '', 'g'),
        'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'), 'ﬁ', 'fi'),
      'øłđðıħŧŀĸŋ', 'olddihtlkn'),
    '\s+', ' ', 'g'))
$$;
-- phone_fold leaves the digits of a phone number, without the zero that is dialled
-- inside a country only: +49 (0)30 1234 and 030/1234 share 301234.
create function phone_fold(t text) returns text
language sql immutable parallel safe strict as $$
  select regexp_replace(replace(t, '(0)', ''), '[^0-9]', '', 'g')
$$;
-- search_pattern is a text that is searched, as a pattern for LIKE; null: there is none.
create function search_pattern(t text) returns text
language sql immutable parallel safe strict as $$
  select '%' || replace(replace(replace(nullif(search_fold(t), ''), '\', '\\'), '%', '\%'), '_', '\_') || '%'
$$;
-- phone_pattern is a text that may be a phone number, as a pattern for LIKE; null: it
-- is none. Four digits or more, since fewer are in every number.
create function phone_pattern(t text) returns text
language sql immutable parallel safe strict as $$
  select case when t ~ '^[-+0-9() ./]*$' and length(ltrim(phone_fold(t), '0')) >= 4
    then '%' || ltrim(phone_fold(t), '0') || '%' end
$$;
-- +goose StatementEnd

alter table customer drop column search;
alter table customer add column search text not null
  generated always as (search_fold(name || ' ' || username || ' ' || email || ' ' || phone) || ' ' || phone_fold(phone)) stored;
comment on column customer.search is 'What staff search in: name, username, e-mail and phone without case and accents, and the digits of the phone.';

-- +goose StatementBegin
-- As before: trigrams where the server has them.
do $$
begin
  create extension if not exists pg_trgm;
  create index customer_search_idx on customer using gin (search gin_trgm_ops);
exception when others then
  raise notice 'no index for the search of customers: %', sqlerrm;
end
$$;
-- +goose StatementEnd

-- +goose Down
alter table customer drop column search;
drop function phone_pattern, search_pattern, phone_fold, search_fold;
alter table customer add column search text not null
  generated always as (lower(name || ' ' || username || ' ' || email || ' ' || phone)) stored;
-- +goose StatementBegin
do $$
begin
  create index customer_search_idx on customer using gin (search gin_trgm_ops);
exception when others then
  raise notice 'no index for the search of customers: %', sqlerrm;
end
$$;
-- +goose StatementEnd
