// SPDX-License-Identifier: GPL-2.0
/*
 * Faults on request, for tests: those that LKDTM has not. Write
 * "NAME [NUMBER]" to /sys/kernel/debug/mint-fault/provoke. Most never return.
 * Built outside the kernel, so that the kernel under test is the one of users.
 */
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/io.h>
#include <linux/irq_work.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/sched/clock.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/uaccess.h>
#include <asm/apic.h>
#include <asm/desc.h>
#include <asm/kvm_para.h>
#include <asm/msr.h>

#define STORM_NS	1000

/**
 * struct fault - a fault by name
 * @name: what to write to the file
 * @provoke: does it; @number is 0 where none was given
 */
struct fault {
	const char *name;
	void (*provoke)(u64 number);
};

static struct dentry *directory;

static void bug(struct irq_work *work)
{
	BUG();
}

static struct irq_work bug_work = IRQ_WORK_INIT_HARD(bug);

static void provoke_bug_in_interrupt(u64 unused)
{
	irq_work_queue(&bug_work);
}

static void provoke_division_by_zero(u64 zero)
{
	u32 quotient = 1, remainder = 0;

	asm volatile("divl %2" : "+a" (quotient), "+d" (remainder) : "r" ((u32)zero));
}

static void spin(void *unused)
{
	local_irq_disable();
	for (;;)
		cpu_relax();
}

/* By the clock: mdelay() gets long where the host is short of CPUs. */
static void spin_for(u64 ms)
{
	u64 end = local_clock() + ms * NSEC_PER_MSEC;

	while (local_clock() < end)
		cpu_relax();
}

/* As LKDTM's HARDLOCKUP and SOFTLOCKUP, but for so many milliseconds only. */
static void provoke_hang_interrupts_off(u64 ms)
{
	local_irq_disable();
	spin_for(ms);
	local_irq_enable();
}

static void provoke_hang_interrupts_on(u64 ms)
{
	preempt_disable();
	spin_for(ms);
	preempt_enable();
}

/* LKDTM's HARDLOCKUP takes one CPU; this takes the whole node. */
static void provoke_hang_all(u64 unused)
{
	smp_call_function(spin, NULL, 0);
	spin(NULL);
}

static enum hrtimer_restart storm(struct hrtimer *timer)
{
	hrtimer_forward_now(timer, STORM_NS);
	return HRTIMER_RESTART;
}

static DEFINE_PER_CPU(struct hrtimer, storm_timer);

static void start_storm(void *unused)
{
	struct hrtimer *timer = this_cpu_ptr(&storm_timer);

	hrtimer_init(timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	timer->function = storm;
	hrtimer_start(timer, STORM_NS, HRTIMER_MODE_REL_PINNED_HARD);
}

/* Interrupts faster than they can be served, on every CPU, for ever. */
static void provoke_interrupt_storm(u64 unused)
{
	smp_call_function(start_storm, NULL, 0);
	start_storm(NULL);
}

static bool x2apic_is_on(void)
{
	u64 base;

	rdmsrl(MSR_IA32_APICBASE, base);
	return base & X2APIC_ENABLE;
}

/*
 * The node lives and its interface is open, but takes no frame for so many
 * milliseconds or until a signal: as if it never got to poll.
 */
static void provoke_receiver_stuck(u64 ms)
{
	struct napi_struct *napi, *held[8];
	unsigned int i, nr = 0;
	struct net_device *dev;

	rtnl_lock();
	dev = __dev_get_by_name(&init_net, "vni0");
	if (!dev)
		goto unlock;
	/* Queues that are not in use have it disabled already. */
	list_for_each_entry(napi, &dev->napi_list, dev_list)
		if (!test_bit(NAPI_STATE_NPSVC, &napi->state) && nr < ARRAY_SIZE(held))
			held[nr++] = napi;
	for (i = 0; i < nr; i++)
		napi_disable(held[i]);
	msleep_interruptible(ms);
	local_bh_disable();
	for (i = 0; i < nr; i++) {
		napi_enable(held[i]);
		napi_schedule(held[i]);
	}
	local_bh_enable();
unlock:
	rtnl_unlock();
}

static void send_doorbell(u32 apic_id)
{
	local_irq_disable();
	if (x2apic_is_on()) {
		native_x2apic_icr_write(X86_PLATFORM_IPI_VECTOR, apic_id);
	} else {
		native_apic_mem_write(APIC_ICR2, SET_XAPIC_DEST_FIELD(apic_id));
		native_apic_mem_write(APIC_ICR, X86_PLATFORM_IPI_VECTOR);
	}
	local_irq_enable();
}

/* As a kernel would that has lost its mind: by no doorbell's pending bit. */
static void provoke_ipi_flood(u64 apic_id)
{
	while (!signal_pending(current)) {
		send_doorbell(apic_id);
		cond_resched();
	}
}

static void provoke_wild_write(u64 phys)
{
	u64 *word = memremap(phys, sizeof(*word), MEMREMAP_WB);

	if (!word)
		return;
	WRITE_ONCE(*word, ~READ_ONCE(*word));
	memunmap(word);
}

/* What locking by the other order would wait for, seen without waiting. */
static void provoke_lock_order(u64 unused)
{
	static DEFINE_MUTEX(first);
	static DEFINE_MUTEX(second);

	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);
	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
}

static unsigned long raced;

static void race(void *end)
{
	while (local_clock() < *(u64 *)end) {
		raced++;
		barrier();
	}
}

/* Plain accesses of all CPUs to one word. */
static void provoke_data_race(u64 ms)
{
	u64 end = local_clock() + ms * NSEC_PER_MSEC;

	preempt_disable();
	smp_call_function(race, &end, 0);
	race(&end);
	preempt_enable();
	/* Ends when the others have ended too. */
	kick_all_cpus_sync();
}

static void provoke_triple_fault(u64 unused)
{
	static const struct desc_ptr nothing;

	local_irq_disable();
	native_load_idt(&nothing);
	asm volatile("int3");
}

/* As kernels do that know KVM. The page is never given back. */
static void register_with_kvm(void *page)
{
	u64 phys = virt_to_phys(page);

	wrmsrl_safe(MSR_KVM_STEAL_TIME, phys | KVM_MSR_ENABLED);
	wrmsrl_safe(MSR_KVM_SYSTEM_TIME_NEW, (phys + 64) | KVM_MSR_ENABLED);
	wrmsrl_safe(MSR_KVM_PV_EOI_EN, (phys + 128) | KVM_MSR_ENABLED);
}

static void provoke_register_with_kvm(u64 unused)
{
	void *page = (void *)get_zeroed_page(GFP_KERNEL);

	if (page)
		smp_call_function_single(0, register_with_kvm, page, true);
}

static const struct fault faults[] = {
	{ "bug-in-interrupt", provoke_bug_in_interrupt },
	{ "data-race", provoke_data_race },
	{ "division-by-zero", provoke_division_by_zero },
	{ "hang-all", provoke_hang_all },
	{ "hang-interrupts-off", provoke_hang_interrupts_off },
	{ "hang-interrupts-on", provoke_hang_interrupts_on },
	{ "interrupt-storm", provoke_interrupt_storm },
	{ "lock-order", provoke_lock_order },
	{ "ipi-flood", provoke_ipi_flood },
	{ "receiver-stuck", provoke_receiver_stuck },
	{ "register-with-kvm", provoke_register_with_kvm },
	{ "wild-write", provoke_wild_write },
	{ "triple-fault", provoke_triple_fault },
};

static ssize_t provoke(const char *name, u64 number)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		if (strcmp(faults[i].name, name))
			continue;
		pr_emerg("mint-fault: %s 0x%llx\n", name, number);
		faults[i].provoke(number);
		return 0;
	}
	return -ENOENT;
}

static ssize_t provoke_write(struct file *file, const char __user *from,
			     size_t n, loff_t *at)
{
	char *text = memdup_user_nul(from, min_t(size_t, n, 80));
	char *name, *rest;
	u64 number = 0;
	ssize_t err = 0;

	if (IS_ERR(text))
		return PTR_ERR(text);
	rest = strim(text);
	name = strsep(&rest, " ");
	if (rest)
		err = kstrtou64(rest, 0, &number);
	if (!err)
		err = provoke(name, number);
	kfree(text);
	return err ? err : n;
}

static const struct file_operations provoke_operations = {
	.owner = THIS_MODULE,
	.write = provoke_write,
};

static int __init fault_init(void)
{
	directory = debugfs_create_dir("mint-fault", NULL);
	debugfs_create_file("provoke", 0200, directory, NULL, &provoke_operations);
	return 0;
}
module_init(fault_init);

static void __exit fault_exit(void)
{
	unsigned int cpu;

	debugfs_remove(directory);
	for_each_possible_cpu(cpu)
		if (per_cpu(storm_timer, cpu).function)
			hrtimer_cancel(&per_cpu(storm_timer, cpu));
	irq_work_sync(&bug_work);
}
module_exit(fault_exit);

MODULE_DESCRIPTION("Mint: faults on request, for tests");
MODULE_LICENSE("GPL");
