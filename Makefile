# Firewolf: the commands a developer needs. Every target sets up what it needs by itself.
GOLANGCI_VERSION := v2.15.0
BIN := $(CURDIR)/bin
GOLANGCI := $(BIN)/golangci-lint-$(GOLANGCI_VERSION)
PKGS := ./...
FUZZTIME := 30s
KILLS := 500
SOAK := 5m

.PHONY: build check lint vet test tests testdata testr rooms generate bench fuzz soak image clean

build: ## one static binary, ./firewolf
	CGO_ENABLED=0 go build -trimpath -o firewolf .

check: lint vet test ## all that must hold before a change is merged

# Built by `go install` at the pinned version: the linter has no place in go.mod.
$(GOLANGCI):
	GOBIN=$(BIN) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	mv $(BIN)/golangci-lint $@

lint: $(GOLANGCI) ## the linters of .golangci.yml
	$(GOLANGCI) run $(PKGS)

vet:
	go vet $(PKGS)

# Without the examples the tests that read them skip with a line; with CI=true their absence is a failure.
testdata: ## the official R4 examples, into .cache/r4
	scripts/testdata || [ "$$CI" != true ]

# Without R the test that compares fhir/stats with it skips with a line; with CI=true its absence is a failure.
testr: ## R with its survival package, by apt
	scripts/testr || [ "$$CI" != true ]

# Without a MongoDB the tests of its store skip, and scripts/testdb says so; with CI=true that is a failure.
test: testdata testr ## every test under the race detector, then the long ones whole
	scripts/testdb try $(MAKE) --no-print-directory tests

tests: # with the server of MONGODB_URI; the longest first, so that both cores have work to the end
	go test -race -timeout 20m ./store/sqlite . $$(go list $(PKGS) | grep -v /store/mongodb$$)
	go test -race -short -timeout 20m ./store/mongodb
	FIREWOLF_SOAK=60s go test -timeout 20m -run 'ThreeProcessesWriteAsOne|DiesUnderLoad|DieUnderLoad|OverABadConnection|NoDocumentHolds|LiesInParts' ./store/mongodb
	go test -timeout 20m .
	go test -timeout 20m ./fhir/interaction -args -store sqlite
	go test -timeout 20m ./fhir/interaction -run 'AtOnce|OneMoment|Overtaken|Idempotent' -args -store mongodb
	go test -timeout 20m ./store/mongodb/model

rooms: ## rooms import rooms of lower floors only
	go test -count=1 -run TestRooms .

generate: testdata ## the compiled definitions
	go generate $(PKGS)

bench: ## the benchmarks of docs/performance, on the embedded store and on a MongoDB
	scripts/bench
	scripts/bench mongodb

fuzz: ## every fuzz target for FUZZTIME each
	FUZZTIME=$(FUZZTIME) scripts/fuzz

soak: build ## the kill -9 test with KILLS kills, the long tests of MongoDB and all interactions on it, and it under load and faults for SOAK each
	FIREWOLF_TEST_KILLS=$(KILLS) go test -count=1 -timeout 0 -v -run 'TestEveryAcknowledgedTransactionSurvivesKill9' .
	FIREWOLF_MODEL=large go test -count=1 -timeout 0 -v -run NoReachable ./store/mongodb/model
	scripts/testdb try go test -count=1 -timeout 0 ./store/mongodb
	scripts/testdb try go test -count=1 -timeout 0 ./fhir/interaction -args -store mongodb
	FIREWOLF_SIMULATIONS=3000 FIREWOLF_SOAK=$(SOAK) scripts/testdb try go test -count=1 -timeout 0 -v -run 'WhateverHappens|KeepToTheFloor|ThreeProcesses|BadConnection|UnderLoad' ./store/mongodb

image: ## the container image, firewolf:latest
	docker build -t firewolf --build-arg COMMIT=$$(git rev-parse HEAD) .

clean:
	rm -rf firewolf bin .cache
