// SPDX-License-Identifier: GPL-2.0
/* disk ROOT FUNCTION: the first disk of a PCI function of a saved machine, and its use. */
#include <stdio.h>
#include "disk.h"
#include "sysroot.h"

int main(int argc, char **argv)
{
	char name[64], use[128];

	if (argc != 3)
		return 2;
	sysroot_set(argv[1]);
	printf("disk %s", disk_of(argv[2], name, sizeof(name)) ? name : "-");
	printf(", %s\n", disk_in_use(argv[2], use, sizeof(use)) ? use : "unused");
	return 0;
}
