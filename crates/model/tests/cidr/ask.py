# Says what Python's ipaddress makes of the prefixes on stdin, a line each: addresses as numbers, so
# that how they are written does not matter; then flags.
import sys
from ipaddress import collapse_addresses, ip_interface, ip_network


def ends(network):
    """The first and the last host, and how many hosts there are."""
    count = network.num_addresses
    if count <= 16:
        hosts = list(network.hosts())
        return int(hosts[0]), int(hosts[-1]), len(hosts)
    # All hosts would be too many to list: their ends, as hosts() documents them.
    last = network[-2] if network.version == 4 else network[-1]
    less = 2 if network.version == 4 else 1
    return int(next(iter(network.hosts()))), int(last), count - less


def meaning(text):
    interface = ip_interface(text)
    network, address = interface.network, interface.ip
    flags = [address.is_multicast, address.is_loopback, address.is_link_local,
             address.is_unspecified, address.is_reserved, address.is_global]
    return [int(network.network_address), int(network.netmask), int(network.hostmask),
            int(network.broadcast_address), network.num_addresses, *ends(network), *map(int, flags)]


for line in sys.stdin.readlines():
    what, *words = line.split()
    if what == "mean":
        print(*meaning(words[0]))
    elif what == "summarize":
        print(*collapse_addresses(map(ip_network, words)))
    elif what == "overlap":
        one, two = map(ip_network, words)
        print(int(one.overlaps(two)), int(one.subnet_of(two)), int(two.subnet_of(one)))
