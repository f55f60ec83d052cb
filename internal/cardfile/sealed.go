package cardfile

import (
	"context"
	"io"

	"refill/internal/card"
	"refill/internal/envelope"
	"refill/internal/export"
	"refill/internal/fault"
)

// Refusals of a print shop.
var (
	ErrShop    = fault.Field("shop", "export_shop", "This print shop was removed. Choose another, or none.")
	ErrShopKey = fault.Field("shop", "export_shop_key", "Nothing can be encrypted for this print shop any more: its key has expired or was revoked. Enter a new one under Config → Print shops.")
)

// sealed puts a file into the envelope of the print shop that was chosen, and
// returns what ends it; nil where the file stays in clear.
func (m Maker) sealed(ctx context.Context, w io.Writer, o card.ExportOptions) (io.WriteCloser, error) {
	if o.ShopID == "" {
		return nil, nil //nolint:nilnil // no envelope is no error
	}
	settings, err := m.Settings.Get(ctx)
	if err != nil {
		return nil, err
	}
	shop, known := settings.PrintShop(o.ShopID)
	if !known {
		return nil, ErrShop
	}
	now := m.Settings.Now()
	key, err := envelope.Read(shop.Key, now)
	if err != nil {
		return nil, ErrShopKey.With(err)
	}
	return key.Seal(w, now)
}

// sealedWriter ends a file, then its envelope.
type sealedWriter struct {
	export.Writer

	envelope io.Closer
}

// Close finishes both.
func (s sealedWriter) Close() error {
	if err := s.Writer.Close(); err != nil {
		return err
	}
	return s.envelope.Close()
}
