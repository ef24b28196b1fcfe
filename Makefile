# Firewolf: the commands a developer needs. Every target sets up what it needs by itself.
GOLANGCI_VERSION := v2.15.0
BIN := $(CURDIR)/bin
GOLANGCI := $(BIN)/golangci-lint-$(GOLANGCI_VERSION)
PKGS := ./...
FUZZTIME := 30s
KILLS := 500

.PHONY: build check lint vet test testdata rooms generate bench fuzz soak image clean

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

test: testdata ## every test under the race detector, then the long ones whole
	go test -race -timeout 20m $(PKGS)
	go test -timeout 20m .
	go test -timeout 20m ./fhir/interaction -args -store sqlite

rooms: ## rooms import rooms of lower floors only
	go test -count=1 -run TestRooms .

generate: testdata ## the compiled definitions
	go generate $(PKGS)

bench: ## the benchmarks of docs/performance
	scripts/bench

fuzz: ## every fuzz target for FUZZTIME each
	FUZZTIME=$(FUZZTIME) scripts/fuzz

soak: build ## the kill -9 test with KILLS kills
	FIREWOLF_TEST_KILLS=$(KILLS) go test -count=1 -timeout 0 -v -run 'TestEveryAcknowledgedTransactionSurvivesKill9' .

image: ## the container image, firewolf:latest
	docker build -t firewolf --build-arg COMMIT=$$(git rev-parse HEAD) .

clean:
	rm -rf firewolf bin .cache
