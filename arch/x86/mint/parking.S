/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The parking page: where the machine's boot CPU rests after its node was
 * halted by NMI, and from where it is started again. All of it is copied to
 * low memory, so that nothing of the dead kernel is used; its variables
 * (struct mint_park_data) lie at MINT_PARK_DATA and are filled in by park.c.
 */
#include <linux/linkage.h>
#include <asm/msr-index.h>
#include <asm/nospec-branch.h>
#include <asm/processor-flags.h>
#include <asm/segment.h>
#include "offsets.h"
#include "park.h"

#define MAILBOX(field)	(mint_park_start + MAILBOX_##field)(%rip)
#define DATA(field)	(mint_park_start + MINT_PARK_DATA + PARK_##field)(%rip)
#define STACK		(mint_park_start + MINT_PARK_STACK)(%rip)

	.section .noinstr.text, "ax"

/*
 * void mint_park_jump(u64 cr3, u64 entry): leave the kernel for an address
 * that @cr3 maps, along with this code. Called in NMI context.
 */
SYM_FUNC_START(mint_park_jump)
	movq	%rdi, %cr3
	ANNOTATE_RETPOLINE_SAFE
	jmp	*%rsi
	int3
SYM_FUNC_END(mint_park_jump)

	.section .rodata, "a"
	.balign 16

	.code64
SYM_DATA_START(mint_park_start)
	.skip	MINT_PARK_MAILBOX_BYTES
SYM_INNER_LABEL(mint_park_enter, SYM_L_GLOBAL)
	endbr64
	/* Without MCE a machine check would shut the CPU down, and all. */
	movq	%cr4, %rax
	andl	$(X86_CR4_MCE | X86_CR4_LA57), %eax
	orl	$X86_CR4_PAE, %eax
	movq	%rax, %cr4
	movl	$(X86_CR0_PG | X86_CR0_NE | X86_CR0_ET | X86_CR0_PE), %eax
	movq	%rax, %cr0
	movl	$MSR_EFER, %ecx
	rdmsr
	andl	$(EFER_LME | EFER_LMA), %eax
	xorl	%edx, %edx
	wrmsr
	xorl	%eax, %eax
	movq	%rax, %dr7

	lgdt	DATA(gdt_pointer)
	lidt	DATA(idt_pointer)
	movl	%eax, %fs
	movl	%eax, %gs
	movl	$__BOOT_DS, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	leaq	STACK, %rsp

	/* The kernel may have had 5 levels of page tables: without paging, to 4. */
	leaq	mint_park_start(%rip), %rbx
	leaq	.Lto_4_levels(%rip), %rax
	pushq	$(MINT_GDT_ENTRY_CS32 * 8)
	pushq	%rax
	lretq

	.code32
.Lto_4_levels:
	movl	%cr0, %eax
	andl	$~X86_CR0_PG, %eax
	movl	%eax, %cr0
	movl	%cr4, %eax
	andl	$~X86_CR4_LA57, %eax
	movl	%eax, %cr4
	movl	(MINT_PARK_DATA + PARK_cr3)(%ebx), %eax
	movl	%eax, %cr3
	movl	%cr0, %eax
	orl	$X86_CR0_PG, %eax
	movl	%eax, %cr0
	leal	(.Lback_in_64 - mint_park_start)(%ebx), %eax
	pushl	$__BOOT_CS
	pushl	%eax
	lretl

	.code64
.Lback_in_64:
	/* NMIs stay blocked until an IRET, which loads CS and SS besides. */
	leaq	STACK, %rcx
	movq	%rcx, %rsp
	xorl	%eax, %eax
	pushq	%rax
	pushq	%rcx
	pushq	$X86_EFLAGS_FIXED
	pushq	$__BOOT_CS
	leaq	.Lrest(%rip), %rcx
	pushq	%rcx
	iretq

.Lrest:
	movq	DATA(parked_word), %rax
	movq	%rax, MAILBOX(parked)
.Lsleep:
	hlt
	cmpq	$MINT_MAILBOX_WAKE, MAILBOX(command)
	jne	.Lsleep
	/* From here on the waker sends no NMI: none can hit what follows. */
	movq	$MINT_MAILBOX_AWAKE, MAILBOX(command)
.Lawake:
	pause
	cmpq	$MINT_MAILBOX_GO, MAILBOX(command)
	jne	.Lawake

	movl	$X86_CR4_PAE, %eax
	movq	%rax, %cr4
	movq	MAILBOX(boot_params), %rsi
	movq	MAILBOX(entry), %rax
	movq	MAILBOX(cr3), %rcx
	movq	%rcx, %cr3
	movq	$0, MAILBOX(parked)
	movq	$MINT_MAILBOX_REST, MAILBOX(command)
	jmp	*%rax
	int3

SYM_INNER_LABEL(mint_park_nmi, SYM_L_GLOBAL)
	iretq

SYM_INNER_LABEL(mint_park_mce, SYM_L_GLOBAL)
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	movl	$MSR_IA32_MCG_STATUS, %ecx
	xorl	%eax, %eax
	xorl	%edx, %edx
	wrmsr
	popq	%rdx
	popq	%rcx
	popq	%rax
	iretq

	/* Nothing here can fault; if it does, the CPU is lost, not the machine. */
SYM_INNER_LABEL(mint_park_fault, SYM_L_GLOBAL)
	hlt
	jmp	mint_park_fault
SYM_INNER_LABEL(mint_park_end, SYM_L_GLOBAL)
SYM_DATA_END(mint_park_start)

	.section .note.GNU-stack, "", @progbits
