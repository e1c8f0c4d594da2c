// SPDX-License-Identifier: GPL-2.0
/*
 * Domains, from SRAT and SLIT: shapes that machines have, and nonsense.
 */
#include <kunit/test.h>
#include <linux/errno.h>

#include "image.h"

#define MB(n)	((u64)(n) << 20)

static struct mint_machine machine;
static u64 table;

static void add_ram(u64 base, u64 bytes)
{
	machine.ram[machine.nr_ram++] = (struct mint_extent) {
		.base = base, .bytes = bytes, .owner = MINT_OWNER_NONE,
		.domain = MINT_DOMAIN_NONE,
	};
}

/* CPUs with APIC ids 0 to 3 and 0x100; 3 GB below and 5 GB above a hole. */
static int set_up(struct kunit *test)
{
	(void)test;
	image_reset();
	memset(&machine, 0, sizeof(machine));
	for (machine.nr_cpus = 0; machine.nr_cpus < 4; machine.nr_cpus++)
		machine.apic_ids[machine.nr_cpus] = machine.nr_cpus;
	machine.apic_ids[machine.nr_cpus++] = 0x100;
	add_ram(MB(2), MB(3070));
	add_ram(MB(4096), MB(5120));
	return 0;
}

static int read_srat(void)
{
	image_end(table);
	image_root(8, &table, 1);
	return image_find("SRAT", mint_srat_read, &machine);
}

static void expect_ram(struct kunit *test, u32 i, u64 base, u64 bytes, u8 domain)
{
	KUNIT_EXPECT_EQ(test, machine.ram[i].base, base);
	KUNIT_EXPECT_EQ(test, machine.ram[i].bytes, bytes);
	KUNIT_EXPECT_EQ(test, machine.ram[i].domain, domain);
}

static void expect_no_domain(struct kunit *test)
{
	u32 i;

	KUNIT_EXPECT_EQ(test, machine.nr_domains, 0);
	for (i = 0; i < machine.nr_cpus; i++)
		KUNIT_EXPECT_EQ(test, machine.cpu_domains[i], MINT_DOMAIN_NONE);
	for (i = 0; i < machine.nr_ram; i++)
		KUNIT_EXPECT_EQ(test, machine.ram[i].domain, MINT_DOMAIN_NONE);
	KUNIT_EXPECT_EQ(test, machine.distances[0], 0);
}

/* Sockets with many digits, not in order; a border in the middle of a piece. */
static void domains_count_from_0(struct kunit *test)
{
	table = image_begin_srat(3);
	image_apic_affinity(0x7001, 2, 1);
	image_apic_affinity(0x7001, 3, 1);
	image_apic_affinity(7, 0, 1);
	image_apic_affinity(7, 1, 1);
	image_x2apic_affinity(0x90000000, 0x100, 1);
	image_memory_affinity(0x7001, MB(5120), MB(4096), 1);
	image_memory_affinity(7, 0, MB(640) >> 10, 1);
	image_memory_affinity(7, MB(1), MB(5119), 1);
	KUNIT_ASSERT_EQ(test, read_srat(), 0);
	KUNIT_EXPECT_EQ(test, machine.nr_domains, 3);
	KUNIT_EXPECT_EQ(test, machine.cpu_domains[0], 0);
	KUNIT_EXPECT_EQ(test, machine.cpu_domains[1], 0);
	KUNIT_EXPECT_EQ(test, machine.cpu_domains[2], 1);
	KUNIT_EXPECT_EQ(test, machine.cpu_domains[3], 1);
	KUNIT_EXPECT_EQ(test, machine.cpu_domains[4], 2);
	KUNIT_ASSERT_EQ(test, machine.nr_ram, 3);
	expect_ram(test, 0, MB(2), MB(3070), 0);
	expect_ram(test, 1, MB(4096), MB(1024), 0);
	expect_ram(test, 2, MB(5120), MB(4096), 1);
	KUNIT_EXPECT_EQ(test, machine.distances[0], 10);
	KUNIT_EXPECT_EQ(test, machine.distances[1], 20);
	KUNIT_EXPECT_EQ(test, machine.distances[MINT_MAX_DOMAINS], 20);
}

/* Before revision 2, the upper bytes were reserved. */
static void old_tables_have_domains_of_8_bits(struct kunit *test)
{
	table = image_begin_srat(1);
	image_apic_affinity(0xffffff01, 0, 1);
	image_memory_affinity(0xabcd01, 0, MB(16384), 1);
	KUNIT_ASSERT_EQ(test, read_srat(), 0);
	KUNIT_EXPECT_EQ(test, machine.nr_domains, 1);
	KUNIT_EXPECT_EQ(test, machine.cpu_domains[0], 0);
	KUNIT_EXPECT_EQ(test, machine.cpu_domains[1], MINT_DOMAIN_NONE);
	KUNIT_EXPECT_EQ(test, machine.ram[1].domain, 0);
}

static void empty_and_disabled_domains_do_not_count(struct kunit *test)
{
	table = image_begin_srat(3);
	image_apic_affinity(0, 0, 1);
	image_apic_affinity(1, 1, 0);
	image_apic_affinity(2, 77, 1);	/* no such CPU */
	image_memory_affinity(3, MB(65536), MB(65536), 3);	/* to be plugged in */
	image_memory_affinity(4, 0, MB(4096), 0);
	image_memory_affinity(5, MB(4096), 0, 1);
	image_memory_affinity(6, 0, MB(16384), 1);
	KUNIT_ASSERT_EQ(test, read_srat(), 0);
	KUNIT_EXPECT_EQ(test, machine.nr_domains, 2);
	KUNIT_EXPECT_EQ(test, machine.cpu_domains[0], 0);
	KUNIT_EXPECT_EQ(test, machine.cpu_domains[1], MINT_DOMAIN_NONE);
	KUNIT_EXPECT_EQ(test, machine.nr_ram, 2);
	KUNIT_EXPECT_EQ(test, machine.ram[0].domain, 1);
}

static void memory_that_has_no_domain_stays(struct kunit *test)
{
	table = image_begin_srat(3);
	image_apic_affinity(0, 0, 1);
	image_memory_affinity(0, MB(1024), MB(1024), 1);
	KUNIT_ASSERT_EQ(test, read_srat(), 0);
	KUNIT_ASSERT_EQ(test, machine.nr_ram, 4);
	expect_ram(test, 0, MB(2), MB(1022), MINT_DOMAIN_NONE);
	expect_ram(test, 1, MB(1024), MB(1024), 0);
	expect_ram(test, 2, MB(2048), MB(1024), MINT_DOMAIN_NONE);
	expect_ram(test, 3, MB(4096), MB(5120), MINT_DOMAIN_NONE);
}

static void a_border_is_moved_to_a_whole_extent(struct kunit *test)
{
	table = image_begin_srat(3);
	image_memory_affinity(0, 0, MB(1024) + 4096, 1);
	image_memory_affinity(1, MB(1024) + 4096, MB(16384), 1);
	KUNIT_ASSERT_EQ(test, read_srat(), 0);
	expect_ram(test, 0, MB(2), MB(1024), 0);
	expect_ram(test, 1, MB(1026), MB(2046), 1);
}

static void the_first_of_two_entries_counts(struct kunit *test)
{
	table = image_begin_srat(3);
	image_apic_affinity(1, 0, 1);
	image_x2apic_affinity(0, 0, 1);
	image_memory_affinity(0, 0, MB(2048), 1);
	image_memory_affinity(1, MB(1024), MB(16384), 1);
	KUNIT_ASSERT_EQ(test, read_srat(), 0);
	KUNIT_EXPECT_EQ(test, machine.cpu_domains[0], 1);
	KUNIT_ASSERT_EQ(test, machine.nr_ram, 4);
	expect_ram(test, 1, MB(1024), MB(1024), 0);
	expect_ram(test, 2, MB(2048), MB(1024), 1);
}

static void domains_that_are_too_many_have_no_number(struct kunit *test)
{
	u32 i;

	table = image_begin_srat(3);
	for (i = 0; i <= MINT_MAX_DOMAINS; i++)
		image_memory_affinity(i, MB(2 + 64 * i), MB(64), 1);
	KUNIT_ASSERT_EQ(test, read_srat(), 0);
	KUNIT_EXPECT_EQ(test, machine.nr_domains, MINT_MAX_DOMAINS);
	expect_ram(test, MINT_MAX_DOMAINS - 1, MB(2 + 64 * (MINT_MAX_DOMAINS - 1)), MB(64),
		   MINT_MAX_DOMAINS - 1);
	KUNIT_EXPECT_EQ(test, machine.ram[MINT_MAX_DOMAINS].domain, MINT_DOMAIN_NONE);
}

static void borders_that_are_too_many_are_left_out(struct kunit *test)
{
	u32 i;

	table = image_begin_srat(3);
	for (i = 0; i < 160; i++)
		image_memory_affinity(i & 1, MB(2 + 2 * i), MB(2), 1);
	KUNIT_ASSERT_EQ(test, read_srat(), 0);
	KUNIT_EXPECT_EQ(test, machine.nr_ram, MINT_MAX_RAM);
	KUNIT_EXPECT_EQ(test, machine.nr_domains, 2);
}

static void nonsense_makes_no_domains(struct kunit *test)
{
	table = image_begin_srat(3);
	image_apic_affinity(0, 0, 1);
	image_apic_affinity(1, 1, 1);
	image_memory_affinity(1, MB(4096), MB(1024), 1);
	image_put(0, 8);
	KUNIT_EXPECT_EQ(test, read_srat(), -EINVAL);
	expect_no_domain(test);
	KUNIT_EXPECT_EQ(test, machine.nr_ram, 2);
}

static void a_table_that_says_nothing_makes_no_domains(struct kunit *test)
{
	table = image_begin_srat(3);
	image_memory_affinity(1, ~0ULL - 4096, 8192, 1);
	image_memory_affinity(1, ~0ULL - MB(1), MB(1), 1);
	KUNIT_EXPECT_EQ(test, read_srat(), -EINVAL);
	expect_no_domain(test);
}

/* Two domains, of which the firmware's numbers are 1 and 3. */
static void make_two_domains(struct kunit *test)
{
	table = image_begin_srat(3);
	image_memory_affinity(1, 0, MB(4096), 1);
	image_memory_affinity(3, MB(4096), MB(16384), 1);
	KUNIT_ASSERT_EQ(test, read_srat(), 0);
	image_reset();
	table = image_begin("SLIT", 1);
}

static int read_slit(u64 localities, const u8 *distances, u32 n)
{
	u32 i;

	image_put(localities, 8);
	for (i = 0; i < n; i++)
		image_put(distances[i], 1);
	image_end(table);
	image_root(8, &table, 1);
	return image_find("SLIT", mint_slit_read, &machine);
}

static const u8 four[] = {
	10, 11, 12, 13,
	21, 10, 22, 23,
	31, 32, 10, 33,
	41, 42, 43, 10,
};

static void distances_are_those_of_the_firmware(struct kunit *test)
{
	make_two_domains(test);
	KUNIT_EXPECT_EQ(test, read_slit(4, four, sizeof(four)), 0);
	KUNIT_EXPECT_EQ(test, machine.distances[0], 10);
	KUNIT_EXPECT_EQ(test, machine.distances[1], 23);
	KUNIT_EXPECT_EQ(test, machine.distances[MINT_MAX_DOMAINS], 42);
	KUNIT_EXPECT_EQ(test, machine.distances[MINT_MAX_DOMAINS + 1], 10);
}

static void a_distance_that_is_not_told_is_20(struct kunit *test)
{
	static const u8 three[] = { 10, 11, 12, 13, 10, 14, 15, 16, 10 };

	make_two_domains(test);
	KUNIT_EXPECT_EQ(test, read_slit(3, three, sizeof(three)), 0);
	KUNIT_EXPECT_EQ(test, machine.distances[1], 20);
	KUNIT_EXPECT_EQ(test, machine.distances[0], 10);
}

static void distances_that_make_no_sense_are_not_used(struct kunit *test)
{
	u8 bad[sizeof(four)];
	u32 i;

	for (i = 0; i < sizeof(four); i++) {
		memcpy(bad, four, sizeof(four));
		bad[i] = i % 5 ? 10 : 11;
		set_up(test);
		make_two_domains(test);
		KUNIT_EXPECT_EQ(test, read_slit(4, bad, sizeof(bad)), -EINVAL);
		KUNIT_EXPECT_EQ(test, machine.distances[1], 20);
	}
}

static void a_short_slit_is_not_used(struct kunit *test)
{
	static const u64 localities[] = { 5, 1ULL << 32, 1ULL << 33, ~0ULL };
	u32 i;

	for (i = 0; i < 4; i++) {
		set_up(test);
		make_two_domains(test);
		KUNIT_EXPECT_EQ(test, read_slit(localities[i], four, sizeof(four)), -EINVAL);
	}
	image_reset();
	table = image_begin("SLIT", 1);
	image_put(0, 4);
	image_end(table);
	image_root(8, &table, 1);
	KUNIT_EXPECT_EQ(test, image_find("SLIT", mint_slit_read, &machine), -EINVAL);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(domains_count_from_0),
	KUNIT_CASE(old_tables_have_domains_of_8_bits),
	KUNIT_CASE(empty_and_disabled_domains_do_not_count),
	KUNIT_CASE(memory_that_has_no_domain_stays),
	KUNIT_CASE(a_border_is_moved_to_a_whole_extent),
	KUNIT_CASE(the_first_of_two_entries_counts),
	KUNIT_CASE(domains_that_are_too_many_have_no_number),
	KUNIT_CASE(borders_that_are_too_many_are_left_out),
	KUNIT_CASE(nonsense_makes_no_domains),
	KUNIT_CASE(a_table_that_says_nothing_makes_no_domains),
	KUNIT_CASE(distances_are_those_of_the_firmware),
	KUNIT_CASE(a_distance_that_is_not_told_is_20),
	KUNIT_CASE(distances_that_make_no_sense_are_not_used),
	KUNIT_CASE(a_short_slit_is_not_used),
	{}
};

static struct kunit_suite suite = {
	.name = "domains",
	.init = set_up,
	.test_cases = cases,
};

kunit_test_suite(suite);
