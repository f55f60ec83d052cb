-- +goose Up
-- One request about an API client waits at a time.
create unique index approval_api_client_key on approval ((facts ->> 'client')) where kind = 'client' and state = 'waiting';
create index approval_api_client_idx on approval ((facts ->> 'client')) where kind = 'client';

-- +goose Down
drop index approval_api_client_idx, approval_api_client_key;
