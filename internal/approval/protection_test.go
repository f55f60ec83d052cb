package approval_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/setting"
)

// With a limit set, one person alone can't make a rule about theft or wrong codes weaker
// than the default, or switch it off, in any way. A second person has to approve.
func TestWeakerRulesTakeTwo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	weaker := map[string]func(*setting.Settings){
		"run off":         func(v *setting.Settings) { v.Theft.RunCards = 0 },
		"run more":        func(v *setting.Settings) { v.Theft.RunCards++ },
		"run shorter":     func(v *setting.Settings) { v.Theft.RunMinutes-- },
		"run denser":      func(v *setting.Settings) { v.Theft.RunGap-- },
		"account off":     func(v *setting.Settings) { v.Theft.AccountCards = 0 },
		"address off":     func(v *setting.Settings) { v.Theft.AddressCards = 0 },
		"factor":          func(v *setting.Settings) { v.Theft.Factor++ },
		"early off":       func(v *setting.Settings) { v.Theft.EarlyCards = 0 },
		"locked off":      func(v *setting.Settings) { v.Theft.LockedCards = 0 },
		"copied more":     func(v *setting.Settings) { v.Theft.CopiedCards++ },
		"revealed off":    func(v *setting.Settings) { v.Theft.RevealedCards = 0 },
		"hours":           func(v *setting.Settings) { v.Theft.Hours = 1 },
		"shared":          func(v *setting.Settings) { v.Theft.Shared = []string{"0.0.0.0/0"} },
		"pause later":     func(v *setting.Settings) { v.WrongSoft++ },
		"bar later":       func(v *setting.Settings) { v.WrongHard++ },
		"address later":   func(v *setting.Settings) { v.WrongAddress++ },
		"unknown codes":   func(v *setting.Settings) { v.WrongPartner++ },
		"fewer guesses":   func(v *setting.Settings) { v.GuessesDaily-- },
		"with a stricter": func(v *setting.Settings) { v.Theft.RunCards, v.Theft.AccountCards = 0, 2 },
	}
	rules := func() setting.Protections {
		settings, err := b.store.Get(ctx)
		require.NoError(t, err)
		return settings.Protections()
	}
	for name, edit := range weaker { // without a limit one person is enough for everything
		require.NoError(t, b.change(t, b.one, edit), name)
		require.NoError(t, b.store.Change(ctx, audit.System(), func(v *setting.Settings) { v.Protect(setting.Default().Protections()) }))
	}
	require.NoError(t, b.change(t, b.one, limited(100_00)))
	usual := rules()
	for name, edit := range weaker {
		require.ErrorIs(t, b.store.Change(ctx, b.one, edit), setting.ErrProtectionGuarded, "%s, by another door", name)
		require.ErrorIs(t, b.change(t, b.one, edit), approval.ErrProtectionWaits, name)
		require.Equal(t, usual, rules(), name)
		id := b.waiting(t)
		require.ErrorIs(t, b.change(t, b.other, edit), approval.ErrProtectionAsked, name)
		require.ErrorIs(t, b.desk.Approve(ctx, b.one, id, "because"), approval.ErrOwn, name)
		require.NoError(t, b.desk.Refuse(ctx, b.other, id, "because"), name)
		require.Equal(t, usual, rules(), name)
	}

	// One person can make a rule stricter, and set it back to the default, but not weaker.
	require.NoError(t, b.change(t, b.one, func(v *setting.Settings) { v.Theft.RunCards, v.WrongSoft = 5, 3 }))
	require.NoError(t, b.change(t, b.one, func(v *setting.Settings) { v.Theft.RunCards = usual.RunCards }))
	require.ErrorIs(t, b.change(t, b.one, func(v *setting.Settings) { v.Theft.RunCards = usual.RunCards + 1 }), approval.ErrProtectionWaits)
	require.NoError(t, b.desk.Withdraw(ctx, b.one, b.waiting(t)))

	// The approved change is exactly the requested one.
	require.ErrorIs(t, b.change(t, b.one, weaker["run off"]), approval.ErrProtectionWaits)
	require.NoError(t, b.desk.Approve(ctx, b.other, b.waiting(t), "because"))
	require.Zero(t, rules().RunCards)
	require.NoError(t, b.change(t, b.one, func(v *setting.Settings) { v.Theft.RunGap++ }), "off may stay off")
	require.ErrorIs(t, b.change(t, b.one, weaker["early off"]), approval.ErrProtectionWaits)
	id := b.waiting(t)
	require.NoError(t, b.change(t, b.other, func(v *setting.Settings) { v.Theft.RunCards = 10 }))
	require.ErrorIs(t, b.desk.Approve(ctx, b.other, id, "because"), approval.ErrOutdated)
	require.Equal(t, usual.EarlyCards, rules().EarlyCards)

	// A network within one that is shared already adds nothing.
	require.NoError(t, b.store.Change(ctx, audit.System(), func(v *setting.Settings) { v.Theft.Shared = []string{"192.0.2.0/24"} }))
	require.NoError(t, b.change(t, b.one, func(v *setting.Settings) { v.Theft.Shared = []string{"192.0.2.7"} }))
	require.ErrorIs(t, b.change(t, b.one, func(v *setting.Settings) { v.Theft.Shared = []string{"192.0.2.0/24"} }), approval.ErrProtectionWaits)
	require.NoError(t, b.desk.Withdraw(ctx, b.one, b.waiting(t)))

	// A form that also changes the limit makes two requests.
	both := func(v *setting.Settings) { unlimited(v); v.WrongSoft = 90; v.WrongHard = 900; v.FileHours++ }
	require.ErrorIs(t, b.change(t, b.one, both), approval.ErrSeveralWait)
	require.Equal(t, int64(100_00), b.limit(t))
	require.Equal(t, int32(3), rules().WrongSoft)
}

// That staff must use a second factor is switched on by one person and off by two, although
// it is usually off.
func TestSecondFactorGoesWithTwo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	on := func(v *setting.Settings) { v.StaffFactor = true }
	off := func(v *setting.Settings) { v.StaffFactor = false }
	asked := func() bool {
		settings, err := b.store.Get(ctx)
		require.NoError(t, err)
		return settings.StaffFactor
	}
	require.NoError(t, b.change(t, b.one, on))
	require.NoError(t, b.change(t, b.one, off), "without a limit one person is enough")
	require.NoError(t, b.change(t, b.one, limited(100_00)))
	require.NoError(t, b.change(t, b.one, on))
	require.ErrorIs(t, b.store.Change(ctx, b.one, off), setting.ErrProtectionGuarded)
	require.ErrorIs(t, b.change(t, b.one, off), approval.ErrProtectionWaits)
	require.True(t, asked())
	require.NoError(t, b.desk.Approve(ctx, b.other, b.waiting(t), "because"))
	require.False(t, asked())
	require.NoError(t, b.store.Change(ctx, audit.System(), on))
	require.NoError(t, b.store.Change(ctx, audit.System(), off), "the host may")
}

// Every setting of the protections against theft and guessing is checked for weakening. A
// new setting fails this test until the check includes it.
func TestEveryRuleIsWeighed(t *testing.T) {
	t.Parallel()
	limit := int64(1)
	before := setting.Default()
	before.ApproveAbove = &limit
	for name, after := range weakest(t, before) {
		require.True(t, before.Weakens(after), name)
	}
}

// weakest returns settings in each of which one number of the protections has its weakest
// value, the highest or the lowest.
func weakest(t *testing.T, before setting.Settings) map[string]setting.Settings {
	t.Helper()
	all := map[string]setting.Settings{}
	longer := []string{"RunMinutes", "RunGap", "Hours", "GuessesDaily"}
	var walk func(v reflect.Value, p *setting.Protections)
	walk = func(v reflect.Value, p *setting.Protections) {
		for i := range v.NumField() {
			name, field := v.Type().Field(i).Name, v.Field(i)
			switch field.Kind() {
			case reflect.Struct:
				walk(field, p)
			case reflect.Int32, reflect.Int64:
				was := field.Int()
				field.SetInt(1 << 30)
				if slices.Contains(longer, name) {
					field.SetInt(0)
				}
				after := before
				after.Protect(*p)
				all[name] = after
				field.SetInt(was)
			default:
				require.Contains(t, []string{"Shared", "StaffFactor"}, name, "a rule that is no figure has its own case")
			}
		}
	}
	p := before.Protections()
	walk(reflect.ValueOf(&p).Elem(), &p)
	require.Len(t, all, 16)
	return all
}
