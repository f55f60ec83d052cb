package seed

import "fmt"

// sampleName returns the name and the username of the n-th sample customer.
func sampleName(n int) (name, username string) {
	first := [...]string{
		"Amina", "Jonas", "Priya", "Mateo", "Chloé", "Tariq", "Ingrid", "Kwame", "Yuki", "Olena",
		"Diego", "Fatou", "Henrik", "Leila", "Marek", "Nadia", "Oskar", "Paloma", "Rashid", "Sofia",
	}
	last := [...]string{
		"Adeyemi", "Bergström", "Castillo", "Demir", "Evans", "Fischer", "Goldberg", "Hassan", "Ivanova", "Jansen",
		"Kimani", "Lindqvist", "Moreau", "Nakamura", "Okafor", "Petrov", "Quintero", "Rossi", "Schneider", "Tanaka",
	}
	a, b := first[n%len(first)], last[(n/len(first)+n*7)%len(last)]
	return a + " " + b, fmt.Sprintf("customer%d", n+1)
}
