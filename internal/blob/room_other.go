//go:build !linux

package blob

// Room is not known here.
func (d *Disk) Room() (bytes int64, known bool) { return 0, false }
