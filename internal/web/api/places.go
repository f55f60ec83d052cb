package api

import (
	"refill/internal/fault"
)

// places are the fields of the domain that have another name in the bodies of a resource.
// Any other field has the same name in both.
type places map[string]string

// The fields of each resource. TestFaultsHavePlaces holds them against the faults of the
// domain.
//
//nolint:gochecknoglobals // tables
var (
	customerPlaces = places{"partner": "/partner_id"}
	seriesPlaces   = places{"partner": "/partner_ids"}
	cardPlaces     = places{"partner": "/partner_id"}
	webhookPlaces  = places{"partners": "/partner_ids"}
	exportPlaces   = places{"shop": "/recipient", "cards": "/states", "sides": "/both_sides"}
)

// of returns an error of the domain with the pointers of the bodies of this resource. An
// internal error is returned as it is.
func (p places) of(err error) error {
	if err == nil || fault.IsInternal(err) {
		return err
	}
	var list fault.List
	for _, f := range fault.All(err) {
		if to, other := p[f.Field]; f.Field != "" && other {
			kind := f.Kind
			f = f.At(to)
			f.Kind = kind
		}
		list = append(list, f)
	}
	if len(list) == 1 {
		return list[0]
	}
	return list
}
