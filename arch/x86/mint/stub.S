/* SPDX-License-Identifier: GPL-2.0 */
/*
 * First instructions of a CPU that is started: from the real mode that a SIPI
 * leaves it in to 64-bit mode on the page tables of its kernel. Copied to the
 * start-up page of the low area once, and never again: a CPU may still be in the
 * last instruction when the next one is started. All that changes is in struct
 * mint_startup.
 */
#include <linux/linkage.h>
#include <asm/msr-index.h>
#include <asm/processor-flags.h>
#include <asm/segment.h>
#include "offsets.h"
#include "stub.h"

#define DATA(field)	(MINT_STUB_DATA + STUB_##field)
#define STARTUP(field)	(MINT_STARTUP + STARTUP_##field)

	.section .rodata, "a"
	.balign 16

	.code16
SYM_DATA_START(mint_stub_start)
	cli
	cld
	movw	%cs, %ax
	movw	%ax, %ds
	testl	$MINT_STARTUP_HALT, STARTUP(flags)
	jnz	.Lhalt

	/* Without it, EFER takes no NX. INIT leaves this register alone. */
	testl	$MINT_STARTUP_ALLOW_NX, STARTUP(flags)
	jz	.Lnx_allowed
	movl	$MSR_IA32_MISC_ENABLE, %ecx
	rdmsr
	btrl	$(MSR_IA32_MISC_ENABLE_XD_DISABLE_BIT - 32), %edx
	jnc	.Lnx_allowed
	wrmsr
.Lnx_allowed:
	lgdtl	DATA(gdt_pointer)
	movl	$X86_CR4_PAE, %eax
	movl	%eax, %cr4
	movl	DATA(cr3), %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER_LME, %eax
	testl	$MINT_STARTUP_NX, STARTUP(flags)
	jz	.Lno_nx
	orl	$EFER_NX, %eax
.Lno_nx:
	wrmsr
	/* Paging and protection on; a CPU after INIT has its caches off. */
	movl	$(X86_CR0_PG | X86_CR0_NE | X86_CR0_ET | X86_CR0_PE), %eax
	movl	%eax, %cr0
	ljmpl	*DATA(far_pointer)

.Lhalt:
	movl	$1, STARTUP(arrived)
.Lhalted:
	hlt
	jmp	.Lhalted

	.code64
SYM_INNER_LABEL(mint_stub_64, SYM_L_GLOBAL)
	movl	$__BOOT_DS, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movq	(mint_stub_start + STARTUP(cr3))(%rip), %rax
	movq	(mint_stub_start + STARTUP(entry))(%rip), %rbx
	movq	(mint_stub_start + STARTUP(argument))(%rip), %rsi
	movq	(mint_stub_start + STARTUP(stack))(%rip), %rsp
	movq	%rax, %cr3
	/* From here on the next one may be started. */
	movl	$1, (mint_stub_start + STARTUP(arrived))(%rip)
	jmp	*%rbx
	int3
SYM_INNER_LABEL(mint_stub_end, SYM_L_GLOBAL)
SYM_DATA_END(mint_stub_start)

	.section .note.GNU-stack, "", @progbits
