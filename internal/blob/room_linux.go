package blob

import "syscall"

// Room returns the free bytes of the folder's file system for users other than root.
func (d *Disk) Room() (bytes int64, known bool) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(d.root.Name(), &fs); err != nil {
		return 0, false
	}
	return int64(fs.Bavail) * fs.Bsize, true //nolint:gosec // no disk has 8 EiB
}
