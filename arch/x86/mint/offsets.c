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
	OFFSET(STUB_arrived, mint_stub_data, arrived);
	OFFSET(STUB_entry, mint_stub_data, entry);
	OFFSET(STUB_boot_params, mint_stub_data, boot_params);

	OFFSET(PARK_gdt_pointer, mint_park_data, gdt_limit);
	OFFSET(PARK_idt_pointer, mint_park_data, idt_limit);
	OFFSET(PARK_cr3, mint_park_data, cr3);
	OFFSET(PARK_parked_at, mint_park_data, parked_at);
	OFFSET(PARK_parked_word, mint_park_data, parked_word);

	OFFSET(MAILBOX_command, mint_mailbox, command);
	OFFSET(MAILBOX_entry, mint_mailbox, entry);
	OFFSET(MAILBOX_boot_params, mint_mailbox, boot_params);
}
