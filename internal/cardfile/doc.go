// Package cardfile owns files of cards: the options, the requests, the making, the
// downloads and the removal. Every file is requested through Request and made by Make, so
// that every form and channel applies the same rules, and a preview shows what the worker
// writes.
//
// Package card says which cards there are and what they are worth; package render draws
// them. Within this package only Make handles codes in clear.
package cardfile
