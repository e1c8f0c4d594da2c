/* SPDX-License-Identifier: GPL-2.0 */
/*
 * First instructions of a node: from the real mode that a SIPI leaves a CPU
 * in to the 64-bit entry of a Linux kernel. Copied to the page of a low
 * memory slot; its variables (struct mint_stub_data) lie at a fixed offset in
 * that page and are filled in by start.c.
 */
#include <linux/linkage.h>
#include <asm/msr-index.h>
#include <asm/processor-flags.h>

#define DATA		0x800
#define GDT_PTR		(DATA + 0)
#define FAR_PTR		(DATA + 8)
#define CR3_VALUE	(DATA + 16)
#define ARRIVED		(DATA + 20)
#define ENTRY		(DATA + 24)
#define BOOT_PARAMS	(DATA + 32)

	.section .rodata, "a"
	.balign 16

	.code16
SYM_DATA_START(mint_stub_start)
	cli
	cld
	movw	%cs, %ax
	movw	%ax, %ds

	lgdtl	GDT_PTR
	movl	$X86_CR4_PAE, %eax
	movl	%eax, %cr4
	movl	CR3_VALUE, %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER_LME, %eax
	wrmsr
	/* Paging and protection on; a CPU after INIT has its caches off. */
	movl	$(X86_CR0_PG | X86_CR0_NE | X86_CR0_ET | X86_CR0_PE), %eax
	movl	%eax, %cr0
	ljmpl	*FAR_PTR

	.code64
SYM_INNER_LABEL(mint_stub_64, SYM_L_GLOBAL)
	movl	$0x18, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movq	(mint_stub_start + BOOT_PARAMS)(%rip), %rsi
	movq	(mint_stub_start + ENTRY)(%rip), %rax
	movl	$1, (mint_stub_start + ARRIVED)(%rip)
	jmp	*%rax
	int3
SYM_INNER_LABEL(mint_stub_end, SYM_L_GLOBAL)
SYM_DATA_END(mint_stub_start)

	.section .note.GNU-stack, "", @progbits
