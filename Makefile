# SPDX-License-Identifier: GPL-2.0
#
# The one door to this repository: `make help` lists what it can do.
# Everything that is made lies under build/.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

V ?= 0
Q := $(if $(filter 0,$(V)),@)
# When the first make of a run began: the phase lines count from it.
ifndef MINT_T0
MINT_T0 := $(shell date +%s.%N)
endif
# A kernel with checks of its own, kasan or kcsan; what it needs is apart from
# what the plain one has.
SANITIZE ?=
ifneq ($(filter-out kasan kcsan,$(SANITIZE)),)
$(error There is no SANITIZE=$(SANITIZE). Try: kasan, kcsan)
endif
# How many tests run at the same time; kernels with checks have a host to themselves.
AT_ONCE ?= $(if $(SANITIZE),1,2)
export V MINT_T0 KERNEL_SRC SANITIZE

STEP := scripts/step
KERNEL := $(abspath build/$(SANITIZE)/kernel)
ANY := $(if $(SANITIZE),$(SANITIZE)/)any

# Tools, then what goes into the root of a node.
PACKAGES := make gcc libc6-dev clang libclang-rt-14-dev bc bison flex libelf-dev perl patch cpio \
	dwarves xz-utils lz4 kmod linux-source-6.12 linux-config-6.12 qemu-system-x86 ovmf \
	systemd-boot-efi \
	pkg-config libinih-dev libjansson-dev \
	python3 python3-pytest python3-pytest-xdist \
	git scdoc man-db e2fsprogs \
	cloc shellcheck sparse mypy pylint \
	universal-ctags cscope clang-format \
	busybox-static iproute2 iperf3 ethtool iputils-ping net-tools \
	netcat-openbsd socat stress \
	gnuplot-nox liburing-dev libbpf-dev libssl-dev
# What only the doors to Debian need: packages, image, try, test-debian, apps, selftests.
PACKAGES_DEBIAN := mmdebstrap build-essential debhelper lintian rsync kmod llvm \
	qemu-utils dosfstools fdisk

# Where make install puts what a user of nodes needs; DESTDIR goes before it.
PREFIX ?= /usr/local
MAN_PAGES := $(patsubst docs/man/%.scd,build/man/%,$(wildcard docs/man/*.scd))

comma := ,

.PHONY: help deps deps-debian prepare kernel loader root any any-root smc-root demo shell \
	check proofs test test-debian apps selftests examples isolation soak nested bench \
	evaluation abi lint series man install install-files packages image try loc house clean

help: # `##@` begins a group, `##` says what a door is for
	@awk -F ':.*## ' '/^##@ / { print "\n" substr($$0, 5) ":" } \
		/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  T= names files of tests or pieces of tests' names, e.g. T=traffic,panic;"
	@echo "  V=1 shows the commands; KERNEL_SRC= names another Linux 6.12 tree or tarball;"
	@echo "  SANITIZE=kasan or =kcsan takes a kernel that looks for its own faults, e.g. make test"

##@ See nodes
demo: root ## boot two nodes and show them talking over vni0
	$(Q)scripts/demo run

shell: root ## the same, then node 0's console is yours
	$(Q)scripts/demo shell

try: image ## boot a disk with Debian and nodes in QEMU, and leave you at its login
	$(Q)scripts/try

##@ Build
deps: ## install the Debian packages that are missing
	$(Q)scripts/install-packages $(PACKAGES)

deps-debian: deps # and those that the doors to Debian need
	$(if $(SANITIZE),$(error Debian is given no kernel with checks. Try it without SANITIZE=))
	$(Q)scripts/install-packages $(PACKAGES_DEBIAN)

prepare: deps ## unpack the kernel source, lay our files over it, apply the series
	$(Q)$(STEP) prepare "kernel source" scripts/prepare-kernel

kernel: prepare ## configure and build the kernel
	$(Q)$(STEP) kernel "kernel" scripts/build-kernel $(KERNEL) base mint tests $(SANITIZE) --

loader: deps ## build the mint command
	$(Q)$(STEP) loader "mint command" make -C boot/mint-loader BUILD=$(CURDIR)/build/mint-loader

root: kernel loader ## pack what nodes boot: kernel, command, programs
	$(Q)FLAVOUR=$(SANITIZE) $(STEP) root "root of the nodes" scripts/build-root

any: any-root ## the same with a kernel for any machine and for a distribution, with modules
	$(Q)$(STEP) modules "modules of it" $(BUILD_ANY) modules

# Modules are much of the work; who boots an initramfs alone needs one at most.
BUILD_ANY := scripts/build-kernel $(abspath build/$(ANY)/kernel) base mint any debian $(SANITIZE) --
any-root: prepare loader
	$(Q)$(STEP) any "kernel for any machine" $(BUILD_ANY) bzImage net/mint/mint_bypass.ko
	$(Q)FLAVOUR=$(ANY) $(STEP) any "root with it" scripts/build-root

##@ Install on a machine
man: deps $(MAN_PAGES) ## the manual pages, from docs/man

build/man/%: docs/man/%.scd
	$(Q)mkdir -p $(@D)
	$(Q)scdoc <$< >$@.tmp
	$(Q)mv $@.tmp $@

install: loader man ## the mint command, its scripts, manual, completion, headers: PREFIX=, DESTDIR=
	$(Q)$(MAKE) --no-print-directory install-files

# What is built, put into place by a step of its own.
install-files:
	$(Q)install -D -m 755 build/mint-loader/mint $(DESTDIR)$(PREFIX)/sbin/mint
	$(Q)for page in $(MAN_PAGES); do \
		install -D -m 644 $$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/}; \
	done
	$(Q)install -D -m 644 scripts/completion/mint \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/mint
	$(Q)install -d $(DESTDIR)$(PREFIX)/lib/mint $(DESTDIR)$(PREFIX)/include/mint
	$(Q)install -m 755 boot/mint-loader/lib/* $(DESTDIR)$(PREFIX)/lib/mint
	$(Q)install -m 644 scripts/apt-here $(DESTDIR)$(PREFIX)/lib/mint
	$(Q)install -m 644 include/mint/*.h $(DESTDIR)$(PREFIX)/include/mint

# One after the other: each has all CPUs.
packages: deps-debian any ## Debian packages, in build/packages: kernel, mint, mint-dev
	$(Q)$(STEP) package-kernel "packages of the kernel" scripts/build-packages kernel
	$(Q)$(STEP) package-mint "packages mint, mint-dev" scripts/build-packages mint
	$(Q)scripts/build-packages list

image: packages ## a disk with a Debian that has them, and a node that runs one
	$(Q)$(STEP) image "image" scripts/build-image
	$(Q)du -h build/image/debian.qcow2

##@ Test
check: prepare loader ## all that needs neither a machine nor a kernel; some of it: T=
	$(Q)$(if $(T),,$(STEP) lint "lint" scripts/lint style kernel_doc shell python)
	$(Q)scripts/tests --check $(subst $(comma), ,$(T))

lint: kernel ## checkpatch, sparse, W=1, kernel-doc, shellcheck, mypy, pylint
	$(Q)$(STEP) lint "lint" scripts/lint

series: kernel ## apply the series patch by patch, build after each; build vni outside
	$(Q)$(STEP) series "series" scripts/check-series

# Side by side: each has one process for much of its time.
proofs: kernel
	$(Q)$(STEP) -s lint "lint" scripts/lint & \
	$(STEP) -s series "series" scripts/check-series & \
	status=0; for each in 1 2; do wait -n || status=$$?; done; exit $$status

# Tests of machine shapes boot the kernel for any machine.
test: root $(if $(T),$(if $(findstring machines,$(T))$(findstring examples,$(T)),any-root),any-root $(if $(SANITIZE),,proofs)) ## every test, two at a time: AT_ONCE=; some: T=
	$(Q)AT_ONCE=$(AT_ONCE) scripts/tests $(subst $(comma), ,$(T))

test-debian: deps-debian any man $(if $(T),$(filter $(subst $(comma), ,$(T)),packages image),image) ## tests of machines that run Debian, not part of make test; some: T=
	$(Q)scripts/tests --debian $(subst $(comma), ,$(T))

apps: deps-debian any man ## programs of every day between two Debian nodes, and over veth: ONLY=ssh,nginx
	$(Q)PYTHONPATH=tests /usr/bin/python3 -B -m apps $(subst $(comma), ,$(ONLY))

selftests: deps-debian any man ## the kernel's own tests of network drivers, between two Debian nodes and over veth; some: ONLY=ping
	$(Q)$(STEP) selftests "the kernel's selftests" tests/selftests/build-suite
	$(Q)PYTHONPATH=tests /usr/bin/python3 -B -m selftests $(subst $(comma), ,$(ONLY))

isolation: root ## prove that no node's failure or load disturbs another
	$(Q)$(STEP) fault "faults and witnesses" make -C tests/fault
	$(Q)PYTHONPATH=tests /usr/bin/python3 -B -m isolation
	$(Q)PYTHONPATH=tests /usr/bin/python3 -B -m isolation --past-tcp

soak: root ## hundreds of kills and lives of nodes: KILLS= LIVES= ONLY=kills,lives
	$(Q)/usr/bin/python3 -B tests/soak/soak.py $(or $(KILLS),330) $(or $(LIVES),300) $(subst $(comma), ,$(ONLY))

nested: root $(if $(findstring any,$(CASES)),any-root) ## show nodes under KVM, on an emulated CPU that has it: CASES=small,any
	$(Q)$(STEP) fault "faults" make -C tests/fault
	$(Q)$(STEP) nested "machine with KVM" tests/nested/build-root
	$(Q)PYTHONPATH=tests /usr/bin/python3 -B -m nested $(subst $(comma), ,$(CASES))

##@ Measure
# Beside SMC the bypass is measured on a kernel that has both.
smc-root: prepare loader
	$(Q)$(STEP) smc "kernel with SMC" scripts/build-kernel $(abspath build/smc/kernel) base mint tests smc --
	$(Q)FLAVOUR=smc $(STEP) smc "root with it" scripts/build-root

bench: root $(if $(ONLY),$(if $(filter smc,$(subst $(comma), ,$(ONLY))),smc-root),smc-root) ## measure vni against loopback, veth and cards: ONLY=tcp,rr REPS=5
	$(Q)PYTHONPATH=tests /usr/bin/python3 -B -m bench $(or $(REPS),5) $(subst $(comma), ,$(ONLY))

examples: any-root ## programs in the path of frames, each measured with and without it: ONLY=units REPS=5
	$(Q)PYTHONPATH=tests /usr/bin/python3 -B -m examples $(or $(REPS),5) $(subst $(comma), ,$(ONLY))

evaluation: deps ## tables and plots of docs/evaluation.md from its figures
	$(Q)PYTHONPATH=tests /usr/bin/python3 -B -m bench.document

##@ This repository
abi: deps ## write what include/mint says into the tables of docs/abi.md
	$(Q)PYTHONPATH=tests /usr/bin/python3 -B -m abigen

loc: prepare ## lines of code, by part
	$(Q)scripts/loc

house: prepare ## length of functions, circles of files, a frame's way; of others: OF=
	$(Q)scripts/house $(OF)

clean: ## remove everything that was made
	$(Q)rm -rf build
