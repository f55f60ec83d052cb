package fontdir

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/stretchr/testify/require"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goitalic"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
)

const (
	system = "/usr/share/fonts/truetype"
	thai   = "/usr/share/fonts/opentype/tlwg" // fonts with outlines in CFF
)

// put writes a font file into a folder.
func put(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	require.NoError(t, os.MkdirAll(dir, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
}

func TestFontsOfTheMachine(t *testing.T) {
	t.Parallel()
	f := New(system+"/dejavu", system+"/droid", thai)
	for text, want := range map[string]string{"شبكة": "DejaVu Sans", "רשת": "DejaVu Sans", "北风": "Droid Sans Fallback", "Việt": "DejaVu Sans"} {
		found := f.Font([]rune(text), false)
		require.NotNil(t, found, "these tests need fonts-dejavu-core and fonts-droid-fallback; make test installs them")
		require.Equal(t, want, found.Describe().Family, text)
		require.Equal(t, font.StyleNormal, found.Describe().Aspect.Style)
		require.Same(t, found, f.Font([]rune(text), false), "parsed once while somebody has it")
	}
	require.InDelta(t, float64(font.WeightBold), float64(f.Font([]rune("شبكة"), true).Describe().Aspect.Weight), 0)
	for _, bold := range []bool{false, true} {
		found := f.Font([]rune("ปู่"), bold)
		require.NotNil(t, found, "these tests need fonts-tlwg-loma-otf; make test installs it")
		require.Equal(t, bold, found.Describe().Aspect.Weight >= font.WeightSemibold)
		require.Equal(t, font.StyleNormal, found.Describe().Aspect.Style)
	}
	require.InDelta(t, float64(font.WeightNormal), float64(f.Font([]rune("北风"), true).Describe().Aspect.Weight), 0, "no bold one has it")
	require.Nil(t, f.Font([]rune("شبكة北风"), false), "one for all")
	require.Nil(t, f.Font([]rune("\U00013000"), false))
	require.Nil(t, f.Font(nil, false))
	require.Nil(t, (*Folder)(nil).Font([]rune("x"), false))
}

func TestPreference(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, second := filepath.Join(dir, "first"), filepath.Join(dir, "second", "deep")
	put(t, second, "a.TTF", goitalic.TTF)
	put(t, second, "b.ttf", gomono.TTF)
	put(t, second, "c.ttf", gobold.TTF)
	put(t, second, "d.ttf", goregular.TTF)
	put(t, second, "e.txt", goregular.TTF)
	f := New(first, filepath.Dir(second), filepath.Join(dir, "third"))
	family := func(bold bool) string {
		about := f.Font([]rune("x"), bold).Describe()
		name := about.Family
		if about.Aspect.Weight >= font.WeightSemibold {
			name += " bold"
		}
		return name
	}
	require.Equal(t, "Go", family(false))
	require.Equal(t, "Go bold", family(true))
	put(t, first, "m.ttf", gomono.TTF) // the folder named first wins, once something is missing
	require.Nil(t, f.Font([]rune("中"), false))
	require.Equal(t, "Go Mono", family(false))
}

// A font that is installed while the program runs is found, and one that goes is
// gone.
func TestFontsComeAndGo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := New(dir)
	require.Nil(t, f.Font([]rune("x"), false))
	put(t, dir, "new.ttf", goregular.TTF)
	require.NotNil(t, f.Font([]rune("x"), false))
	require.NoError(t, os.Remove(filepath.Join(dir, "new.ttf")))
	require.Nil(t, f.Font([]rune("中"), false))
	require.Nil(t, f.Font([]rune("x"), false))
	put(t, dir, "new.ttf", goregular.TTF[:len(goregular.TTF)/2]) // half of one is none
	require.Nil(t, f.Font([]rune("x"), false))
}

// with returns a font with a table put in its place, or taken out where data is nil.
func with(t *testing.T, ttf []byte, tag string, data []byte) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "font.ttf")
	require.NoError(t, os.WriteFile(path, ttf, 0o600))
	in, err := os.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, in.Close()) }()
	loader, err := opentype.NewLoader(in)
	require.NoError(t, err)
	var all []opentype.Table
	for _, name := range loader.Tables() {
		if name.String() == tag {
			continue
		}
		raw, err := loader.RawTable(name)
		require.NoError(t, err)
		all = append(all, opentype.Table{Tag: name, Content: raw})
	}
	if data != nil {
		all = append(all, opentype.Table{Tag: opentype.MustNewTag(tag), Content: data})
	}
	return opentype.WriteTTF(all)
}

// What would print a box, a picture or nothing, or may not be embedded, is left out.
func TestFontsThatAreOfNoUse(t *testing.T) {
	t.Parallel()
	os2 := func(bits uint16) []byte {
		b := make([]byte, 96)
		binary.BigEndian.PutUint16(b[8:], bits)
		return b
	}
	for name, data := range map[string][]byte{
		"NoOutlines": with(t, goregular.TTF, "glyf", nil), "Color": with(t, goregular.TTF, "COLR", []byte{0, 0}),
		"Bitmaps": with(t, goregular.TTF, "CBDT", []byte{0, 0}), "NoCharacters": with(t, goregular.TTF, "cmap", nil),
		"Restricted": with(t, goregular.TTF, "OS/2", os2(2)), "NoSubset": with(t, goregular.TTF, "OS/2", os2(0x100)),
		"Empty": {}, "Text": []byte("no font at all, but some bytes"),
	} {
		dir := t.TempDir()
		put(t, dir, "font.ttf", data)
		require.Nil(t, New(dir).Font([]rune("x"), false), name)
	}
	dir := t.TempDir()
	put(t, dir, "font.ttf", with(t, goregular.TTF, "OS/2", os2(8)))
	require.NotNil(t, New(dir).Font([]rune("x"), false), "embedding allowed")
}

// Broken files in a folder do not prevent the valid fonts beside them from being found.
func TestBrokenFonts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, "sound.ttf", goregular.TTF)
	be := binary.BigEndian
	// The length of its first table is nearly 4 GB.
	huge := slices.Clone(goregular.TTF)
	be.PutUint32(huge[12+12:], 0xFFFFFFF0)
	put(t, dir, "huge.ttf", huge)
	// One group of characters, from the first to far beyond the last.
	endless := be.AppendUint32([]byte{0, 0, 0, 1, 0, 3, 0, 10, 0, 0, 0, 12, 0, 12, 0, 0, 0, 0, 0, 28, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1}, 0xFFFFFFF0)
	put(t, dir, "endless.ttf", with(t, goregular.TTF, "cmap", append(endless, 0, 0, 0, 1)))
	// A collection of four billion fonts.
	put(t, dir, "many.ttc", append([]byte("ttcf\x00\x01\x00\x00\xFF\xFF\xFF\xFF"), goregular.TTF...))
	put(t, dir, "web.ttf", append([]byte("wOFF"), goregular.TTF...))
	// And a byte changed here and there.
	for i := range 64 {
		broken := slices.Clone(goregular.TTF)
		for at := i; at < 2000; at += 64 {
			broken[at] ^= 0xFF
		}
		put(t, dir, fmt.Sprintf("broken%d.ttf", i), broken)
	}
	f := New(dir)
	require.NotNil(t, f.Font([]rune("x"), false))
	require.Nil(t, f.Font([]rune("\U0010FFFF"), false))
	for _, e := range f.fonts {
		require.NotContains(t, []string{"huge.ttf", "endless.ttf", "many.ttc", "web.ttf"}, filepath.Base(e.path))
		_ = e.font()
	}
}

func TestFontIsSafeForManyAtOnce(t *testing.T) {
	t.Parallel()
	f := New(system + "/dejavu")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if f.Font([]rune("شبكة"), false) == nil {
				t.Error("no font")
			}
		})
	}
	all.Wait()
}
