package admin

import (
	"io"
	"sync"

	"github.com/gin-gonic/gin"

	"refill/internal/fault"
)

// How uploads are kept from filling the disk on which other files lie.
const (
	UploadReserve = 200_000_000 // bytes that an upload leaves free
	mostReceiving = 2           // uploads of one person at the same time
	roomEvery     = 4 << 20     // bytes after which the room is looked at again
)

// Refusals of an upload for want of room.
var (
	errUploadRoom = fault.Field("file", "import_room", "The disk for files has {left} left, which is too little for this one. Have old files removed, then upload it again.")
	errUploadBusy = fault.Field("file", "import_busy", "You are uploading other files at this moment. Wait until they have arrived.")
)

// receiving counts the uploads that are arriving, by person.
type receiving struct {
	sync.Mutex

	by map[int64]int
}

// admitUpload refuses an upload before a byte of it is kept, where its person keeps too
// much already or the disk has no room for what the request says it holds. The function
// that it returns is called when the upload has ended.
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

// uploadRoom refuses so many bytes more where the disk would have too little left.
func (s *Server) uploadRoom(more int64) error {
	room, known := s.Files.Room()
	if !known || room >= more+UploadReserve {
		return nil
	}
	return errUploadRoom.With("left", fault.Size(room))
}

// roomy writes and looks now and then whether there is room for more: an upload need not
// say how large it is.
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
