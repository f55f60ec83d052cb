// Command s3test is a real S3 server on a folder, for the tests of package blob. It uses
// versitygw as a library, because the full command with all its back ends takes minutes to
// build.
//
//	s3test -listen 127.0.0.1:7070 -access NAME -secret SECRET -meta DIR DIR
//
// Each folder in DIR is a bucket. Metadata of objects is kept in the folder of -meta, so
// that any file system will do.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "s3test:", err)
		os.Exit(1)
	}
}

func run() error {
	listen := flag.String("listen", "127.0.0.1:7070", "address to listen on")
	access := flag.String("access", "", "access key of the one account")
	secret := flag.String("secret", "", "its secret key")
	metaDir := flag.String("meta", "", "folder for what belongs to objects besides their bytes")
	flag.Parse()
	attributes, err := meta.NewSideCar(*metaDir)
	if err != nil {
		return err
	}
	store, err := posix.New(flag.Arg(0), attributes, posix.PosixOpts{SideCarDir: *metaDir})
	if err != nil {
		return err
	}
	return embedgw.RunVersityGW(context.Background(), store, &embedgw.Config{
		RootUserAccess: *access, RootUserSecret: *secret, Ports: []string{*listen},
		Quiet: true, MaxConnections: 1000, MaxRequests: 1000, MultipartMaxParts: 10000,
	})
}
