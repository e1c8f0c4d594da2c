// SPDX-License-Identifier: GPL-2.0
/* The PCI functions, with what Mint needs of one that is to change its node. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "survey.h"
#include "sysroot.h"

#define DEVICES_DIR	"/sys/bus/pci/devices"
#define CONFIG_MAX	4096
#define CONFIG_BYTES	256	/* that capabilities lie in */

#define STATUS		0x06
#define STATUS_CAPS	0x10
#define CAPS		0x34
#define CAP_MSI		0x05
#define CAP_EXPRESS	0x10
#define CAP_MSIX	0x11
#define EXPRESS_FLR	0x10	/* bit 28 of the device's capabilities, at 4 */
#define CLASS_BRIDGE	0x06

static void take_capability(struct survey_device *device, const unsigned char *config,
			    unsigned int at)
{
	switch (config[at]) {
	case CAP_MSI:
		device->msi = true;
		break;
	case CAP_MSIX:
		device->msix = true;
		break;
	case CAP_EXPRESS:
		device->flr |= at + 8 <= CONFIG_BYTES && config[at + 7] & EXPRESS_FLR;
		break;
	}
}

/* The list may lead in a circle: it has no more entries than there is room for. */
static void take_capabilities(struct survey_device *device, const unsigned char *config)
{
	unsigned int at = config[CAPS] & ~3, left = CONFIG_BYTES / 4;

	if (!(config[STATUS] & STATUS_CAPS))
		return;
	for (; at >= 0x40 && left; left--) {
		take_capability(device, config, at);
		at = config[at + 1] & ~3;
	}
}

static void read_config(struct survey_device *device, const char *dir)
{
	struct buffer config;
	char path[512];

	snprintf(path, sizeof(path), "%s/config", dir);
	device->config_error = sysroot_read(path, CONFIG_MAX, &config);
	if (device->config_error)
		return;
	/* Who is not root reads the first 64 bytes. */
	if (config.bytes < CONFIG_BYTES)
		device->config_error = config.bytes == 64 ? -EACCES : -EBADMSG;
	else
		take_capabilities(device, config.data);
	free(config.data);
}

static void read_id(const char *dir, const char *name, __u32 *id)
{
	char path[512];
	__u64 value;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (!sysroot_number(path, &value))
		*id = value;
}

/* The last part of what a link leads to; the one before it with @before. */
static void link_part(const char *path, bool before, char *part, size_t room)
{
	char target[512], *last;

	*part = 0;
	if (sysroot_link(path, target, sizeof(target)))
		return;
	last = strrchr(target, '/');
	if (last && before) {
		*last = 0;
		last = strrchr(target, '/');
	}
	snprintf(part, room, "%.*s", (int)room - 1, last ? last + 1 : target);
}

static bool is_address(const char *name)
{
	unsigned int segment, bus, device, function;
	char stray;

	return sscanf(name, "%4x:%2x:%2x.%1x%c", &segment, &bus, &device, &function,
		      &stray) == 4;
}

static void add_device(const char *name, void *context)
{
	struct survey_devices *devices = context;
	struct survey_device *device;
	char dir[300], path[320];

	if (!is_address(name) || devices->nr == SURVEY_DEVICES)
		return;
	device = &devices->devices[devices->nr++];
	snprintf(device->address, sizeof(device->address), "%s", name);
	snprintf(dir, sizeof(dir), DEVICES_DIR "/%s", name);
	read_id(dir, "vendor", &device->vendor);
	read_id(dir, "device", &device->device);
	read_id(dir, "class", &device->class);
	read_config(device, dir);
	snprintf(path, sizeof(path), "%s/driver", dir);
	link_part(path, false, device->driver, sizeof(device->driver));
	link_part(dir, true, device->port, sizeof(device->port));
	if (!is_address(device->port))
		*device->port = 0;
}

/**
 * survey_devices() - read what there is of PCI functions
 * @devices: zeroes; filled in
 */
void survey_devices(struct survey_devices *devices)
{
	devices->error = sysroot_each(DEVICES_DIR, add_device, devices);
}

/**
 * survey_is_bridge() - does it stay with node 0 in any case?
 * @device: the function
 */
bool survey_is_bridge(const struct survey_device *device)
{
	return device->class >> 16 == CLASS_BRIDGE;
}

/**
 * survey_can_be_given() - can another node have it?
 * @device: the function
 *
 * It must be of segment 0, no bridge, and its interrupts messages.
 */
bool survey_can_be_given(const struct survey_device *device)
{
	return !survey_is_bridge(device) && !strncmp(device->address, "0000:", 5) &&
	       (device->msi || device->msix);
}
