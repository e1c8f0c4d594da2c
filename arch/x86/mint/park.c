// SPDX-License-Identifier: GPL-2.0
/*
 * Halting the machine's boot CPU, which must not get an INIT: an NMI takes it
 * out of whatever it does to the parking page of the low area, which its node has
 * prepared. Only the CPU itself and the node that wakes it use that place.
 */
#define pr_fmt(fmt) "mint: " fmt

#include <linux/delay.h>
#include <linux/init.h>
#include <linux/mm.h>
#include <asm/apic.h>
#include <asm/desc.h>
#include <asm/fixmap.h>
#include <asm/io_apic.h>
#include <asm/mint.h>
#include <asm/reboot.h>
#include <asm/trapnr.h>
#include "local.h"
#include "park.h"

#define NR_GATES	32
#define WAKE_MS		1000

static_assert(sizeof(struct mint_mailbox) == MINT_PARK_MAILBOX_BYTES);

/* mint_node_life.halt of this node; NULL while it is not looked at. */
static u32 *halt_asked __ro_after_init;
static bool park_ready __ro_after_init;

static struct mint_mailbox *mint_mailbox(void)
{
	return mint_low(MINT_LOW_PARK);
}

static u64 mint_park_at(const u8 *label)
{
	return mint_facts.low_phys + MINT_LOW_PARK + (label - mint_park_start);
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

static void __init mint_park_fill_page(void *page, u64 parked_word)
{
	struct mint_park_data *data = page + MINT_PARK_DATA;
	u64 phys = mint_facts.low_phys + MINT_LOW_PARK;

	memset(page, 0, PAGE_SIZE);
	memcpy(page, mint_park_start, mint_park_end - mint_park_start);
	mint_park_fill_gates(page + MINT_PARK_IDT);
	*data = (struct mint_park_data) {
		.gdt_limit = sizeof(data->gdt) - 1,
		.gdt_base = phys + MINT_PARK_DATA + offsetof(struct mint_park_data, gdt),
		.idt_limit = NR_GATES * sizeof(gate_desc) - 1,
		.idt_base = phys + MINT_PARK_IDT,
		.cr3 = mint_facts.low_phys + MINT_LOW_PML4,
		.parked_word = parked_word,
		.gdt = MINT_GDT,
	};
}

/**
 * mint_halt_prepare() - let other nodes halt this one's CPUs by NMI
 * @halt_word: mint_node_life.halt of this node
 */
void __init mint_halt_prepare(u32 *halt_word)
{
	halt_asked = halt_word;
}

/**
 * mint_park_prepare() - make it possible to park the machine's boot CPU
 * @parked_word: what the CPU writes to mint_mailbox.parked when it rests
 *
 * Called once, by a node that runs on the machine's boot CPU, before others
 * see that it has attached.
 */
void __init mint_park_prepare(u64 parked_word)
{
	mint_park_fill_page(mint_mailbox(), parked_word);
	park_ready = true;
}

/**
 * mint_park_word() - which incarnation came to rest on the machine's boot CPU?
 *
 * Return: mint_mailbox.parked, 0 if the CPU runs. Context: any.
 */
u64 mint_park_word(void)
{
	/* Pairs with the order of stores of the CPU: it rests already. */
	return mint_facts.low_phys ? mint_load_acquire(&mint_mailbox()->parked) : 0;
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

static void mint_park_leave(void)
{
	if (!mint_secondary())
		mint_park_mask_io_apics();
	mint_apic_disable();
	mint_park_jump(mint_way_cr3(), mint_park_at(mint_park_enter));
}

/**
 * mint_nmi() - end this node, if that is what the NMI is for
 *
 * First thing in the kernel's NMI handler. Does not return if another node
 * halts this one: the machine's boot CPU goes to the parking place, the others wait
 * for their INIT, which they take when they run no guests any more.
 */
void noinstr mint_nmi(void)
{
	if (!halt_asked || READ_ONCE(*halt_asked) < mint_facts.generation)
		return;
	instrumentation_begin();
	cpu_emergency_disable_virtualization();
	/* A node that has the boot CPU boots on it. */
	if (park_ready && !raw_smp_processor_id())
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
 * @want: where it goes; page tables, entry and argument count
 *
 * Return: 0, -EOPNOTSUPP if there is no low area, or -EIO if the CPU did not wake
 * up within a second. Context: may sleep.
 */
int mint_cpu_wake(u32 apic_id, const struct mint_startup *want)
{
	struct mint_mailbox *mailbox = mint_mailbox();

	if (!mint_facts.low_phys)
		return -EOPNOTSUPP;
	mint_store(&mailbox->entry, want->entry);
	mint_store(&mailbox->boot_params, want->argument);
	mint_store(&mailbox->cr3, want->cr3);
	if (!mint_mailbox_wake(mailbox, apic_id))
		return -EIO;
	mint_store_release(&mailbox->command, (u64)MINT_MAILBOX_GO);
	return mint_mailbox_wait(mailbox, MINT_MAILBOX_REST, WAKE_MS) ? 0 : -EIO;
}
