package blob

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"regexp"
)

// Disk keeps files in one folder of the local disk. The folder is opened once,
// so that no name leads out of it.
type Disk struct{ root *os.Root }

// temporary ends the name of a file that is still being written.
const temporary = ".part"

// nameForm is what files may be called: what this program makes.
var nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$`) //nolint:gochecknoglobals // a constant in all but name

// NewDisk opens, or makes, the folder; nobody but its owner may look in.
func NewDisk(dir string) (*Disk, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder for files: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the folder for files: %w", err)
	}
	return &Disk{root}, nil
}

// Close gives the folder back.
func (d *Disk) Close() error { return d.root.Close() }

// Create begins a file.
func (d *Disk) Create(_ context.Context, name string) (File, error) {
	if !nameForm.MatchString(name) {
		return nil, ErrName
	}
	file, err := d.root.OpenFile(name+temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create a file: %w", err)
	}
	return &diskFile{root: d.root, file: file, name: name, hash: sha256.New()}, nil
}

// Open returns a whole file.
func (d *Disk) Open(_ context.Context, name string) (io.ReadSeekCloser, Info, error) {
	if !nameForm.MatchString(name) {
		return nil, Info{}, ErrNotFound
	}
	file, err := d.root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, Info{}, ErrNotFound
	}
	if err != nil {
		return nil, Info{}, fmt.Errorf("open a file: %w", err)
	}
	stat, err := file.Stat()
	if err != nil {
		return nil, Info{}, errors.Join(fmt.Errorf("look at a file: %w", err), file.Close())
	}
	return file, Info{Name: name, Size: stat.Size(), ModTime: stat.ModTime()}, nil
}

// Remove takes a file away.
func (d *Disk) Remove(_ context.Context, name string) error {
	if !nameForm.MatchString(name) {
		return ErrName
	}
	if err := d.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove a file: %w", err)
	}
	return nil
}

// List names every file.
func (d *Disk) List(context.Context) ([]Info, error) {
	entries, err := fs.ReadDir(d.root.FS(), ".")
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	var all []Info
	for _, entry := range entries {
		stat, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) || entry.IsDir() {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look at a file: %w", err)
		}
		all = append(all, Info{Name: entry.Name(), Size: stat.Size(), ModTime: stat.ModTime()})
	}
	return all, nil
}

// diskFile is a file being written; its hash grows with it.
type diskFile struct {
	root *os.Root
	file *os.File
	name string
	hash hash.Hash
	size int64
	done bool
}

func (f *diskFile) Write(p []byte) (int, error) {
	n, err := f.file.Write(p)
	f.hash.Write(p[:n])
	f.size += int64(n)
	return n, err
}

// Commit waits until the content is on disk, gives the file its name, and waits
// until the name is on disk too.
func (f *diskFile) Commit() (Info, error) {
	f.done = true
	err := errors.Join(f.file.Sync(), f.file.Close())
	if err == nil {
		err = f.root.Rename(f.name+temporary, f.name)
	}
	if err == nil {
		err = f.syncFolder()
	}
	if err != nil {
		return Info{}, errors.Join(fmt.Errorf("keep a file: %w", err), f.remove())
	}
	return Info{Name: f.name, Size: f.size, SHA256: f.hash.Sum(nil)}, nil
}

func (f *diskFile) syncFolder() error {
	folder, err := f.root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Abort removes what was written.
func (f *diskFile) Abort() error {
	if f.done {
		return nil
	}
	f.done = true
	_ = f.file.Close()
	return f.remove()
}

func (f *diskFile) remove() error {
	if err := f.root.Remove(f.name + temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove an unfinished file: %w", err)
	}
	return nil
}
