# The door to everything that is done with this repository. Each target sets up
# what it needs and this machine lacks (.ci/setup), then does its work.

.DEFAULT_GOAL := help
.PHONY: help demo build assets notice docs pictures test race chaos cluster fuzz mutants bench lint secrets vuln known generate release release-check clean

# One set of flags for building, testing and checking, so that they share what the
# compiler made. nomsgpack halves Gin; the version is ours to stamp, below.
export GOFLAGS := -trimpath -tags=nomsgpack -buildvcs=false
export CGO_ENABLED := 0

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
ADDR ?= 127.0.0.1:8080
FUZZTIME ?= 30s

# Tests ask for the browser by this variable.
CHROME_PATH ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome || command -v google-chrome-stable)

# Runs a command beside a Postgres that all packages' tests share.
WITHPG := go run ./internal/dbtest/withpg --
TEST := $(WITHPG) env CHROME_PATH="$(CHROME_PATH)" go test

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' Makefile

demo: build ## run the whole portal with sample data; ADDR=host:port, DATA=folder, FLAGS=-expose-known-passwords
	@exec bin/refill demo -addr $(ADDR) $(if $(DATA),-data $(DATA)) $(FLAGS)

build: assets ## make bin/refill, one file with pages and assets inside
	go build -ldflags "-s -w -X main.version=$(VERSION)" -o bin/refill ./cmd/refill

assets: ## fetch the pages' third-party files into static/vendor
	@.ci/setup run

notice: assets ## write NOTICE anew: the licences of what is linked and shipped
	go run ./internal/notice -write

docs: docs/site/node_modules/.refill ## build the documentation as a site, in docs/site/dist
	@cd docs/site && npm run --silent build
	@echo "The site is in docs/site/dist, for any web server. To look at it: cd docs/site && npm run look"

# npm ci removes the folder first, so the stamp tells that it ended.
docs/site/node_modules/.refill: docs/site/package-lock.json docs/site/.npmrc
	@command -v npm >/dev/null || { echo "Node with npm is needed to build the site: https://nodejs.org/"; exit 1; }
	@echo "Fetching the site's generator …"
	@cd docs/site && npm ci --loglevel=error
	@touch $@

pictures: ## take the pictures of the documentation from the running product; ONLY=name,…
	@.ci/setup test
	$(TEST) ./internal/e2e -run '^TestPictures$$' -count=1 -timeout 30m -args -pictures $(if $(ONLY),-only $(ONLY))

test: ## run every test; sets up Postgres, a browser and PDF tools when missing
	@.ci/setup test
	$(TEST) -timeout 30m ./...

# Everything but what drives browsers; CI names fewer.
RACE ?= $(shell go list ./... | grep -v -e /e2e -e /mutants -e cmd/bench)

race: ## run the tests under the race detector; needs a C compiler
	@.ci/setup test
	CGO_ENABLED=1 $(TEST) -race -timeout 45m $(RACE)

# One fault after another, so that the load of one does not decide another.
chaos: ## run the large sizes of the fault tests, one after another (half an hour)
	@.ci/setup test
	REFILL_CHAOS=1 $(TEST) -count=1 -v -p 1 -parallel 1 -run $(or $(ONLY),Chaos) -timeout 90m ./internal/card ./cmd/refill ./internal/e2e

cluster: ## lose hosts of an installation on real engines: Patroni, etcd, HAProxy; root, on Debian
	@.ci/setup cluster
	@REFILL_CLUSTER=1 $(TEST) -count=1 -v -run '^TestCluster' -timeout 60m ./internal/e2e

fuzz: ## throw random input at everything that reads some, FUZZTIME=30s each
	@grep -rEo '^func Fuzz[A-Za-z]+' --include='*_test.go' internal | sed -E 's#/[^/]*:func # #' | sort | while read -r dir name; do \
		echo "$$dir $$name"; go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 2s "./$$dir" </dev/null || exit 1; done

mutants: ## take the protections out, one after another, and see the tests notice
	@.ci/setup test
	$(WITHPG) go run ./internal/mutants

bench: build ## measure; prints one line a figure: name value unit; ONLY=pdf,…
	@.ci/setup bench
	CHROME_PATH="$(CHROME_PATH)" go run ./cmd/bench $(if $(ONLY),-only $(ONLY))

lint: bin/golangci-lint bin/sqlc ## check style, generated code and dependencies
	bin/golangci-lint run ./...
	bin/sqlc diff
	go mod tidy -diff

# A key made up on the spot must be found first: a scanner that finds nothing anywhere
# is no proof.
secrets: bin/gitleaks ## look for keys and passwords in the history and in what stands here
	@if { printf '1 '; head -c 32 /dev/urandom | base64; } | bin/gitleaks stdin --no-banner --redact -c .gitleaks.toml >/dev/null 2>&1; then \
		echo "The scanner does not find a key made up to be found: mend .gitleaks.toml."; exit 1; fi
	@if LC_ALL=C tr -dc 0-9A-Za-z </dev/urandom | head -c 49 | sed 's/^\(.\{43\}\)/refill_\1_/' | bin/gitleaks stdin --no-banner --redact -c .gitleaks.toml >/dev/null 2>&1; then \
		echo "The scanner does not find an API key made up to be found: mend .gitleaks.toml."; exit 1; fi
	bin/gitleaks git --no-banner --redact -v .
	bin/gitleaks git --no-banner --redact -v --pre-commit .

vuln: bin/govulncheck ## look for libraries with known holes; needs vuln.go.dev
	@out=$$(bin/govulncheck ./... 2>&1) || case "$$out" in \
		*"fetching vulnerabilities"*) out="The list of known holes, vuln.go.dev, can't be reached from here: libraries are NOT checked.";; \
		*) echo "$$out"; exit 1;; esac; echo "$$out"

# What the registries themselves say, where vuln.go.dev is out of reach.
known: ## look for libraries that their authors took back or gave up, and npm packages with known holes
	@.ci/known

generate: bin/sqlc ## write internal/db anew from queries/ and migrations/, and the texts for translators
	bin/sqlc generate
	go test ./internal/lang/extract -run TestEveryTextIsMarked -update

clean: ## remove what was built and fetched; the demo's data stays
	rm -rf bin dist static/node_modules docs/site/node_modules docs/site/dist internal/e2e/htmlcheck/node_modules internal/web/api/openapi/lint/node_modules
	git clean -fdXq static/vendor
	@for dir in /dev/shm/refill-test-$$(id -u)-* "$${TMPDIR:-/tmp}"/refill-test-$$(id -u)-*; do \
		[ ! -e "$$dir/lock" ] || flock -n "$$dir/lock" rm -rf "$$dir"; done

# The tools have a module of their own. They are built once: `go tool` would link
# 70 MB anew at every version of the compiler's flags.
bin/sqlc: internal/tools/go.mod
	@echo "Building sqlc: minutes, once"
	cd internal/tools && GOFLAGS=-buildvcs=false go build -trimpath -o ../../$@ github.com/sqlc-dev/sqlc/cmd/sqlc

# Programs, archives, packages: docs/releases.md. The same commit gives the same bytes.
release: assets bin/nfpm bin/cyclonedx-gomod ## build what a version is published as, into dist/
	go run ./internal/release

release-check: release ## build it again elsewhere and compare; install, upgrade and purge the package
	packaging/check/reproducible
	packaging/check/package

bin/nfpm bin/cyclonedx-gomod: internal/tools/release/go.mod
	@echo "Building $(@F)"
	cd internal/tools/release && GOFLAGS=-buildvcs=false go build -trimpath -o ../../../$@ \
		$(if $(findstring nfpm,$@),github.com/goreleaser/nfpm/v2/cmd/nfpm,github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod)

bin/gitleaks bin/govulncheck: internal/tools/scan/go.mod
	@echo "Building $(@F)"
	cd internal/tools/scan && GOFLAGS=-buildvcs=false go build -trimpath -o ../../../$@ \
		$(if $(findstring gitleaks,$@),github.com/zricethezav/gitleaks/v8,golang.org/x/vuln/cmd/govulncheck)

bin/golangci-lint: internal/tools/go.mod
	@echo "Building golangci-lint: minutes, once"
	cd internal/tools && GOFLAGS=-buildvcs=false go build -trimpath -o ../../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
