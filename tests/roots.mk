# SPDX-License-Identifier: GPL-2.0
# For the Makefiles below tests/ that add to what users' nodes have. Set NAME
# before including it, and say after it what the files of tools.list need.
#
# build/NAME/root.cpio is for node 0, and in /boot/node.cpio there is the root
# of the others. Needs `make root`; SANITIZE=NAME has all of it in build/NAME.

TOP := $(abspath ../..)
ROOTS := $(abspath $(TOP)/build/$(SANITIZE))
BUILD ?= $(ROOTS)/$(NAME)
KERNEL := $(ROOTS)/kernel
CC := gcc -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror

.PHONY: all
.SECONDARY:
all: $(BUILD)/root.cpio

$(BUILD)/tools-%.list: tools.list
	mkdir -p $(BUILD)
	sed -e 's,@TOP@,$(TOP),; s,@KERNEL@,$(KERNEL),; s,@BUILD@,$(BUILD),; s,@NODE@,$*,' \
		$< >$@

$(BUILD)/nested.list: $(BUILD)/node.cpio
	echo "file /boot/node.cpio $< 0644 0 0" >$@

$(BUILD)/%.cpio: $(BUILD)/%.list
	$(KERNEL)/usr/gen_init_cpio -t 0 $< >$@.new
	mv $@.new $@

# A later archive adds to and replaces what an earlier one has.
$(BUILD)/node.cpio: $(ROOTS)/node.cpio $(BUILD)/tools-node.cpio
	cat $^ >$@.new
	mv $@.new $@

$(BUILD)/root.cpio: $(ROOTS)/root.cpio $(BUILD)/tools-node0.cpio $(BUILD)/nested.cpio
	cat $^ >$@.new
	mv $@.new $@
