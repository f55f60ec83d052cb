package cardcode

import (
	"fmt"
)

const shortUse = "short code seal"

func shortPurpose(seriesID int64, serial int32) string {
	return fmt.Sprintf("short code of card %d of series %d", serial, seriesID)
}

// SealShort seals the short code of a card; it opens only as that card's.
func (k *Keyring) SealShort(keyID int16, seriesID int64, serial int32, short Code) ([]byte, error) {
	return k.sealUnder(keyID, shortUse, shortPurpose(seriesID, serial), []byte(short.symbols))
}

// OpenShort opens a short code that SealShort sealed.
func (k *Keyring) OpenShort(keyID int16, seriesID int64, serial int32, sealed []byte) (Code, error) {
	symbols, err := k.Open(keyID, shortUse, shortPurpose(seriesID, serial), sealed)
	return Code{string(symbols)}, err
}
