package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/staff"
	"refill/internal/web/admin"
	"refill/internal/web/portal"
)

// A form whose action must not be repeated is refused without its idempotency key, and does
// nothing. The nil UUID counts as a missing key. With a key the same form succeeds, which
// shows that only the key was missing.
func TestFormWithoutItsKeyIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	mine := s.holds(s.North)
	anna := s.asCustomer("anna", s.North)
	_, codes := s.series(1, s.North)
	forms := matrixForms()
	forms[portal.SectionRedeem] = func(holding) url.Values { return url.Values{"code": {codes[0]}} }
	forms[admin.SectionGenerate] = func(h holding) url.Values {
		form := order()
		form.Set("partner", fmt.Sprint(h.partner))
		return form
	}
	forms[admin.CustomerNew] = func(h holding) url.Values {
		return url.Values{"name": {"New"}, "username": {"new"}, "partner": {fmt.Sprint(h.partner)}}
	}
	var keyed []string
	for path, how := range repeats() {
		if how == byKey {
			keyed = append(keyed, path)
		}
	}
	slices.Sort(keyed)
	before := s.state()
	send := func(path, key string) *got {
		who, at := mine.uploader, path
		if strings.HasPrefix(path, "/portal") {
			who = anna
		} else if filled, known := mine.fill(path); known {
			at = filled
		}
		require.Contains(t, forms, path, "give the form a line")
		form := forms[path](mine)
		form.Set("key", key)
		return who.post(at, form)
	}
	for _, path := range keyed {
		for _, none := range []string{"", uuid.Nil.String(), "x"} {
			got := send(path, none)
			require.Equal(t, http.StatusUnprocessableEntity, got.Status, path)
			require.Equal(t, "form_key_missing", got.doc().Find("[data-fault]").AttrOr("data-fault", ""), path)
		}
	}
	require.Equal(t, before, s.state(), "nothing was changed")
	for _, path := range keyed {
		require.Less(t, send(path, uuid.NewString()).Status, http.StatusBadRequest, path)
	}
}

// permitted signs in a member of staff of all partners, whose role has some permissions.
func (s *site) permitted(may ...staff.Permission) *browser {
	s.t.Helper()
	b := s.as(db.StaffRoleOperator)
	role, err := staff.CreateRole(s.t.Context(), s.Pool, audit.System(), staff.RoleForm{Name: fmt.Sprint("Role ", b.ID), Permissions: staff.Stored(may...)})
	require.NoError(s.t, err)
	require.NoError(s.t, staff.Edit(s.t.Context(), s.Pool, audit.System(), b.ID, staff.Change{Name: "Permitted", RoleID: role, AllPartners: true}))
	return b
}

// The forms that order and import cards do not offer activation to a person without the
// permission, and refuse it.
func TestActivationIsNotOffered(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	who := s.permitted(staff.SeriesView, staff.SeriesGenerate)
	path := admin.SectionGenerate
	page := who.get(path)
	_, off := page.one("#f-activate").Attr("disabled")
	require.True(t, off)
	require.Contains(t, page.text("#f-activate-hint"), "Your role")
	form := url.Values{"key": {uuid.NewString()}, "quantity": {"3"}, "price": {"5"}, "partner": {"any"}, "activate": {"on"}}
	form.Set("valid_till", page.one("#f-valid_till").AttrOr("value", ""))
	refused := who.post(path, form)
	require.Equal(t, http.StatusUnprocessableEntity, refused.Status)
	require.Contains(t, refused.Body, "doesn’t let you activate")
	form.Del("activate")
	require.Equal(t, http.StatusSeeOther, who.post(path, form).Status)
}
