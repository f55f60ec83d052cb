// Package event owns what other systems are told. Acts queue entries in their transactions
// (act.Publisher); one relay makes events of them, with a seq without gaps, and keeps them
// for 30 days; the feed reads them. An event holds facts and never the code of a card. How
// events are sent is the business of package webhook.
package event

import (
	"slices"
	"strings"
	"time"
)

// Kept is how long an event is kept.
const Kept = 30 * 24 * time.Hour

// Ping is the type of the event that tests an endpoint. It is for that endpoint alone.
const Ping = "ping"

// Types returns the types of events, in the order of pages.
func Types() []string {
	return []string{
		"redemption.created", "redemption.reversed",
		"reservation.held", "reservation.committed", "reservation.released", "reservation.expired", "reservation.broken",
		"payment.created", "payment.reversed",
		"charge.created",
		"customer.created", "customer.changed", "customer.disabled",
		"series.ordered", "series.ready", "series.failed", "series.activated", "series.locked", "series.voided", "series.lapsed",
		"cards.changed",
		"export.ready", "export.failed",
		"approval.asked", "approval.decided",
		"guesses.alarm", "check.broken",
	}
}

// alarms returns the types that tell of alarms. The function webhook_may of the database has
// the same ones.
func alarms() []string { return []string{"guesses.alarm", "check.broken"} }

// Known reports whether a text is a type of events, or a group of them such as
// "redemption.*", or "*" for all of them.
func Known(pattern string) bool { return len(Matching(pattern)) > 0 }

// Matching returns the types that a pattern of Known means.
func Matching(pattern string) (types []string) {
	for _, t := range Types() {
		if prefix, isGroup := strings.CutSuffix(pattern, "*"); t == pattern || pattern == "*" ||
			isGroup && strings.HasSuffix(prefix, ".") && strings.HasPrefix(t, prefix) {
			types = append(types, t)
		}
	}
	return types
}

// MatchingAny returns the types that any of the patterns means, each once.
func MatchingAny(patterns []string) []string {
	return slices.DeleteFunc(Types(), func(t string) bool {
		return !slices.ContainsFunc(patterns, func(p string) bool { return slices.Contains(Matching(p), t) })
	})
}
