/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mint on x86: the hooks in existing files, and what the node core needs of
 * the platform. Without CONFIG_MINT every hook folds away.
 */
#ifndef _ASM_X86_MINT_H
#define _ASM_X86_MINT_H

#include <linux/errno.h>
#include <linux/types.h>

struct cpumask;

#ifdef CONFIG_MINT

#include <asm/mint_machine.h>
#include <mint/boot.h>

/**
 * struct mint_facts - what this kernel was told of itself at boot
 * @active: Mint is on
 * @secondary: started by another node, not by the firmware
 * @node: own node id
 * @generation: own generation
 * @region_phys: shared region, first byte
 * @region_bytes: shared region, size
 * @low_phys: the low area, MINT_LOW_BYTES; 0 = there is none
 * @lapic_khz: secondary: rate of the local APIC timer
 * @tsc_khz: secondary: rate of the time stamp counter
 * @x2apic: secondary: the local APICs are to be in x2APIC mode, not in xAPIC mode
 * @nr_cpus: used entries of @apic_ids
 * @apic_ids: own CPUs, the booting one first
 */
struct mint_facts {
	bool active;
	bool secondary;
	u32 node;
	u32 generation;
	u64 region_phys;
	u64 region_bytes;
	u64 low_phys;
	u32 lapic_khz;
	u32 tsc_khz;
	bool x2apic;
	u32 nr_cpus;
	u32 apic_ids[MINT_MAX_CPUS];
};

extern struct mint_facts mint_facts;

/* On node 0; gone after its boot. */
extern struct mint_machine mint_machine;

/* Hooks in head64.c, setup.c, topology.c, apic/ and others */
void mint_detect_secondary(void);
void mint_setup_memory(void);
bool mint_apic_id_foreign(u32 apic_id);
u32 mint_max_apic_id(u32 irq_limit);
bool mint_irq_reaches(unsigned int cpu);
bool mint_irq_reaches_all(const struct cpumask *cpus);
void mint_keep_iommu_off(void);
int mint_numa_init(void);
void mint_nmi(void);

static inline bool mint_active(void)
{
	return mint_facts.active;
}

static inline bool mint_secondary(void)
{
	return mint_facts.secondary;
}

/* Platform services for drivers/mint */
void mint_take_platform(void);
void mint_firmware_read(struct mint_firmware *found);
void mint_firmware_take(const struct mint_firmware *told);
void mint_pm_timer_take(u16 port);
void mint_refuse(u16 major, u16 minor) __noreturn;
u32 mint_lapic_khz(void);
bool mint_x2apic(void);
void mint_ipi_send(u32 apic_id);
void mint_ipi_listen(void (*handler)(void));
void mint_cpu_init(u32 apic_id);
void mint_cpu_nmi(u32 apic_id);
int mint_cpu_wake(u32 apic_id, const struct mint_startup *want);
void mint_halt_prepare(u32 *halt_word);
void mint_park_prepare(u64 parked_word);
u64 mint_park_word(void);
int mint_cpu_start(u32 apic_id, const struct mint_startup *want);
int mint_cpu_confirm(u32 apic_id, u32 node);
bool mint_startup_pending(u32 *apic_id);
u64 mint_low_format(void);
void mint_way_prepare(void);

/**
 * struct mint_startup_guard - what the platform asks of the node core before and
 *	after it uses the start-up page
 * @take: get the page for this kernel, also from a node that is being fenced, or
 *	MINT_MAX_NODES. Returns 0, or an error that is passed on. May sleep.
 * @give: give it back
 */
struct mint_startup_guard {
	int (*take)(u32 dying);
	void (*give)(void);
};

void mint_startup_register(const struct mint_startup_guard *guard);

/**
 * struct mint_ecam - where the PCI configuration space of segment 0 is
 * @base: physical address of that of bus 0
 * @first_bus: first bus that is there
 * @last_bus: last bus that is there
 */
struct mint_ecam {
	u64 base;
	u32 first_bus;
	u32 last_bus;
};

bool mint_pci_window(struct mint_ecam *ecam);
bool mint_pci_window_lost(void);
void mint_pci_silence(phys_addr_t phys, u16 vendor);

/**
 * struct mint_pci_owners - what the platform asks of the node core for PCI
 * @hidden: does this function, bus << 8 | device << 3 | function, belong to
 *	another node? Any context.
 * @attach: a started node learns its functions; fills in where the
 *	configuration space is, and returns how many there are
 * @next_own: go through the own functions: takes the last index or -1, fills
 *	in the function, returns its index or -1 at the end
 */
struct mint_pci_owners {
	bool (*hidden)(u16 segment, u16 function);
	unsigned int (*attach)(struct mint_ecam *window);
	int (*next_own)(int at, u16 *function);
};

void mint_pci_register(const struct mint_pci_owners *owners);

/**
 * struct mint_end - what the platform asks of the node core when the node ends
 * @ended: tell the others; takes MINT_SELF_OFF or _REBOOT. Any context.
 * @others_running: does any other node still use its CPUs? Any context.
 */
struct mint_end {
	void (*ended)(u32 state);
	bool (*others_running)(void);
};

void mint_end_register(const struct mint_end *end);

/*
 * The one function of drivers/mint that the platform calls by name: it comes
 * before anything can register.
 */
void mint_region_init(void);

#else

static inline void mint_detect_secondary(void) { }
static inline void mint_setup_memory(void) { }
static inline bool mint_apic_id_foreign(u32 apic_id) { return false; }
static inline u32 mint_max_apic_id(u32 irq_limit) { return irq_limit; }
static inline bool mint_irq_reaches(unsigned int cpu) { return true; }
static inline bool mint_irq_reaches_all(const struct cpumask *cpus) { return true; }
static inline void mint_keep_iommu_off(void) { }
static inline int mint_numa_init(void) { return -ENODEV; }
static inline void mint_nmi(void) { }
static inline bool mint_active(void) { return false; }
static inline bool mint_secondary(void) { return false; }

#endif /* CONFIG_MINT */
#endif /* _ASM_X86_MINT_H */
