package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

const (
	// manifestName is the file that makes a folder a backup. It is written last.
	manifestName = "manifest.json"
	// dumpName is the folder of pg_dump's directory format.
	dumpName = "database"
	// format is the version of the form of a backup. It rises when an older program could
	// misread one.
	format = 1
	// mostManifest bounds the size of a manifest that is read, in bytes.
	mostManifest = 16 << 20
)

// Manifest describes a backup. It has no secrets: neither codes, nor keys, nor names of
// people.
type Manifest struct {
	Format         int       `json:"format"`
	Program        string    `json:"program"` // version of the program that made it
	At             time.Time `json:"at"`      // of the snapshot, by the database's clock
	Server         int       `json:"server"`  // major version of the Postgres server
	Dump           int       `json:"pg_dump"` // major version of pg_dump
	Migration      int64     `json:"migration"`
	RiverMigration int64     `json:"river_migration"`
	// AuditHead is the newest block of the audit trail as `refill audit head` prints it.
	// Empty: the trail has no block yet.
	AuditHead string `json:"audit_head"`
	// Roles are those that have rights in the database.
	Roles   []string `json:"roles"`
	Figures Figures  `json:"figures"`
	Files   []File   `json:"files"`
}

// File is a file of a backup.
type File struct {
	Name   string `json:"name"` // relative to the folder, with slashes
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"` // in hexadecimal
}

// Bytes returns the size of all files of the backup.
func (m Manifest) Bytes() (n int64) {
	for _, f := range m.Files {
		n += f.Size
	}
	return n
}

// Read reads the manifest of a backup and holds the files of the folder against it.
func Read(ctx context.Context, folder string) (Manifest, error) {
	var m Manifest
	root, err := os.OpenRoot(folder)
	if err != nil {
		return m, fmt.Errorf("open the backup: %w", err)
	}
	defer root.Close() //nolint:errcheck // only read
	file, err := root.Open(manifestName)
	if errors.Is(err, fs.ErrNotExist) {
		return m, fmt.Errorf("%s has no %s: it is no backup, or one that was not completed; take another", folder, manifestName)
	}
	if err != nil {
		return m, fmt.Errorf("read the manifest: %w", err)
	}
	defer file.Close() //nolint:errcheck // only read
	if err := json.NewDecoder(io.LimitReader(file, mostManifest)).Decode(&m); err != nil {
		return m, fmt.Errorf("%s of %s does not parse, so the backup was changed or cut off; take another: %w", manifestName, folder, err)
	}
	if m.Format != format {
		return m, fmt.Errorf("the backup has form %d, which this version does not know (it knows %d); run the version that made it: %s", m.Format, format, m.Program)
	}
	found, err := readFiles(ctx, root)
	if err != nil {
		return m, err
	}
	return m, differences("the backup is not as it was made", "take another backup, or copy this one again", compareFiles(m.Files, found))
}

// compareFiles names the differences between the files that are promised and those found.
func compareFiles(promised, found []File) (all []string) {
	byName := map[string]File{}
	for _, f := range found {
		byName[f.Name] = f
	}
	for _, f := range promised {
		is, there := byName[f.Name]
		switch {
		case !there:
			all = append(all, f.Name+" is missing")
		case is.Size != f.Size:
			all = append(all, fmt.Sprintf("%s has %d bytes, not %d", f.Name, is.Size, f.Size))
		case is.SHA256 != f.SHA256:
			all = append(all, f.Name+" was changed: its SHA-256 is another")
		}
		delete(byName, f.Name)
	}
	for _, f := range found {
		if _, extra := byName[f.Name]; extra {
			all = append(all, f.Name+" is no part of it")
		}
	}
	return all
}

// differences returns an error with the first of them; nil where there are none.
func differences(what, todo string, all []string) error {
	const most = 10
	if len(all) == 0 {
		return nil
	}
	for i, one := range all {
		if i == most {
			what += fmt.Sprintf("\n  … and %d more", len(all)-most)
			break
		}
		what += "\n  " + one
	}
	return fmt.Errorf("%s\n%s", what, todo)
}

// readFiles returns every file of a folder but the manifest, in the order of names.
// Anything but files and folders is an error: a link could lead elsewhere.
func readFiles(ctx context.Context, root *os.Root) ([]File, error) {
	var files []File
	err := fs.WalkDir(root.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err = errors.Join(err, ctx.Err()); err != nil || entry.IsDir() || path == manifestName {
			return err
		}
		if !entry.Type().IsRegular() {
			return fmt.Errorf("%s is no plain file", path)
		}
		f, err := sumFile(root, path)
		files = append(files, f)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the files of the backup: %w", err)
	}
	slices.SortFunc(files, func(a, b File) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return files, nil
}

func sumFile(root *os.Root, name string) (File, error) {
	f := File{Name: filepath.ToSlash(name)}
	file, err := root.Open(name)
	if err != nil {
		return f, err
	}
	defer file.Close() //nolint:errcheck // only read
	hash := sha256.New()
	if f.Size, err = io.Copy(hash, file); err != nil {
		return f, err
	}
	f.SHA256 = hex.EncodeToString(hash.Sum(nil))
	return f, nil
}

// write writes the manifest and syncs it.
func (m Manifest) write(folder string) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(folder, manifestName), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // a folder of our own
	if err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	_, err = file.Write(append(text, '\n'))
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	return nil
}

// syncFolder syncs the names in a folder, so that they survive a power failure.
func syncFolder(path string) error {
	dir, err := os.Open(path) //nolint:gosec // the operator names it
	if err == nil {
		err = errors.Join(dir.Sync(), dir.Close())
	}
	if err != nil {
		return fmt.Errorf("sync the folder %s: %w", path, err)
	}
	return nil
}
