// Package e2e holds the tests that use the product as people do: the real binary,
// a real Postgres of its own, a real browser. They know labels, roles and
// addresses, and nothing of the code.
package e2e
