package admin

import (
	"io"
	"sync"

	"github.com/gin-gonic/gin"

	"refill/internal/fault"
)

// Limits that keep uploads from filling the disk.
const (
	UploadReserve = 200_000_000 // bytes that must stay free
	mostReceiving = 2           // uploads of one person at the same time
	roomEvery     = 4 << 20     // bytes after which the free space is checked again
)

// Errors of an upload that is not admitted.
var (
	errUploadRoom = fault.Field("file", "import_room", "The disk for files has {left} left, which is too little for this one. Have old files removed, then upload it again.")
	errUploadBusy = fault.Field("file", "import_busy", "You are uploading other files at this moment. Wait until they have arrived.")
)

// receiving counts the uploads in progress by person.
type receiving struct {
	sync.Mutex

	by map[int64]int
}

// admitUpload checks an upload before its body is read. It returns an error if the person
// stores too much already, if the disk has no room for the declared size, or if the person
// has too many uploads in progress. The caller must call release when the upload has ended.
func (s *Server) admitUpload(c *gin.Context) (release func(), err error) {
	actor := s.Actor(c)
	size := max(c.Request.ContentLength, 0)
	if err := s.Imports.CheckUpload(c.Request.Context(), actor, size); err != nil {
		return nil, err
	}
	if err := s.uploadRoom(size); err != nil {
		return nil, err
	}
	r := &s.uploads
	r.Lock()
	defer r.Unlock()
	if r.by == nil {
		r.by = map[int64]int{}
	}
	if r.by[actor.Responsible()] >= mostReceiving {
		return nil, errUploadBusy
	}
	r.by[actor.Responsible()]++
	return func() {
		r.Lock()
		defer r.Unlock()
		if r.by[actor.Responsible()]--; r.by[actor.Responsible()] <= 0 {
			delete(r.by, actor.Responsible())
		}
	}, nil
}

// uploadRoom returns an error if more bytes would leave too little free space on the disk.
func (s *Server) uploadRoom(more int64) error {
	room, known := s.Files.Room()
	if !known || room >= more+UploadReserve {
		return nil
	}
	return errUploadRoom.With("left", fault.Size(room))
}

// roomy is a writer that checks the free space at intervals, because a request need not
// declare its size.
type roomy struct {
	w    io.Writer
	room func(int64) error
	left int
}

// Write implements io.Writer.
func (r *roomy) Write(p []byte) (int, error) {
	if r.left -= len(p); r.left < 0 {
		if err := r.room(roomEvery); err != nil {
			return 0, err
		}
		r.left = roomEvery
	}
	return r.w.Write(p)
}
