package blob

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// Disk is a Store in one folder. The folder is opened once, as an os.Root: no
// name and no symbolic link inside leads out of it.
type Disk struct{ root *os.Root }

var _ Store = (*Disk)(nil)

// NewDisk opens the folder and creates it where it is missing, with access for its owner
// only. It returns the system's error.
func NewDisk(dir string) (*Disk, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("blob: make folder: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("blob: open folder: %w", err)
	}
	if err := root.Chmod(".", 0o700); err != nil {
		return nil, fmt.Errorf("blob: close folder to others: %w", errors.Join(err, root.Close()))
	}
	return &Disk{root: root}, nil
}

// Close closes the folder. Open files stay usable.
func (d *Disk) Close() error { return d.root.Close() }

// Create starts a file under a temporary name of its own.
func (d *Disk) Create(ctx context.Context, name string) (File, error) {
	if err := errors.Join(checkName(name), ctx.Err()); err != nil {
		return nil, err
	}
	// Two runs of one job may write at the same time, hence the random part.
	temp := temporary + strings.ToLower(rand.Text()[:8]) + "." + name
	f, err := d.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("blob: create: %w", err)
	}
	return &diskFile{disk: d, out: f, name: name, temp: temp, ctxErr: ctx.Err}, nil
}

// Open opens a committed file.
func (d *Disk) Open(ctx context.Context, name string) (Reader, Info, error) {
	if err := errors.Join(checkName(name), ctx.Err()); err != nil {
		return nil, Info{}, err
	}
	f, err := d.root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, Info{}, ErrNotFound.Because(err)
	}
	if err != nil {
		return nil, Info{}, fmt.Errorf("blob: open: %w", err)
	}
	stat, err := f.Stat()
	if err == nil && !stat.Mode().IsRegular() {
		err = ErrNotFound
	}
	if err != nil {
		return nil, Info{}, errors.Join(err, f.Close())
	}
	return f, Info{Name: name, Size: stat.Size(), Modified: stat.ModTime()}, nil
}

// Remove deletes a file.
func (d *Disk) Remove(ctx context.Context, name string) error {
	if err := errors.Join(checkAnyName(name), ctx.Err()); err != nil {
		return err
	}
	if err := d.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("blob: remove: %w", err)
	}
	return nil
}

// List reads the folder. It skips files that this package did not make (lost+found, a file
// made by hand), so that they are never removed as orphans.
func (d *Disk) List(ctx context.Context) ([]Info, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	entries, err := fs.ReadDir(d.root.FS(), ".")
	if err != nil {
		return nil, fmt.Errorf("blob: list: %w", err)
	}
	infos := make([]Info, 0, len(entries))
	for _, entry := range entries {
		if !entry.Type().IsRegular() || checkAnyName(entry.Name()) != nil {
			continue
		}
		stat, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("blob: list: %w", err)
		}
		infos = append(infos, Info{
			Name: entry.Name(), Size: stat.Size(), Modified: stat.ModTime(),
			Temporary: strings.HasPrefix(entry.Name(), temporary),
		})
	}
	return infos, nil
}

// output is what a diskFile needs of an *os.File.
type output interface {
	io.WriteCloser
	Sync() error
}

// diskFile is a file under its temporary name.
type diskFile struct {
	disk       *Disk
	out        output
	name, temp string
	size       int64
	ctxErr     func() error // of the context that Create was called with
	err        error        // of a write
	ended      bool
}

// Write writes and counts bytes. After an error every further Write and the Commit return
// it, because the file would have a gap.
func (f *diskFile) Write(p []byte) (int, error) {
	if f.ended {
		return 0, errEnded
	}
	if f.err == nil {
		f.err = f.ctxErr()
	}
	if f.err != nil {
		return 0, f.err
	}
	n, err := f.out.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if err != nil {
		f.err = fmt.Errorf("blob: write: %w", err)
	}
	f.size += int64(n)
	return n, f.err
}

// Commit syncs the file, renames it and syncs the folder, in this order, so that a power
// cut leaves either the old or the new state and never an empty file under the name.
func (f *diskFile) Commit() (Info, error) {
	if f.ended {
		return Info{}, errEnded
	}
	if f.err == nil {
		f.err = f.ctxErr()
	}
	if f.err != nil {
		return Info{}, errors.Join(f.err, f.Abort())
	}
	if err := f.out.Sync(); err != nil {
		return Info{}, errors.Join(fmt.Errorf("blob: sync: %w", err), f.Abort())
	}
	f.ended = true
	if err := f.out.Close(); err != nil {
		return Info{}, errors.Join(fmt.Errorf("blob: close: %w", err), f.drop())
	}
	if err := f.disk.root.Rename(f.temp, f.name); err != nil {
		return Info{}, errors.Join(fmt.Errorf("blob: rename: %w", err), f.drop())
	}
	info := Info{Name: f.name, Size: f.size}
	modified, err := f.disk.settle(f.name)
	if err != nil {
		// The file is visible but may not be durable, so the caller must not find it.
		return Info{}, errors.Join(err, f.disk.root.Remove(f.name))
	}
	info.Modified = modified.ModTime()
	return info, nil
}

// settle syncs the folder after a rename.
func (d *Disk) settle(name string) (fs.FileInfo, error) {
	dir, err := d.root.Open(".")
	if err != nil {
		return nil, fmt.Errorf("blob: open folder: %w", err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return nil, fmt.Errorf("blob: sync folder: %w", err)
	}
	stat, err := d.root.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("blob: stat: %w", err)
	}
	return stat, nil
}

// Abort closes and removes the file.
func (f *diskFile) Abort() error {
	if f.ended {
		return nil
	}
	f.ended = true
	return errors.Join(f.out.Close(), f.drop())
}

func (f *diskFile) drop() error {
	if err := f.disk.root.Remove(f.temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("blob: drop: %w", err)
	}
	return nil
}
