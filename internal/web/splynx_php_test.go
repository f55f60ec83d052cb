package web

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A client in PHP that was written for Splynx redeems a card, with the host, the key and the
// secret of this portal and nothing else changed, once however often it is called; and reads
// customers, balances and payments.
func TestSplynxClientInPHP(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("php"); err != nil {
		t.Skip("There is no php on this machine.")
	}
	program, err := filepath.Abs(filepath.Join("..", "..", "docs", "examples", "php", "splynx.php"))
	require.NoError(t, err)
	s := newSite(t)
	_, codes := s.series(2)
	id := s.newCustomer("carla", s.North)
	a := s.addon(nil)
	run := func(secret, input string, args ...string) (out, complaint string, err error) {
		c := exec.CommandContext(t.Context(), "php", append([]string{program}, args...)...)
		c.Env = append(os.Environ(), "SPLYNX="+s.URL, "SPLYNX_KEY="+a.Pair.Key, "SPLYNX_SECRET="+secret)
		c.Stdin = strings.NewReader(input)
		var told, wrong bytes.Buffer
		c.Stdout, c.Stderr = &told, &wrong
		err = c.Run()
		return told.String(), wrong.String(), err
	}
	for range 2 {
		out, complaint, err := run(a.Pair.Secret, codes[0], "redeem", fmt.Sprint(id))
		require.NoError(t, err, complaint)
		require.Equal(t, "redeemed\n", out)
		require.Equal(t, int64(1000), s.balanceOf("carla"))
	}
	for _, one := range [][2]string{{"customer arl", fmt.Sprintf("%d carla\n", id)}, {fmt.Sprint("balance ", id), "10.0000\n"}} {
		out, complaint, err := run(a.Pair.Secret, "", strings.Fields(one[0])...)
		require.NoError(t, err, complaint)
		require.Equal(t, one[1], out)
	}
	out, complaint, err := run(a.Pair.Secret, "", "payments", fmt.Sprint(id))
	require.NoError(t, err, complaint)
	require.Contains(t, out, " 6 10.0000\n")

	_, complaint, err = run("wrong", codes[1], "redeem", fmt.Sprint(id))
	require.Error(t, err)
	require.Contains(t, complaint, "UNAUTHORIZED")
	_, complaint, err = run(a.Pair.Secret, s.unknownCode(), "redeem", fmt.Sprint(id))
	require.Error(t, err)
	require.Contains(t, complaint, "INVALID_INPUT_DATA")
	require.Equal(t, int64(1000), s.balanceOf("carla"))
}
