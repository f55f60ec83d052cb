package cardfile

import (
	"context"
	"io"

	"refill/internal/envelope"
	"refill/internal/fault"
	"refill/internal/render"
)

// Errors of a print shop.
var (
	ErrShop    = fault.Field("shop", "export_shop", "This print shop was removed. Choose another, or none.")
	ErrShopKey = fault.Field("shop", "export_shop_key", "Nothing can be encrypted for this print shop any more: its key has expired or was revoked. Enter a new one under Settings → Print shops.")
)

// addressee stores the current name of the print shop that a file is encrypted for.
func (s *Service) addressee(ctx context.Context, o *Options) error {
	o.Shop, o.SealedAs = "", ""
	if o.ShopID == "" {
		return nil
	}
	settings, err := s.settings.Get(ctx)
	if err != nil {
		return err
	}
	shop, known := settings.PrintShop(o.ShopID)
	if !known {
		return ErrShop
	}
	o.Shop, o.SealedAs = shop.Name, shop.Kind
	return nil
}

// sealed wraps w in the encryption for the chosen print shop and returns the writer to
// close; nil where the file is not encrypted.
func (s *Service) sealed(ctx context.Context, w io.Writer, o Options) (io.WriteCloser, error) {
	if o.ShopID == "" {
		return nil, nil //nolint:nilnil // no envelope is no error
	}
	settings, err := s.settings.Get(ctx)
	if err != nil {
		return nil, err
	}
	shop, known := settings.PrintShop(o.ShopID)
	if !known {
		return nil, ErrShop
	}
	now := s.settings.Now()
	key, err := envelope.Read(shop.Key, now)
	if err != nil {
		return nil, ErrShopKey.Because(err)
	}
	return key.Seal(w, now)
}

// sealedWriter closes a file, then its encryption.
type sealedWriter struct {
	render.Writer

	envelope io.Closer
}

// Close finishes both.
func (s sealedWriter) Close() error {
	if err := s.Writer.Close(); err != nil {
		return err
	}
	return s.envelope.Close()
}
