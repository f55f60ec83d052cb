-- What our own queries read of River's table, for sqlc alone: River's migrations
-- make the real one. Checked against it by TestRiverJobColumns.
create type river_job_state as enum
  ('available', 'cancelled', 'completed', 'discarded', 'pending', 'retryable', 'running', 'scheduled');
create table river_job (
  id           bigint primary key,
  state        river_job_state not null,
  attempt      smallint not null,
  max_attempts smallint not null,
  attempted_at timestamptz,
  created_at   timestamptz not null,
  finalized_at timestamptz,
  scheduled_at timestamptz not null,
  priority     smallint not null,
  args         jsonb not null,
  attempted_by text[],
  errors       jsonb[],
  kind         text not null,
  metadata     jsonb not null,
  queue        text not null
);
create table river_queue (
  name      text primary key,
  paused_at timestamptz
);

create table river_leader (
  name       text primary key,
  leader_id  text not null,
  elected_at timestamptz not null,
  expires_at timestamptz not null
);
