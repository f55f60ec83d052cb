package setting

import "refill/internal/fault"

// Errors of changes that need a second person. Package approval asks one for all but the
// last.
var (
	ErrLimitGuarded      = fault.Field("approve_above", "setting_limit_second", "To raise this value, or to empty it, takes a second person.")
	ErrModuleGuarded     = fault.Field("refill_cards", "setting_module_second", "To switch refill cards on brings more into use than one person may.")
	ErrProtectionGuarded = fault.New(fault.Conflict, "setting_protection_second", "To make a rule about theft or wrong codes weaker than usual, or to switch it or the second factor of staff off, takes a second person.")
	ErrCurrencyGuarded   = fault.Field("currency", "setting_currency_second", "The value above which a second person approves is in the old currency, and would mean another worth. Empty it first, in Settings → Code rules, which takes a second person; then change the currency and set it anew.")
)

// RaisesLimit reports whether after lets one person do more than s: a higher limit, or
// none. A lower limit, and the first one, let them do less.
func (s Settings) RaisesLimit(after Settings) bool {
	return s.ApproveAbove != nil && (after.ApproveAbove == nil || *after.ApproveAbove > *s.ApproveAbove)
}

// guarded refuses changes that one member of staff may not make alone while a limit is
// set: a higher limit, another currency (the limit is in it), the module switched on (it
// brings every active card back into use), and weaker protections against theft and
// guessing.
func (s Settings) guarded(after Settings) error {
	switch {
	case s.RaisesLimit(after):
		return ErrLimitGuarded
	case s.ApproveAbove != nil && after.Currency != s.Currency:
		return ErrCurrencyGuarded
	case s.ApproveAbove != nil && after.RefillCards && !s.RefillCards:
		return ErrModuleGuarded
	case s.Weakens(after):
		return ErrProtectionGuarded
	}
	return nil
}
