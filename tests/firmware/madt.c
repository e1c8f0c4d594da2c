// SPDX-License-Identifier: GPL-2.0
/*
 * The way to the MADT and what is read from it: each of these cases is a machine that
 * exists, or a firmware that says nonsense.
 */
#include <kunit/test.h>
#include <linux/errno.h>

#include "image.h"

static struct mint_machine machine;
static u64 madt;

static int set_up(struct kunit *test)
{
	(void)test;
	image_reset();
	memset(&machine, 0, sizeof(machine));
	madt = image_begin_madt();
	return 0;
}

/* Ends the MADT; it stands behind a table of another kind. */
static void finish(u32 width)
{
	u64 tables[2] = { 0, madt };

	image_end(madt);
	tables[0] = image_begin("FACP", 1);
	image_end(tables[0]);
	image_root(width, tables, 2);
}

static int read_madt(void)
{
	return image_find("APIC", mint_madt_read, &machine);
}

static void expect_cpus(struct kunit *test, const u32 *apic_ids, u32 n)
{
	u32 i;

	KUNIT_ASSERT_EQ(test, read_madt(), 0);
	KUNIT_ASSERT_EQ(test, machine.nr_cpus, n);
	for (i = 0; i < n; i++)
		KUNIT_EXPECT_EQ(test, machine.apic_ids[i], apic_ids[i]);
}

static void cpus_count_in_the_order_of_the_table(struct kunit *test)
{
	image_local_apic(4, 1);
	image_local_apic(0, 1);
	image_local_x2apic(0x1000, 1);
	finish(8);
	expect_cpus(test, (u32 []){ 4, 0, 0x1000 }, 3);
}

static void old_root_pointers_are_read(struct kunit *test)
{
	image_local_apic(1, 1);
	finish(4);
	expect_cpus(test, (u32 []){ 1 }, 1);
}

static void disabled_and_invalid_cpus_do_not_count(struct kunit *test)
{
	image_local_apic(0, 1);
	image_local_apic(1, 0);
	image_local_apic(2, 2);	/* can be plugged in */
	image_local_apic(0xff, 1);
	image_local_x2apic(~0U, 1);
	image_local_x2apic(0x100, 0);
	finish(8);
	expect_cpus(test, (u32 []){ 0 }, 1);
}

static void a_cpu_that_is_listed_twice_counts_once(struct kunit *test)
{
	image_local_x2apic(0, 1);
	image_local_x2apic(1, 1);
	image_local_x2apic(0x100, 1);
	image_local_apic(0, 1);
	image_local_apic(1, 1);
	image_local_apic(1, 1);
	finish(8);
	expect_cpus(test, (u32 []){ 0x100, 0, 1 }, 3);
}

static void a_machine_may_have_x2apics_only(struct kunit *test)
{
	image_local_apic(0, 0);
	image_local_x2apic(0, 1);
	image_local_x2apic(0xff, 1);
	finish(8);
	expect_cpus(test, (u32 []){ 0, 0xff }, 2);
}

static void cpus_that_are_too_many_are_counted(struct kunit *test)
{
	u32 i;

	for (i = 0; i < MINT_MAX_CPUS + 5; i++)
		image_local_x2apic(i, 1);
	finish(8);
	KUNIT_EXPECT_EQ(test, read_madt(), 0);
	KUNIT_EXPECT_EQ(test, machine.nr_cpus, MINT_MAX_CPUS);
	KUNIT_EXPECT_EQ(test, machine.cpus_left_out, 5);
}

static void a_table_without_cpus_is_refused(struct kunit *test)
{
	finish(8);
	KUNIT_EXPECT_EQ(test, read_madt(), -EINVAL);
}

static void an_entry_without_length_is_refused(struct kunit *test)
{
	image_local_apic(0, 1);
	image_put(0, 8);
	finish(8);
	KUNIT_EXPECT_EQ(test, read_madt(), -EINVAL);
}

static void an_entry_beyond_the_table_is_refused(struct kunit *test)
{
	image_local_apic(0, 1);
	image_put(0 | 200 << 8, 8);
	finish(8);
	KUNIT_EXPECT_EQ(test, read_madt(), -EINVAL);
}

static void a_short_entry_does_not_count(struct kunit *test)
{
	image_local_apic(0, 1);
	image_put(0 | 4 << 8, 4);
	image_put(9 | 8 << 8, 8);
	finish(8);
	expect_cpus(test, (u32 []){ 0 }, 1);
}

static void a_short_table_is_refused(struct kunit *test)
{
	u32 bytes;

	image_local_apic(0, 1);
	finish(8);
	image.repair = true;
	for (bytes = 0; bytes < 44; bytes++) {
		memcpy(image_at(madt + 4), &bytes, 4);
		KUNIT_EXPECT_EQ(test, read_madt(), -EINVAL);
	}
}

static void a_table_beyond_all_memory_is_refused(struct kunit *test)
{
	u32 bytes = ~0U;

	image_local_apic(0, 1);
	finish(8);
	memcpy(image_at(madt + 4), &bytes, 4);
	KUNIT_EXPECT_EQ(test, read_madt(), -EINVAL);
}

static void a_wrong_checksum_is_refused(struct kunit *test)
{
	u8 *table = image_at(madt);

	image_local_apic(0, 1);
	finish(8);
	table[10] ^= 1;
	KUNIT_EXPECT_EQ(test, read_madt(), -EINVAL);
}

static void a_wrong_root_pointer_leads_nowhere(struct kunit *test)
{
	image_local_apic(0, 1);
	finish(8);
	image.bytes[9] ^= 1;
	KUNIT_EXPECT_EQ(test, read_madt(), -ENODEV);
	image.bytes[9] ^= 1;
	image.bytes[0] = 'X';
	KUNIT_EXPECT_EQ(test, read_madt(), -ENODEV);
	KUNIT_EXPECT_EQ(test, mint_table_find(&image_memory, 0, "APIC", mint_madt_read,
					      &machine), -ENODEV);
	KUNIT_EXPECT_EQ(test, mint_table_find(&image_memory, ~0ULL - 8, "APIC",
					      mint_madt_read, &machine), -ENODEV);
}

/* The second checksum of the root pointer is for what was added to it. */
static void a_damaged_xsdt_is_not_used(struct kunit *test)
{
	u64 rsdt;

	image_local_apic(3, 1);
	finish(8);
	rsdt = image_begin("RSDT", 1);
	image_put(madt, 4);
	image_end(rsdt);
	memcpy(image.bytes + 16, &rsdt, 4);
	image.bytes[8] -= image_sum(image.bytes, 20);
	image.bytes[24] ^= 1;
	expect_cpus(test, (u32 []){ 3 }, 1);
}

/* A root table that names itself or the root pointer is no loop. */
static void a_root_table_may_name_anything(struct kunit *test)
{
	u64 root, tables[] = { IMAGE_RSDP, 0, ~0ULL, 0, madt };

	image_local_apic(0, 1);
	image_end(madt);
	root = IMAGE_BASE + image.end;
	tables[3] = root;
	image_root(8, tables, 5);
	expect_cpus(test, (u32 []){ 0 }, 1);
}

static void without_a_madt_there_is_none(struct kunit *test)
{
	u64 other = image_begin("FACP", 1);

	image_end(other);
	image_root(8, &other, 1);
	KUNIT_EXPECT_EQ(test, read_madt(), -ENODEV);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(cpus_count_in_the_order_of_the_table),
	KUNIT_CASE(old_root_pointers_are_read),
	KUNIT_CASE(disabled_and_invalid_cpus_do_not_count),
	KUNIT_CASE(a_cpu_that_is_listed_twice_counts_once),
	KUNIT_CASE(a_machine_may_have_x2apics_only),
	KUNIT_CASE(cpus_that_are_too_many_are_counted),
	KUNIT_CASE(a_table_without_cpus_is_refused),
	KUNIT_CASE(an_entry_without_length_is_refused),
	KUNIT_CASE(an_entry_beyond_the_table_is_refused),
	KUNIT_CASE(a_short_entry_does_not_count),
	KUNIT_CASE(a_short_table_is_refused),
	KUNIT_CASE(a_table_beyond_all_memory_is_refused),
	KUNIT_CASE(a_wrong_checksum_is_refused),
	KUNIT_CASE(a_wrong_root_pointer_leads_nowhere),
	KUNIT_CASE(a_damaged_xsdt_is_not_used),
	KUNIT_CASE(a_root_table_may_name_anything),
	KUNIT_CASE(without_a_madt_there_is_none),
	{}
};

static struct kunit_suite suite = {
	.name = "madt",
	.init = set_up,
	.test_cases = cases,
};

kunit_test_suite(suite);
