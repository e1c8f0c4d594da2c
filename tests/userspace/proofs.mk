# SPDX-License-Identifier: GPL-2.0
# For the Makefiles of protocols that user space proves. Before including it, set name,
# and code to the folder of the protocol's sources in the tree.
# SRC= names another copy of the source tree, as mutants.sh does.

SRC ?= ../..
BUILD ?= ../../build/$(name)
GCC ?= gcc
CLANG ?= clang
FUZZ_SECONDS ?= 60
POINTS ?= 60000

shared := ../userspace
kernel := ../../boot/mint-loader/include
headers := $(wildcard $(SRC)/$(code)/*.h $(SRC)/include/mint/*.h *.h $(shared)/*.h \
	$(shared)/include/*/*.h $(kernel)/*/*.h)
flags := -std=gnu11 -g -Wall -Wextra -Werror -fno-strict-aliasing \
	-I$(shared) -I$(shared)/include -I$(kernel) -I$(SRC)/include -I$(SRC)/$(code) -I. \
	-pthread
clang_flags := $(flags) -Wno-c2x-extensions
san := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer

.PHONY: all check fuzz mutants clean
all:

$(BUILD):
	mkdir -p $@

# New inputs stay in the build directory; the corpus here is kept small.
fuzz: $(BUILD)/fuzz
	mkdir -p $(BUILD)/corpus $(BUILD)/crashes
	$(BUILD)/fuzz -max_total_time=$(FUZZ_SECONDS) -timeout=5 -max_len=4096 \
		-artifact_prefix=$(BUILD)/crashes/ -print_final_stats=1 \
		$(BUILD)/corpus corpus

mutants:
	$(shared)/mutants.sh . $(BUILD)

clean:
	rm -rf $(BUILD)
