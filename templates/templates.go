// Package templates owns the pages' HTML and nothing else: no data, no rules.
// Package web parses it once at start (internal/web/kit/render.go) and one test
// checks every page and fragment against its struct.
//
// # How a page is made
//
//  1. A file admin/series_list.html (portal/… for customers) defines "main", the
//     content of the page, and each fragment that the page owns. A fragment's
//     root element has the fragment's name as its id and carries its own hx-
//     attributes.
//  2. Beside its handler, a struct that embeds web's page:
//     type seriesListPage struct { page; Rows []seriesRow }
//  3. The handler fills it and renders:
//     p := &seriesListPage{Page: s.Page(c, lang.M("Series"), SectionSeries)}
//     return s.render(c, http.StatusOK, "admin/series_list", p)
//     For a form that must be mended: s.part(c, 422, view, "generate-form", p),
//     the fragment for htmx and the whole page without; p is the page's struct.
//     For an address that gives a fragment only: s.fragment(c, 200, view, name, data).
//  4. One line in routes.go, one line per page and fragment in templates_test.go.
//
// The layout shows the title as the page's <h1> unless the page defines "head",
// which then stands in its place: <div><div class="head-title"><h1>…</h1>badge</div>
// <p class="head-note">…</p></div><div class="head-actions">buttons</div>.
//
// # Partials
//
//	icon, of "name": an icon of the sprite (internal/vendorassets/icons.txt)
//	time, of a time.Time: "5 min ago", exact on hover; for jobs and notifications
//	at, of a time.Time: "2 Jan 2026, 15:04", in the zone that the layout names once
//	figure, of a text in a table: a zero is muted
//	field: label, hint, control, error; a select with Options, a text area with Rows
//	choice: a check box or a switch
//	table-view, of a tableView: which columns a table shows, in what order, how many rows
//	mistakes, of []mistake: the summary above a form, linking to the fields
//	state, of a badge: dot and word
//	progress: bar, per cent, done of total, note
//	bar: a whole in parts, with the counts beneath
//	empty: what a list says without rows
//	pager: newer, older
//	opens, of a confirmation: the button that opens its dialog
//	confirm, of a confirmation: the dialog itself, anywhere on the page; an address
//	that ends in #ID opens it, and a morph around it leaves it open
//	tiles, of []tile: facts in large figures
//	copyable: a text with a button that copies it
//
// The structs are in internal/web/kit/parts.go; partials_test.go has one of each. The
// portal's style sheet is kept small: it knows all of them but tiles, bar,
// progress, choice and confirm.
//
// Classes of both style sheets: sheet (the white ground of a piece of work), rows
// (a table; inside table-wrap, so that a wide one scrolls by itself), rows-stack
// (with data-label on the cells, a list of cards on a phone), num, mono, muted,
// facts (a dl), notice notice-good|warn|bad, btn, btn-primary. Of the admin's
// alone: head-title, head-note, head-actions, toolbar, words (filters), column
// (narrow, for forms), split (work and a narrow side), toast-card.
//
// Functions: money minor currency; number n; plural n "card" "cards"; ago, exact, zero,
// clock, iso for a time.Time; day for a date; size for bytes; asset "css/app.css";
// lower.
//
// # Live fragments
//
// The admin layout holds one event stream; its events bubble to the body. A
// fragment listens by name and fetches itself:
//
//	<div id="series-progress" hx-get="/admin/…/progress" hx-swap="outerHTML"
//	  hx-trigger="series-12 from:body delay:100ms, resync from:body, every 10s">
//
// delay, not throttle: throttle drops the last of a burst, which is the one that
// says "ready". "resync" comes once after each connection and stands for whatever was missed;
// "every" is for when the stream is cut. A fragment that is done leaves out
// hx-trigger, and so goes quiet.
//
// # Rules
//
// No style attribute, no <style>, no inline script, no hx-on, no "js:": the
// content security policy refuses them. Behaviour comes from static/js/app.js by
// data attributes: data-opens (id of a dialog), data-closes, data-copies (text),
// data-once (the button goes quiet after the first press). A form is a plain
// form that works without script; hx- attributes come on top.
package templates

import "embed"

// FS holds every page.
//
//go:embed */*.html
var FS embed.FS
