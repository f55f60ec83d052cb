package main

import "slices"

// mutant is the program with one protection taken out, and the tests that must
// notice.
type mutant struct {
	name    string
	in      string // where: see places
	old     string // occurs in each of those places once …
	new     string // … and is replaced by this
	pkg     string // whose tests are run; those that have moved are found by their names
	run     string // which of them
	because string // what would happen in the field
}

// mutants are the faults that software of this kind is known for, at least one for
// each promise of SECURITY.md. Each was seen to be caught by the tests named here.
func mutants() []mutant {
	return slices.Concat(moneyMutants(), codeMutants(), keyMutants(), guessMutants(), peopleMutants(), trailMutants(), inputMutants(), theftMutants(), sessionMutants(), customerMutants(), rightsMutants(), retryMutants(), doorMutants(), importMutants(), actorMutants())
}
