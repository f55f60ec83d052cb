package splynx

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/client"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/signin"
	"refill/internal/web/caller"
	"refill/internal/web/kit"
)

// tokenView is a token as Splynx tells it.
type tokenView struct {
	Access       string `json:"access_token"`
	AccessUntil  int64  `json:"access_token_expiration"` // seconds since 1970
	Refresh      string `json:"refresh_token"`
	RefreshUntil int64  `json:"refresh_token_expiration"`
}

// newTokenView is a token that was asked for with credentials.
type newTokenView struct {
	tokenView

	Permissions []string `json:"permissions"`
}

func viewToken(t client.Token) tokenView {
	return tokenView{t.Access, t.AccessUntil.Unix(), t.Refresh, t.RefreshUntil.Unix()}
}

// errSignIn answers a customer whose login or password is wrong.
var errSignIn = fault.New(fault.Forbidden, "splynx_sign_in", "The login or the password is wrong.")

// TokenCreate handles POST /api/2.0/admin/auth/tokens.
func (s *Server) TokenCreate(c *gin.Context) error {
	if err := noQuery(c); err != nil {
		return err
	}
	f, err := s.read(c)
	if err != nil {
		return err
	}
	switch f["auth_type"] {
	case "api_key":
		return s.tokenOfPair(c, f)
	case "customer":
		return s.tokenOfCustomer(c, f)
	}
	return errAuthType
}

// tokenOfPair answers a signature with a token.
func (s *Server) tokenOfPair(c *gin.Context, f fields) error {
	get := func(name string) string { return f[name] }
	admitted, err := client.AdmitSigned(c.Request.Context(), s.Pool, s.Cards.Codes, signed(get), kit.Address(c))
	if admitted.ID != 0 {
		caller.SetClient(c, admitted)
	}
	if err != nil {
		return err
	}
	token, err := client.IssueToken(c.Request.Context(), s.Pool, admitted, s.holder(c))
	if err != nil {
		return err
	}
	v := newTokenView{viewToken(token), []string{}}
	for _, p := range admitted.Permissions {
		v.Permissions = append(v.Permissions, string(p))
	}
	c.JSON(http.StatusCreated, v)
	return nil
}

// tokenOfCustomer answers a login and a password with a token, under the limits of the sign-in
// of the portal.
func (s *Server) tokenOfCustomer(c *gin.Context, f fields) error {
	ctx := c.Request.Context()
	if f["login"] == "" || f["password"] == "" {
		return errNeeded
	}
	open, err := db.New().TokenOpen(ctx, s.Pool)
	if err != nil {
		return err
	}
	if !open { // no password is tried where no client has the switch
		return client.ErrTokenClosed
	}
	in, err := customer.SignIn(ctx, s.Pool, signin.Attempt{
		Username: f["login"], Password: f["password"], Address: kit.Address(c), RequestID: kit.RequestID(c), Zone: s.zone(),
	})
	if err != nil {
		if fault.KindOf(err) == fault.Invalid || fault.KindOf(err) == fault.Forbidden {
			return errSignIn.Because(err)
		}
		return err
	}
	token, err := client.IssueCustomerToken(ctx, s.Pool, in.ID, in.ShutOut, s.holder(c))
	if err != nil {
		return err
	}
	c.JSON(http.StatusCreated, newTokenView{viewToken(token), []string{}})
	return nil
}

// TokenRenew handles GET /api/2.0/admin/auth/tokens/:token.
func (s *Server) TokenRenew(c *gin.Context) error {
	if err := noQuery(c); err != nil {
		return err
	}
	token, err := client.RenewToken(c.Request.Context(), s.Pool, c.Param("token"), s.holder(c))
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, viewToken(token))
	return nil
}

// TokenDelete handles DELETE /api/2.0/admin/auth/tokens/:token.
func (s *Server) TokenDelete(c *gin.Context) error {
	if err := noQuery(c); err != nil {
		return err
	}
	ctx := c.Request.Context()
	who, err := client.EndToken(ctx, s.Pool, c.Param("token"), s.holder(c))
	if err != nil {
		return err
	}
	if who.ID != 0 {
		by := audit.ByCustomer(who.ID, audit.Scope{PartnerIDs: []int64{who.PartnerID}}).From(kit.Address(c), kit.RequestID(c))
		if err := act.Record(ctx, s.Pool, by, customer.SignedOut{}); err != nil {
			return err
		}
	}
	return gone(c)
}
