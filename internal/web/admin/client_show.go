package admin

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/client"
	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// Lengths of the lists of the page of a client.
const (
	clientKeysShown     = 20
	clientRequestsShown = 50
)

// clientPage is the page of an API client.
type clientPage struct {
	kit.Page

	ID                    int64
	Name, URL, Owner      string
	State                 kit.Badge
	Test                  bool
	Partners              string
	Groups                []clientRights
	Networks              string
	Open                  bool // every address may use keys that move money or give out codes
	PerMinute, WrongCodes int32
	Editable              bool // the person's role includes all that the client may do
	Switch                *kit.Confirmation
	Barred                *time.Time
	Clear                 *kit.Confirmation
	Asked                 askedFor
	Keys                  []clientKeyRow
	newest                int64          // id of the newest key; 0: there is none
	NewKey                *clientKeyForm // nil: the person makes no keys of this client
	NoKey                 string         // why there is no NewKey
	Splynx                bool           // it has the switch
	Pairs                 []clientKeyRow
	NewPair               *clientKeyForm // nil: the person makes no pairs of this client
	Requests              []clientRequestRow
	Refused               bool // only refused requests are listed
	AllURL, RefusedURL    string
	Pager                 kit.Pager
	RequestsEmpty         kit.Empty
	Mistakes              []kit.Mistake
}

// clientRights are the permissions of one area, in words.
type clientRights struct{ Title, Words string }

// clientKeyRow is one key.
type clientKeyRow struct {
	Hint, MadeBy, From    string
	MadeAt                time.Time
	UsedAt, EndsAt, Ended *time.Time
	Revoked               bool
	Revoke                string // address; empty: the key has ended
}

// clientKeyForm makes a key.
type clientKeyForm struct {
	Newest   int64
	Username string
	Overlap  kit.Field
	Until    time.Time // the key was approved until then; zero: it was not
	Password *kit.Field
	Button   string
	Note     string
}

// clientRequestRow is one request of the client.
type clientRequestRow struct {
	At              time.Time
	Operation, Code string
	Status, Took    int32
	Refused         bool
	RequestID       string
}

// newClientPage returns the page of the client of the address.
func (s *Server) newClientPage(c *gin.Context) (*clientPage, error) {
	row, err := s.findClient(c)
	if err != nil {
		return nil, err
	}
	p := &clientPage{
		Page: s.Page(c, row.Name, SectionIntegrations), ID: row.ID, Name: row.Name, URL: ClientURL(row.ID), Owner: row.OwnerName,
		State: clientState(row.DisabledAt, row.OwnerDisabledAt), Test: row.Test, Partners: clientPartners(row.AllPartners, row.Test, row.Partners),
		Networks: strings.Join(networkTexts(row.Networks), ", "), PerMinute: row.PerMinute, WrongCodes: row.WrongCodesHour, Splynx: row.Splynx,
	}
	p.Editable = covers(p.Person, row.Permissions)
	for _, g := range staff.Groups() {
		var words []string
		for _, one := range g.Permissions {
			if slices.Contains(row.Permissions, string(one)) {
				words = append(words, one.Words())
				p.Open = p.Open || len(row.Networks) == 0 && (client.MovesMoney(one) || client.IsCash(one))
			}
		}
		if len(words) > 0 {
			text := strings.Join(words, "; ")
			p.Groups = append(p.Groups, clientRights{g.Title, strings.ToUpper(text[:1]) + text[1:]})
		}
	}
	p.Switch = clientSwitch(p, row)
	for _, fill := range []func(*gin.Context, *clientPage, db.ClientGetRow) error{s.clientBar, s.clientKeys, s.clientKeyForm, s.clientRequests} {
		if err := fill(c, p, row); err != nil {
			return nil, err
		}
	}
	p.Asked, err = s.askedFor(c, db.ApprovalListParams{ApiClient: row.ID})
	return p, err
}

// clientSwitch returns the dialog that disables or enables the client; nil: the person may not.
func clientSwitch(p *clientPage, row db.ClientGetRow) *kit.Confirmation {
	switch {
	case !p.Editable:
		return nil
	case row.DisabledAt != nil:
		return &kit.Confirmation{
			ID: "enable", Opener: lang.M("Enable"), Title: "Enable " + row.Name + "?", Button: "Enable " + row.Name, Action: p.URL + "/enable",
			Text: lang.M("Its keys work again as before."),
		}
	}
	return &kit.Confirmation{
		ID: "disable", Opener: lang.M("Disable"), Title: "Disable " + row.Name + "?", Button: "Disable " + row.Name, Action: p.URL + "/disable", Danger: true,
		Text: lang.M("From its next request on the program is refused. Its keys stay, and work again when it is enabled."),
	}
}

// clientBar adds until when the client is barred from trying codes, and the dialog that lifts
// the bar.
func (s *Server) clientBar(c *gin.Context, p *clientPage, row db.ClientGetRow) error {
	until, err := s.Cards.Guesses.ClientBarredUntil(c.Request.Context(), row.ID)
	if err != nil || until.IsZero() {
		return err
	}
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	until = until.In(kit.Zone(settings.TimeZone))
	p.Barred = &until
	if p.Person.Can(staff.GuessClear) && p.Person.ID != row.OwnerID && !slices.Contains(row.KeyMakers, p.Person.ID) {
		p.Clear = &kit.Confirmation{
			ID: "clear", Opener: lang.M("Lift the bar"), Title: "Let " + row.Name + lang.M(" try codes again?"),
			Text:   lang.M("The count of wrong codes starts anew. Do it when you know why so many codes were wrong: somebody may be guessing."),
			Button: lang.M("Lift the bar"), Action: p.URL + "/clear-guesses", Reason: &kit.Field{Name: "reason", Label: lang.M("Reason"), Required: true, MaxLength: 300},
		}
	}
	return nil
}

// clientKeys adds the newest keys of the client.
func (s *Server) clientKeys(c *gin.Context, p *clientPage, row db.ClientGetRow) error {
	keys, err := db.New().ClientKeyList(c.Request.Context(), s.Pool, db.ClientKeyListParams{ClientID: row.ID, Size: clientKeysShown})
	for _, k := range keys {
		view := clientKeyRow{Hint: k.Hint, MadeBy: k.MadeBy, MadeAt: k.CreatedAt, UsedAt: k.LastUsedAt, Revoked: k.RevokedAt != nil}
		if k.LastUsedFrom != nil {
			view.From = k.LastUsedFrom.Unmap().String()
		}
		switch {
		case k.RevokedAt != nil:
			view.Ended = k.RevokedAt
		case k.Expired:
			view.Ended = k.ExpiresAt
		default:
			view.EndsAt = k.ExpiresAt
			if p.Editable {
				view.Revoke = p.URL + "/keys/" + strconv.FormatInt(k.ID, 10) + "/revoke"
			}
		}
		if k.Pair {
			p.Pairs = append(p.Pairs, view)
			continue
		}
		p.Keys = append(p.Keys, view)
	}
	if len(keys) > 0 {
		p.newest = keys[0].ID
	}
	return err
}

// clientKeyForm adds the form that makes a key, or says why there is none.
func (s *Server) clientKeyForm(c *gin.Context, p *clientPage, row db.ClientGetRow) error {
	owners, err := db.New().ClientOwnerList(c.Request.Context(), s.Pool, p.Person.ID)
	if err != nil {
		return err
	}
	switch {
	case row.DisabledAt != nil:
		p.NoKey = client.ErrOffClient.Text()
		return nil
	case !p.Editable:
		p.NoKey = lang.M("This API client may do more than your role includes, so you can’t change it.")
		return nil
	case !slices.ContainsFunc(owners, func(o db.ClientOwnerListRow) bool { return o.ID == row.OwnerID }):
		p.NoKey = client.ErrKeyOwner.Text()
		return nil
	}
	if row.Splynx {
		p.NewPair = &clientKeyForm{Newest: p.newest, Button: lang.M("New pair")}
		p.NewPair.Overlap = kit.Field{Name: "pair_overlap", Label: lang.M("The pair before goes on working for"), Options: overlapOptions()}
	}
	f := &clientKeyForm{Newest: p.newest, Username: p.Person.Username, Button: lang.M("New key")}
	f.Overlap = kit.Field{Name: "overlap", Label: lang.M("The key before goes on working for"), Options: overlapOptions()}
	if f.Until, err = client.KeyUntil(c.Request.Context(), s.Pool, row.ID, row.Version, p.Person.ID); err != nil {
		return err
	}
	if slices.ContainsFunc(row.Permissions, func(one string) bool { return client.IsCash(staff.Permission(one)) }) {
		settings, err := s.Settings.Get(c.Request.Context())
		if err != nil {
			return err
		}
		password := passwordField()
		f.Password = &password
		switch {
		case !f.Until.IsZero():
			f.Button = lang.M("Show the key")
		case settings.ApproveAbove != nil && !row.Test:
			f.Button, f.Note = lang.M("Ask for a key"), lang.M("This client gives out codes of cards, so a second person approves its keys. You then see the key here, once.")
		}
	}
	p.NewKey = f
	return nil
}

// overlapOptions are the choices of how long the key before goes on working.
func overlapOptions() []kit.Option {
	words := map[time.Duration]string{0: lang.M("No longer"), time.Hour: lang.M("1 hour"), 24 * time.Hour: lang.M("24 hours"), 7 * 24 * time.Hour: lang.M("7 days")}
	var list []kit.Option
	for _, d := range client.Overlaps() {
		list = append(list, kit.Option{Value: strconv.Itoa(int(d / time.Hour)), Text: words[d], Selected: d == 24*time.Hour})
	}
	return list
}

// clientRequests adds the last requests of the client.
func (s *Server) clientRequests(c *gin.Context, p *clientPage, row db.ClientGetRow) error {
	p.Refused = c.Query("refused") != ""
	p.AllURL, p.RefusedURL = p.URL+"#requests", p.URL+"?refused=1#requests"
	before := NumberOf(c.Query("before"))
	if before < 1 {
		before = 1<<63 - 1
	} else {
		p.Pager.Newer = p.AllURL
		if p.Refused {
			p.Pager.Newer = p.RefusedURL
		}
	}
	rows, err := db.New().ClientRequestList(c.Request.Context(), s.Pool, db.ClientRequestListParams{ClientID: row.ID, BeforeID: before, Refused: p.Refused, Size: clientRequestsShown + 1})
	for _, r := range rows[:min(len(rows), clientRequestsShown)] {
		p.Requests = append(p.Requests, clientRequestRow{
			At: r.At, Operation: r.Operation, Code: r.Code, Status: r.Status, Took: r.TookMs, Refused: r.Status >= http.StatusBadRequest, RequestID: r.RequestID,
		})
	}
	if len(rows) > clientRequestsShown {
		values := url.Values{"before": {strconv.FormatInt(rows[clientRequestsShown-1].ID, 10)}}
		if p.Refused {
			values.Set("refused", "1")
		}
		p.Pager.Older = p.URL + "?" + values.Encode() + "#requests"
	}
	p.RequestsEmpty = kit.Empty{Icon: "activity", Title: lang.M("No requests yet"), Text: lang.M("What the program asks is listed here for 30 days: time, operation and result, never what it sent.")}
	if p.Refused {
		p.RequestsEmpty = kit.Empty{Icon: "circle-check", Title: lang.M("None was refused"), Text: lang.M("No request of the last 30 days was refused."), Action: lang.M("Show all requests"), URL: p.AllURL}
	}
	return err
}

// ClientShow handles GET /admin/config/integrations/clients/:id.
func (s *Server) ClientShow(c *gin.Context) error {
	p, err := s.newClientPage(c)
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "admin/client_show", p)
}
