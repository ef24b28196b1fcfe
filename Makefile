# Firewolf: the commands a developer needs. `make test` sets up what it needs by itself.
GOLANGCI_VERSION := v2.15.0
BIN := $(CURDIR)/bin
PKGS := ./...

.PHONY: build check lint vet test rooms generate bench fuzz clean

build:
	go build -trimpath -o firewolf .

check: lint vet test

$(BIN)/golangci-lint-$(GOLANGCI_VERSION):
	GOBIN=$(BIN) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	mv $(BIN)/golangci-lint $@

lint: $(BIN)/golangci-lint-$(GOLANGCI_VERSION)
	$< run $(PKGS)

vet:
	go vet $(PKGS)

test:
	scripts/testdata
	go test -race $(PKGS)

rooms:
	go test -run TestRooms .

generate:
	go generate $(PKGS)

clean:
	rm -rf firewolf bin .cache
