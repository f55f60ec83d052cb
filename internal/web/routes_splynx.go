package web

import (
	"refill/internal/staff"
	"refill/internal/web/splynx"
)

// splynxTable returns the routes of programs that were written for Splynx.
func (s *Server) splynxTable() []route {
	return []route{
		{post, splynx.Tokens, splynxSignIn, s.splynx.TokenCreate},
		{get, splynx.Tokens + "/:token", splynxSignIn, s.splynx.TokenRenew},
		{del, splynx.Tokens + "/:token", splynxSignIn, s.splynx.TokenDelete},
		{get, splynx.Base + "/admin/api/check", splynxWho("").orCustomer(), s.splynx.Check},
		{put, splynx.Cards + "/0", splynxWho(staff.RedeemFor).orCustomer().withCards(), s.splynx.Redeem},
		{get, splynx.Cards, splynxWho(""), s.splynx.MethodDisabled},
		{post, splynx.Cards, splynxWho(""), s.splynx.MethodDisabled},
		{opts, splynx.Cards, splynxWho(""), s.splynx.CardOptions},
		{put, splynx.Cards + "/:id", splynxWho(staff.CardsChange).withCards(), s.splynx.CardEdit},
		{del, splynx.Cards + "/:id", splynxWho(staff.CardsChange).withCards(), s.splynx.CardDelete},
		{get, splynx.Series, splynxWho(staff.SeriesView).withCards(), s.splynx.SeriesList},
		{post, splynx.Series, splynxWho(staff.SeriesGenerate).withCards(), s.splynx.SeriesCreate},
		{opts, splynx.Series, splynxWho(""), s.splynx.SeriesOptions},
		{get, splynx.Series + "/:serie", splynxWho(staff.CardsView).withCards(), s.splynx.SeriesShow},
		{put, splynx.Series + "/:serie", splynxWho(staff.SeriesEdit).withCards(), s.splynx.SeriesEdit},
		{del, splynx.Series + "/:serie", splynxWho(staff.SeriesVoid).withCards(), s.splynx.SeriesDelete},
		{get, splynx.Customers, splynxWho(staff.CustomersView).orCustomer(), s.splynx.CustomerList},
		{get, splynx.Customers + "/:id", splynxWho(staff.CustomersView).orCustomer(), s.splynx.CustomerShow},
		{opts, splynx.Customers, splynxWho(""), s.splynx.CustomerOptions},
		{get, splynx.Billing + "/:id", splynxWho(staff.PaymentsView).orCustomer(), s.splynx.CustomerBilling},
		{get, splynx.Payments, splynxWho(staff.PaymentsView).orCustomer(), s.splynx.PaymentList},
		{post, splynx.Payments, splynxWho(staff.PaymentsEnter), s.splynx.PaymentCreate},
		{opts, splynx.Payments, splynxWho(""), s.splynx.PaymentOptions},
	}
}
