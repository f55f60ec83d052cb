package e2e_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"refill/internal/devdb"
)

// Codes, passwords and session tokens are in plain text nowhere but in the downloaded file
// for the printer. After people have used them in every way, they are not in the logs, in a
// dump (which includes the jobs), in the files or the write-ahead log of the database, in
// the stored files of the portal, or in the profiles of the browsers.
func TestSecretsAreNowhere(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	d := startDemo(t, freeAddr(t), dir, "REFILL_LOG_LEVEL=debug", "REFILL_WEBHOOK_NETWORKS=127.0.0.0/8")

	desk, pocket := t.TempDir(), t.TempDir() // what the browsers keep
	admin := keptBrowser(t, d.URL, desk, 1280, 900)
	admin.signInByForm("/admin/login", "admin")
	admin.open("/admin/finance/refill-cards/generate")
	admin.fill("Quantity", "20")
	admin.fill("Prefix", "Hidden")
	admin.fill("Price", "10.00")
	admin.fill("Partner", "North")
	admin.fill("Valid till", time.Now().AddDate(1, 0, 0).Format(time.DateOnly))
	admin.press("Generate")
	admin.until("the cards", `document.querySelectorAll("table tbody tr").length >= 20 && !document.querySelector("progress")`)
	series := script[string](admin, `location.pathname`)
	admin.fill("Format", "CSV")
	admin.press("Export")
	admin.until("the Download link", downloadLink)
	rows := fetchCSV(t, admin, script[string](admin, downloadLink+`.href`))
	// Prefix and code are one text in the file; the prefix is no secret.
	code := func(serial int) string { return strings.TrimPrefix(rows[serial][1], "Hidden-") }

	// The password of a file is shown again on a page with an error, is revealed there, and
	// is sent again.
	const opens = "planted heron basket"
	admin.open(series + "/export")
	admin.tick("Open with a password")
	admin.fill("Password", opens)
	admin.fill("Move right", "far")
	admin.press("Export")
	admin.until("the mistake", `document.querySelector("#f-offset_x-error") && document.querySelector("#f-password").value !== ""`)
	admin.press("Show")
	admin.until("the password, to be looked at", `document.querySelector("#f-password").type === "text"`)
	admin.fill("Move right", "0")
	admin.press("Export")
	pdf := `[...document.querySelectorAll(".files li")].find(li => li.innerText.includes("PDF with password"))?.querySelector("a[href*=exports]")`
	admin.until("the file", pdf)
	require.Equal(t, [2]string{"%PDF-1.7", "true"}, script[[2]string](admin, `fetch(`+pdf+`.href).then(r => r.text()).then(t => [t.slice(0, 8), String(t.includes("/CFM/AESV3"))])`))

	const remark = "remark that is no secret 7301"
	admin.open(series + "/cards/1")
	admin.fill("Remark", remark)
	admin.press("Save")
	admin.sees(remark)
	admin.open(series + "/cards/2")
	admin.press("Reveal code")
	admin.fill("Reason", "the strip is damaged")
	admin.press("Reveal code")
	admin.sees(code(2))
	admin.open("/admin/customers")
	script[bool](admin, `(() => { const f = document.querySelector("#f-anything"); f.value = `+quote(code(3))+`; f.form.requestSubmit(); return true })()`)
	admin.until("the card", `/\/cards\/3$/.test(location.pathname)`)

	// The key of an API client is shown once, is used, and comes in an address, which ends it.
	admin.open("/admin/config/integrations")
	script[bool](admin, `(() => { [...document.querySelectorAll("main a")].find(a => a.innerText === "Demo billing").click(); return true })()`)
	admin.until("the client", `document.querySelector("#key-form")`)
	admin.press("New key")
	admin.until("the key", `document.querySelector("#api-key .mono")`)
	key := script[string](admin, `document.querySelector("#api-key .mono").innerText`)
	ask := func(query, bearer string) int {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.URL+"/api/v1/me"+query, nil)
		require.NoError(t, err)
		request.Header.Set("Authorization", "Bearer "+bearer)
		answer, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		return answer.StatusCode
	}
	require.Equal(t, http.StatusOK, ask("", key))
	require.Equal(t, http.StatusBadRequest, ask("?access_token="+key, ""))
	require.Equal(t, http.StatusUnauthorized, ask("", key))
	billing := hiddenProgram{t: t, url: d.URL, dir: dir}
	signing := billing.use(code)

	// The pair of a program for Splynx is shown once, and its secret is used in every way.
	admin.open(script[string](admin, `[...document.querySelectorAll("a")].find(a => a.innerText === "I have kept it").pathname`))
	admin.until("the client", `document.querySelector("#pair-form")`)
	admin.press("New pair")
	admin.until("the pair", `document.querySelector("#pair-secret .mono")`)
	pairKey := script[string](admin, `document.querySelector("#pair-key .mono").innerText`)
	pairSecret := script[string](admin, `document.querySelector("#pair-secret .mono").innerText`)
	call := func(method, path, authorization, body string) (status int, answer map[string]any) {
		request, err := http.NewRequestWithContext(t.Context(), method, d.URL+"/api/2.0/admin/"+path, strings.NewReader(body))
		require.NoError(t, err)
		request.Header.Set("Authorization", authorization)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		_ = json.NewDecoder(response.Body).Decode(&answer) // some answers have no body
		require.NoError(t, response.Body.Close())
		return response.StatusCode, answer
	}
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(pairKey+":"+pairSecret))
	status, _ := call(http.MethodGet, "api/check", basic, "")
	require.Equal(t, http.StatusOK, status)
	mac := hmac.New(sha256.New, []byte(pairSecret))
	_, _ = mac.Write([]byte("7" + pairKey))
	status, token := call(http.MethodPost, "auth/tokens", "", `{"auth_type":"api_key","key":"`+pairKey+`","nonce":"7","signature":"`+hex.EncodeToString(mac.Sum(nil))+`"}`)
	require.Equal(t, http.StatusCreated, status)
	access, _ := token["access_token"].(string)
	refresh, _ := token["refresh_token"].(string)
	require.NotEmpty(t, access)
	require.NotEmpty(t, refresh)
	status, _ = call(http.MethodGet, "api/check", "Splynx-EA (access_token="+access+")", "")
	require.Equal(t, http.StatusOK, status)
	status, _ = call(http.MethodPut, "finance/refill-cards/0?redeem=true", basic, `{"code":"`+rows[11][1]+`","customer_id":"1"}`)
	require.Equal(t, http.StatusAccepted, status)

	// A code with a typing error, and one that is well formed and of no card.
	mistyped := "2" + code(4)[1:]
	if mistyped == code(4) {
		mistyped = "3" + code(4)[1:]
	}
	const password = "planted-Wq7-heron-basket" //nolint:gosec // to be looked for
	phone := keptBrowser(t, d.URL, pocket, 360, 740)
	phone.open("/r#" + rows[5][1])
	phone.until("the sign-in", `location.pathname === "/portal/login"`)
	phone.fill("Username", "customer1")
	phone.fill("Password", "refill-demo")
	phone.press("Sign in")
	phone.until("the code in the form", find+`("Code")?.value`)
	phone.press("Redeem")
	phone.until("the receipt", `/\/portal\/finance\/payments\/\d+$/.test(location.pathname)`)
	redeem := func(text, button string) {
		phone.open("/portal/finance/refill-card")
		phone.fill("Code", text)
		phone.press(button)
	}
	redeem(mistyped, "Redeem")
	phone.refused("code_typing")
	redeem(code(6), "Check value")
	phone.sees("USD 10.00")
	redeem(code(5), "Redeem")
	phone.refused("card_yours")
	phone.open("/portal/password")
	phone.fill("Current password", "refill-demo")
	phone.fill("New password", password)
	phone.fill("New password again", password)
	phone.press("Change password")
	phone.sees("changed")

	secrets := map[string]string{"key of an API client": key, "secret of a webhook": signing[0], "its next secret": signing[1], "secret of a pair": pairSecret, "access token": access, "refresh token": refresh, "password": password, "password of a file": opens, "mistyped": mistyped}
	for serial, name := range map[int]string{1: "left alone", 2: "revealed", 3: "searched for", 5: "scanned and redeemed", 6: "looked at", 7: "redeemed by the API", 8: "reserved", 9: "in a wrong field", 10: "in an address", 11: "redeemed by a program for Splynx"} {
		secrets["code "+name] = code(serial)
	}
	admin.close()
	phone.close()
	d.stop(t)

	server, err := devdb.Start(t.Context(), devdb.Options{Dir: filepath.Join(dir, "postgres")})
	require.NoError(t, err)
	dump, err := exec.Command(filepath.Join(server.BinDir(), "pg_dump"), server.URL(devdb.Database)).Output()
	require.NoError(t, server.Stop())
	require.NoError(t, err)
	require.Contains(t, string(dump), remark, "the dump is of the right database")

	hunt := func(where string, text []byte) {
		for name, secret := range secrets {
			for _, needle := range disguises(secret) {
				require.False(t, bytes.Contains(text, needle), "%s: the %s", where, name)
			}
		}
	}
	hunt("the log", []byte(d.output()))
	hunt("the dump", dump)
	for _, root := range []string{server.Dir(), desk, pocket} {
		files := 0
		eachFile(t, root, func(path string, text []byte) {
			files++
			// The browser stores the URL of a scanned QR code in its profile before any page
			// is loaded, so the portal can't prevent it. This text is ignored.
			for _, opened := range disguises("#" + rows[5][1]) {
				text = bytes.ReplaceAll(text, opened, nil)
			}
			hunt(path, text)
		})
		require.Greater(t, files, 10, root)
	}
	kept := 0
	eachFile(t, filepath.Join(dir, "files"), func(path string, text []byte) {
		kept++
		hunt(path, text)
	})
	require.Equal(t, 2, kept, "the files made for the printer are kept, sealed")
	var printed bytes.Buffer
	require.NoError(t, csv.NewWriter(&printed).WriteAll(rows))
	for _, needle := range disguises(code(1))[:1] {
		require.Contains(t, printed.String(), string(needle), "the hunter finds what is there: in the file as it was fetched")
	}
}

// disguises returns the forms that a secret may have in a file: as it is, without its
// dashes, in lower case, and in the two-byte characters that browsers store.
func disguises(secret string) [][]byte {
	var all [][]byte
	for _, text := range []string{secret, strings.ReplaceAll(secret, "-", ""), strings.ToLower(secret), strings.ToLower(strings.ReplaceAll(secret, "-", ""))} {
		all = append(all, []byte(text))
		var wide []byte
		for _, unit := range utf16.Encode([]rune(text)) {
			wide = append(wide, byte(unit&0xff), byte(unit>>8)) // little endian
		}
		all = append(all, wide)
	}
	return all
}

func eachFile(t *testing.T, root string, do func(path string, text []byte)) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path) //nolint:gosec // of the test's own folder
		if err != nil {
			return err
		}
		do(path, text)
		return nil
	}))
}
