package admin

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/client"
	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/web/kit"
)

// clientListPage is the list of API clients.
type clientListPage struct {
	kit.Page

	Rows  []clientRow
	Empty kit.Empty
}

// clientRow is one API client.
type clientRow struct {
	Name, URL, Owner string
	Partners         string
	Permissions      int
	Keys             int64 // that work
	UsedAt           *time.Time
	State            kit.Badge
	Test             bool
}

// ClientURL is the address of an API client.
func ClientURL(id int64) string { return fmt.Sprintf("%s/%d", SectionClients, id) }

// clientState returns the state of a client. A client does nothing while its owner is
// disabled.
func clientState(disabled, ownerDisabled *time.Time) kit.Badge {
	switch {
	case disabled != nil:
		return kit.Badge{Word: lang.M("Disabled"), Tone: kit.ToneIdle}
	case ownerDisabled != nil:
		return kit.Badge{Word: lang.M("Owner disabled"), Tone: kit.ToneWarn}
	}
	return kit.Badge{Word: lang.M("Enabled"), Tone: kit.ToneGood}
}

// clientPartners writes the partners of a client.
func clientPartners(all, test bool, names []string) string {
	switch {
	case all && test:
		return lang.M("All test partners")
	case all:
		return lang.M("All")
	}
	return strings.Join(names, ", ")
}

// ClientList handles GET /admin/config/integrations.
func (s *Server) ClientList(c *gin.Context) error {
	p := &clientListPage{Page: s.Page(c, lang.M("Integrations"), SectionIntegrations)}
	rows, err := db.New().ClientList(c.Request.Context(), s.Pool, db.ClientListParams{AllPartners: p.Person.Scope.AllPartners, PartnerIds: p.Person.Scope.PartnerIDs})
	if err != nil {
		return err
	}
	for _, r := range rows {
		view := clientRow{
			Name: r.Name, URL: ClientURL(r.ID), Owner: r.OwnerName, Partners: clientPartners(r.AllPartners, r.Test, r.Partners), Permissions: len(r.Permissions),
			Keys: r.Keys, State: clientState(r.DisabledAt, r.OwnerDisabledAt), Test: r.Test,
		}
		if r.LastUsedAt.Unix() > 0 {
			view.UsedAt = &r.LastUsedAt
		}
		p.Rows = append(p.Rows, view)
	}
	p.Empty = kit.Empty{
		Icon: "key", Title: lang.M("No API clients yet"), Text: lang.M("A program, such as your billing system, redeems cards and reads series through the API with a key of its own."),
		Action: lang.M("New API client"), URL: SectionClients + "/new",
	}
	return s.Render(c, http.StatusOK, "admin/client_list", p)
}

// findClient reads the API client of the address, if the person sees all its partners.
func (s *Server) findClient(c *gin.Context) (db.ClientGetRow, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return db.ClientGetRow{}, client.ErrUnknown
	}
	scope := s.Person(c).Scope
	return db.Need(db.New().ClientGet(c.Request.Context(), s.Pool, db.ClientGetParams{ID: id, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs})).
		Or(client.ErrUnknown, "read API client %d", id)
}
