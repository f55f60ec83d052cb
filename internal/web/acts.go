package web

// acts are the words for entries of the audit trail that say all by themselves.
// An action that is not here is said by its verb: see happened.
func acts() map[string]string {
	return map[string]string{
		"card.refused":              "Code refused",
		"card.revealed":             "Code shown",
		"check.asked":               "Check of the books asked for",
		"customer.created":          "Customer created",
		"customer.password_changed": "Changed their password in the portal",
		"customer.sign_in_failed":   "Customer’s sign-in failed",
		"customer.signed_in":        "Signed in to the portal",
		"customer.signed_out":       "Signed out of the portal",
		"guesses.cleared":           "Bar after wrong codes lifted",
		"partner.changed":           "Partner edited",
		"partner.created":           "Partner entered",
		"partner.portal_changed":    "Portal of a partner changed",
		"payment.entered":           "Payment entered",
		"role.created":              "Role created",
		"role.deleted":              "Role deleted",
		"role.edited":               "Role edited",
		"setting.changed":           "Settings changed",
		"staff.code_asked":          "Password was right; code asked for",
		"staff.code_failed":         "Wrong code of a second factor",
		"staff.created":             "Member of staff created",
		"staff.disabled":            "Member of staff disabled",
		"staff.edited":              "Member of staff edited",
		"staff.enabled":             "Member of staff enabled",
		"staff.password_changed":    "Changed their own password",
		"staff.password_reset":      "Password of a member of staff reset",
		"staff.recovery_code_used":  "Used a recovery code",
		"staff.recovery_codes_made": "Made new recovery codes",
		"staff.renamed":             "Changed their own name",
		"staff.second_factor_off":   "Turned their second factor off",
		"staff.second_factor_on":    "Turned their second factor on",
		"staff.second_factor_reset": "Second factor of a member of staff reset",
		"staff.sign_in_failed":      "Sign-in of staff failed",
		"staff.signed_in":           "Signed in",
		"staff.signed_out":          "Signed out",
		"table.exported":            "Table downloaded",
	}
}
