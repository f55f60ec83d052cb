package setting

import (
	"encoding/json"
	"slices"
	"strings"

	"refill/internal/fault"
)

// PrintShop is a recipient that exported files are encrypted for.
type PrintShop struct {
	ID          string `json:"id"` // random, drawn when the shop was entered; a new key makes a new shop
	Name        string `json:"name"`
	Kind        string `json:"kind"`        // how its files are encrypted: envelope.Kind
	Fingerprint string `json:"fingerprint"` // of its key
	Key         string `json:"key"`         // public, as it was pasted
}

// maxPrintShops is how many print shops there may be.
const maxPrintShops = 50

// PrintShop finds a print shop.
func (s Settings) PrintShop(id string) (PrintShop, bool) {
	i := slices.IndexFunc(s.PrintShops, func(p PrintShop) bool { return p.ID == id })
	if i < 0 {
		return PrintShop{}, false
	}
	return s.PrintShops[i], true
}

// validatePrintShops refuses names that can't tell print shops apart. Package envelope
// checks the keys when they are read.
func (s Settings) validatePrintShops() (list fault.List) {
	names := map[string]bool{}
	for _, p := range s.PrintShops {
		name := strings.ToLower(p.Name)
		switch {
		case p.Name == "" || len([]rune(p.Name)) > 80:
			return fault.List{fault.Field("name", "setting_print_shop", "The name of a print shop must be 1 to 80 characters long.")}
		case names[name]:
			return fault.List{fault.Field("name", "setting_print_shop_twice", "There is a print shop of this name. Remove it first, or choose another name.")}
		}
		names[name] = true
	}
	if len(s.PrintShops) > maxPrintShops {
		return fault.List{fault.Field("name", "setting_print_shops", "There can be 50 print shops. Remove one first.")}
	}
	return nil
}

// audited is the value of a setting as the audit trail keeps it: print shops without their
// keys, which are long.
func (s Settings) audited(name string, value json.RawMessage) (json.RawMessage, error) {
	if name != "print_shops" {
		return value, nil
	}
	shops := make([]string, len(s.PrintShops))
	for i, p := range s.PrintShops {
		shops[i] = p.Name + " (" + p.Fingerprint + ")"
	}
	return json.Marshal(shops)
}
