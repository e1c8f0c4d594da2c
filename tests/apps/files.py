# SPDX-License-Identifier: GPL-2.0
"""Programs that carry files: ssh, scp, rsync, and NFS with a build on it."""

from apps.place import WORK, Way, Wrong

BIG_MB = 16
LOGINS = 3
TREE = "/usr/share/doc /usr/lib/x86_64-linux-gnu/perl-base /usr/include/linux"
UNITS = 12
SSH_CONFIG = """Host *
StrictHostKeyChecking no
UserKnownHostsFile /dev/null
LogLevel ERROR"""


def let_in(way: Way) -> None:
    """Starts an sshd at the far end that takes the key of the near one."""
    way.near.run("umask 077; mkdir -p ~/.ssh; cd ~/.ssh\n"
                 "test -f id_ed25519 || ssh-keygen -q -t ed25519 -N '' -f id_ed25519\n"
                 f"echo '{SSH_CONFIG}' >config")
    key = way.near.run("cat ~/.ssh/id_ed25519.pub").strip()
    way.far.run(f"umask 077; mkdir -p ~/.ssh /run/sshd; echo '{key}' >~/.ssh/authorized_keys")
    # Of two ends in one kernel each has a name of its own, or MPI takes them for one.
    way.far.listen("sshd", "unshare --uts sh -c 'hostname far; exec /usr/sbin/sshd -D "
                   f"-o ListenAddress={way.far.address} -o UseDNS=no -o PidFile=none'", 22)


def make_big(way: Way) -> str:
    """Makes a file that no link can compress; its sum."""
    way.near.run(f"head -c {BIG_MB}M /dev/urandom >big")
    return way.near.sum("big")


def expect(found: str, wanted: str, what: str) -> None:
    """Raises if two sums, or what else should be the same, differ."""
    if found != wanted:
        raise Wrong(f"{what}: {found[-200:]!r} and not {wanted[-200:]!r}")


def ssh(way: Way) -> float:
    """Standard input, output and exit status; logins per second."""
    let_in(way)
    output = way.near.run(
        f"status=0; seq 200000 | ssh {way.far.address} 'sha256sum; exit 7' || status=$?\n"
        "seq 200000 | sha256sum; echo $status").split("\n")
    expect(output[0], output[1], "what ssh carried")
    expect(output[2], "7", "the exit status by ssh")
    taken = way.near.seconds(f"for i in $(seq {LOGINS}); do ssh {way.far.address} true; done")
    return LOGINS / taken


def scp(way: Way) -> float:
    """A file there and back."""
    let_in(way)
    wanted = make_big(way)
    taken = way.near.seconds(f"scp -q big {way.far.address}:{WORK}/copy\n"
                             f"scp -q {way.far.address}:{WORK}/copy back")
    expect(way.far.sum("copy"), wanted, "the file there")
    expect(way.near.sum("back"), wanted, "the file back")
    return 2 * BIG_MB / taken


def rsync(way: Way) -> float:
    """A tree of many small files, then one of them changed."""
    manifest = "find . -type f -exec sha256sum {} + | sort | sha256sum"
    there = f"{way.far.address}:{WORK}/there"
    let_in(way)
    way.near.run(f"mkdir tree; cp -r {TREE} tree")
    megabytes = int(way.near.run("du -sm tree").split()[0])
    taken = way.near.seconds(f"rsync -a tree {there}")
    changed = way.near.run("f=$(find tree -type f | sort | head -1); echo more >>$f; echo $f")
    sent = way.near.run(f"rsync -a --out-format=%n tree {there}")
    expect(sent, changed, "what rsync sends after a change")
    expect(way.far.run(f"cd there/tree; {manifest}"), way.near.run(f"cd tree; {manifest}"),
           "the tree")
    return megabytes / taken


NFSD = "mountpoint -q /proc/fs/nfsd || mount -t nfsd nfsd /proc/fs/nfsd"


# Writes UNITS files of C, and a main that exists because of all of them.
SOURCES = f"""mkdir src; cd src
for i in $(seq {UNITS}); do
	cat >f$i.c <<END
#include <stdio.h>

long f$i(long n)
{{
	long sum = 0;

	while (n--)
		sum += n ^ $i;
	printf("$i %ld\\n", sum);
	return sum;
}}
END
	echo "long f$i(long);" >>all.h
	echo "	sum += f$i(1000);" >>calls.h
done
cat >main.c <<END
#include "all.h"

int main(void)
{{
	long sum = 0;

#include "calls.h"
	return !sum;
}}
END
printf 'prog: $(patsubst %%.c,%%.o,$(wildcard *.c))\n\tgcc -o $@ $(sort $^)\n' >Makefile"""


def nfs(way: Way) -> float:
    """A build on NFS 4.2 gives the program of a local one; then a file there and back."""
    wanted = make_big(way)
    way.near.run(SOURCES)
    way.near.run("cp -r src local; make -s -j2 -C local CFLAGS=-O2")
    way.far.run(f"mkdir {WORK}/export")
    way.far.serve(
        "nfs", f"sh -c '{NFSD}; echo 10 >/proc/fs/nfsd/nfsv4gracetime; "
        f"exportfs -o rw,no_root_squash,insecure,fsid=0,no_subtree_check *:{WORK}/export; "
        "rpc.nfsd -N 3 4; exec rpc.mountd -F -N 3'", "ss -Hltn | grep -q ':2049 '")
    try:
        output = way.near.run(
            "mkdir -p mnt; umask 022\n"
            f"mount -t nfs4 -o vers=4.2,soft,timeo=300 {way.far.address}:/ mnt\n"
            "trap 'umount mnt' EXIT\n"
            "cp -r src mnt/src; make -s -j2 -C mnt/src CFLAGS=-O2\n"
            "cmp mnt/src/prog local/prog; mnt/src/prog >one; local/prog >two; cmp one two\n"
            "t=$(date +%s%N); cp big mnt/big; sync mnt/big\n"
            "umount mnt; mount -t nfs4 -o vers=4.2,soft,timeo=300 "
            f"{way.far.address}:/ mnt\n"
            "cmp mnt/big big; echo took $(($(date +%s%N) - t))", timeout=600)
        expect(way.far.sum("export/big"), wanted, "the file on the server")
    finally:
        way.far.run(f"{NFSD}\nrpc.nfsd 0; exportfs -ua", check=False)
    return 2 * BIG_MB / (int(output.rsplit("took ", 1)[1]) / 1e9)
