// SPDX-License-Identifier: GPL-2.0
/*
 * Halting the machine's boot CPU, which must not get an INIT: an NMI takes it
 * out of whatever it does to the parking place in low memory, which its node has
 * prepared. Only the CPU itself and the node that wakes it use that place.
 */
#define pr_fmt(fmt) "mint: " fmt

#include <linux/delay.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <asm/apic.h>
#include <asm/cpufeature.h>
#include <asm/desc.h>
#include <asm/fixmap.h>
#include <asm/io_apic.h>
#include <asm/mint.h>
#include <asm/trapnr.h>
#include "local.h"
#include "park.h"

#define NR_GATES	32
#define WAKE_MS		1000

static_assert(sizeof(struct mint_mailbox) == MINT_PARK_MAILBOX_BYTES);

/* Page tables for the way there: the kernel's text, and low memory one to one. */
static u64 way_pml4[PTRS_PER_PGD] __page_aligned_bss;
static u64 way_pdpt[PTRS_PER_PUD] __page_aligned_bss;

/* mint_node_life.halt of this node; NULL while it cannot be parked. */
static u32 *halt_asked __ro_after_init;

static u64 mint_park_at(const u8 *label)
{
	return MINT_PARK_BASE + (label - mint_park_start);
}

static void __init mint_park_fill_gate(gate_desc *gate, const u8 *handler)
{
	pack_gate(gate, GATE_INTERRUPT, mint_park_at(handler), 0, 0, __BOOT_CS);
}

static void __init mint_park_fill_gates(gate_desc *gates)
{
	unsigned int i;

	for (i = 0; i < NR_GATES; i++)
		mint_park_fill_gate(&gates[i], mint_park_fault);
	mint_park_fill_gate(&gates[X86_TRAP_NMI], mint_park_nmi);
	mint_park_fill_gate(&gates[X86_TRAP_MC], mint_park_mce);
}

static void __init mint_park_fill_place(void *place, u64 parked_at, u64 parked_word)
{
	struct mint_park_data *data = place + MINT_PARK_DATA;

	memset(place, 0, MINT_PARK_BYTES);
	memcpy(place, mint_park_start, mint_park_end - mint_park_start);
	mint_park_fill_gates(place + MINT_PARK_IDT);
	mint_identity_map(place + PAGE_SIZE, place + 2 * PAGE_SIZE,
			  MINT_PARK_BASE + 2 * PAGE_SIZE);
	*data = (struct mint_park_data) {
		.gdt_limit = sizeof(data->gdt) - 1,
		.gdt_base = MINT_PARK_BASE + MINT_PARK_DATA +
			    offsetof(struct mint_park_data, gdt),
		.idt_limit = NR_GATES * sizeof(gate_desc) - 1,
		.idt_base = MINT_PARK_BASE + MINT_PARK_IDT,
		.cr3 = MINT_PARK_BASE + PAGE_SIZE,
		.parked_at = parked_at,
		.parked_word = parked_word,
		.gdt = MINT_GDT,
	};
}

/**
 * mint_park_prepare() - make it possible to halt this node's boot CPU
 * @halt_word: mint_node_life.halt of this node
 * @parked_at: physical address of the mint_doorbell.parked of its boot CPU
 * @parked_word: what the CPU writes there when it rests
 *
 * Called once, by a node that runs on the machine's boot CPU, before others
 * see that it has attached.
 */
void __init mint_park_prepare(u32 *halt_word, u64 parked_at, u64 parked_word)
{
	unsigned int text = pgd_index(__START_KERNEL_map);

	if (!boot_cpu_has(X86_FEATURE_GBPAGES) || pgtable_l5_enabled()) {
		pr_warn("the boot CPU has no pages of 1 GB, or 5 levels of them: no other node can halt it\n");
		return;
	}
	mint_park_fill_place(__va(MINT_PARK_BASE), parked_at, parked_word);
	mint_identity_map(way_pml4, way_pdpt, __pa_symbol(way_pdpt));
	way_pml4[text] = pgd_val(init_mm.pgd[text]);
	halt_asked = halt_word;
}

/* Masks all wired interrupts. They would come to the next kernel on this CPU. */
static void mint_park_mask_io_apics(void)
{
	int i;

	for (i = 0; i < nr_ioapics; i++) {
		void __iomem *base = (void __iomem *)__fix_to_virt(FIX_IO_APIC_BASE_0 + i) +
				     offset_in_page(mpc_ioapic_addr(i));
		u32 pin, last;

		writel(1, base);
		last = readl(base + 0x10) >> 16 & 0xff;
		for (pin = 0; pin <= last; pin++) {
			writel(0x10 + 2 * pin, base);
			writel(APIC_LVT_MASKED, base + 0x10);
		}
	}
}

static void __noreturn mint_park_leave(void)
{
	if (!mint_secondary())
		mint_park_mask_io_apics();
	/* A disabled local APIC takes no interrupts, but still NMIs and INITs. */
	apic_write(APIC_SPIV, apic_read(APIC_SPIV) & ~APIC_SPIV_APIC_ENABLED);
	mint_park_jump(__pa_symbol(way_pml4), mint_park_at(mint_park_enter));
}

/**
 * mint_nmi() - end this node, if that is what the NMI is for
 *
 * First thing in the kernel's NMI handler. Does not return if another node
 * halts this one: the boot CPU goes to the parking place, the others wait for
 * their INIT.
 */
void noinstr mint_nmi(void)
{
	if (!halt_asked || READ_ONCE(*halt_asked) < mint_facts.generation)
		return;
	instrumentation_begin();
	/* A node that has the boot CPU boots on it. */
	if (!raw_smp_processor_id())
		mint_park_leave();
	instrumentation_end();
	for (;;)
		native_halt();
}

static bool mint_mailbox_wait(struct mint_mailbox *mailbox, u64 command, unsigned int ms)
{
	while (mint_load_acquire(&mailbox->command) != command && ms--)
		usleep_range(1000, 1100);
	return mint_load(&mailbox->command) == command;
}

/* An NMI between the CPU's look at the mailbox and its HLT is lost, so it gets several. */
static bool mint_mailbox_wake(struct mint_mailbox *mailbox, u32 apic_id)
{
	unsigned int tries;

	if (mint_load(&mailbox->command) == MINT_MAILBOX_AWAKE)
		return true;	/* of a waker that died */
	mint_store_release(&mailbox->command, (u64)MINT_MAILBOX_WAKE);
	for (tries = 0; tries < WAKE_MS / 10; tries++) {
		mint_cpu_nmi(apic_id);
		if (mint_mailbox_wait(mailbox, MINT_MAILBOX_AWAKE, 10))
			return true;
	}
	mint_store(&mailbox->command, (u64)MINT_MAILBOX_REST);
	return false;
}

/**
 * mint_cpu_wake() - start the boot CPU, which rests in the parking place
 * @apic_id: APIC id of the boot CPU
 * @entry: physical address of a kernel's 64-bit entry
 * @boot_params: physical address of its boot parameters
 *
 * Return: 0, -ENOMEM, or -EIO if the CPU did not wake up within a second.
 * Context: may sleep.
 */
int mint_cpu_wake(u32 apic_id, phys_addr_t entry, phys_addr_t boot_params)
{
	struct mint_mailbox *mailbox = memremap(MINT_PARK_BASE, sizeof(*mailbox),
						MEMREMAP_WB);
	int err = -EIO;

	if (!mailbox)
		return -ENOMEM;
	mailbox->entry = entry;
	mailbox->boot_params = boot_params;
	if (mint_mailbox_wake(mailbox, apic_id)) {
		mint_store_release(&mailbox->command, (u64)MINT_MAILBOX_GO);
		if (mint_mailbox_wait(mailbox, MINT_MAILBOX_REST, WAKE_MS))
			err = 0;
	}
	memunmap(mailbox);
	return err;
}
