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

// Page holds the data that every page has. The struct of each page embeds it.
type Page struct {
	Title   string
	Brand   string
	Person  staff.Person // member of staff signed in at /admin, or the zero value
	Visitor Visitor      // customer signed in to the portal, or the zero value
	Look    Look         // of the visitor's partner
	Zone    string       // time zone of the times on the page
	Menu    []MenuItem
	Flash   Flash  // message about the last action, shown once
	Bell    Bell   // of the top bar; a page is rendered without its count
	CanFind bool   // show the search box for cards and customers
	Sought  string // text in that box: the search that the page answers
	Section string // URL of the menu entry to highlight

	Wrong    bool // the page shows an error: its title begins with "Error:"
	Fragment bool // the answer is a part of a page
}

// framed is what Render sets on every page.
type framed interface{ frame(wrong, fragment bool) }

func (p *Page) frame(wrong, fragment bool) { p.Wrong, p.Fragment = wrong, fragment }

// Bell is the button of the notifications.
type Bell struct {
	Fresh int    // notifications that the person has not seen
	Until string // time of the newest one, RFC 3339; empty: now
	// Newest is the text of the newest one that the person has not seen, and URL its page;
	// empty: there is none.
	Newest, URL string
}

// MenuItem is an entry of the menu, or a heading if it has no URL. The children of an entry
// with a URL are shown only while the visitor is on one of their pages.
type MenuItem struct {
	Title, Icon, URL string
	Current          bool
	Children         []MenuItem
	Live             string // URL of the count beside the entry; empty: no count
	Count            int64
}

// Frame completes the base of a page with what all pages of one door have, such as its
// menu.
type Frame func(c *gin.Context, p *Page, settings setting.Settings)

// Page returns the base of a page. section is the URL of the menu entry that the page
// belongs to. It uses the default settings if the settings can't be read, so that an error
// page needs no database for them.
func (s *Kit) Page(c *gin.Context, title, section string) Page {
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		settings = setting.Default()
	}
	p := Page{Title: title, Brand: settings.Brand, Zone: settings.TimeZone, Person: s.Person(c), Visitor: s.Visitor(c), Section: section}
	switch {
	case OnAdminSide(c) && p.Person.ID != 0:
		s.frames[DoorStaff](c, &p, settings)
	case p.Visitor.ID != 0:
		s.frames[DoorCustomer](c, &p, settings)
	}
	p.Flash = s.takeFlash(c)
	return p
}

// Flash is a message about the last action. The tone is good if the action is done, idle if
// it waits or was turned down on request, and warn if it is not done.
type Flash struct {
	Tone Tone
	Text string
}

// Icon returns the name of the icon for the tone.
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

// flashCookie names the cookie that carries a flash across a redirect.
const flashCookie = "refill-flash"

// SetFlash stores a message for the next page, such as "Series 202611 is active".
func (s *Kit) SetFlash(c *gin.Context, tone Tone, text string) {
	s.SetCookie(c, flashCookie, base64.RawURLEncoding.EncodeToString([]byte(string(tone)+" "+Truncate(text, 300))), 60)
}

// SetFaultFlash stores the text of an error's first fault as the message for the next page.
func (s *Kit) SetFaultFlash(c *gin.Context, err error) {
	s.SetFlash(c, ToneWarn, fault.All(err)[0].Text())
}

// takeFlash returns the stored message and deletes it. A request for a fragment leaves it
// for the next whole page.
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

// AfterSignIn returns the URL to go to after signing in. It is the wanted URL if that is a
// page of the same door on this site, otherwise the door's first page.
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

// NextQuery returns the query of the sign-in page that leads back to a URL after signing
// in. It is empty for the door's first page.
func NextQuery(d Door, from string) string {
	to := AfterSignIn(d, from)
	if to == "/admin" || to == "/portal" {
		return ""
	}
	return "?next=" + url.QueryEscape(to)
}

// CountIn copies the count of an entry to the entry with the same URL, at any level of a
// menu.
func (i MenuItem) CountIn(menu []MenuItem) {
	for k := range menu {
		if menu[k].URL == i.URL {
			menu[k].Live, menu[k].Count = i.Live, i.Count
		}
		i.CountIn(menu[k].Children)
	}
}
