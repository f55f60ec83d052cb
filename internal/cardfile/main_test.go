package cardfile_test

import (
	"testing"

	"refill/internal/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }
