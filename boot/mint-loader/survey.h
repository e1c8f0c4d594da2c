/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a machine is made of, as any Linux shows it in /proc and /sys. An error
 * is 0 or a negative errno: -ENOENT where there is no such thing, -EBADMSG where
 * what was read makes no sense.
 */
#ifndef MINT_LOADER_SURVEY_H
#define MINT_LOADER_SURVEY_H

#include <stdbool.h>
#include <asm/mint_machine.h>

#define SURVEY_CPUS		4096	/* far more than Mint uses, to tell what is left out */
#define SURVEY_PIECES		1024
#define SURVEY_DEVICES		4096

/**
 * struct survey_tables - the firmware's ACPI tables
 * @error: of their folder
 * @names: those that matter here and are there, e.g. "MADT MCFG"
 * @madt_error: of the table of CPUs
 * @machine: CPUs and NUMA domains, as node 0 would count them
 * @mcfg_error: of the table of PCI configuration spaces
 * @nr_segments: PCI segments with one
 * @ecam_base: where that of segment 0 is; 0 = it has none
 * @ecam_first_bus: of segment 0
 * @ecam_last_bus: of segment 0
 * @srat_error: of the table of NUMA domains
 * @dmar: there is the table of an IOMMU of Intel
 * @ivrs: of AMD
 */
struct survey_tables {
	int error;
	char names[48];
	int madt_error;
	struct mint_machine machine;
	int mcfg_error;
	unsigned int nr_segments;
	__u64 ecam_base;
	unsigned int ecam_first_bus;
	unsigned int ecam_last_bus;
	int srat_error;
	bool dmar;
	bool ivrs;
};

/**
 * struct survey_cpus - the CPUs as this kernel runs them
 * @error: of /proc/cpuinfo
 * @model: its name
 * @nr: used entries of @numbers and @apic_ids
 * @numbers: how this kernel counts them
 * @apic_ids: by the same index
 * @phys_bits: of an address
 * @constant_tsc: the time stamp counter has one rate
 * @nonstop_tsc: it does not stop when the CPU sleeps
 * @gb_pages: pages of 1 GB
 * @la57: five levels of page tables
 * @x2apic: the CPU has that mode, and this kernel does not refuse it
 * @hypervisor: the machine is a virtual one
 * @base_error: of reading the register that tells the mode of the local APIC
 * @apic_base: that register
 */
struct survey_cpus {
	int error;
	char model[64];
	unsigned int nr;
	__u32 numbers[SURVEY_CPUS];
	__u32 apic_ids[SURVEY_CPUS];
	unsigned int phys_bits;
	bool constant_tsc;
	bool nonstop_tsc;
	bool gb_pages;
	bool la57;
	bool x2apic;
	bool hypervisor;
	int base_error;
	__u64 apic_base;
};

struct survey_piece {
	__u64 base;
	__u64 bytes;
};

/**
 * struct survey_memory - the RAM, in order of address
 * @error: of the map
 * @nr: used entries of @pieces
 * @pieces: what of it lies in whole extents above the first, as Mint owns memory
 * @bytes: of all RAM
 * @low_bytes: the longest piece below 1 MB, without the first page
 */
struct survey_memory {
	int error;
	unsigned int nr;
	struct survey_piece pieces[SURVEY_PIECES];
	__u64 bytes;
	__u64 low_bytes;
};

/**
 * struct survey_device - a PCI function
 * @address: SEGMENT:BUS:DEVICE.FUNCTION
 * @vendor: its id
 * @device: its id
 * @class: class code, 24 bits
 * @driver: that uses it, or an empty string
 * @port: the bridge above it, or an empty string
 * @config_error: of its capabilities; the rest is false then
 * @msi: it has MSI
 * @msix: it has MSI-X
 * @flr: it can be reset by itself
 */
struct survey_device {
	char address[16];
	__u32 vendor;
	__u32 device;
	__u32 class;
	char driver[32];
	char port[16];
	int config_error;
	bool msi;
	bool msix;
	bool flr;
};

/**
 * struct survey_devices - the PCI functions
 * @error: of their folder
 * @nr: used entries of @devices
 * @devices: by address
 */
struct survey_devices {
	int error;
	unsigned int nr;
	struct survey_device devices[SURVEY_DEVICES];
};

/**
 * struct survey - the machine
 */
struct survey {
	struct survey_tables tables;
	struct survey_cpus cpus;
	struct survey_memory memory;
	struct survey_devices devices;
};

void survey_machine(struct survey *survey);
void survey_tables(struct survey_tables *tables);
unsigned int survey_nr_cpus(const struct survey_tables *tables);
__u32 survey_highest_apic_id(const struct survey_tables *tables);
void survey_cpus(struct survey_cpus *cpus);
void survey_memory(struct survey_memory *memory);
void survey_devices(struct survey_devices *devices);
bool survey_is_bridge(const struct survey_device *device);
bool survey_can_be_given(const struct survey_device *device);

#endif /* MINT_LOADER_SURVEY_H */
