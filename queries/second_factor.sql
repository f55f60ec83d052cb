-- name: SecondFactorClock :one
-- The database's clock decides which 30 seconds it is.
select extract(epoch from clock_timestamp())::bigint;

-- name: SecondFactorCreate :execrows
insert into staff_second_factor (staff_id, key_id, secret_sealed, last_step, recovery_salt)
values (@staff_id, @key_id, @secret_sealed, @last_step, @recovery_salt)
on conflict do nothing;

-- name: SecondFactorGet :one
select f.*, extract(epoch from clock_timestamp())::bigint as clock,
  (select count(*) from staff_recovery_code r where r.staff_id = f.staff_id and r.used_at is null) as recovery_codes
from staff_second_factor f where f.staff_id = @staff_id;

-- name: SecondFactorTake :execrows
-- Marks the code of a 30-second period as used. One of several concurrent attempts
-- succeeds.
update staff_second_factor set last_step = @step
where staff_id = @staff_id and created_at = @created_at and last_step < @step;

-- name: SecondFactorDelete :execrows
delete from staff_second_factor where staff_id = @staff_id;

-- name: SecondFactorOld :many
-- The second factors that are sealed under an older key.
select staff_id, key_id, secret_sealed from staff_second_factor where key_id < @key_id order by staff_id limit 500;

-- name: SecondFactorSeal :exec
-- Stores a secret sealed under another key, unless it was sealed concurrently.
update staff_second_factor set key_id = @key_id, secret_sealed = @secret_sealed
where staff_id = @staff_id and secret_sealed = @was_sealed;

-- name: RecoveryCodeReplace :exec
with gone as (delete from staff_recovery_code where staff_id = @staff_id and code_hash <> all(@code_hashes::bytea[]))
insert into staff_recovery_code (staff_id, code_hash) select @staff_id, unnest(@code_hashes::bytea[]);

-- name: RecoveryCodeUse :execrows
-- Marks a recovery code as used. One of several concurrent attempts succeeds.
update staff_recovery_code set used_at = now() where staff_id = @staff_id and code_hash = @code_hash and used_at is null;

-- name: SignInStepCreate :execrows
-- As SessionCreateStaff.
insert into sign_in_step (token_hash, staff_id, expires_at)
select @token_hash, staff.id, now() + @lifetime::interval
from staff where staff.id = @staff_id and staff.shut_out = @shut_out
for share of staff;

-- name: SignInStepGet :one
select staff.id, staff.username, staff.shut_out from sign_in_step
join staff on staff.id = sign_in_step.staff_id
where sign_in_step.token_hash = @token_hash and sign_in_step.expires_at > now() and staff.disabled_at is null;

-- name: SignInStepUse :execrows
-- Uses up the step of a sign-in; it works once.
delete from sign_in_step using staff
where sign_in_step.token_hash = @token_hash and sign_in_step.expires_at > now()
  and staff.id = sign_in_step.staff_id and staff.disabled_at is null;

-- name: SignInStepDeleteStaff :exec
delete from sign_in_step where staff_id = @staff_id;

-- name: SignInStepDeleteOld :execrows
delete from sign_in_step where expires_at < now();
