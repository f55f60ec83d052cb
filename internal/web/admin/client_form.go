package admin

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/client"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// clientFormPage is the form for a new or an existing API client.
type clientFormPage struct {
	kit.Page

	Action, Button, Back  string
	Username              string // of the person, for password managers
	Version               int32  // 0: a new client
	Mistakes              []kit.Mistake
	Name, Owner           kit.Field
	Test                  *kit.Choice // of a new client
	IsTest                bool        // of an existing one
	AllPartners           kit.Choice
	Partners              []kit.Choice
	PartnersError         string
	Groups                []permissionGroup
	PermissionsError      string
	Networks              kit.Field
	PerMinute, WrongCodes kit.Field
	Splynx                kit.Choice
	Password              *kit.Field // nil: it is not asked for
}

// clientForm is the content of the form: what was submitted, or what is stored.
type clientForm struct {
	client.Form

	networks, perMinute, wrong string // as they were typed
	unread                     fault.List
}

// storedClient returns the form of an existing client.
func storedClient(row db.ClientGetRow) clientForm {
	f := clientForm{
		Form: client.Form{
			Name: row.Name, OwnerID: row.OwnerID, AllPartners: row.AllPartners, PartnerIDs: row.PartnerIds, Permissions: row.Permissions,
			Networks: row.Networks, PerMinute: row.PerMinute, WrongCodesHour: row.WrongCodesHour, Splynx: row.Splynx,
		},
		perMinute: strconv.Itoa(int(row.PerMinute)), wrong: strconv.Itoa(int(row.WrongCodesHour)),
	}
	f.networks = strings.Join(networkTexts(row.Networks), "\n")
	return f
}

// networkTexts writes networks, a single address without its length.
func networkTexts(networks []netip.Prefix) (list []string) {
	for _, n := range networks {
		if n.IsSingleIP() {
			list = append(list, n.Addr().String())
			continue
		}
		list = append(list, n.String())
	}
	return list
}

// readNetworks reads networks and single addresses, one a line. It returns one error for each
// line that it can't read.
func readNetworks(text string) (list []netip.Prefix, errs fault.List) {
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		network, err := netip.ParsePrefix(line)
		if err != nil {
			var address netip.Addr
			if address, err = netip.ParseAddr(line); err == nil && address.Zone() == "" {
				address = address.Unmap()
				network = netip.PrefixFrom(address, address.BitLen())
			}
		}
		if err != nil || !network.IsValid() || network.Addr().Is4In6() {
			if len(errs) < 5 {
				errs = append(errs, fault.Field("networks", "client_network", "Line {line} of the networks is neither a network such as {network} nor an address such as {address}.").
					With("line", fault.Number(int64(i+1))).With("network", fault.Name("192.0.2.0/24")).With("address", fault.Name("2001:db8::7")))
			}
			continue
		}
		list = append(list, network.Masked())
	}
	return list, errs
}

// newClientForm returns the form with the values of f.
func (s *Server) newClientForm(c *gin.Context, title string, f clientForm) (*clientFormPage, error) {
	p := &clientFormPage{Page: s.Page(c, title, SectionIntegrations), Action: SectionClients, Button: lang.M("Create API client"), Back: SectionIntegrations}
	p.Username = p.Person.Username
	p.Name = kit.Field{Name: "name", Label: lang.M("Name"), Value: kit.Truncate(f.Name, 200), Hint: lang.M("Of the program, as pages and the audit trail name it: Acme billing."), Required: true, Autocomplete: "off"}
	owners, err := db.New().ClientOwnerList(c.Request.Context(), s.Pool, p.Person.ID)
	if err != nil {
		return nil, err
	}
	p.Owner = kit.Field{Name: "owner", Label: lang.M("Owner"), Hint: lang.M("What the program does counts for this member of staff: it can’t do more than they may, and their limits hold.")}
	for _, one := range owners {
		p.Owner.Options = append(p.Owner.Options, kit.Option{Value: idText(one.ID), Text: one.Name, Selected: one.ID == f.OwnerID})
	}
	partners, err := s.offeredPartners(c.Request.Context(), p.Person.Scope, f.PartnerIDs...)
	if err != nil {
		return nil, err
	}
	p.AllPartners = kit.Choice{Name: "all_partners", Label: lang.M("All partners, also those to come"), Checked: f.AllPartners, Disabled: !p.Person.Scope.AllPartners}
	for _, one := range partners {
		p.Partners = append(p.Partners, kit.Choice{Name: PartnerField(NumberOf(one.Value)), Label: one.Text, Checked: slices.Contains(f.PartnerIDs, NumberOf(one.Value))})
	}
	p.Test = &kit.Choice{
		Name: "test", Label: lang.M("Test client"), Checked: f.Test,
		Hint: lang.M("Acts for test partners only, whose cards and balances are worth nothing. It can’t be changed later."),
	}
	p.Groups = clientGroups(p.Person, f.Permissions)
	p.Networks = kit.Field{
		Name: "networks", Label: lang.M("Networks that may use the keys"), Value: kit.Truncate(f.networks, 4000), Rows: 4, Plain: true, Mono: true, MaxLength: 4000,
		Hint: lang.M("One a line, as 192.0.2.0/24 or a single address. Empty: every address may. Name them wherever the client moves money."),
	}
	p.PerMinute = kit.Field{Name: "per_minute", Label: lang.M("Requests a minute"), Value: kit.Truncate(f.perMinute, 20), Short: true, InputMode: "numeric", Required: true}
	p.WrongCodes = kit.Field{
		Name: "wrong_codes_hour", Label: lang.M("Wrong codes an hour"), Value: kit.Truncate(f.wrong, 20), Short: true, InputMode: "numeric", Required: true,
		Hint: lang.M("For all its customers together. More bar the client for an hour."),
	}
	p.Splynx = kit.Choice{
		Name: "splynx", Label: lang.M("Calls in the shape of Splynx"), Checked: f.Splynx,
		Hint: lang.M("For programs that were written for Splynx: the addresses below /api/2.0/. Customers of its partners can sign in there too. Switching it off ends the pairs of the client."),
	}
	return p, nil
}

// clientGroups returns the check boxes of the permissions that a client can have.
func clientGroups(person staff.Person, chosen []string) (list []permissionGroup) {
	for _, g := range staff.Groups() {
		group := permissionGroup{Title: g.Title}
		for _, one := range g.Permissions {
			if !client.Grantable(one) {
				continue
			}
			words := one.Words()
			box := kit.Choice{Name: PermissionField(one), Label: strings.ToUpper(words[:1]) + words[1:], Checked: slices.Contains(chosen, string(one))}
			if client.IsCash(one) {
				box.Hint = lang.M("A key with this is as good as cash: it takes your password, and a second person where one is set.")
			}
			if !person.Can(one) {
				box.Disabled, box.Hint = true, lang.M("Your own role doesn’t include this.")
			}
			group.Choices = append(group.Choices, box)
		}
		if len(group.Choices) > 0 {
			list = append(list, group)
		}
	}
	return list
}

// typedClient reads the submitted form.
func (s *Server) typedClient(c *gin.Context, form url.Values) (clientForm, error) {
	partners, err := s.partners(c)
	if err != nil {
		return clientForm{}, err
	}
	f := clientForm{networks: form.Get("networks"), perMinute: form.Get("per_minute"), wrong: form.Get("wrong_codes_hour")}
	f.Name, f.AllPartners, f.OwnerID = form.Get("name"), form.Get("all_partners") == "on", NumberOf(form.Get("owner"))
	f.Test = form.Get("test") == "on"
	f.Splynx = form.Get("splynx") == "on"
	f.PerMinute, f.WrongCodesHour = readCount(f.perMinute), readCount(f.wrong)
	f.Networks, f.unread = readNetworks(f.networks)
	for _, one := range partners {
		if form.Get(PartnerField(one.ID)) == "on" {
			f.PartnerIDs = append(f.PartnerIDs, one.ID)
		}
	}
	for _, one := range client.Scopes() {
		if form.Get(PermissionField(one)) == "on" {
			f.Permissions = append(f.Permissions, string(one))
		}
	}
	return f, nil
}

// read returns the faults of what could not be read.
func (f clientForm) read() error { return f.unread.Err() }

// mendClient shows the form again with the error.
func (s *Server) mendClient(c *gin.Context, p *clientFormPage, err error) error {
	partners, permissions := kit.Field{Name: "partners"}, kit.Field{Name: "permissions"}
	fields := []*kit.Field{&p.Name, &p.Owner, &p.Networks, &p.PerMinute, &p.WrongCodes, &partners, &permissions}
	for _, f := range fault.All(err) {
		if f.Field == "password" {
			field := passwordField()
			p.Password, fields = &field, append(fields, &field)
			break
		}
	}
	p.Mistakes = kit.Explain(err, fields...)
	p.PartnersError, p.PermissionsError = partners.Error, permissions.Error
	return s.Render(c, s.RefuseForm(c, err), "admin/client_form", p)
}

// passwordField is the field for the person's own password.
func passwordField() kit.Field {
	return kit.Field{
		Name: "password", Label: lang.M("Your password"), Type: "password", Required: true, MaxLength: 200, Autocomplete: "current-password",
		Hint: lang.M("Because this gives a program the codes of cards."),
	}
}

// proof returns the password that the person typed again.
func (s *Server) proof(c *gin.Context, form url.Values) staff.Proof {
	return staff.Proof{Username: s.Person(c).Username, Password: form.Get("password")}
}

// ClientNew handles GET /admin/config/integrations/clients/new.
func (s *Server) ClientNew(c *gin.Context) error {
	p, err := s.newClientForm(c, lang.M("New API client"), clientForm{perMinute: fmt.Sprint(client.UsualPerMinute), wrong: fmt.Sprint(client.UsualWrongCodesHour)})
	if err != nil {
		return err
	}
	p.Name.Autofocus = true
	return s.Render(c, http.StatusOK, "admin/client_form", p)
}

// ClientCreate handles POST /admin/config/integrations/clients.
func (s *Server) ClientCreate(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	f, err := s.typedClient(c, form)
	if err != nil {
		return err
	}
	var id int64
	if err = f.read(); err == nil {
		id, err = client.Create(c.Request.Context(), s.Pool, s.Actor(c), f.Form)
	}
	if err == nil {
		s.SetFlash(c, kit.ToneGood, lang.M("The API client is there. Make a key for it."))
		return s.Redirect(c, ClientURL(id))
	}
	if fault.KindOf(err) != fault.Invalid {
		return err
	}
	p, pageErr := s.newClientForm(c, lang.M("New API client"), f)
	if pageErr != nil {
		return pageErr
	}
	return s.mendClient(c, p, err)
}

// clientEditPage returns the form of an existing client.
func (s *Server) clientEditPage(c *gin.Context, row db.ClientGetRow, version int32, f clientForm) (*clientFormPage, error) {
	p, err := s.newClientForm(c, row.Name, f)
	if err != nil {
		return nil, err
	}
	p.Test, p.IsTest = nil, row.Test
	p.Action, p.Button, p.Back, p.Version = ClientURL(row.ID)+"/edit", lang.M("Save"), ClientURL(row.ID), version
	return p, nil
}

// ClientEditShow handles GET /admin/config/integrations/clients/:id/edit.
func (s *Server) ClientEditShow(c *gin.Context) error {
	row, err := s.findClient(c)
	if err != nil {
		return err
	}
	if !covers(s.Person(c), row.Permissions) {
		s.SetFlash(c, kit.ToneWarn, lang.M("This API client may do more than your role includes, so you can’t change it."))
		return s.Redirect(c, ClientURL(row.ID))
	}
	p, err := s.clientEditPage(c, row, row.Version, storedClient(row))
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "admin/client_form", p)
}

// covers reports whether a person's role includes all of some permissions.
func covers(p staff.Person, permissions []string) bool {
	return !slices.ContainsFunc(permissions, func(one string) bool { return !p.Can(staff.Permission(one)) })
}

// ClientEdit handles POST /admin/config/integrations/clients/:id/edit.
func (s *Server) ClientEdit(c *gin.Context) error {
	row, err := s.findClient(c)
	if err != nil {
		return err
	}
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	f, err := s.typedClient(c, form)
	if err != nil {
		return err
	}
	version := readCount(form.Get("version"))
	if err = f.read(); err == nil {
		err = client.Edit(c.Request.Context(), s.Pool, s.Actor(c), row.ID, version, f.Form, s.proof(c, form))
	}
	switch kind := fault.KindOf(err); {
	case err == nil:
		return s.saved(c, ClientURL(row.ID), nil)
	case s.waits(c, err):
		return s.Redirect(c, ClientURL(row.ID))
	case kind != fault.Invalid && kind != fault.Conflict && kind != fault.Limited:
		return err
	}
	p, pageErr := s.clientEditPage(c, row, version, f)
	if pageErr != nil {
		return pageErr
	}
	return s.mendClient(c, p, err)
}
