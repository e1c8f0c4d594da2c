// SPDX-License-Identifier: GPL-2.0
/*
 * What this kernel was told of itself at boot. Written by partition.c or
 * secondary.c before the shared region is mapped, and read by everybody later.
 */
#include <linux/cache.h>
#include <linux/init.h>
#include <asm/mint.h>

struct mint_facts mint_facts __ro_after_init;
struct mint_machine mint_machine __initdata;

/**
 * mint_apic_id_foreign() - does this CPU belong to another node?
 * @apic_id: the CPU
 */
bool __init mint_apic_id_foreign(u32 apic_id)
{
	unsigned int i;

	if (!mint_facts.active)
		return false;
	for (i = 0; i < mint_facts.nr_cpus; i++)
		if (mint_facts.apic_ids[i] == apic_id)
			return false;
	return true;
}
