// Package card is the domain: codes, series of cards, their generation, changes
// of state, redemption, and the requests for files. It owns every rule about who
// may get a card's value and when, and every transaction that moves one. It knows
// nothing of HTTP or pages, and no code leaves it in clear but through
// Code.Reveal.
package card
