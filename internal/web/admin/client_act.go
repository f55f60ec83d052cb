package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"refill/internal/client"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// clientKeyPage shows a new key, once.
type clientKeyPage struct {
	kit.Page

	Name, URL string
	Key       kit.Copyable
	Ends      bool // the keys before go on working for a while
	Address   string
}

// ClientKeyMake handles POST /admin/config/integrations/clients/:id/keys. The key appears only
// in this response, which browsers do not keep.
func (s *Server) ClientKeyMake(c *gin.Context) error {
	row, err := s.findClient(c)
	if err != nil {
		return err
	}
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	newest := NumberOf(form.Get("newest"))
	f := client.KeyForm{Overlap: readOverlap(form.Get("overlap")), Proof: s.proof(c, form), Newest: &newest}
	key, err := client.MakeKey(c.Request.Context(), s.Pool, s.Actor(c), row.ID, f)
	switch kind := fault.KindOf(err); {
	case err == nil:
	case s.waits(c, err):
		return s.Redirect(c, ClientURL(row.ID))
	case kind == fault.Invalid || kind == fault.Conflict || kind == fault.Limited:
		return s.mendKey(c, form.Get("overlap"), err)
	default:
		return err
	}
	p := &clientKeyPage{Page: s.Page(c, lang.M("New key of ")+row.Name, SectionIntegrations), Name: row.Name, URL: ClientURL(row.ID), Ends: f.Overlap > 0}
	p.Key = kit.Copyable{Text: key, Label: lang.M("Copy the key")}
	p.Address = s.publicBase(c) + "/api/v1/me"
	c.Header("Cache-Control", "no-store")
	return s.Render(c, http.StatusOK, "admin/client_key", p)
}

// clientPairPage shows a new pair, once.
type clientPairPage struct {
	kit.Page

	Name, URL   string
	Key, Secret kit.Copyable
	Ends        bool // the pairs before go on working for a while
	Address     string
}

// ClientPairMake handles POST /admin/config/integrations/clients/:id/pairs. The secret appears
// only in this response, which browsers do not keep.
func (s *Server) ClientPairMake(c *gin.Context) error {
	row, err := s.findClient(c)
	if err != nil {
		return err
	}
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	newest := NumberOf(form.Get("newest"))
	f := client.KeyForm{Overlap: readOverlap(form.Get("pair_overlap")), Newest: &newest}
	pair, err := client.MakePair(c.Request.Context(), s.Pool, s.Cards.Codes, s.Actor(c), row.ID, f)
	if err != nil {
		return s.clientChanged(c, row.ID, err, "")
	}
	p := &clientPairPage{Page: s.Page(c, lang.M("New pair of ")+row.Name, SectionIntegrations), Name: row.Name, URL: ClientURL(row.ID), Ends: f.Overlap > 0}
	p.Key = kit.Copyable{Text: pair.Key, Label: lang.M("Copy the key")}
	p.Secret = kit.Copyable{Text: pair.Secret, Label: lang.M("Copy the secret")}
	p.Address = s.publicBase(c) + "/api/2.0/admin/api/check"
	c.Header("Cache-Control", "no-store")
	return s.Render(c, http.StatusOK, "admin/client_pair", p)
}

// mendKey shows the page of the client again, with the error at the form that makes a key.
func (s *Server) mendKey(c *gin.Context, overlap string, err error) error {
	p, pageErr := s.newClientPage(c)
	if pageErr != nil {
		return pageErr
	}
	if p.NewKey == nil {
		p.Mistakes = kit.Explain(err)
		return s.Render(c, s.RefuseForm(c, err), "admin/client_show", p)
	}
	p.NewKey.Overlap.Choose(overlap)
	fields := []*kit.Field{&p.NewKey.Overlap}
	if p.NewKey.Password != nil {
		fields = append(fields, p.NewKey.Password)
	}
	p.Mistakes = kit.Explain(err, fields...)
	return s.Render(c, s.RefuseForm(c, err), "admin/client_show", p)
}

// ClientKeyRevoke handles POST /admin/config/integrations/clients/:id/keys/:key/revoke.
func (s *Server) ClientKeyRevoke(c *gin.Context) error {
	row, err := s.findClient(c)
	if err != nil {
		return err
	}
	if _, err := s.Form(c); err != nil {
		return err
	}
	err = client.RevokeKey(c.Request.Context(), s.Pool, s.Actor(c), row.ID, NumberOf(c.Param("key")))
	return s.clientChanged(c, row.ID, err, lang.M("The key is revoked. Whatever uses it is refused from now on."))
}

// ClientSwitch returns the handler that disables a client, or enables it. said is the message
// shown afterwards.
func (s *Server) ClientSwitch(off bool, said string) kit.Handler {
	return func(c *gin.Context) error {
		row, err := s.findClient(c)
		if err != nil {
			return err
		}
		if _, err := s.Form(c); err != nil {
			return err
		}
		return s.clientChanged(c, row.ID, client.Switch(c.Request.Context(), s.Pool, s.Actor(c), row.ID, off), said)
	}
}

// clientChanged leads back to the page of a client with the result of a change.
func (s *Server) clientChanged(c *gin.Context, id int64, err error, said string) error {
	switch kind := fault.KindOf(err); {
	case err == nil:
		s.SetFlash(c, kit.ToneGood, said)
	case kind == fault.Conflict || kind == fault.Invalid:
		s.SetFaultFlash(c, err)
	default:
		return err
	}
	return s.Redirect(c, ClientURL(id))
}

// ClientClear handles POST /admin/config/integrations/clients/:id/clear-guesses.
func (s *Server) ClientClear(c *gin.Context) error {
	row, err := s.findClient(c)
	if err != nil {
		return err
	}
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	err = s.Cards.Guesses.ClearClient(c.Request.Context(), s.Actor(c), row.ID, form.Get("reason"))
	manages := s.Person(c).Can(staff.APIManage) // otherwise the person may not see the page of the client
	if err == nil {
		s.SetFlash(c, kit.ToneGood, lang.M("The API client can try codes again."))
		if !manages {
			return s.Redirect(c, sectionDashboard)
		}
		return s.Redirect(c, ClientURL(row.ID))
	}
	if kind := fault.KindOf(err); !manages || (kind != fault.Invalid && kind != fault.Conflict) {
		return err
	}
	p, pageErr := s.newClientPage(c)
	if pageErr != nil {
		return pageErr
	}
	if p.Clear == nil {
		return err
	}
	p.Clear.Refuse(err, form.Get("reason"))
	return s.Render(c, http.StatusUnprocessableEntity, "admin/client_show", p)
}
