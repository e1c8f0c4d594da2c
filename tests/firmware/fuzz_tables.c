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
	u64 tables[3] = { 0 };

	tables[0] = image_begin_madt();
	image_local_apic(0, 1);
	image_local_apic(2, 1);
	image_local_x2apic(0x100, 1);
	image_end(tables[0]);
	tables[1] = image_begin_srat(3);
	image_apic_affinity(0, 0, 1);
	image_apic_affinity(1, 2, 1);
	image_x2apic_affinity(1, 0x100, 1);
	image_memory_affinity(0, 0, 3ULL << 30, 1);
	image_memory_affinity(1, 4ULL << 30, 4ULL << 30, 1);
	image_end(tables[1]);
	tables[2] = image_begin("SLIT", 1);
	image_put(2, 8);
	image_put(0x0a15150a, 4);
	image_end(tables[2]);
	image_root(8, tables, 3);
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

static void set_ram(struct mint_machine *machine)
{
	machine->nr_ram = 2;
	machine->ram[0] = (struct mint_extent){ .base = 2ULL << 20, .bytes = 3070ULL << 20 };
	machine->ram[1] = (struct mint_extent){ .base = 4ULL << 30, .bytes = 5ULL << 30 };
}

static int good_domain(const struct mint_machine *machine, u8 domain)
{
	return domain == MINT_DOMAIN_NONE || domain < machine->nr_domains;
}

static void check_domains(const struct mint_machine *machine)
{
	u64 bytes = 0, end = 0;
	u32 i;

	CHECK(machine->nr_domains <= MINT_MAX_DOMAINS);
	for (i = 0; i < machine->nr_cpus; i++)
		CHECK(good_domain(machine, machine->cpu_domains[i]));
	CHECK(machine->nr_ram <= MINT_MAX_RAM);
	for (i = 0; i < machine->nr_ram; i++) {
		CHECK(machine->ram[i].base >= end && machine->ram[i].bytes);
		CHECK(!(machine->ram[i].base % MINT_EXTENT_ALIGN));
		CHECK(good_domain(machine, machine->ram[i].domain));
		end = machine->ram[i].base + machine->ram[i].bytes;
		bytes += machine->ram[i].bytes;
	}
	CHECK(end == 9ULL << 30 && bytes == (3070ULL << 20) + (5ULL << 30));
	for (i = 0; i < machine->nr_domains; i++)
		CHECK(machine->distances[i * MINT_MAX_DOMAINS + i] == 10);
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
	if (image_find("APIC", mint_madt_read, &machine))
		return 0;
	check_cpus(&machine);
	set_ram(&machine);
	if (image_find("SRAT", mint_srat_read, &machine))
		return 0;
	image_find("SLIT", mint_slit_read, &machine);
	check_domains(&machine);
	return 0;
}
