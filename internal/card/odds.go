package card

import (
	"context"

	"refill/internal/fault"
	"refill/internal/guess"
	"refill/internal/setting"
)

// checkOdds refuses an order that would make the chance of a lucky guess within a year larger
// than guess.MaxLuckyChance. The fault at the field "quantity" names the largest quantity that
// is possible, if there is one. The formula is that of guess.Throttle.LuckyChance.
func (s *Service) checkOdds(ctx context.Context, settings setting.Settings, quantity int64) error {
	chance, err := s.Guesses.LuckyChance(ctx, settings, quantity)
	if err != nil || chance <= guess.MaxLuckyChance {
		return err
	}
	f := settings.CodeFormat()
	before := chance - float64(quantity)*float64(settings.GuessesDaily)*365/f.Codes()
	few := int64((guess.MaxLuckyChance - before) * f.Codes() / float64(settings.GuessesDaily) / 365)
	if few <= 0 {
		return fault.Field("quantity", "order_guessable_any", "With codes of {length} symbols these cards would be too easy to guess. Choose longer codes under Settings → Code rules, or void old series first.").
			With("length", fault.Number(f.Length))
	}
	return fault.Field("quantity", "order_guessable", "With codes of {length} symbols these cards would be too easy to guess. Choose longer codes under Settings → Code rules, or order at most {most, plural, one {# card} other {# cards}}.").
		With("length", fault.Number(f.Length)).With("most", fault.Number(few))
}
