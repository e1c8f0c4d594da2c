// SPDX-License-Identifier: GPL-2.0
/*
 * The ledger: claims on CPUs and memory. What a PCI function is, and so the
 * claims on those, are in pci.c; they are given back here. The
 * tables are valid after every store, so a lock taken over from a dead node
 * needs no repair beyond giving back claims of nodes that were never created.
 * Lock: struct mint_ledger.lock, inside mint_ledger_mutex of this kernel.
 */
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <asm/mint.h>
#include <mint/domain.h>
#include <mint/extent.h>
#include "core.h"

#define LEDGER_SPINS	4000000

static DEFINE_MUTEX(mint_ledger_mutex);

/* A claim whose node was never entered in the node table is half done. */
static void mint_ledger_drop_half_claims(void)
{
	u32 node;

	for (node = 0; node < MINT_MAX_NODES; node++)
		if (mint_load(&mint_node_entry(node)->life.life) == MINT_LIFE_NONE)
			mint_ledger_release(node);
}

/**
 * mint_ledger_lock() - take the ledger, on this and all other nodes
 *
 * Held for microseconds: nothing may sleep while it is held.
 *
 * Return: 0, or -ETIMEDOUT when another node does not let go.
 */
int mint_ledger_lock(void)
{
	mutex_lock(&mint_ledger_mutex);
	preempt_disable();
	switch (mint_lock_acquire(&mint_region.ledger->lock, mint_self_word(),
				  LEDGER_SPINS, mint_owner_dead, NULL)) {
	case MINT_LOCK_TAKEN:
		return 0;
	case MINT_LOCK_TAKEN_OVER:
		mint_ledger_drop_half_claims();
		return 0;
	case MINT_LOCK_BUSY:
		break;
	}
	preempt_enable();
	mutex_unlock(&mint_ledger_mutex);
	return -ETIMEDOUT;
}

/**
 * mint_ledger_unlock() - release the ledger
 */
void mint_ledger_unlock(void)
{
	mint_lock_release(&mint_region.ledger->lock, mint_self_word());
	preempt_enable();
	mutex_unlock(&mint_ledger_mutex);
}

static bool mint_ledger_is_ram(u64 base, u64 bytes)
{
	return mint_extents_hold(mint_region.ledger->ram,
				 min(mint_region.ledger->nr_ram, MINT_MAX_RAM), base, bytes);
}

/**
 * mint_ledger_domain() - the NUMA domain of an address
 * @address: physical, any value
 * @end: filled in: the domain goes on until there, at least
 *
 * Return: MINT_DOMAIN_NONE where it is not known, and where there is no RAM.
 */
u8 mint_ledger_domain(u64 address, u64 *end)
{
	unsigned int i, nr = min(mint_region.ledger->nr_ram, MINT_MAX_RAM);

	*end = U64_MAX;
	for (i = 0; i < nr; i++) {
		struct mint_extent ram = mint_region.ledger->ram[i];

		if (mint_extent_holds(&ram, address, 1)) {
			*end = ram.base + ram.bytes;
			return ram.domain;
		}
		if (ram.base > address)
			*end = min(*end, ram.base);
	}
	return MINT_DOMAIN_NONE;
}

/**
 * mint_ledger_owns() - does a piece of RAM lie in one extent of a node?
 * @node: node id
 * @base: physical address of its first byte, any value
 * @bytes: its size, any value
 *
 * Node 0's first extent begins at 0. The first 2 MB, which all nodes share, are no
 * RAM that a node owns.
 */
bool mint_ledger_owns(u32 node, u64 base, u64 bytes)
{
	unsigned int i;

	for (i = 0; i < MINT_MAX_EXTENTS; i++) {
		struct mint_extent extent = mint_region.ledger->extents[i];

		if (extent.owner == node && mint_extent_holds(&extent, base, bytes))
			return mint_ledger_is_ram(base, bytes);
	}
	return false;
}

static int mint_ledger_check_cpus(const struct mint_ioc_create *want)
{
	unsigned int nr = mint_ledger_nr_cpus(), i, n = 0;

	for (i = 0; i < MINT_MAX_CPUS; i++) {
		const struct mint_cpu *cpu = &mint_region.ledger->cpus[i];

		if (!(want->cpus[i / 64] >> i % 64 & 1))
			continue;
		if (i >= nr)
			return -ERANGE;
		if (cpu->owner != MINT_OWNER_NONE)
			return -EBUSY;
		if (i == mint_ledger_boot_cpu() && !mint_boot_cpu_rests(MINT_MAX_NODES))
			return -EPERM;
		n++;
	}
	return n ? 0 : -EINVAL;
}

/* Returns the end of the first claim that meets a piece of memory, 0 if none does. */
static u64 mint_ledger_claimed_until(u64 base, u64 bytes, const struct mint_extent *extents,
				     unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (extents[i].owner != MINT_OWNER_NONE &&
		    mint_extent_meets(&extents[i], base, bytes))
			return extents[i].base + extents[i].bytes;
	return 0;
}

static u64 mint_ledger_taken_until(const struct mint_ioc_create *want, unsigned int placed,
				   u64 base, u64 bytes)
{
	u64 end = mint_ledger_claimed_until(base, bytes, mint_region.ledger->extents,
					    MINT_MAX_EXTENTS);

	return end ? end : mint_ledger_claimed_until(base, bytes, want->extents, placed);
}

static int mint_ledger_check_place(const struct mint_ioc_create *want, unsigned int placed,
				   u64 base, u64 bytes)
{
	if (!mint_ledger_is_ram(base, bytes))
		return -ERANGE;
	return mint_ledger_taken_until(want, placed, base, bytes) ? -EBUSY : 0;
}

/*
 * The lowest place that begins in a piece of RAM. Where that ends at the border of a
 * NUMA domain, it may go on behind it if @across.
 */
static bool mint_ledger_fit(const struct mint_ioc_create *want, unsigned int placed,
			    const struct mint_extent *ram, bool across,
			    struct mint_extent *extent)
{
	u64 at = ALIGN(ram->base, MINT_EXTENT_ALIGN), end;

	while (mint_extent_holds(ram, at, across ? 1 : extent->bytes) &&
	       mint_ledger_is_ram(at, extent->bytes)) {
		end = mint_ledger_taken_until(want, placed, at, extent->bytes);
		if (!end) {
			extent->base = at;
			return true;
		}
		at = ALIGN(end, MINT_EXTENT_ALIGN);
	}
	return false;
}

/*
 * In the domain that is nearest to the CPUs, the lowest place of several; if no domain
 * has room, the lowest place across them.
 */
static int mint_ledger_find_place(const struct mint_ioc_create *want, unsigned int placed,
				  struct mint_extent *extent)
{
	unsigned int i, nr = min(mint_region.ledger->nr_ram, MINT_MAX_RAM);
	u32 nearest = U32_MAX;

	for (i = 0; i < nr; i++) {
		struct mint_extent ram = mint_region.ledger->ram[i];
		u32 distance = mint_domain_distance(mint_region.ledger, want->cpus, ram.domain);

		if (distance < nearest && mint_ledger_fit(want, placed, &ram, false, extent))
			nearest = distance;
	}
	for (i = 0; nearest == U32_MAX && i < nr; i++) {
		struct mint_extent ram = mint_region.ledger->ram[i];

		if (mint_ledger_fit(want, placed, &ram, true, extent))
			return 0;
	}
	return nearest == U32_MAX ? -ENOMEM : 0;
}

/*
 * Decides where each extent lies. The decision stands in @want only, where
 * extents that follow must keep clear of it.
 */
static int mint_ledger_place_extents(u32 node, struct mint_ioc_create *want)
{
	unsigned int i;
	u64 end;
	int err;

	for (i = 0; i < want->nr_extents; i++) {
		struct mint_extent *extent = &want->extents[i];

		if (!extent->bytes || !IS_ALIGNED(extent->bytes, MINT_EXTENT_ALIGN))
			return -EINVAL;
		if (extent->base == MINT_ANY)
			err = mint_ledger_find_place(want, i, extent);
		else if (!IS_ALIGNED(extent->base, MINT_EXTENT_ALIGN) ||
			 check_add_overflow(extent->base, extent->bytes, &end))
			err = -EINVAL;
		else
			err = mint_ledger_check_place(want, i, extent->base, extent->bytes);
		if (err)
			return err;
		extent->owner = node;
	}
	return 0;
}

static int mint_ledger_claim_extents(u32 node, const struct mint_ioc_create *want)
{
	struct mint_extent *table = mint_region.ledger->extents;
	unsigned int i, at = 0;

	for (i = 0; i < want->nr_extents; i++) {
		while (at < MINT_MAX_EXTENTS && table[at].owner != MINT_OWNER_NONE)
			at++;
		if (at == MINT_MAX_EXTENTS)
			return -ENOSPC;
		mint_store(&table[at].base, want->extents[i].base);
		mint_store(&table[at].bytes, want->extents[i].bytes);
		/* Pairs with nothing: who reads without the lock gets no more than a hint. */
		mint_store_release(&table[at].owner, (u16)node);
	}
	return 0;
}

static void mint_ledger_claim_cpus(u32 node, const struct mint_ioc_create *want)
{
	unsigned int i;

	for (i = 0; i < MINT_MAX_CPUS; i++)
		if (want->cpus[i / 64] >> i % 64 & 1)
			mint_store(&mint_region.ledger->cpus[i].owner, (u16)node);
}

/**
 * mint_ledger_claim() - claim the CPUs and the memory of a new node, or nothing
 * @node: node id, still in MINT_LIFE_NONE
 * @want: what it wants; MINT_ANY in an extent is replaced by its address
 *
 * Caller holds the ledger. PCI functions are claimed by mint_pci_claim().
 * Errors as MINT_IOC_CREATE.
 */
int mint_ledger_claim(u32 node, struct mint_ioc_create *want)
{
	int err;

	err = mint_ledger_check_cpus(want);
	if (!err)
		err = mint_ledger_place_extents(node, want);
	if (!err)
		err = mint_ledger_claim_extents(node, want);
	if (err) {
		mint_ledger_release(node);
		return err;
	}
	mint_ledger_claim_cpus(node, want);
	return 0;
}

/**
 * mint_ledger_release() - give back all that a node owns
 * @node: node id of a node that is fenced, or was never created
 *
 * Caller holds the ledger.
 */
void mint_ledger_release(u32 node)
{
	struct mint_ledger *ledger = mint_region.ledger;
	unsigned int nr_pci = min(mint_load(&ledger->nr_pci), MINT_MAX_PCI), i;

	for (i = 0; i < MINT_MAX_CPUS; i++)
		if (ledger->cpus[i].owner == node)
			mint_store(&ledger->cpus[i].owner, MINT_OWNER_NONE);
	for (i = 0; i < MINT_MAX_EXTENTS; i++)
		if (ledger->extents[i].owner == node)
			mint_store(&ledger->extents[i].owner, MINT_OWNER_NONE);
	for (i = 0; i < nr_pci; i++)
		if (ledger->pci[i].owner == node)
			mint_store(&ledger->pci[i].owner, MINT_OWNER_NONE);
}
