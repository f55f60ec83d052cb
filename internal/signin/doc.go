// Package signin owns how an account proves its identity, for staff and customers:
// usernames, passwords, one-time codes, known browsers, and the limits on wrong attempts.
// A package with accounts of its own supplies a Realm. The package knows no permissions
// and no sessions.
package signin
