package card

import (
	"context"
	"fmt"

	"refill/internal/fault"
	"refill/internal/money"
	"refill/internal/setting"
)

// MaxLuckyChance is the likeliest that a lucky guess within a year may be.
const MaxLuckyChance = 1e-6

// LuckyChance estimates the chance that somebody who tries as many codes as the
// settings reckon with hits a card within a year: live cards × guesses a day ×
// 365 ÷ codes, summed over the formats of the cards, since a guesser may try
// each. more is added to the live cards, in the format of the settings.
func (s *Service) LuckyChance(ctx context.Context, settings setting.Settings, more int64) (float64, error) {
	rows, err := s.q.SeriesLiveCards(ctx, s.db)
	if err != nil {
		return 0, fmt.Errorf("count live cards: %w", err)
	}
	share := float64(more) / FormatOf(settings).Codes()
	for _, row := range rows {
		share += float64(row.Cards) / Format{Alphabet(row.CodeAlphabet), int(row.CodeLength)}.Codes()
	}
	return share * float64(settings.GuessesDaily) * 365, nil
}

// checkOdds refuses an order with which a lucky guess would be too likely, and
// says what would do.
func (s *Service) checkOdds(ctx context.Context, settings setting.Settings, quantity int64) error {
	chance, err := s.LuckyChance(ctx, settings, quantity)
	if err != nil || chance <= MaxLuckyChance {
		return err
	}
	f := FormatOf(settings)
	before := chance - float64(quantity)*float64(settings.GuessesDaily)*365/f.Codes()
	few := int64((MaxLuckyChance - before) * f.Codes() / float64(settings.GuessesDaily) / 365)
	text := fmt.Sprintf("With codes of %d %s a lucky guess within a year would be likelier than one in a million. Choose longer codes under Config → Vouchers", f.Length, f.Alphabet)
	if few > 0 {
		text += ", or order at most " + money.Group(fmt.Sprint(few)) + " cards"
	} else {
		text += ", or void old series first"
	}
	return fault.Field("quantity", "order_guessable", text+".")
}
