package kit

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/fault"
	"refill/internal/setting"
	"refill/internal/staff"
)

// Page is what every page has; a page's own struct embeds it.
type Page struct {
	Title   string
	Brand   string
	Person  staff.Person // signed in at /admin; the zero value: no one is
	Visitor Visitor      // who is signed in to the portal
	Look    Look         // of the visitor's partner
	Menu    []MenuItem
	Flash   Flash  // what was just done, said once
	CanFind bool   // whether the box that finds cards and customers is there
	Section string // which entry of the menu is lit

	Wrong    bool // the page says what is wrong: its title begins so
	Fragment bool // it goes into a page that is there already
}

// framed is what Render and its like know of every page.
type framed interface{ frame(wrong, fragment bool) }

func (p *Page) frame(wrong, fragment bool) { p.Wrong, p.Fragment = wrong, fragment }

// MenuItem is an entry of the menu, or a heading where it has no URL. Entries below an entry
// with a URL are shown while the visitor is among them.
type MenuItem struct {
	Title, Icon, URL string
	Current          bool
	Children         []MenuItem
	Live             string // where how many wait is asked; empty: nothing is counted
	Count            int64
}

// Frame completes the base of a page with what all pages of one door have, such as its
// menu.
type Frame func(c *gin.Context, p *Page, settings setting.Settings)

// Page returns the base of a page. section is the address of the menu entry that
// the page belongs to. It asks the database nothing that it can do without.
func (s *Kit) Page(c *gin.Context, title, section string) Page {
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		settings = setting.Default()
	}
	p := Page{Title: title, Brand: settings.Brand, Person: s.Person(c), Visitor: s.Visitor(c), Section: section}
	switch {
	case OnAdminSide(c) && p.Person.ID != 0:
		s.frames[DoorStaff](c, &p, settings)
	case p.Visitor.ID != 0:
		s.frames[DoorCustomer](c, &p, settings)
	}
	p.Flash = s.takeFlash(c)
	return p
}

// Flash is a sentence about what was just done: good where it is done, idle where it waits or
// was turned down as asked, warn where it is not done.
type Flash struct {
	Tone Tone
	Text string
}

// Icon names the sign of the tone.
func (f Flash) Icon() string {
	switch f.Tone {
	case ToneGood:
		return "circle-check"
	case ToneWarn, ToneBad:
		return "alert-triangle"
	case ToneIdle, ToneBusy:
	}
	return "info-circle"
}

// flashCookie carries a flash over a redirect.
const flashCookie = "refill-flash"

// SetFlash says something on the next page, such as "Series 202611 is active".
func (s *Kit) SetFlash(c *gin.Context, tone Tone, text string) {
	s.SetCookie(c, flashCookie, base64.RawURLEncoding.EncodeToString([]byte(string(tone)+" "+Truncate(text, 300))), 60)
}

// SetFaultFlash says on the next page why nothing was done: the first fault of an error.
func (s *Kit) SetFaultFlash(c *gin.Context, err error) {
	s.SetFlash(c, ToneWarn, fault.All(err)[0].Text())
}

// takeFlash returns what the page before wanted said. A fragment leaves it for
// the page.
func (s *Kit) takeFlash(c *gin.Context) Flash {
	cookie, err := c.Request.Cookie(flashCookie)
	if err != nil || wantsFragment(c) {
		return Flash{}
	}
	s.SetCookie(c, flashCookie, "", -1)
	kept, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil {
		return Flash{}
	}
	tone, text, _ := strings.Cut(string(kept), " ")
	if !slices.Contains([]Tone{ToneGood, ToneIdle, ToneWarn}, Tone(tone)) {
		return Flash{}
	}
	return Flash{Tone(tone), Truncate(text, 300)}
}

// AfterSignIn returns where to go after signing in: an address of the same door, on
// this site, or the door's first page.
func AfterSignIn(d Door, wanted string) string {
	home := "/admin"
	if d == DoorCustomer {
		home = "/portal"
	}
	u, err := url.Parse(wanted)
	switch {
	case err != nil, u.Scheme != "", u.Host != "", u.Opaque != "", strings.ContainsAny(wanted, "\\\r\n\t"),
		u.Path != home && !strings.HasPrefix(u.Path, home+"/"),
		u.Path == home+"/login", strings.HasPrefix(u.Path, home+"/login/"), u.Path == home+"/logout", u.Path == EventsPath,
		strings.Contains(u.Path, "/../"), len(wanted) > 500:
		return home
	}
	return u.RequestURI()
}

// NextQuery is the query that brings the visitor back to where they were.
func NextQuery(d Door, from string) string {
	to := AfterSignIn(d, from)
	if to == "/admin" || to == "/portal" {
		return ""
	}
	return "?next=" + url.QueryEscape(to)
}

// CountIn puts the figure of an entry beside it, wherever in a menu it is.
func (i MenuItem) CountIn(menu []MenuItem) {
	for k := range menu {
		if menu[k].URL == i.URL {
			menu[k].Live, menu[k].Count = i.Live, i.Count
		}
		i.CountIn(menu[k].Children)
	}
}
