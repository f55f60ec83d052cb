package portal

import (
	"github.com/gin-gonic/gin"

	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/web/kit"
)

// payWay is a payment method as the portal shows it to customers.
type payWay struct{ Name, Text, URL string }

// payWays returns the payment methods that the visitor's partner offers.
func (s *Server) payWays(c *gin.Context) ([]payWay, error) {
	v := s.Visitor(c)
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return nil, err
	}
	var ways []payWay
	if settings.RefillCards && v.RefillCard {
		ways = append(ways, payWay{Name: lang.M("Refill card"), Text: lang.M("Redeem a card’s code"), URL: SectionRedeem})
	}
	rows, err := db.New().PartnerMethodList(c.Request.Context(), s.Pool, []int64{v.PartnerID})
	for _, row := range rows {
		if row.Offered {
			ways = append(ways, payWay{Name: kit.PaymentTypeName(row.Method), Text: row.Instruction})
		}
	}
	return ways, err
}
