// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer target: any bytes as a firmware's tables.
 *
 * The first byte of the input says whether checksums are made right on the way, since
 * no fuzzer guesses them, and whether the rest is all of the memory, or changes of good
 * tables. What the readers tell is checked.
 */
#include "image.h"

#define FLAG_REPAIR	0x1
#define FLAG_CHANGES	0x2

int fuzz_one(const u8 *data, size_t size) __asm__("LLVMFuzzerTestOneInput");

static void make_good_tables(void)
{
	u64 tables[1] = { 0 };

	tables[0] = image_begin_madt();
	image_local_apic(0, 1);
	image_local_apic(2, 1);
	image_local_x2apic(0x100, 1);
	image_end(tables[0]);
	image_root(8, tables, 1);
}

/* Each change is an offset of two bytes and a value. */
static void change(const u8 *data, size_t size)
{
	for (; size >= 3; data += 3, size -= 3)
		image.bytes[(data[0] | data[1] << 8) % IMAGE_BYTES] = data[2];
}

static void check_cpus(const struct mint_machine *machine)
{
	u32 i, j;

	CHECK(machine->nr_cpus && machine->nr_cpus <= MINT_MAX_CPUS);
	CHECK(!machine->cpus_left_out || machine->nr_cpus == MINT_MAX_CPUS);
	for (i = 0; i < machine->nr_cpus; i++)
		for (j = 0; j < i; j++)
			CHECK(machine->apic_ids[i] != machine->apic_ids[j]);
}

int fuzz_one(const u8 *data, size_t size)
{
	static struct mint_machine machine;

	memset(&machine, 0, sizeof(machine));
	image_reset();
	if (!size)
		return 0;
	if (data[0] & FLAG_CHANGES) {
		make_good_tables();
		change(data + 1, size - 1);
	} else {
		memcpy(image.bytes, data + 1, size <= IMAGE_BYTES ? size - 1 : IMAGE_BYTES);
	}
	image.repair = data[0] & FLAG_REPAIR;
	if (!image_find("APIC", mint_madt_read, &machine))
		check_cpus(&machine);
	return 0;
}
