// Package e2e holds the end-to-end tests. They run the real binary with a Postgres of its
// own, and use its pages in a real browser as people do: they find controls by their labels
// and roles, and pages by their addresses.
package e2e
