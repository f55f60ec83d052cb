package web

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/staff"
)

// The nil UUID stands for a missing key: a form that sends it is like one without.
func TestNilUUIDIsNoKey(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna := s.newCustomer("anna", s.North)
	cashier := s.as(db.StaffRoleCashier, s.North)
	path := customerURL(anna) + "/billing/payments/add"
	for range 2 {
		form := url.Values{"key": {uuid.Nil.String()}, "type": {"cash"}, "amount": {"5"}}
		done := cashier.post(path, form)
		require.Equal(t, http.StatusSeeOther, done.Status, done.Body)
		require.NotEqual(t, customerURL(anna)+"/billing/payments/0", done.Header.Get("Location"))
	}
	require.Equal(t, []string{"payment.entered", "payment.entered"}, s.acts("payment."))
	_, err := readKey(uuid.Nil.String())
	require.ErrorIs(t, err, errNilKey)
}

// permitted signs in a member of staff of all partners whose role has some permissions.
func (s *site) permitted(may ...staff.Permission) *browser {
	s.t.Helper()
	b := s.as(db.StaffRoleOperator)
	role, err := staff.CreateRole(s.t.Context(), s.Pool, audit.System(), staff.RoleForm{Name: fmt.Sprint("Role ", b.ID), Permissions: staff.Stored(may...)})
	require.NoError(s.t, err)
	require.NoError(s.t, staff.Edit(s.t.Context(), s.Pool, audit.System(), b.ID, staff.Change{Name: "Permitted", RoleID: role, AllPartners: true}))
	return b
}

// The forms that order and import offer no activation to a person who may not, and
// refuse it.
func TestActivationIsNotOffered(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	who := s.permitted(staff.SeriesView, staff.SeriesGenerate)
	path := sectionGenerate
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
