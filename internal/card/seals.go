package card

import (
	"bytes"
	"context"
	"fmt"

	"refill/internal/db"
)

// CheckSeals opens a few unredeemed cards of each series and names those that do
// not open, or whose index is not their code's.
func CheckSeals(ctx context.Context, dbtx db.DBTX, keys *Keyring, sample int32) ([]string, error) {
	rows, err := db.New().CardSample(ctx, dbtx, sample)
	if err != nil {
		return nil, fmt.Errorf("sample the sealed codes: %w", err)
	}
	var culprits []string
	for _, row := range rows {
		name := fmt.Sprintf("card %d/%d", row.SeriesID, row.Serial)
		seal, err := keys.sealer(row.KeyID, row.SeriesID)
		if err != nil {
			culprits = append(culprits, name+": "+err.Error())
			continue
		}
		code, err := seal.open(row.CodeSealed, row.Serial)
		if err != nil {
			culprits = append(culprits, err.Error())
			continue
		}
		index, err := keys.indexer(row.KeyID)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(index.append(nil, code), row.CodeIndex) {
			culprits = append(culprits, name+": its index is not its code's")
		}
	}
	return culprits, nil
}
