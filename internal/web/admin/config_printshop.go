package admin

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/envelope"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/setting"
	"refill/internal/web/kit"
)

// printShopsPage lists the print shops that files can be encrypted for, with the form to
// add one.
type printShopsPage struct {
	kit.Page
	Shops    []printShopView
	Name     kit.Field
	Key      kit.Field
	Mistakes []kit.Mistake
}

// printShopView is one print shop.
type printShopView struct{ ID, Name, Kind, Fingerprint string }

// newPrintShopsPage returns the page with the list and the submitted form.
func (s *Server) newPrintShopsPage(c *gin.Context, typed url.Values) (*printShopsPage, error) {
	v, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return nil, err
	}
	p := &printShopsPage{
		Page: s.Page(c, lang.M("Print shops"), SectionPrintShops),
		Name: kit.Field{Name: "name", Label: lang.M("Name"), Value: kit.Truncate(typed.Get("name"), 200), Autocomplete: "off"},
		Key: kit.Field{
			Name: "key", Label: lang.M("Public key"), Value: kit.Truncate(typed.Get("key"), envelope.MaxKey), Rows: 6, Plain: true, Mono: true,
			Hint: lang.M("An age recipient (age1…), or an OpenPGP public key from its BEGIN line to its END line. Hold its fingerprint against what the print shop says on the telephone."),
		},
	}
	for _, shop := range v.PrintShops {
		p.Shops = append(p.Shops, printShopView{shop.ID, shop.Name, envelopeName(shop.Kind), shop.Fingerprint})
	}
	return p, nil
}

// envelopeName returns the display name of a kind of encryption.
func envelopeName(kind string) string {
	if kind == string(envelope.OpenPGP) {
		return "OpenPGP"
	}
	return kind
}

// PrintShops handles GET /admin/config/print-shops.
func (s *Server) PrintShops(c *gin.Context) error {
	p, err := s.newPrintShopsPage(c, nil)
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "admin/print_shops", p)
}

// PrintShopAdd handles POST /admin/config/print-shops.
func (s *Server) PrintShopAdd(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	key, err := envelope.Read(form.Get("key"), s.Now())
	if err == nil {
		shop := setting.PrintShop{
			ID: rand.Text(), Name: strings.TrimSpace(form.Get("name")), Kind: string(key.Kind), Fingerprint: key.Fingerprint, Key: strings.TrimSpace(form.Get("key")),
		}
		err = s.Settings.Change(c.Request.Context(), s.Actor(c), func(v *setting.Settings) {
			v.PrintShops = append(slices.Clone(v.PrintShops), shop)
		})
	}
	if err == nil || fault.IsInternal(err) {
		return s.saved(c, SectionPrintShops, err)
	}
	typed := form
	for _, f := range fault.All(err) {
		if f.Code == envelope.ErrSecret.Code { // a secret key is not sent back to the browser
			typed = url.Values{"name": {form.Get("name")}}
		}
	}
	p, pageErr := s.newPrintShopsPage(c, typed)
	if pageErr != nil {
		return pageErr
	}
	p.Mistakes = kit.Explain(err, &p.Name, &p.Key)
	return s.Render(c, http.StatusUnprocessableEntity, "admin/print_shops", p)
}

// PrintShopRemove handles POST /admin/config/print-shops/remove. Files that were encrypted
// for the print shop stay as they are.
func (s *Server) PrintShopRemove(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	err = s.Settings.Change(c.Request.Context(), s.Actor(c), func(v *setting.Settings) {
		v.PrintShops = slices.DeleteFunc(slices.Clone(v.PrintShops), func(p setting.PrintShop) bool { return p.ID == form.Get("id") })
	})
	return s.saved(c, SectionPrintShops, err)
}
