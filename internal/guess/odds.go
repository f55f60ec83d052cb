package guess

import (
	"context"
	"fmt"

	"refill/internal/cardcode"
	"refill/internal/setting"
)

// MaxLuckyChance is the maximum chance of a lucky guess within a year (LuckyChance) that orders
// and renewals may lead to.
const MaxLuckyChance = 1e-6

// LuckyChance estimates the chance that guesses hit a card within a year. The formula is
//
//	live cards × guesses a day × 365 ÷ possible codes,
//
// summed over the formats of the cards, because a guesser may try each format. The number of
// guesses a day is the setting GuessesDaily. The parameter more is a number of cards in the
// format of the settings that count as live too. The result is an expected number of hits
// and may be above 1.
func (t *Throttle) LuckyChance(ctx context.Context, settings setting.Settings, more int64) (float64, error) {
	rows, err := t.q.SeriesLiveCards(ctx, t.db)
	if err != nil {
		return 0, fmt.Errorf("count live cards: %w", err)
	}
	share := float64(more) / settings.CodeFormat().Codes()
	for _, row := range rows {
		share += float64(row.Cards) / cardcode.Format{Alphabet: cardcode.Alphabet(row.CodeAlphabet), Length: int(row.CodeLength)}.Codes()
	}
	return share * float64(settings.GuessesDaily) * 365, nil
}
