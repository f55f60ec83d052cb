package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/devdb"
)

// Settings of Patroni, in seconds: a leader that is not heard of is replaced after
// patroniTTL.
const (
	patroniTTL   = 20
	patroniLoop  = 3
	patroniRetry = 5
)

const clusterPassword = "cluster-secret"

// database is a host with etcd, Patroni and the Postgres that Patroni runs.
type database struct {
	*clusterHost
	data  string
	peers string // of etcd
}

// patroniConfig is the configuration of Patroni: name, address, data folder, folder of the
// Postgres programs, hosts of etcd.
const patroniConfig = `scope: refill
name: %[1]s
restapi: {listen: "%[2]s:8008", connect_address: "%[2]s:8008"}
etcd3: {hosts: "%[5]s"}
bootstrap:
  dcs:
    ttl: %[6]d
    loop_wait: %[7]d
    retry_timeout: %[8]d
    maximum_lag_on_failover: 1048576
    synchronous_mode: true
    postgresql:
      use_pg_rewind: true
      use_slots: true
      parameters: {wal_level: replica, max_connections: 120, wal_log_hints: "on", hot_standby: "on", max_wal_senders: 8, max_replication_slots: 8}
  initdb: [{encoding: UTF8}, data-checksums]
postgresql:
  listen: "%[2]s:5432"
  connect_address: "%[2]s:5432"
  data_dir: %[3]s
  bin_dir: %[4]s
  pgpass: %[3]s.pgpass
  authentication:
    replication: {username: replicator, password: cluster-secret}
    superuser: {username: postgres, password: cluster-secret}
    rewind: {username: rewinder, password: cluster-secret}
  parameters: {unix_socket_directories: "", log_min_error_statement: panic, log_error_verbosity: terse}
  pg_hba:
    - host replication replicator %[9]s0/24 scram-sha-256
    - host refill,postgres all %[9]s0/24 scram-sha-256
watchdog: {mode: "off"}
`

// databases starts the hosts of the database.
func (n *clusterNet) databases(count int) []*database {
	n.t.Helper()
	var all []*database
	var peers, clients []string
	for i := range count {
		h := n.host(fmt.Sprintf("db%d", i+1), 11+i)
		all = append(all, &database{clusterHost: h, data: filepath.Join(n.dir, h.name)})
		peers = append(peers, fmt.Sprintf("%s=http://%s:2380", h.name, h.addr))
		clients = append(clients, h.addr+":2379")
	}
	bin, err := devdb.FindBinaries(n.t.Context(), "")
	require.NoError(n.t, err)
	for _, d := range all {
		d.peers = strings.Join(peers, ",")
		require.NoError(n.t, os.Mkdir(d.data, 0o700))
		require.NoError(n.t, exec.Command("chown", "postgres:postgres", d.data).Run())
		d.write("patroni.yml", fmt.Sprintf(patroniConfig, d.name, d.addr, filepath.Join(d.data, "pg"), bin, strings.Join(clients, ","), patroniTTL, patroniLoop, patroniRetry, clusterRange))
		d.boot()
	}
	return all
}

// boot starts etcd and Patroni, which starts Postgres.
func (d *database) boot() {
	d.run("etcd", "", nil, "etcd", "--name", d.name, "--data-dir", d.data+".etcd", "--listen-peer-urls", "http://"+d.addr+":2380",
		"--initial-advertise-peer-urls", "http://"+d.addr+":2380", "--listen-client-urls", "http://"+d.addr+":2379", "--advertise-client-urls", "http://"+d.addr+":2379",
		"--initial-cluster", d.peers, "--log-level", "error")
	env := []string{"PATH=/usr/bin:/bin", "HOME=" + d.data, "LANG=C.UTF-8"}
	d.run("patroni", "postgres", env, "/usr/bin/patroni", filepath.Join(d.net.dir, d.name+"-patroni.yml"))
}

// patroniState is what Patroni's REST interface tells of a member.
type patroniState struct {
	State, Role string
	Replication []struct {
		State     string
		SyncState string `json:"sync_state"`
	}
}

// state asks Patroni; the zero value where it does not answer.
func (d *database) state() (s patroniState) {
	ctx, cancel := context.WithTimeout(d.net.t.Context(), 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+d.addr+":8008/patroni", nil)
	require.NoError(d.net.t, err)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return s
	}
	defer answer.Body.Close() //nolint:errcheck // read to its end
	text, err := io.ReadAll(answer.Body)
	if err != nil || json.Unmarshal(text, &s) != nil {
		return patroniState{}
	}
	return s
}

// leads reports whether the host has the leader.
func (d *database) leads() bool {
	s := d.state()
	return s.State == "running" && (s.Role == "master" || s.Role == "primary")
}

// streaming returns how many replicas follow the leader of this host.
func (d *database) streaming() (n int) {
	for _, r := range d.state().Replication {
		if r.State == "streaming" {
			n++
		}
	}
	return n
}

// haproxyConfig is the configuration of the HAProxy of an application host: port 5000 leads to
// the leader.
const haproxyConfig = `global
  maxconn 500
defaults
  mode tcp
  timeout connect 3s
  timeout client 30m
  timeout server 30m
  timeout check 2s
  option redispatch
  retries 2
listen primary
  bind 127.0.0.1:5000
  bind %[1]s:5000
  option httpchk OPTIONS /primary
  http-check expect status 200
  default-server inter 1s fall 2 rise 1 on-marked-down shutdown-sessions
%[2]s`

// frontConfig is the configuration of the HAProxy before the web processes.
const frontConfig = `global
  maxconn 2000
defaults
  mode http
  timeout connect 3s
  timeout client 1m
  timeout server 1m
  timeout check 2s
  option redispatch
  retries 3
  retry-on conn-failure empty-response
frontend web
  bind %s:8080
  default_backend refill
backend refill
  balance roundrobin
  option httpchk GET /healthz
  http-check expect status 200
  default-server inter 1s fall 2 rise 1
%s`

// balance starts an HAProxy on the host.
func (h *clusterHost) balance(config string) {
	h.run("haproxy", "", nil, "haproxy", "-db", "-f", h.write("haproxy.cfg", config))
}
