package client

import (
	"refill/internal/act"
	"refill/internal/db"
)

// Rights is what a client is and may do.
type Rights struct {
	Name           string   `json:"name"`
	OwnerID        int64    `json:"owner_id"`
	AllPartners    bool     `json:"all_partners"`
	PartnerIDs     []int64  `json:"partner_ids"`
	Permissions    []string `json:"permissions"`
	Networks       []string `json:"networks"`
	PerMinute      int32    `json:"per_minute"`
	WrongCodesHour int32    `json:"wrong_codes_hour"`
	Test           bool     `json:"test,omitempty"`
	Splynx         bool     `json:"splynx,omitempty"` // the calls below /api/2.0/ are on
}

func (f Form) rights() Rights {
	r := Rights{
		Name: f.Name, OwnerID: f.OwnerID, AllPartners: f.AllPartners, PartnerIDs: f.PartnerIDs, Permissions: f.Permissions,
		Networks: []string{}, PerMinute: f.PerMinute, WrongCodesHour: f.WrongCodesHour, Splynx: f.Splynx, Test: f.Test,
	}
	for _, network := range f.Networks {
		r.Networks = append(r.Networks, network.String())
	}
	return r
}

func rightsOf(row db.ClientGetForUpdateRow) Rights {
	return Form{
		Name: row.Name, OwnerID: row.OwnerID, AllPartners: row.AllPartners, PartnerIDs: row.PartnerIds, Permissions: row.Permissions,
		Networks: row.Networks, PerMinute: row.PerMinute, WrongCodesHour: row.WrongCodesHour, Splynx: row.Splynx, Test: row.Test,
	}.rights()
}

// Acts upon API clients.
type (
	// Created is a new client.
	Created struct {
		ClientID int64 `json:"client_id"`
		Rights
	}
	// Edited is a changed client.
	Edited struct {
		ClientID int64 `json:"client_id"`
		Rights
		Before Rights `json:"before"`
	}
	// Disabled is the end of a client, until it is enabled.
	Disabled struct {
		ClientID int64  `json:"client_id"`
		Name     string `json:"name"`
	}
	// Enabled undoes Disabled.
	Enabled struct {
		ClientID int64  `json:"client_id"`
		Name     string `json:"name"`
	}
	// KeyMade is a new key. Its actor has seen it.
	KeyMade struct {
		ClientID     int64  `json:"client_id"`
		Name         string `json:"name"`
		KeyID        int64  `json:"key_id"`
		Hint         string `json:"hint"`
		OverlapHours int    `json:"overlap_hours"` // that the keys before go on working
	}
	// PairMade is a new pair for the calls below /api/2.0/. Its actor has seen it.
	PairMade struct {
		ClientID     int64  `json:"client_id"`
		Name         string `json:"name"`
		KeyID        int64  `json:"key_id"`
		Hint         string `json:"hint"`
		OverlapHours int    `json:"overlap_hours"` // that the pairs before go on working
	}
	// KeyRevoked is the end of a key.
	KeyRevoked struct {
		ClientID int64  `json:"client_id"`
		Name     string `json:"name"`
		KeyID    int64  `json:"key_id"`
	}
	// KeyExposed is the end of a key that came in an address.
	KeyExposed struct {
		ClientID int64 `json:"client_id"`
		KeyID    int64 `json:"key_id"`
	}
)

// Acts are the kinds of acts of this package.
func Acts() []act.Kind {
	return []act.Kind{act.Of[Created](), act.Of[Edited](), act.Of[Disabled](), act.Of[Enabled](), act.Of[KeyMade](), act.Of[PairMade](), act.Of[KeyRevoked](), act.Of[KeyExposed]()}
}

// Action is the name in the audit trail.
func (Created) Action() string { return "client.created" }

// Action is the name in the audit trail.
func (Edited) Action() string { return "client.edited" }

// Action is the name in the audit trail.
func (Disabled) Action() string { return "client.disabled" }

// Action is the name in the audit trail.
func (Enabled) Action() string { return "client.enabled" }

// Action is the name in the audit trail.
func (KeyMade) Action() string { return "client_key.made" }

// Action is the name in the audit trail.
func (PairMade) Action() string { return "client_pair.made" }

// Action is the name in the audit trail.
func (KeyRevoked) Action() string { return "client_key.revoked" }

// Action is the name in the audit trail.
func (KeyExposed) Action() string { return "client_key.exposed" }
