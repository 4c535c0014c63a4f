# Every target sets itself up on a machine with Node >= 20 and npm alone.
# npm puts Node 24 (a development dependency) first on its PATH.
SHELL := /bin/bash
.PHONY: demo test test-real ci lint generate pack bench clean

SETUP := node_modules/.package-lock.json

$(SETUP): package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $(SETUP)

demo: $(SETUP) ## a small world, a spike, the real controller; about 90 seconds
	@npm run --silent demo -- $(ARGS)

test: $(SETUP) ## everything that needs only Node
	@npm run --silent test:all

test-real: $(SETUP) ## real kube-apiserver, Prometheus, Traefik, kamal-proxy, hosts; root on Linux
	@npm run --silent real-parts
	@npm run --silent test:real
	@npm run --silent test:world

lint: $(SETUP)
	@npm run --silent check
	@npm run --silent lint

generate: $(SETUP) ## types and reference documents from crds/
	@npm run --silent generate

bench: $(SETUP) ## from a load step to hosts in service, as a table; needs the real parts
	@npm run --silent bench:reaction -- $(ARGS)

pack: $(SETUP) ## the package as npm would publish it
	npm pack

ci: ## what must hold before a change lands
	bash .ci/run

clean:
	rm -rf dist node_modules kamal-autoscaler-*.tgz
