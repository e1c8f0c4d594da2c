# SPDX-License-Identifier: GPL-2.0
"""Programs that keep data: redis, memcached, PostgreSQL."""

import re

from apps.files import expect
from apps.place import WORK, Way, Wrong

KEYS = 5000
POSTGRES = "/usr/lib/postgresql/15/bin"
PGBENCH_S = 5
# What went from account to account is what tellers, branches and history say.
BALANCES = """SELECT (SELECT sum(abalance) FROM pgbench_accounts),
(SELECT sum(tbalance) FROM pgbench_tellers), (SELECT sum(bbalance) FROM pgbench_branches),
(SELECT sum(delta) FROM pgbench_history)"""


def _number(pattern: str, output: str) -> float:
    match = re.search(pattern, output)
    if not match:
        raise Wrong(f"no figure in {output[-600:]!r}")
    return float(match[1])


def redis(way: Way) -> float:
    """Values written and read back; then redis-benchmark: GETs per second."""
    client = f"redis-cli -h {way.far.address}"
    way.far.listen("redis", f"redis-server --bind {way.far.address} --protected-mode no "
                   f"--save '' --dir {WORK}", 6379)
    way.near.run(f"seq {KEYS} | awk '{{ print \"SET k\" $1 \" v\" $1 * 7 }}' | {client} --pipe")
    found = way.near.run(f"seq {KEYS} | sed 's/^/GET k/' | {client} | sha256sum")
    wanted = way.near.run(f"seq {KEYS} | awk '{{ print \"v\" $1 * 7 }}' | sha256sum")
    expect(found, wanted, "the values")
    output = way.near.run(f"redis-benchmark -h {way.far.address} -t get -n 20000 -c 20 --csv")
    return _number(r'"GET","([\d.]+)"', output)


def memcached(way: Way) -> float:
    """Files of many lengths written and read back; then memcslap: GETs per second."""
    servers = f"--servers={way.far.address}"
    way.far.listen("memcached", f"memcached -u root -l {way.far.address}", 11211)
    way.near.run("mkdir in; for n in 1 100 1400 9000 66000 500000; do "
                 "head -c $n /dev/urandom >in/f$n; done")
    way.near.run(f"memccp {servers} in/*; for f in in/*; do n=${{f#in/}}; "
                 f"memccat {servers} --file=$n $n; cmp $n $f; done")
    output = way.near.run(f"memcslap {servers} --concurrency=4 --execute-number=2000 "
                          "--test=get")
    return 8000 / _number(r"Time to get .*: +([\d.]+) seconds", output)


def postgresql(way: Way) -> float:
    """The sums of all balances after pgbench: transactions per second."""
    data = f"{WORK}/data"
    client = f"-h {way.far.address} -U postgres"
    way.far.run(f"install -d -o postgres {data}; runuser -u postgres -- "
                f"{POSTGRES}/initdb -A trust -D {data} >initdb.log\n"
                f"echo 'host all all 10.0.0.0/8 trust' >>{data}/pg_hba.conf")
    way.far.listen("postgresql", f"runuser -u postgres -- {POSTGRES}/postgres -D {data} "
                   f"-c listen_addresses={way.far.address} -c unix_socket_directories={data}",
                   5432)
    way.near.run(f"{POSTGRES}/pgbench {client} -i -q -s 1 postgres >pgbench.log 2>&1")
    output = way.near.run(f"{POSTGRES}/pgbench {client} -c 4 -j 2 -T {PGBENCH_S} postgres 2>&1")
    sums = way.near.run(f"{POSTGRES}/psql {client} -At postgres <<'END'\n{BALANCES}\nEND")
    if len(set(sums.strip().split("|"))) != 1:
        raise Wrong(f"balances differ: {sums}")
    expect(str(_number(r"failed transactions: (\d+)", output)), "0.0", "failed transactions")
    return _number(r"tps = ([\d.]+)", output)
