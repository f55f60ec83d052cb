package api

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"refill/internal/web/caller"
)

// me is the answer of GET /me.
type me struct {
	Name        string   `json:"name"`
	Test        bool     `json:"test"`
	Permissions []string `json:"permissions"`
	AllPartners bool     `json:"all_partners"`
	PartnerIDs  []string `json:"partner_ids"`
	KeyExpires  *string  `json:"key_expires_at"`
	PerMinute   int32    `json:"requests_per_minute"`
	Currency    string   `json:"currency"`
}

// Me handles GET /api/v1/me: what the key may do.
func (s *Server) Me(c *gin.Context) error {
	if err := readQuery(c).err(); err != nil {
		return err
	}
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	client := caller.Client(c)
	m := me{
		Name: client.Name, Test: client.Test, Permissions: []string{}, AllPartners: client.Scope.AllPartners, PartnerIDs: []string{},
		PerMinute: client.Rate.PerMinute, Currency: currency(c, settings),
	}
	for _, p := range client.Permissions {
		m.Permissions = append(m.Permissions, string(p))
	}
	if !client.Scope.AllPartners {
		for _, id := range client.Scope.PartnerIDs {
			m.PartnerIDs = append(m.PartnerIDs, idText(id))
		}
	}
	if client.ExpiresAt != nil {
		at := moment(*client.ExpiresAt)
		m.KeyExpires = &at
	}
	return answer(c, http.StatusOK, m)
}
