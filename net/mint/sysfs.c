// SPDX-License-Identifier: GPL-2.0
/*
 * What users see of the bypass: /sys/devices/mint/bypass.0.
 */
#include <linux/sysfs.h>

#include "bypass.h"

/* A file in statistics/ and what it shows. */
struct mint_statistic {
	struct device_attribute attr;
	unsigned int event;
};

static u64 mint_events_sum(unsigned int event)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(mint_bypass->counts, cpu)->events[event]);
	return sum;
}

static ssize_t mint_statistic_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct mint_statistic *statistic =
		container_of(attr, struct mint_statistic, attr);

	return sysfs_emit(buf, "%llu\n", mint_events_sum(statistic->event));
}

#define MINT_STATISTIC(_name, _event)						\
static struct mint_statistic mint_statistic_##_name = {				\
	.attr = __ATTR(_name, 0444, mint_statistic_show, NULL),			\
	.event = _event,							\
}

MINT_STATISTIC(alone, MINT_EVENT_ALONE);
MINT_STATISTIC(bytes_received, MINT_EVENT_BYTES_RECEIVED);
MINT_STATISTIC(bytes_sent, MINT_EVENT_BYTES_SENT);
MINT_STATISTIC(damaged, MINT_EVENT_DAMAGED);
MINT_STATISTIC(doorbells, MINT_EVENT_DOORBELLS);
MINT_STATISTIC(grown, MINT_EVENT_GROWN);
MINT_STATISTIC(joined, MINT_EVENT_JOINED);
MINT_STATISTIC(lost, MINT_EVENT_LOST);
MINT_STATISTIC(no_units, MINT_EVENT_NO_UNITS);
MINT_STATISTIC(offered, MINT_EVENT_OFFERED);
MINT_STATISTIC(option, MINT_EVENT_OPTION);
MINT_STATISTIC(refused, MINT_EVENT_REFUSED);
MINT_STATISTIC(signals, MINT_EVENT_SIGNALS);
MINT_STATISTIC(started, MINT_EVENT_STARTED);
MINT_STATISTIC(table_full, MINT_EVENT_TABLE_FULL);

static ssize_t faults_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	u64 sum = 0;
	int i;

	for (i = 0; i < MINT_NR_FAULTS; i++)
		sum += mint_load(&mint_bypass->view.faults[i]);
	return sysfs_emit(buf, "%llu\n", sum);
}
static DEVICE_ATTR_RO(faults);

static struct attribute *mint_statistics_attrs[] = {
	&dev_attr_faults.attr,
	&mint_statistic_alone.attr.attr,
	&mint_statistic_bytes_received.attr.attr,
	&mint_statistic_bytes_sent.attr.attr,
	&mint_statistic_damaged.attr.attr,
	&mint_statistic_doorbells.attr.attr,
	&mint_statistic_grown.attr.attr,
	&mint_statistic_joined.attr.attr,
	&mint_statistic_lost.attr.attr,
	&mint_statistic_no_units.attr.attr,
	&mint_statistic_offered.attr.attr,
	&mint_statistic_option.attr.attr,
	&mint_statistic_refused.attr.attr,
	&mint_statistic_signals.attr.attr,
	&mint_statistic_started.attr.attr,
	&mint_statistic_table_full.attr.attr,
	NULL
};

static const struct attribute_group mint_statistics_group = {
	.name	= "statistics",
	.attrs	= mint_statistics_attrs,
};

static ssize_t pairs_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", mint_bypass->view.geometry.nr_pairs);
}
static DEVICE_ATTR_RO(pairs);

static ssize_t pairs_used_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", mint_pairs_used(&mint_bypass->view));
}
static DEVICE_ATTR_RO(pairs_used);

static ssize_t unit_bytes_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", mint_bypass->view.geometry.unit_bytes);
}
static DEVICE_ATTR_RO(unit_bytes);

static ssize_t units_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", mint_bypass->view.geometry.nr_units);
}
static DEVICE_ATTR_RO(units);

static ssize_t units_used_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", mint_units_used(&mint_bypass->view));
}
static DEVICE_ATTR_RO(units_used);

static struct attribute *mint_bypass_attrs[] = {
	&dev_attr_pairs.attr,
	&dev_attr_pairs_used.attr,
	&dev_attr_unit_bytes.attr,
	&dev_attr_units.attr,
	&dev_attr_units_used.attr,
	NULL
};

static const struct attribute_group mint_bypass_group = {
	.attrs	= mint_bypass_attrs,
};

const struct attribute_group *mint_bypass_groups[] = {
	&mint_bypass_group,
	&mint_statistics_group,
	NULL
};
