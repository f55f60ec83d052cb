package main

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// containerFiles writes what the container file copies beside the programs: the certificate
// authorities, since an image from scratch has none, and the container file itself.
func (r release) containerFiles() error {
	text, err := authorities()
	if err != nil {
		return err
	}
	folder := filepath.Join(r.out, "container")
	if err := os.WriteFile(filepath.Join(folder, "ca-certificates.crt"), text, 0o644); err != nil { //nolint:gosec // it is published
		return err
	}
	state := filepath.Join(folder, "state", "files")
	if err := os.MkdirAll(state, 0o755); err != nil { //nolint:gosec // it is published
		return err
	}
	// Archives and checksums know no empty folder.
	if err := os.WriteFile(filepath.Join(state, ".keep"), nil, 0o644); err != nil { //nolint:gosec // as above
		return err
	}
	for _, name := range []string{"Containerfile", "compose.yaml", "refill.env"} {
		if err := copyFile(filepath.Join("packaging", "container", name), filepath.Join(folder, name), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// authorities returns the certificate authorities that Mozilla trusts, in PEM. One that is
// trusted under conditions only is left out: a file can't hold the conditions.
func authorities() ([]byte, error) {
	var text bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint != nil {
			continue
		}
		if _, err := x509.ParseCertificate(root.Certificate); err != nil {
			return nil, err
		}
		if err := pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}); err != nil {
			return nil, err
		}
	}
	if text.Len() == 0 {
		return nil, errors.New("there are no certificate authorities")
	}
	return text.Bytes(), nil
}
