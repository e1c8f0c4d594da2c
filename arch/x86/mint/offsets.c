// SPDX-License-Identifier: GPL-2.0
/* Makes offsets.h: where stub.S and parking.S find what C fills in. */
#include <linux/kbuild.h>
#include <mint/boot.h>
#include "park.h"
#include "stub.h"

static void __used mint_offsets(void)
{
	OFFSET(STUB_gdt_pointer, mint_stub_data, gdt_limit);
	OFFSET(STUB_far_pointer, mint_stub_data, far_offset);
	OFFSET(STUB_cr3, mint_stub_data, cr3);

	OFFSET(STARTUP_cr3, mint_startup, cr3);
	OFFSET(STARTUP_entry, mint_startup, entry);
	OFFSET(STARTUP_argument, mint_startup, argument);
	OFFSET(STARTUP_stack, mint_startup, stack);
	OFFSET(STARTUP_flags, mint_startup, flags);
	OFFSET(STARTUP_arrived, mint_startup, arrived);
	DEFINE(MINT_STARTUP, MINT_STARTUP);
	DEFINE(MINT_STARTUP_NX, MINT_STARTUP_NX);
	DEFINE(MINT_STARTUP_ALLOW_NX, MINT_STARTUP_ALLOW_NX);
	DEFINE(MINT_STARTUP_HALT, MINT_STARTUP_HALT);

	OFFSET(PARK_gdt_pointer, mint_park_data, gdt_limit);
	OFFSET(PARK_idt_pointer, mint_park_data, idt_limit);
	OFFSET(PARK_cr3, mint_park_data, cr3);
	OFFSET(PARK_parked_word, mint_park_data, parked_word);

	OFFSET(MAILBOX_command, mint_mailbox, command);
	OFFSET(MAILBOX_entry, mint_mailbox, entry);
	OFFSET(MAILBOX_boot_params, mint_mailbox, boot_params);
	OFFSET(MAILBOX_cr3, mint_mailbox, cr3);
	OFFSET(MAILBOX_parked, mint_mailbox, parked);
	DEFINE(MINT_GDT_ENTRY_CS32, MINT_GDT_ENTRY_CS32);
}
