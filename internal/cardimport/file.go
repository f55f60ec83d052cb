package cardimport

import (
	"crypto/rand"
	"strings"
)

// UploadPrefix begins the names of uploads in the file store.
const UploadPrefix = "import-"

// NewUploadName returns a random name for an upload in the file store.
func NewUploadName() string { return UploadPrefix + strings.ToLower(rand.Text()) }
