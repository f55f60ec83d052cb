-- name: MetricsMade :one
-- What was made since the installation: cards of ordered series, and rows of files.
select (select coalesce(sum(made), 0) from series where import_id is null)::bigint as cards,
  (select coalesce(sum(rows_done), 0) from export)::bigint as rows;

-- name: MetricsBars :one
-- The number of people and addresses that must wait after wrong codes.
select count(*) from guess where barred_until > now();

-- name: MetricsUnsealed :one
-- The age in seconds of the oldest row of the audit trail above the last sealed one; 0 where
-- there is none.
select coalesce(extract(epoch from now() - min(at)), 0)::double precision as seconds from (
  select a.at from audit a where a.id > coalesce((select b.last_id from audit_block b order by b.number desc limit 1), 0) order by a.id limit 1000) waiting;
