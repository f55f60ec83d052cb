package kit

import (
	"context"
	"fmt"

	"refill/internal/cardcode"
	"refill/internal/money"
)

// SerialText formats a serial as the settings ask. A plain serial gets thousands
// separators. A page that names the series elsewhere passes an empty series, which leaves
// it out.
func (s *Kit) SerialText(ctx context.Context, series string, serial int32) (string, error) {
	settings, err := s.Settings.Get(ctx)
	if err != nil {
		return "", err
	}
	switch {
	case settings.SerialForm == cardcode.SerialPlain:
		return money.Group(fmt.Sprint(serial)), nil
	case series == "":
		return cardcode.FormatSerial(cardcode.SerialPadded, "", serial), nil
	}
	return cardcode.FormatSerial(settings.SerialForm, series, serial), nil
}

// CardName is how the pages of staff name a card: 202605-1900. The search finds it.
func CardName(series string, serial int64) string { return fmt.Sprintf("%s-%d", series, serial) }
