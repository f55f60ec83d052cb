package db

// Deref returns the value of a nullable column, and the zero value for null.
func Deref[T any](v *T) T {
	if v == nil {
		var zero T
		return zero
	}
	return *v
}
