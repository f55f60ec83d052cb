package web

import (
	"context"
	"fmt"

	"refill/internal/card"
	"refill/internal/money"
	"refill/internal/setting"
)

// serialText is a serial as the settings write it; plain, with separators. Where
// the page names the series already, series is empty and not said again.
func (s *Server) serialText(ctx context.Context, series string, serial int32) (string, error) {
	settings, err := s.Settings.Get(ctx)
	if err != nil {
		return "", err
	}
	switch {
	case settings.SerialForm == setting.SerialPlain:
		return money.Group(fmt.Sprint(serial)), nil
	case series == "":
		return card.FormatSerial(setting.SerialPadded, "", serial), nil
	}
	return card.FormatSerial(settings.SerialForm, series, serial), nil
}
