package staff

import (
	"context"
	"slices"

	"refill/internal/audit"
	"refill/internal/db"
)

// Power is what a member of staff may do and see, for acts that give rights to others.
type Power struct{ row db.StaffGetRow }

// Powers returns the power of the member of staff who acts in person. The program itself may
// do everything; any other actor is refused.
func Powers(ctx context.Context, dbtx db.DBTX, actor audit.Actor) (Power, error) {
	row, err := powers(ctx, dbtx, actor)
	return Power{row}, err
}

// PowersOf returns the power of an enabled member of staff, and ErrNoStaff where there is
// none.
func PowersOf(ctx context.Context, dbtx db.DBTX, id int64) (Power, error) {
	row, err := db.Need(db.New().StaffGet(ctx, dbtx, id)).Or(ErrNoStaff, "find staff %d", id)
	if err == nil && row.DisabledAt != nil {
		return Power{}, ErrNoStaff
	}
	return Power{row}, err
}

// Covers reports whether the power includes permissions, by their stored names.
func (p Power) Covers(permissions []string) bool { return covers(p.row, false, permissions) }

// CoversAll reports whether the power includes everything of another one.
func (p Power) CoversAll(other Power) bool {
	return covers(p.row, other.row.Everything, other.row.Permissions) &&
		p.Sees(audit.Scope{AllPartners: other.row.AllPartners, PartnerIDs: other.row.PartnerIds})
}

// Can reports whether the power includes a permission.
func (p Power) Can(permission Permission) bool { return p.Covers([]string{string(permission)}) }

// Sees reports whether the power includes all partners of a scope.
func (p Power) Sees(scope audit.Scope) bool {
	if p.row.AllPartners {
		return true
	}
	return !scope.AllPartners && !slices.ContainsFunc(scope.PartnerIDs, func(id int64) bool { return !slices.Contains(p.row.PartnerIds, id) })
}
