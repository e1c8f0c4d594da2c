/* SPDX-License-Identifier: GPL-2.0 */
/*
 * First instructions of a node: from the real mode that a SIPI leaves a CPU
 * in to the 64-bit entry of a Linux kernel. Copied to the page of a low
 * memory slot; its variables (struct mint_stub_data) lie at MINT_STUB_DATA in
 * that page and are filled in by start.c.
 */
#include <linux/linkage.h>
#include <asm/msr-index.h>
#include <asm/processor-flags.h>
#include <asm/segment.h>
#include "offsets.h"
#include "stub.h"

#define DATA(field)	(MINT_STUB_DATA + STUB_##field)

	.section .rodata, "a"
	.balign 16

	.code16
SYM_DATA_START(mint_stub_start)
	cli
	cld
	movw	%cs, %ax
	movw	%ax, %ds

	lgdtl	DATA(gdt_pointer)
	movl	$X86_CR4_PAE, %eax
	movl	%eax, %cr4
	movl	DATA(cr3), %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER_LME, %eax
	wrmsr
	/* Paging and protection on; a CPU after INIT has its caches off. */
	movl	$(X86_CR0_PG | X86_CR0_NE | X86_CR0_ET | X86_CR0_PE), %eax
	movl	%eax, %cr0
	ljmpl	*DATA(far_pointer)

	.code64
SYM_INNER_LABEL(mint_stub_64, SYM_L_GLOBAL)
	movl	$__BOOT_DS, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movq	(mint_stub_start + DATA(boot_params))(%rip), %rsi
	movq	(mint_stub_start + DATA(entry))(%rip), %rax
	movl	$1, (mint_stub_start + DATA(arrived))(%rip)
	jmp	*%rax
	int3
SYM_INNER_LABEL(mint_stub_end, SYM_L_GLOBAL)
SYM_DATA_END(mint_stub_start)

	.section .note.GNU-stack, "", @progbits
