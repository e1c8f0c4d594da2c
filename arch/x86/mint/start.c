// SPDX-License-Identifier: GPL-2.0
/*
 * Stopping and starting CPUs of other nodes: INIT and SIPI, and the stub in
 * low memory through which a CPU reaches the 64-bit entry of its kernel.
 * Callers hold the node in state LOADING (drivers/mint/take.c), so nobody
 * else uses its low memory slot or its CPUs.
 */
#include <linux/delay.h>
#include <linux/io.h>
#include <asm/apic.h>
#include <asm/mint.h>
#include <asm/pgtable.h>
#include <asm/segment.h>
#include "local.h"
#include "stub.h"

static void mint_icr_send(u32 command, u32 apic_id)
{
	unsigned long flags;

	local_irq_save(flags);
	safe_apic_wait_icr_idle();
	apic_icr_write(command, apic_id);
	safe_apic_wait_icr_idle();
	local_irq_restore(flags);
}

/**
 * mint_cpu_init() - stop a CPU at any instruction
 * @apic_id: APIC id of the CPU; never that of the machine's boot CPU, since an
 *	INIT to that one resets the machine
 *
 * Takes 10 ms. From then on the CPU waits for a SIPI and executes nothing.
 *
 * Context: may sleep.
 */
void mint_cpu_init(u32 apic_id)
{
	mint_icr_send(APIC_INT_LEVELTRIG | APIC_INT_ASSERT | APIC_DM_INIT, apic_id);
	usleep_range(10000, 11000);
	mint_icr_send(APIC_INT_LEVELTRIG | APIC_DM_INIT, apic_id);
}

/**
 * mint_cpu_nmi() - send a CPU a non-maskable interrupt
 * @apic_id: APIC id of the CPU
 *
 * Context: any but NMI.
 */
void mint_cpu_nmi(u32 apic_id)
{
	mint_icr_send(APIC_DM_NMI, apic_id);
}

/**
 * mint_identity_map() - map the first 512 GB one to one by pages of 1 GB
 * @pml4: a page, filled in
 * @pdpt: a page, filled in
 * @pdpt_phys: physical address of @pdpt
 */
void mint_identity_map(u64 *pml4, u64 *pdpt, phys_addr_t pdpt_phys)
{
	unsigned int i;

	memset(pml4, 0, PAGE_SIZE);
	pml4[0] = pdpt_phys | _KERNPG_TABLE_NOENC;
	for (i = 0; i < PTRS_PER_PUD; i++)
		pdpt[i] = (u64)i << PUD_SHIFT | __PAGE_KERNEL_LARGE_EXEC;
}

static struct mint_stub_data *mint_stub_fill_slot(void *slot, phys_addr_t phys,
						  phys_addr_t entry,
						  phys_addr_t boot_params)
{
	struct mint_stub_data *data = slot + MINT_STUB_DATA;

	memcpy(slot, mint_stub_start, mint_stub_end - mint_stub_start);
	mint_identity_map(slot + PAGE_SIZE, slot + 2 * PAGE_SIZE,
			  phys + 2 * PAGE_SIZE);
	*data = (struct mint_stub_data) {
		.gdt_limit = sizeof(data->gdt) - 1,
		.gdt_base = phys + MINT_STUB_DATA +
			    offsetof(struct mint_stub_data, gdt),
		.far_offset = phys + (mint_stub_64 - mint_stub_start),
		.far_selector = __BOOT_CS,
		.cr3 = phys + PAGE_SIZE,
		.entry = entry,
		.boot_params = boot_params,
		.gdt = MINT_GDT,
	};
	return data;
}

static bool mint_stub_wait_arrived(struct mint_stub_data *data, unsigned int ms)
{
	while (!READ_ONCE(data->arrived) && ms--)
		usleep_range(1000, 1100);
	return READ_ONCE(data->arrived);
}

/**
 * mint_cpu_start() - start a stopped CPU in a kernel
 * @apic_id: APIC id of the CPU
 * @low_slot: physical address of a free low memory slot
 * @entry: physical address of the kernel's 64-bit entry
 * @boot_params: physical address of its boot parameters
 *
 * Return: 0, -EOPNOTSUPP if this CPU has no pages of 1 GB, -ENOMEM, or -EIO if
 * the CPU did not reach 64-bit mode within a second. Context: may sleep.
 */
int mint_cpu_start(u32 apic_id, phys_addr_t low_slot, phys_addr_t entry,
		   phys_addr_t boot_params)
{
	struct mint_stub_data *data;
	void *slot;
	int err = 0;

	if (!boot_cpu_has(X86_FEATURE_GBPAGES))
		return -EOPNOTSUPP;
	slot = memremap(low_slot, MINT_LOW_STUB_BYTES, MEMREMAP_WB);
	if (!slot)
		return -ENOMEM;

	data = mint_stub_fill_slot(slot, low_slot, entry, boot_params);
	mint_cpu_init(apic_id);
	mint_icr_send(APIC_DM_STARTUP | low_slot >> PAGE_SHIFT, apic_id);
	if (!mint_stub_wait_arrived(data, 2)) {
		mint_icr_send(APIC_DM_STARTUP | low_slot >> PAGE_SHIFT, apic_id);
		if (!mint_stub_wait_arrived(data, 1000))
			err = -EIO;
	}
	memunmap(slot);
	return err;
}
