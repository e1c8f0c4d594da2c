# SPDX-License-Identifier: GPL-2.0
"""nginx, by HTTP and by HTTPS with the kernel's TLS."""

import re

from apps.files import expect
from apps.place import WORK, Way, Wrong

SIZES = {"small": "1K", "middle": "1M", "large": "16M"}
SECONDS = 3

NGINX = """
user root;
daemon off;
worker_processes 2;
pid {work}/nginx.pid;
error_log stderr;
events {{ }}
http {{
	access_log off;
	sendfile on;
	server {{
		listen {address}:80;
		root {work}/www;
	}}
	server {{
		listen {address}:443 ssl;
		root {work}/www;
		ssl_certificate {work}/cert;
		ssl_certificate_key {work}/key;
		ssl_conf_command Options KTLS;
	}}
}}
"""


def _serve(way: Way) -> None:
    way.far.run("mkdir www; cd www\n" + "\n".join(
        f"head -c {size} /dev/urandom >{name}" for name, size in SIZES.items()))
    way.far.run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
                "-subj /CN=far -keyout key -out cert 2>&1")
    way.far.write("conf", NGINX.format(work=WORK, address=way.far.address))
    way.far.listen("nginx", f"nginx -p {WORK} -c {WORK}/conf", 443)


def _fetch(way: Way, scheme: str, name: str) -> float:
    """Fetches a file and compares it; megabytes per second."""
    speed = way.near.run(f"curl -sSk -w '%{{speed_download}}' -o got "
                         f"{scheme}://{way.far.address}/{name}")
    expect(way.near.sum("got"), way.far.sum(f"www/{name}"), f"{name} by {scheme}")
    return float(speed.strip().splitlines()[-1]) / 1e6


def nginx(way: Way) -> float:
    """Files of 1 KB to 16 MB; then wrk with 16 connections: requests per second."""
    _serve(way)
    for name in SIZES:
        _fetch(way, "http", name)
    output = way.near.run(f"wrk -t 2 -c 16 -d {SECONDS} http://{way.far.address}/small")
    if re.search("Non-2xx|Socket errors", output):
        raise Wrong(f"wrk: {output}")
    match = re.search(r"Requests/sec: +([\d.]+)", output)
    if not match:
        raise Wrong(f"wrk: {output}")
    return float(match[1])


def ktls(way: Way) -> float:
    """A file by HTTPS that the kernel of the server encrypts."""
    way.far.run("modprobe tls")
    _serve(way)
    speed = _fetch(way, "https", "large")
    sent = way.far.run("awk '$1 == \"TlsTxSw\" { print $2 }' /proc/net/tls_stat").strip()
    if not int(sent or 0):
        raise Wrong("nginx did not use the TLS of the kernel")
    return speed
