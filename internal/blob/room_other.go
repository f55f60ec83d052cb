//go:build !linux

package blob

// Room is unknown on this system.
func (d *Disk) Room() (bytes int64, known bool) { return 0, false }
