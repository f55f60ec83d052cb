package card

import (
	"context"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/setting"
)

// Errors of the switches that turn refill cards off.
var (
	// ErrModuleOff refuses acts on cards while the module is switched off.
	ErrModuleOff = fault.New(fault.NotFound, "module_off", "Refill cards are switched off. An administrator switches them on under Settings → Modules.")
	// ErrNotOffered refuses redemptions by customers whose partner does not offer them.
	ErrNotOffered = fault.New(fault.NotFound, "redeem_not_offered", "Your provider does not offer refill cards in the portal. Ask there how to pay.")
)

// CheckModule returns ErrModuleOff while the module of refill cards is switched off. It reads
// the settings on dbtx, which may be a transaction. The system is not refused, so that the
// value of expired series still moves to breakage.
func CheckModule(ctx context.Context, dbtx db.DBTX, actor audit.Actor) error {
	if actor.IsSystem() {
		return nil
	}
	settings, err := setting.Read(ctx, dbtx)
	if err != nil {
		return err
	}
	return moduleFault(settings)
}

func moduleFault(settings setting.Settings) error {
	if !settings.RefillCards {
		return ErrModuleOff
	}
	return nil
}

// checkOffered refuses redemptions, looks and searches while the module is switched off
// (ErrModuleOff). It refuses customers whose partner does not offer redemptions in the portal
// (ErrNotOffered). It reads the cached settings, which costs a redemption no round trip.
func (s *Service) checkOffered(ctx context.Context, actor audit.Actor, customer db.CustomerGetRow) error {
	if actor.IsSystem() {
		return nil
	}
	settings, err := s.settings.Get(ctx)
	if err != nil {
		return err
	}
	if err := moduleFault(settings); err != nil {
		return err
	}
	if actor.Kind == audit.KindCustomer && !customer.PortalRefillCard {
		return ErrNotOffered
	}
	return nil
}
