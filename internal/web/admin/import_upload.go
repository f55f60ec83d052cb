package admin

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"path"
	"strings"
	"time"
	"unicode"

	"github.com/gin-gonic/gin"

	"refill/internal/cardimport"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/importfile"
	"refill/internal/lang"
	"refill/internal/web/kit"
)

// MaxImport is the maximum size of an upload request: the file and the form around it.
const MaxImport = importfile.MaxBytes + 64<<10

// uploadTime is the time limit of an upload: 200 MB at 2 Mbit/s.
const uploadTime = 15 * time.Minute

// importListPage is the page on which an import of cards begins.
type importListPage struct {
	kit.Page
	Error    string // what is wrong with the file
	Mistakes []kit.Mistake
	Imports  []importLine
	Steps    []kit.Step
}

// importLine is one line of the list of imports.
type importLine struct {
	URL, FileName, Who string
	State              kit.Badge
	At                 time.Time
}

// ImportList handles GET /admin/finance/refill-cards/import.
func (s *Server) ImportList(c *gin.Context) error {
	p, err := s.newImportListPage(c)
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "admin/import_list", p)
}

func (s *Server) newImportListPage(c *gin.Context) (*importListPage, error) {
	p := &importListPage{Page: s.Page(c, lang.M("Import cards"), SectionImport), Steps: importSteps(stepFile)}
	rows, err := db.New().ImportList(c.Request.Context(), s.Pool, db.ImportListParams{Kind: db.ImportKindCards, AllPartners: p.Person.Scope.AllPartners, StaffID: p.Person.ID})
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		i := row.CardImport
		p.Imports = append(p.Imports, importLine{importURL(i.ID), i.FileName, row.CreatedByName, importBadge(i), i.CreatedAt})
	}
	return p, nil
}

// Errors of an upload.
var (
	errNoFile  = fault.Field("file", "import_no_file", "Choose the CSV or XLSX file to import.")
	errTooBig  = fault.Field("file", "import_too_big", "This file is larger than 200 MB. Split it, or leave out columns that are not needed.")
	errStopped = fault.Field("file", "import_cut", "The upload broke off. Choose the file again.")
)

// ImportUpload handles POST /admin/finance/refill-cards/import. The file is streamed from
// the connection into the store, which encrypts it. It is never in memory as a whole, and
// never stored unencrypted.
func (s *Server) ImportUpload(c *gin.Context) error {
	id, err := s.receive(c, db.ImportKindCards)
	if fault.IsInternal(err) {
		return err
	}
	if err != nil {
		p, pageErr := s.newImportListPage(c)
		if pageErr != nil {
			return pageErr
		}
		f := kit.Field{Name: "file"}
		p.Mistakes = kit.Explain(err, &f)
		p.Error = f.Error
		return s.Part(c, http.StatusUnprocessableEntity, "admin/import_list", "import-form", p)
	}
	return s.Redirect(c, importURL(id))
}

// receive stores the uploaded file and creates its import.
func (s *Server) receive(c *gin.Context, kind db.ImportKind) (int64, error) {
	s.TakesTime(c)
	ctx := c.Request.Context()
	control := http.NewResponseController(c.Writer)
	if err := control.SetReadDeadline(s.Now().Add(uploadTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	release, err := s.admitUpload(c)
	if err != nil {
		return 0, err
	}
	defer release()
	part, err := FilePart(c.Request)
	if err != nil {
		return 0, err
	}
	u := cardimport.Upload{Kind: kind, FileName: uploadedName(part.FileName()), Name: cardimport.NewUploadName()}
	target, err := s.Files.Create(ctx, u.Name)
	if err != nil {
		return 0, err
	}
	defer target.Abort() //nolint:errcheck // after Commit it does nothing
	from, into := &arriving{r: part}, &roomy{w: target, room: s.uploadRoom, left: roomEvery}
	u.Size, err = io.Copy(into, io.LimitReader(from, importfile.MaxBytes+1))
	if from.err != nil {
		return 0, uploadFault(from.err)
	}
	if err != nil {
		return 0, err
	}
	if u.Size > importfile.MaxBytes {
		return 0, errTooBig
	}
	if u.Size == 0 {
		return 0, importfile.ErrEmpty
	}
	info, err := target.Commit()
	if err != nil {
		return 0, err
	}
	u.KeyID, u.SHA256 = info.KeyID, info.SHA256[:]
	id, err := s.enterUpload(c, u)
	if err != nil {
		return 0, errors.Join(err, s.Files.Remove(ctx, u.Name))
	}
	return id, nil
}

// enterUpload reads the stored file and creates its import.
func (s *Server) enterUpload(c *gin.Context, u cardimport.Upload) (int64, error) {
	ctx := c.Request.Context()
	file, _, err := s.Files.Open(ctx, u.Name)
	if err != nil {
		return 0, err
	}
	defer file.Close() //nolint:errcheck // only read
	if u.Look, err = s.lookAtUpload(ctx, u.Kind, file, u.Size); err != nil {
		return 0, err
	}
	return s.Imports.NewImport(ctx, s.Actor(c), u)
}

// FilePart returns the file of a multipart form that is read as a stream.
func FilePart(r *http.Request) (*multipart.Part, error) {
	reader, err := r.MultipartReader()
	if err != nil {
		return nil, errNoFile
	}
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, errNoFile
		}
		if err != nil {
			return nil, uploadFault(err)
		}
		if part.FormName() == "file" {
			if part.FileName() == "" {
				return nil, errNoFile
			}
			return part, nil
		}
	}
}

// uploadFault returns the error for an upload that cannot be read to its end.
func uploadFault(err error) error {
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return errTooBig
	}
	return errStopped.Because(err)
}

// arriving is a reader that keeps its error, so that a read error can be told from a write
// error.
type arriving struct {
	r   io.Reader
	err error
}

// Read implements io.Reader.
func (a *arriving) Read(p []byte) (int, error) {
	n, err := a.r.Read(p)
	if err != nil && err != io.EOF {
		a.err = err
	}
	return n, err
}

// uploadedName returns a file name that is safe to display.
func uploadedName(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	return kit.Truncate(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, "")), 120)
}
