package main

import "slices"

// mutant is a change of the source that removes one protection, and the tests that must
// fail with it.
type mutant struct {
	name    string
	in      string // the places to change; see patch
	old     string // the text to replace; it occurs once in each place
	new     string // the text that replaces it
	pkg     string // package of the tests; tests that have moved are found by their names
	run     string // pattern of the names of the tests, as for go test -run
	because string // consequence in production
}

// mutants returns all mutants: typical faults of such software, with at least one for each
// promise of SECURITY.md. The tests named here have failed with each of them.
func mutants() []mutant {
	return slices.Concat(moneyMutants(), codeMutants(), keyMutants(), guessMutants(), peopleMutants(), mailMutants(), trailMutants(), inputMutants(), theftMutants(), sessionMutants(), customerMutants(), rightsMutants(), retryMutants(), doorMutants(), importMutants(), actorMutants(), programMutants())
}
