// Package partner owns partners: the branches, brands and resellers that customers belong
// to. It creates and changes them, their logos, and the payment methods that each offers.
// Where enabling a partner brings value into use it requests four-eyes approval.
package partner
