/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The mint command: what its files offer each other. A function that returns
 * int returns an enum mint_exit and has said why when that is not 0.
 */
#ifndef MINT_LOADER_H
#define MINT_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <asm/bootparam.h>
#include <jansson.h>
#include <mint/dev.h>
#include <mint/state.h>

#define MINT_DEVICE	"/dev/mint"
#define MINT_RUN_DIR	"/run/mint"
#define MINT_ETC_DIR	"/etc/mint"

/* As the kernel has them */
#define __printf(a, b)	__attribute((__format__(printf, a, b)))
#define __noreturn	__attribute((__noreturn__))
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

enum mint_exit {
	MINT_EXIT_OK = 0,
	MINT_EXIT_FAILED = 1,
	MINT_EXIT_USAGE = 2,
	MINT_EXIT_NO_NODE = 3,
	MINT_EXIT_STATE = 4,
	MINT_EXIT_TIMEOUT = 5,
	MINT_EXIT_ABI = 6,
	MINT_EXIT_LOST = 255,	/* exec only: the node was lost */
};

/**
 * struct request - one call of the command, parsed
 * @region_file: saved image to use instead of the device, or NULL
 * @operand: what stands after the verb: a node file, or a node's name or id
 * @command: exec: the command and its words, ends with NULL
 * @file: start: the node file to use, or NULL
 * @timeout_s: start, stop: how long to wait for the node
 * @json: report as JSON
 * @dry_run: print the plan and do nothing
 * @no_wait: start: do not wait for the node's report
 * @history: console: print what is there and leave
 * @input: console: type what stands in standard input
 * @no_input: exec: leave standard input alone
 * @names: list: only the names
 * @follow: log: go on until interrupted
 * @force: destroy, start: also a node that runs
 * @generation: start: the one to replace, or MINT_ANY_GENERATION
 * @grace_s: supervise: how long a node may be silent or stalled, 0 = as usual
 * @operands: all words after the verb; supervise: names or ids of nodes
 * @nr_operands: how many
 */
struct request {
	const char *region_file;
	const char *operand;
	char *const *command;
	const char *file;
	unsigned int timeout_s;
	bool json;
	bool dry_run;
	bool no_wait;
	bool history;
	bool input;
	bool no_input;
	bool names;
	bool follow;
	bool force;
	__u32 generation;
	unsigned int grace_s;
	char **operands;
	int nr_operands;
};

/* report.c */
void fail_context(const char *format, ...) __printf(1, 2);
int fail(int code, const char *format, ...) __printf(2, 3);
void make_printable(char *text);
int finish_output(void);

/* text.c */
const char *size_text(__u64 bytes, char text[24]);
const char *cpus_text(const __u64 *cpus, char *text, size_t room);
const char *function_text(__u32 function, char text[24]);
const char *pci_text(const struct mint_pci *entry, char text[24]);
const char *functions_text(const __u32 *functions, unsigned int nr, char *text, size_t room);

/* file.c */
struct buffer {
	unsigned char *data;
	size_t bytes;
};

int file_read(const char *what, const char *path, size_t limit, struct buffer *to);
int file_write_atomic(const char *dir, const char *name, const char *text);

/**
 * struct config - a node file, checked
 * @path: where it was read from
 * @name: the node's name
 * @cpus: machine-wide CPU numbers, a bit for each
 * @nr_extents: used entries of @extents
 * @extents: @base is MINT_ANY where the file gives no address
 * @nr_functions: used entries of @functions
 * @functions: PCI functions: segment << 16 | bus << 8 | device << 3 | function
 * @policy: when it is started again, a MINT_POLICY_* value
 * @kernel: absolute path of the bzImage
 * @initrd: absolute path, or NULL
 * @cmdline: the kernel's command line, perhaps empty
 */
struct config {
	char *path;
	char name[MINT_NAME_BYTES];
	__u64 cpus[MINT_MAX_CPUS / 64];
	unsigned int nr_extents;
	struct mint_extent extents[MINT_HANDOVER_EXTENTS];
	unsigned int nr_functions;
	__u32 functions[MINT_NODE_FUNCTIONS];
	__u32 policy;
	char *kernel;
	char *initrd;
	char *cmdline;
};

/* config.c, value.c */
int config_read(const char *path, struct config *config);
void config_free(struct config *config);
char *config_text(const struct config *config);
bool value_name(const char *text, char name[MINT_NAME_BYTES], char *why, size_t room);
bool value_cpus(const char *text, __u64 *cpus, char *why, size_t room);
bool value_restart(const char *text, __u32 *policy, char *why, size_t room);
const char *restart_text(__u32 policy);
bool value_memory(const char *text, struct mint_extent *extents, unsigned int *nr, char *why,
		  size_t room);
bool value_devices(const char *text, __u32 *functions, unsigned int *nr, char *why, size_t room);

static inline bool cpu_in(const __u64 *cpus, unsigned int cpu)
{
	return cpus[cpu / 64] >> cpu % 64 & 1;
}

static inline void cpu_add(__u64 *cpus, unsigned int cpu)
{
	cpus[cpu / 64] |= 1ULL << cpu % 64;
}

/**
 * struct image - kernel and initrd in memory, checked
 * @file: the bzImage as a whole
 * @initrd: the initrd, empty if there is none
 * @header: setup header of the kernel
 * @code: the part of @file that runs in protected mode
 * @release: the kernel's release, or "?"
 */
struct image {
	struct buffer file;
	struct buffer initrd;
	struct setup_header header;
	struct buffer code;
	char release[64];
};

/* image.c */
int image_read(const struct config *config, struct image *image);
void image_free(struct image *image);

/* initrd.c */
const char *initrd_fault(const struct buffer *initrd);

/**
 * struct placement - where the parts of a start go, physical addresses
 * @extent: the extent that holds them
 * @params: boot parameters, hand-over record and command line
 * @kernel: protected-mode part of the kernel
 * @kernel_bytes: what the kernel needs there until it runs
 * @initrd: the initrd, or 0
 */
struct placement {
	struct mint_extent extent;
	__u64 params;
	__u64 kernel;
	__u64 kernel_bytes;
	__u64 initrd;
};

#define PARAMS_AREA_BYTES	0x100000ULL
#define PARAMS_HANDOVER		(0x1000 + sizeof(struct setup_data))
#define PARAMS_CMDLINE		0x2000
#define PARAMS_BYTES		0x12000
#define PARAMS_CMDLINE_BYTES	(PARAMS_BYTES - PARAMS_CMDLINE)
#define KERNEL_ENTRY_64		0x200

/* place.c */
int place(const struct image *image, const struct mint_extent *extents, unsigned int nr_extents,
	  struct placement *placement);
void params_fill(unsigned char params[PARAMS_BYTES], const struct image *image,
		 const struct placement *placement, const struct mint_extent *extents,
		 unsigned int nr_extents, const char *cmdline);

/**
 * struct region - the shared region, mapped read-only or a saved image of it
 * @base: first byte
 * @bytes: size
 * @fd: the device, or -1 with a saved image
 * @self: own node id, or MINT_MAX_NODES with a saved image
 * @sections: copy of the section directory, all entries checked
 * @nr_sections: used entries of @sections
 */
struct region {
	const unsigned char *base;
	__u64 bytes;
	int fd;
	__u32 self;
	struct mint_section sections[MINT_MAX_SECTIONS];
	unsigned int nr_sections;
};

/* region.c */
int region_open(const char *saved, struct region *region);
void region_close(struct region *region);
bool region_present(const char *saved);
int region_abi(const char *saved, __u32 *abi);
const void *region_entry(const struct region *region, __u32 section, __u32 index, size_t bytes,
			 size_t *room);
void region_copy(void *to, const void *from, size_t bytes);

/**
 * struct node_view - one node as copied out of the region
 * @life: managers' line; @name in it is safe to print
 * @self: the node's own line; @release in it is safe to print
 * @hold: who has it in its hands; @command in it is safe to print
 * @id: node id
 * @silent: says RUNNING, but its heartbeat stands still
 * @damaged: holds values that no Mint kernel writes
 */
struct node_view {
	struct mint_node_life life;
	struct mint_node_self self;
	struct mint_hold hold;
	__u32 id;
	bool silent;
	bool damaged;
};

/**
 * struct tables - ledger and node table as copied out of the region, checked
 * @ledger: counts are in range, ranges do not wrap; entries that were not so
 *	are dropped
 * @nodes: by node id; unused ids have MINT_LIFE_NONE
 * @nr_nodes: entries of @nodes
 * @self: own node id, or MINT_MAX_NODES with a saved image
 * @damage: the first damage found, or an empty string
 */
struct tables {
	struct mint_ledger ledger;
	struct node_view nodes[MINT_MAX_NODES];
	unsigned int nr_nodes;
	__u32 self;
	char damage[96];
};

/**
 * struct stream_look - one look at a stream, in itself consistent
 * @start: where the node's present start began
 * @head: bytes ever written
 * @zero_tsc: see struct mint_stream
 * @bytes: capacity, a power of two
 */
struct stream_look {
	__u64 start;
	__u64 head;
	__u64 zero_tsc;
	__u32 bytes;
};

/* stream.c */
const struct mint_stream *stream_find(const struct region *region, __u32 section, __u32 node,
				      size_t *room);
bool stream_look(const struct mint_stream *stream, size_t room, struct stream_look *look);
int stream_failed(const struct mint_stream *stream);
int stream_copy(const struct mint_stream *stream, const struct stream_look *look, __u64 from,
		__u64 end, struct buffer *text);
void stream_age(const struct node_view *node);

/**
 * enum plain_state - what the next byte of a text belongs to
 * @PLAIN_TEXT: nothing: it begins something
 * @PLAIN_CHARACTER: a character of several bytes
 * @PLAIN_ESCAPE: what began with an escape
 * @PLAIN_SEQUENCE: what began with ESC [
 * @PLAIN_STRING: a title or the like, which is dropped
 */
enum plain_state {
	PLAIN_TEXT,
	PLAIN_CHARACTER,
	PLAIN_ESCAPE,
	PLAIN_SEQUENCE,
	PLAIN_STRING,
};

#define PLAIN_HELD_BYTES	32

/**
 * struct plain - a text from which controls are removed, piece by piece
 * @state: what the next byte belongs to
 * @utf8: the terminal takes UTF-8
 * @nr_held: bytes of @held
 * @held: the beginning of what may pass as a whole
 */
struct plain {
	enum plain_state state;
	bool utf8;
	size_t nr_held;
	char held[PLAIN_HELD_BYTES];
};

/* plain.c */
bool output_takes_utf8(void);
void text_defuse(char *text, size_t bytes, bool utf8);
size_t plain_text(struct plain *plain, const char *text, size_t n, char *to);

/* terminal.c */
struct pollfd;
bool terminal_take(void);
void terminal_give_back(bool discard);
int terminal_wait(struct pollfd *files, unsigned int nr, unsigned int timeout_ms);
int terminal_signal(void);
bool terminal_resized(void);

/**
 * enum record_kind - what stands in a record
 * @RECORD_TEXT: a line that the node logged
 * @RECORD_LOST: bytes were overwritten before they were read
 * @RECORD_START: a generation of the node begins
 */
enum record_kind {
	RECORD_TEXT,
	RECORD_LOST,
	RECORD_START,
};

#define TIME_UNKNOWN	(~0ULL)

/**
 * struct record - a line of a log, or what stands between two lines
 * @next: the record after it, of the same node
 * @kind: what it is
 * @generation: the node's, when it was logged
 * @machine_ns: time since the time stamp counter was 0, or TIME_UNKNOWN
 * @node_ns: the line's own time stamp, or TIME_UNKNOWN
 * @lost: with RECORD_LOST: how many bytes
 * @stamp_bytes: length of the time stamp at the beginning of @text
 * @bytes: length of @text
 * @text: the line without its end
 */
struct record {
	struct record *next;
	enum record_kind kind;
	__u32 generation;
	__u64 machine_ns;
	__u64 node_ns;
	__u64 lost;
	size_t stamp_bytes;
	size_t bytes;
	char text[];
};

/**
 * struct log_source - the log of one node, as it is read
 * @stream: the log, or NULL
 * @room: how much of the region belongs to it
 * @node: node id
 * @generation: of the text that is read
 * @tsc_khz: rate of the time stamp counter
 * @start: where that generation began
 * @at: position of the next byte to read
 * @zero_tsc: time stamp counter at the generation's time 0, 0 = not known
 * @last_ns: time of the newest record
 * @rest: the beginning of a line whose end was not there yet
 * @first: oldest record not yet printed, or NULL
 * @last: the newest one, if there is one
 */
struct log_source {
	const struct mint_stream *stream;
	size_t room;
	__u32 node;
	__u32 generation;
	__u32 tsc_khz;
	__u64 start;
	__u64 at;
	__u64 zero_tsc;
	__u64 last_ns;
	struct buffer rest;
	struct record *first;
	struct record *last;
};

/* log_source.c */
int log_source_open(const struct region *region, const struct tables *tables, __u32 node,
		    struct log_source *source);
int log_source_take(const struct region *region, struct log_source *source);
int log_source_flush(struct log_source *source);
void log_source_close(struct log_source *source);
struct record *log_source_pop(struct log_source *source);
__u64 tsc_to_ns(__u64 tsc, __u32 khz);

/* tables.c */
int tables_read(const struct region *region, struct tables *tables);
int tables_snapshot(const struct region *region, struct tables *tables);
int tables_find(const struct tables *tables, const char *name, const struct node_view **node);
int tables_damage(const struct tables *tables);
bool tables_node(const struct region *region, __u32 id, struct node_view *node);
enum mint_node_state node_state(const struct node_view *node);
const char *node_state_name(const struct node_view *node);
bool node_active(const struct node_view *node);
void tables_cpus(const struct tables *tables, __u16 owner, __u64 *cpus);
__u64 tables_bytes(const struct tables *tables, __u16 owner);
unsigned int tables_ram(const struct tables *tables, __u16 owner, struct mint_extent *pieces,
			unsigned int room);
unsigned int tables_extents(const struct tables *tables, __u16 owner,
			    struct mint_extent *extents, unsigned int room);
unsigned int tables_functions(const struct tables *tables, __u16 owner, __u32 *functions);

/**
 * struct target - what a verb works on
 * @region: the shared region
 * @tables: its tables
 * @node: the node that the call names; with_node() only
 */
struct target {
	struct region region;
	struct tables tables;
	const struct node_view *node;
};

/* target.c */
int with_tables(const struct request *request,
		int (*verb)(const struct request *request, struct target *target));
int with_node(const struct request *request,
	      int (*verb)(const struct request *request, struct target *target));

/**
 * struct claims - memory that has an owner
 * @nr: used entries of @extents
 * @extents: the claims, in any order
 */
struct claims {
	unsigned int nr;
	struct mint_extent extents[MINT_MAX_EXTENTS + MINT_HANDOVER_EXTENTS];
};

/* plan.c */
void claims_read(const struct tables *tables, __u32 except, struct claims *claims);
bool claims_gap(const struct claims *claims, const struct mint_ledger *ledger, __u64 from,
		struct mint_extent *gap);
int plan_check(const struct tables *tables, const struct config *config, __u32 except,
	       struct mint_extent *extents);

/* roles.c */
void roles_print(const struct tables *tables, const char *before);
json_t *json_roles(const struct tables *tables);

/**
 * struct section_use - how far a section is in use
 * @name: what it is called
 * @unit: what is counted
 * @entries: how many there can be
 * @used: how many of them are in use
 */
struct section_use {
	const char *name;
	const char *unit;
	__u64 entries;
	__u64 used;
};

/* sections.c */
void section_use(const struct region *region, const struct tables *tables,
		 const struct mint_section *section, struct section_use *use);

/* json.c */
json_t *json_cpus(const __u64 *cpus);
json_t *json_functions(const __u32 *functions, unsigned int nr);
json_t *json_extents(const struct mint_extent *extents, unsigned int nr);
int json_print(json_t *object);
int json_print_line(json_t *object);

/* the verbs, in files of their names; kill and destroy in stop.c, stop in poweroff.c */
int cmd_check(const struct request *request);
int cmd_create(const struct request *request);
int cmd_start(const struct request *request);
int cmd_list(const struct request *request);
int cmd_show(const struct request *request);
int cmd_hw(const struct request *request);
int cmd_console(const struct request *request);
int cmd_log(const struct request *request);
int cmd_exec(const struct request *request);
int cmd_serve(const struct request *request);
int cmd_stop(const struct request *request);
int cmd_kill(const struct request *request);
int cmd_destroy(const struct request *request);
int cmd_sysrq(const struct request *request);
int cmd_supervise(const struct request *request);
int check_all(const char *file, struct config *config, struct image *image,
	      struct mint_extent *extents, const struct tables *tables, __u32 except);

/**
 * struct launch - what of a start matters if nothing is heard of it
 * @cmdline: the kernel's command line
 * @nr_extents: entries of @extents
 * @extents: the node's RAM
 */
struct launch {
	const char *cmdline;
	unsigned int nr_extents;
	const struct mint_extent *extents;
};

/* cmdline.c */
const char *cmdline_value(const char *cmdline, const char *name);

/* hints.c */
int hint_no_report(const struct region *region, const struct node_view *node,
		   const struct launch *start, unsigned int timeout_s);

/* hold.c */
const struct node_view *hold_of(const struct tables *tables, const struct node_view *node);
const char *holder_text(const struct node_view *holder, const struct mint_hold *hold, char *text,
			size_t room);
int hold_failed(const struct region *region, const struct node_view *node);

/* winsize.c */
void winsize_send(int fd);

/* device.c */
void device_finish(void);
int device_node(const struct region *region, unsigned long call, const struct node_view *node,
		__u32 *generation);
int device_failed(const struct node_view *node, int error);

/* timing.c */
__u64 now_ms(void);
void pause_ms(unsigned int ms);
void limit_waits(bool on);

/* control.c */
int control_check(const struct node_view *node);
int control_request(const struct region *region, const struct node_view *node, __u32 verb,
		    const char *words, __u32 bytes);
int control_result(const struct node_view *node, const struct mint_ioc_result *result);

#endif /* MINT_LOADER_H */
