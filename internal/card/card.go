// Package card holds the domain: series of cards, their generation, changes of state and
// redemption. It owns every rule about who may receive the value of a card and when, and every
// transaction that moves that value. It knows nothing of HTTP and pages. A code leaves it in
// clear only through cardcode.Code.Reveal.
package card
