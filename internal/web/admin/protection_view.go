package admin

import (
	"strconv"
	"strings"

	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/setting"
)

// protectionLines lists the protection settings that differ, with both values, such as "20
// → off".
func protectionLines(from, to setting.Protections) (lines []approvalLine) {
	off := func(n int32) string {
		if n == 0 {
			return "off"
		}
		return money.Group(strconv.Itoa(int(n)))
	}
	plain := func(n int32) string { return money.Group(strconv.Itoa(int(n))) }
	for _, r := range []struct {
		label    string
		from, to int32
		words    func(int32) string
	}{
		{lang.M("Neighbouring cards until an alarm"), from.RunCards, to.RunCards, off},
		{lang.M("Redeemed within, minutes"), from.RunMinutes, to.RunMinutes, plain},
		{lang.M("Cards that may be missing between two"), from.RunGap, to.RunGap, plain},
		{lang.M("Cards by one customer until an alarm"), from.AccountCards, to.AccountCards, off},
		{lang.M("Cards from one address until an alarm"), from.AddressCards, to.AddressCards, off},
		{lang.M("And so many times the usual"), from.Factor, to.Factor, plain},
		{lang.M("Cards tried before their series is on sale"), from.EarlyCards, to.EarlyCards, off},
		{lang.M("Cards tried that were taken out of use"), from.LockedCards, to.LockedCards, off},
		{lang.M("Used cards tried by others"), from.CopiedCards, to.CopiedCards, off},
		{lang.M("Cards redeemed after staff saw their code"), from.RevealedCards, to.RevealedCards, off},
		{lang.M("Look back over, hours"), from.Hours, to.Hours, plain},
		{lang.M("Wrong codes until a pause"), from.WrongSoft, to.WrongSoft, plain},
		{lang.M("Wrong codes until a day’s pause"), from.WrongHard, to.WrongHard, plain},
		{lang.M("Wrong codes from one address"), from.WrongAddress, to.WrongAddress, plain},
		{lang.M("Unknown codes until an alarm"), from.WrongPartner, to.WrongPartner, plain},
	} {
		if r.from != r.to {
			lines = append(lines, approvalLine{r.label, r.words(r.from) + " → " + r.words(r.to)})
		}
	}
	if from.GuessesDaily != to.GuessesDaily {
		number := func(n int64) string { return money.Group(strconv.FormatInt(n, 10)) }
		lines = append(lines, approvalLine{lang.M("Guesses a day"), number(from.GuessesDaily) + " → " + number(to.GuessesDaily)})
	}
	if from.StaffFactor != to.StaffFactor {
		words := map[bool]string{true: "on", false: "off"}
		lines = append(lines, approvalLine{lang.M("Staff must use a second factor"), words[from.StaffFactor] + " → " + words[to.StaffFactor]})
	}
	shared := func(list []string) string {
		if len(list) == 0 {
			return "none"
		}
		return strings.Join(list, ", ")
	}
	if was, is := shared(from.Shared), shared(to.Shared); was != is {
		lines = append(lines, approvalLine{lang.M("Addresses that many people share"), was + " → " + is})
	}
	return lines
}
