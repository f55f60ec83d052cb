package staff_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/cardcode"
	"refill/internal/codestore"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/fault"
	"refill/internal/setting"
	"refill/internal/signin"
	"refill/internal/staff"
	"refill/internal/staff/stafftest"
)

const password = "long-enough"

// factorBundle is a member of staff with a second factor.
type factorBundle struct {
	t      *testing.T
	pool   *pgxpool.Pool
	vault  *codestore.Store
	actor  audit.Actor
	secret string
	codes  []string // for recovery
}

func newVault(t *testing.T, pool *pgxpool.Pool, keyIDs ...int16) *codestore.Store {
	t.Helper()
	var file bytes.Buffer
	for _, id := range keyIDs {
		require.NoError(t, cardcode.WriteNewKey(&file, id))
	}
	return vaultOf(t, pool, &file)
}

func vaultOf(t *testing.T, pool *pgxpool.Pool, file *bytes.Buffer) *codestore.Store {
	t.Helper()
	keys, err := cardcode.ReadKeyring(file)
	require.NoError(t, err)
	return codestore.New(pool, keys, nil, setting.NewStore(pool, time.Now), slog.New(slog.DiscardHandler))
}

func setupFactor(t *testing.T, vault func(pool *pgxpool.Pool) *codestore.Store) *factorBundle {
	t.Helper()
	b := &factorBundle{t: t, pool: dbtest.Pool(t)}
	b.vault = vault(b.pool)
	id, err := staff.Create(t.Context(), b.pool, audit.System(), staff.New{Username: "anna", Password: password, Role: db.StaffRoleAdministrator, AllPartners: true})
	require.NoError(t, err)
	b.actor = audit.ByStaff(id, audit.Everything())
	b.turnOn()
	return b
}

func oneKey(t *testing.T) func(pool *pgxpool.Pool) *codestore.Store {
	t.Helper()
	return func(pool *pgxpool.Pool) *codestore.Store { return newVault(t, pool, 1) }
}

func (b *factorBundle) turnOn() {
	b.t.Helper()
	offer, err := staff.NewOffer(b.vault, b.actor.ID)
	require.NoError(b.t, err)
	b.secret = offer.Secret
	b.codes, err = staff.TurnOn(b.t.Context(), b.pool, b.vault, b.actor, offer.Sealed, b.proof(b.code()))
	require.NoError(b.t, err)
	require.Len(b.t, b.codes, 10)
}

func (b *factorBundle) proof(code string) staff.Proof {
	return staff.Proof{Username: "anna", Password: password, Code: code}
}

// code returns the authenticator's code and marks no code as used.
func (b *factorBundle) code() string {
	b.t.Helper()
	b.exec(`update staff_second_factor set last_step = 0`)
	return stafftest.Code(b.t, b.secret, time.Now())
}

func (b *factorBundle) exec(sql string, args ...any) {
	b.t.Helper()
	_, err := b.pool.Exec(b.t.Context(), sql, args...)
	require.NoError(b.t, err)
}

// step gives the password.
func (b *factorBundle) step() string {
	b.t.Helper()
	in, err := staff.SignIn(b.t.Context(), b.pool, signin.Attempt{Username: "anna", Password: password})
	require.NoError(b.t, err)
	require.NotEmpty(b.t, in.Step)
	return in.Step
}

func (b *factorBundle) enter(step, code string) error {
	_, err := staff.EnterCode(b.t.Context(), b.pool, b.vault, staff.CodeAttempt{Step: step, Code: code})
	return err
}

func (b *factorBundle) requireCode(want string, err error) {
	b.t.Helper()
	require.Error(b.t, err)
	all := fault.All(err)
	require.NotEmpty(b.t, all, "%v", err)
	require.Equal(b.t, want, all[0].Code)
}

func TestSignInAsksForTheCode(t *testing.T) {
	t.Parallel()
	b := setupFactor(t, oneKey(t))
	step := b.step()
	var sessions int
	require.NoError(t, b.pool.QueryRow(t.Context(), `select count(*) from session`).Scan(&sessions))
	require.Zero(t, sessions, "half-way is not in")

	code := b.code()
	wrong := "000000"
	if code == wrong {
		wrong = "000001"
	}
	b.requireCode("code_form", b.enter(step, "12345"))
	b.requireCode("code_wrong", b.enter(step, wrong))
	require.NoError(t, b.enter(step, " "+code[:3]+" "+code[3:]), "as it is shown")
	require.ErrorIs(t, b.enter(step, b.code()), staff.ErrStepOver, "it works once")
	require.ErrorIs(t, b.enter("none", b.code()), staff.ErrStepOver)

	// A used code is refused in every later attempt.
	code = b.code()
	require.NoError(t, b.enter(b.step(), code))
	b.requireCode("code_used", b.enter(b.step(), code))

	// A telephone's clock may be half a minute off, and not more.
	for off, good := range map[time.Duration]bool{-30 * time.Second: true, 30 * time.Second: true, -90 * time.Second: false, 90 * time.Second: false} {
		b.exec(`update staff_second_factor set last_step = 0`)
		clock := time.Now().Truncate(30 * time.Second).Add(15 * time.Second)
		if time.Since(clock).Abs() > 13*time.Second {
			continue // too near to the edge to say
		}
		err := b.enter(b.step(), stafftest.Code(t, b.secret, clock.Add(off)))
		require.Equal(t, good, err == nil, "%s: %v", off, err)
	}
}

func TestHalfWaySignInsEnd(t *testing.T) {
	t.Parallel()
	b := setupFactor(t, oneKey(t))
	for name, end := range map[string]func(){
		"time":     func() { b.exec(`update sign_in_step set expires_at = now()`) },
		"disabled": func() { b.exec(`update staff set disabled_at = now()`) },
		"password": func() {
			require.NoError(t, staff.ChangePassword(t.Context(), b.pool, b.actor, staff.NewPassword{Username: "anna", Current: password, New: "another-one-1", Repeat: "another-one-1"}))
			hash, err := signin.Hash(password)
			require.NoError(t, err)
			b.exec(`update staff set password_hash = $1`, hash)
		},
		"reset": func() {
			require.NoError(t, staff.ResetSecondFactor(t.Context(), b.pool, audit.System(), b.actor.ID))
			b.turnOn()
		},
	} {
		step := b.step()
		end()
		require.ErrorIs(t, b.enter(step, b.code()), staff.ErrStepOver, name)
		b.exec(`update staff set disabled_at = null`)
	}
}

// race runs do from several goroutines at the same moment and counts who succeeds.
func race(n int, do func(i int) error) (won int, errs []error) {
	gate, errs := make(chan struct{}), make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-gate
			errs[i] = do(i)
		})
	}
	close(gate)
	all.Wait()
	for _, err := range errs {
		if err == nil {
			won++
		}
	}
	return won, errs
}

func TestCodesCountOnce(t *testing.T) {
	t.Parallel()
	b := setupFactor(t, oneKey(t))
	steps := func() []string {
		all := make([]string, 4) // below the five that bring a pause
		for i := range all {
			all[i] = b.step()
		}
		return all
	}
	for round := range 5 {
		b.exec(`delete from guess`)
		signIns, code := steps(), b.code()
		won, errs := race(4, func(i int) error { return b.enter(signIns[i], code) })
		require.Equal(t, 1, won, "round %d, one code: %v", round, errs)

		b.exec(`delete from guess`)
		signIns = steps()
		won, errs = race(4, func(i int) error { return b.enter(signIns[i], strings.ToUpper(b.codes[round])) })
		require.Equal(t, 1, won, "round %d, one recovery code: %v", round, errs)

		b.exec(`delete from guess`)
		step := b.step()
		b.exec(`update staff_second_factor set last_step = 0`)
		won, errs = race(4, func(i int) error {
			if i%2 == 0 {
				return b.enter(step, b.codes[5+i/2]) // two recovery codes against two of the telephone
			}
			return b.enter(step, stafftest.Code(t, b.secret, time.Now().Add(time.Duration(i-2)*30*time.Second)))
		})
		require.Equal(t, 1, won, "round %d, one sign-in: %v", round, errs)
		b.exec(`update staff_recovery_code set used_at = null where code_hash in (select code_hash from staff_recovery_code)`)
	}
	var texts string
	require.NoError(t, b.pool.QueryRow(t.Context(), `select string_agg(detail::text, ' ') from audit`).Scan(&texts))
	for _, code := range append(b.codes, b.secret) {
		require.NotContains(t, texts, code)
	}
}

func TestCodesAreLimited(t *testing.T) {
	t.Parallel()
	b := setupFactor(t, oneKey(t))
	step := b.step()
	won, errs := race(16, func(int) error { return b.enter(step, "aaaa-aaaa-aaaa") })
	require.Zero(t, won)
	looked := 0
	for _, err := range errs {
		if !errors.Is(err, staff.ErrCodeBarred) {
			looked++
		}
	}
	require.Equal(t, 5, looked, "%v", errs)
	require.ErrorIs(t, b.enter(step, b.code()), staff.ErrCodeBarred, "the right one too, while it lasts")
	own := func(code string) error { return staff.TurnOff(t.Context(), b.pool, b.vault, b.actor, b.proof(code)) }
	for range 5 {
		b.requireCode("recovery_wrong", own("aaaa-aaaa-aaaa")) // who is signed in has a count of their own
	}
	require.ErrorIs(t, own(b.code()), staff.ErrCodeBarred, "with a limit")
	b.exec(`update guess set barred_until = now() - interval '1 second' where barred_until is not null`)
	require.NoError(t, b.enter(step, b.code()))
}

func TestSecondFactorOnAndOff(t *testing.T) {
	t.Parallel()
	b := setupFactor(t, oneKey(t))
	ctx := t.Context()
	offer, err := staff.NewOffer(b.vault, b.actor.ID)
	require.NoError(t, err)
	again := staff.Proof{Username: "anna", Password: password, Code: stafftest.Code(t, offer.Secret, time.Now())}
	_, err = staff.TurnOn(ctx, b.pool, b.vault, b.actor, offer.Sealed, again)
	require.ErrorIs(t, err, staff.ErrHasFactor)
	again.Password = "not-this-one"
	_, err = staff.TurnOn(ctx, b.pool, b.vault, b.actor, offer.Sealed, again)
	b.requireCode("password_current", err)
	again.Code = "12"
	_, err = staff.TurnOn(ctx, b.pool, b.vault, b.actor, offer.Sealed, again)
	b.requireCode("code_wrong", err)
	_, err = staff.TurnOn(ctx, b.pool, b.vault, audit.ByStaff(b.actor.ID+1, audit.Scope{}), offer.Sealed, again)
	b.requireCode("offer_over", err)

	codes, err := staff.NewRecoveryCodes(ctx, b.pool, b.vault, b.actor, b.proof(b.codes[0]))
	require.NoError(t, err)
	require.Len(t, codes, 10)
	b.requireCode("recovery_wrong", b.enter(b.step(), b.codes[1]))
	require.NoError(t, b.enter(b.step(), codes[1]))

	bad := b.proof(b.code())
	bad.Password = "not-this-one"
	b.requireCode("password_current", staff.TurnOff(ctx, b.pool, b.vault, b.actor, bad))
	require.NoError(t, staff.TurnOff(ctx, b.pool, b.vault, b.actor, b.proof(b.code())))
	in, err := staff.SignIn(ctx, b.pool, signin.Attempt{Username: "anna", Password: password})
	require.NoError(t, err)
	require.Empty(t, in.Step)
	require.ErrorIs(t, staff.TurnOff(ctx, b.pool, b.vault, b.actor, b.proof("123456")), staff.ErrNoFactor)
}

func TestResetSecondFactor(t *testing.T) {
	t.Parallel()
	b := setupFactor(t, oneKey(t))
	ctx := t.Context()
	role, err := staff.CreateRole(ctx, b.pool, b.actor, staff.RoleForm{Name: "Lead", Permissions: []string{string(staff.StaffManage)}})
	require.NoError(t, err)
	id, err := staff.Create(ctx, b.pool, b.actor, staff.New{Username: "lea", Password: password, RoleID: role, AllPartners: true})
	require.NoError(t, err)
	lead := audit.ByStaff(id, audit.Everything())
	require.ErrorIs(t, staff.ResetSecondFactor(ctx, b.pool, lead, b.actor.ID), staff.ErrMore, "else their password were enough")
	require.ErrorIs(t, staff.ResetSecondFactor(ctx, b.pool, b.actor, b.actor.ID), staff.ErrSelf)
	require.ErrorIs(t, staff.ResetSecondFactor(ctx, b.pool, b.actor, id), staff.ErrNoFactor)
	require.ErrorIs(t, staff.ResetSecondFactor(ctx, b.pool, b.actor, 999), staff.ErrNoStaff)
	require.NoError(t, staff.ResetPassword(ctx, b.pool, audit.System(), b.actor.ID, password))
	require.NotEmpty(t, b.step(), "a new password takes no second factor away")
	require.NoError(t, staff.ResetSecondFactor(ctx, b.pool, audit.System(), b.actor.ID))
	in, err := staff.SignIn(ctx, b.pool, signin.Attempt{Username: "anna", Password: password})
	require.NoError(t, err)
	require.Empty(t, in.Step)
}

// A secret opens under an old key until it is sealed under the new one; only then
// the old key can be given up.
func TestSecondFactorsFollowTheKeys(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	require.NoError(t, cardcode.WriteNewKey(&file, 1))
	first := file.String()
	b := setupFactor(t, func(pool *pgxpool.Pool) *codestore.Store { return vaultOf(t, pool, bytes.NewBufferString(first)) })
	ctx := t.Context()
	behind := b.vault
	require.NoError(t, cardcode.WriteSealKey(&file, 2))
	both := file.String()
	keys, err := cardcode.ReadKeyring(bytes.NewBufferString(both))
	require.NoError(t, err)
	owner := dbtest.Owner(t, b.pool)
	require.NoError(t, codestore.AnnounceKeys(ctx, owner, keys))
	retiring := codestore.New(owner, keys, nil, nil, slog.New(slog.DiscardHandler))
	b.vault = vaultOf(t, b.pool, bytes.NewBufferString(both))
	require.NoError(t, b.enter(b.step(), b.code()), "before it is sealed again")
	require.ErrorContains(t, retiring.RetireKey(ctx, audit.System(), 1), "second factors")

	require.NoError(t, staff.ResealSecondFactors(ctx, b.pool, b.vault))
	require.NoError(t, staff.ResealSecondFactors(ctx, b.pool, behind), "a worker that lacks the new key leaves it alone")
	require.NoError(t, retiring.RetireKey(ctx, audit.System(), 1))
	require.ErrorIs(t, func() error {
		_, err := staff.EnterCode(ctx, b.pool, behind, staff.CodeAttempt{Step: b.step(), Code: b.code()})
		return err
	}(), cardcode.ErrSecretKey, "a process that is behind says so")
	without, err := cardcode.WithoutSealKey([]byte(both), 1)
	require.NoError(t, err)
	b.vault = vaultOf(t, b.pool, bytes.NewBuffer(without))
	require.NoError(t, b.enter(b.step(), b.code()))

	b.exec(`update staff_second_factor set secret_sealed = set_byte(secret_sealed, 20, get_byte(secret_sealed, 20) # 1)`)
	require.Equal(t, fault.Internal, fault.KindOf(b.enter(b.step(), b.code())), "a row that was changed does not open")
}
