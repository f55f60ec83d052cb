package splynx

import (
	"errors"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/audit"
	"refill/internal/client"
	"refill/internal/fault"
	"refill/internal/staff"
	"refill/internal/web/caller"
	"refill/internal/web/kit"
)

// keyCustomer is the key of the customer of a token in the Gin context.
const keyCustomer = "refill.splynx.customer"

// errOwn answers a customer who asks for what is not theirs, whether it is there or not.
var errOwn = fault.New(fault.Forbidden, "splynx_own", "With the token of a customer only the customer’s own data can be asked for.")

// errHeader answers a request without credentials.
var errHeader = fault.New(fault.Forbidden, "splynx_header", "Send the key and the secret of a pair as Authorization: Basic, or a signature or an access token as Authorization: Splynx-EA.")

// Admit finds the client or the customer of a request, and checks that the client has a
// permission; empty: none is needed. Customers are admitted where the call is for them too,
// and then see their own data only.
func (s *Server) Admit(c *gin.Context, needs staff.Permission, customers bool) error {
	switch found, err := caller.RevokeExposed(c, s.Pool, querySecrets); {
	case err != nil:
		return err
	case found:
		return errSecretInAddress
	}
	admitted, who, err := s.credentials(c)
	if admitted.ID != 0 {
		caller.SetClient(c, admitted)
	}
	switch {
	case err != nil:
		return err
	case who.ID != 0:
		c.Set(keyCustomer, who)
		if !customers {
			return errOwn
		}
		return nil
	case needs != "" && !admitted.Can(needs):
		return kit.ForbiddenError{Permission: needs}
	}
	return nil
}

// errSecretInAddress answers a secret in the path or the query. The pair is revoked.
var errSecretInAddress = fault.New(fault.Invalid, "secret_in_address", "A secret does not belong into an address, because addresses are kept in logs. Its pair was revoked, if it was one. Make a new one.")

// querySecrets are the names by which programs send a secret in an address.
var querySecrets = []string{"secret", "api_secret", "key", "api_key", "access_token"} //nolint:gochecknoglobals // a table

// credentials admits by the Authorization header.
func (s *Server) credentials(c *gin.Context) (client.Client, client.CustomerOf, error) {
	ctx, address := c.Request.Context(), kit.Address(c)
	if key, secret, ok := c.Request.BasicAuth(); ok {
		admitted, err := client.AdmitPair(ctx, s.Pool, client.Pair{Key: key, Secret: secret}, address)
		return admitted, client.CustomerOf{}, err
	}
	scheme, rest, _ := strings.Cut(c.GetHeader("Authorization"), " ")
	rest = strings.TrimSpace(rest)
	if !strings.EqualFold(scheme, "Splynx-EA") || !strings.HasPrefix(rest, "(") || !strings.HasSuffix(rest, ")") {
		return client.Client{}, client.CustomerOf{}, errHeader
	}
	values, err := url.ParseQuery(rest[1 : len(rest)-1])
	if err != nil {
		return client.Client{}, client.CustomerOf{}, errHeader
	}
	if values.Has("access_token") {
		return client.AdmitToken(ctx, s.Pool, values.Get("access_token"), s.holder(c))
	}
	admitted, err := client.AdmitSigned(ctx, s.Pool, s.Cards.Codes, signed(values.Get), address)
	if errors.Is(err, client.ErrNoKey) {
		err = errHeader
	}
	return admitted, client.CustomerOf{}, err
}

// signed reads the parts of a signature.
func signed(get func(string) string) client.Signed {
	return client.Signed{Key: get("key"), Nonce: get("nonce"), Signature: get("signature")}
}

func (s *Server) holder(c *gin.Context) client.Holder {
	return client.Holder{Address: kit.Address(c), Agent: c.Request.UserAgent()}
}

// customerOf returns the customer of a request's token; the zero value: a client asks.
func customerOf(c *gin.Context) client.CustomerOf {
	who, _ := c.Value(keyCustomer).(client.CustomerOf)
	return who
}

// actor returns the actor of a request: the client, or the customer in person.
func actor(c *gin.Context) audit.Actor {
	if who := customerOf(c); who.ID != 0 {
		return audit.ByCustomer(who.ID, scope(c)).From(kit.Address(c), kit.RequestID(c))
	}
	return caller.Actor(c)
}

// scope returns the partners whose data a request may see.
func scope(c *gin.Context) audit.Scope {
	if who := customerOf(c); who.ID != 0 {
		return audit.Scope{PartnerIDs: []int64{who.PartnerID}}
	}
	return caller.Client(c).Scope
}

// own checks that a customer asks for themselves. A client may ask for any of its customers.
func own(c *gin.Context, customerID int64) error {
	if who := customerOf(c); who.ID != 0 && who.ID != customerID {
		return errOwn
	}
	return nil
}
