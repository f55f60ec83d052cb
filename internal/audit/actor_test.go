package audit_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/dbtest"
)

func TestActors(t *testing.T) {
	t.Parallel()
	all := audit.Everything()
	for name, c := range map[string]struct {
		actor                                   audit.Actor
		person, customer, responsible, answerer int64
		system, unaccountable, bad              bool
	}{
		"staff":    {actor: audit.ByStaff(3, all), person: 3, responsible: 3, answerer: 3},
		"customer": {actor: audit.ByCustomer(4, all), customer: 4, unaccountable: true},
		"client":   {actor: audit.ByClient(7, 3, 5, all), responsible: 3, answerer: 3},
		"dealer":   {actor: audit.ByDealer(6, all), unaccountable: true},
		"visitor":  {actor: audit.Visitor(), unaccountable: true},
		"system":   {actor: audit.System(), system: true},

		"none":                                {unaccountable: true, bad: true},
		"a client without a key":              {actor: audit.ByClient(7, 3, 0, all), responsible: 3, unaccountable: true, bad: true},
		"a client without an owner":           {actor: audit.ByClient(7, 0, 5, all), unaccountable: true, bad: true},
		"a person with the terms of a client": {actor: audit.ByStaff(3, all).On(audit.Terms{Reasons: true}), responsible: 3, person: 3, unaccountable: true, bad: true},
		"a dealer with an owner":              {actor: audit.Actor{Kind: audit.KindDealer, ID: 6, Owner: 3}, unaccountable: true, bad: true},
		"a customer without an id":            {actor: audit.ByCustomer(0, all), unaccountable: true, bad: true},
		"staff below zero":                    {actor: audit.ByStaff(-1, all), person: -1, responsible: -1, unaccountable: true, bad: true},
		"a system with an id":                 {actor: audit.Actor{Kind: audit.KindSystem, ID: 1}, unaccountable: true, bad: true, system: true},
		"another kind":                        {actor: audit.Actor{Kind: "owner", ID: 1}, unaccountable: true, bad: true},
	} {
		a, x := c.actor, c.actor.Accountable()
		require.Equal(t, c.bad, a.Check() != nil, name)
		require.Equal(t, []int64{c.person, c.customer, c.responsible, c.answerer}, []int64{a.Person(), a.CustomerID(), a.Responsible(), x.Staff()}, name)
		require.Equal(t, c.system && !c.bad, x.IsSystem(), name)
		require.Equal(t, c.unaccountable, x.IsNobody(), name)
		member, err := a.Member()
		require.Equal(t, c.answerer != 0, err == nil, name)
		require.Equal(t, c.answerer, member, name)
		if !c.unaccountable {
			a.Scope = audit.Everything()
			require.Equal(t, a, x.Actor(), "%s: who answers does later what was asked for", name)
		}
	}
	three, seven := int64(3), int64(7)
	require.Equal(t, audit.ForStaff(3), audit.ForMaker(&three, nil, nil))
	require.Equal(t, audit.ForClient(7, 3, 3), audit.ForMaker(&three, &seven, &three))
	require.Equal(t, audit.ForSystem(), audit.ForMaker(nil, nil, nil))
	require.True(t, audit.ForStaff(0).IsNobody(), "no id is not the program")
}

// The trail names clients and users of dealers in the detail, and no act can say so itself.
func TestTrailNamesClients(t *testing.T) {
	t.Parallel()
	tx := dbtest.Tx(t)
	client := audit.ByClient(7, 3, 5, audit.Everything())
	_, err := tx.Exec(t.Context(), `create temp table audit (like audit including all)`) // without foreign keys
	require.NoError(t, err)
	detail := func() (detail []byte) {
		t.Helper()
		require.NoError(t, tx.QueryRow(t.Context(), `select detail from audit where staff_id is not distinct from 3 order by id desc limit 1`).Scan(&detail))
		return detail
	}
	ada := "Ada"
	require.NoError(t, audit.Write(t.Context(), tx, client, audit.Row{Action: "thing.done", Detail: []byte(`{"why": "because"}`)}))
	require.JSONEq(t, `{"why": "because", "by": {"kind": "client", "id": 7}}`, string(detail()))
	acme := "Acme billing"
	require.Equal(t, "Acme billing (API), owner Ada", audit.Who(detail(), &ada, &acme))
	require.Equal(t, "API client 7, owner Ada", audit.Who(detail(), &ada, nil))
	require.NoError(t, audit.WriteMany(t.Context(), tx, client, "thing.done", []audit.Row{{CustomerID: 9, Detail: []byte(`{"n": 1}`)}}))
	require.JSONEq(t, `{"n": 1, "by": {"kind": "client", "id": 7}}`, string(detail()))

	require.Error(t, audit.Write(t.Context(), tx, client, audit.Row{Action: "thing.done", Detail: []byte(`{"by": {"kind": "client", "id": 8}}`)}))
	require.Error(t, audit.Write(t.Context(), tx, audit.Actor{}, audit.Row{Action: "thing.done", Detail: []byte(`{}`)}))
	require.Error(t, audit.WriteMany(t.Context(), tx, audit.Actor{}, "thing.done", []audit.Row{{CustomerID: 9, Detail: []byte(`{}`)}}))

	for detail, want := range map[string]string{
		`{}`: "Ada", `{"by": 7}`: "Ada", `{"by": {"kind": "system", "id": 1}}`: "Ada", `[]`: "Ada",
		`{"by": {"kind": "dealer", "id": 5}}`: "Dealer user 5",
	} {
		require.Equal(t, want, audit.Who([]byte(detail), &ada, nil), detail)
	}
	require.Equal(t, "API client 7", audit.Who([]byte(`{"by": {"kind": "client", "id": 7}}`), nil, nil))
	require.Empty(t, audit.Who([]byte(`{}`), nil, nil))
}
