package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// published lists the files of the repository that archives hold beside the program: the
// documents with their pictures and examples, and what packaging offers. It asks git, so that
// files that lie about get into no archive.
func published(ctx context.Context) ([]string, error) {
	list, err := output(ctx, "git", "ls-files", "LICENSE", "NOTICE", "README.md", "CHANGELOG.md", "SECURITY.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs", "packaging", ":!docs/site")
	if err != nil {
		return nil, err
	}
	files := strings.Split(list, "\n")
	slices.Sort(files)
	return files, nil
}

// archive writes NAME.tar.gz: the program and the files, in a folder of that name.
func (r release) archive(name, program string, files []string) (err error) {
	file, err := os.Create(filepath.Join(r.out, name+".tar.gz")) //nolint:gosec // the folder of the release
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	packed, err := gzip.NewWriterLevel(file, gzip.BestCompression)
	if err != nil {
		return err
	}
	tape := tar.NewWriter(packed)
	if err := r.add(tape, path.Join(name, "refill"), program, 0o755); err != nil {
		return err
	}
	for _, from := range files {
		info, err := os.Stat(from)
		if err != nil {
			return err
		}
		mode := int64(0o644)
		if info.Mode()&0o100 != 0 {
			mode = 0o755
		}
		if err := r.add(tape, path.Join(name, filepath.ToSlash(from)), from, mode); err != nil {
			return err
		}
	}
	return errors.Join(tape.Close(), packed.Close())
}

// add writes a file into an archive. Its owner is root, and its time that of the commit.
func (r release) add(tape *tar.Writer, name, from string, mode int64) error {
	text, err := os.ReadFile(from) //nolint:gosec // a file of the repository
	if err != nil {
		return err
	}
	err = tape.WriteHeader(&tar.Header{
		Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(text)), ModTime: r.time, Format: tar.FormatPAX, Uname: "root", Gname: "root",
	})
	if err != nil {
		return err
	}
	_, err = tape.Write(text)
	return err
}

// pack returns text compressed as Debian wants documents, without a name and a time.
func pack(text []byte) ([]byte, error) {
	var out bytes.Buffer
	packed, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := packed.Write(text); err != nil {
		return nil, err
	}
	err = packed.Close()
	return out.Bytes(), err
}

// writeSums writes SHA256SUMS, which `sha256sum -c` reads, of all files in a folder.
func writeSums(folder string) error {
	var files []string
	err := filepath.WalkDir(folder, func(name string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, name)
		}
		return err
	})
	if err != nil {
		return err
	}
	slices.Sort(files)
	var sums strings.Builder
	for _, name := range files {
		sum, err := hashFile(name)
		if err != nil {
			return err
		}
		inside, err := filepath.Rel(folder, name)
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%s  %s\n", sum, filepath.ToSlash(inside))
	}
	return os.WriteFile(filepath.Join(folder, "SHA256SUMS"), []byte(sums.String()), 0o644) //nolint:gosec // it is published
}

func hashFile(name string) (string, error) {
	file, err := os.Open(name) //nolint:gosec // a file that was just built
	if err != nil {
		return "", err
	}
	defer file.Close() //nolint:errcheck // only read
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

func copyFile(from, to string, mode os.FileMode) error {
	text, err := os.ReadFile(from) //nolint:gosec // a file of the release
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, mode) //nolint:gosec // as above
}
