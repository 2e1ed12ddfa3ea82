# What the walks of this folder share: trying a thing and saying how it went,
# and looking at a host's network before and after. Sourced, not run.
# shellcheck shell=bash

passed=0
failed=0
exec 3>&1 # kept for the last line, which may be printed from anywhere

# of_reference CONFLIST: is it that of the reference plugins? They are asked for
# less, and each place says why.
of_reference() { [[ ${1##*/} == reference.conflist ]]; }

# expect WHAT COMMAND...
expect() {
    local what=$1 said began=$EPOCHREALTIME
    shift
    if said=$("$@" 2>&1); then
        record ok "$what" "$began"
    else
        record FAILED "$what" "$began"
        [[ -z $said ]] || printf '    %s\n' "${said//$'\n'/$'\n    '}"
    fi
}

# fetch WHAT EXPECTED COMMAND...
fetch() {
    local what=$1 expected=$2 said began=$EPOCHREALTIME
    shift 2
    said=$("$@" 2>&1) || true
    if [[ $said == "$expected" ]]; then
        record ok "$what" "$began"
    else
        record FAILED "$what" "$began"
        printf '    expected %s, got: %s\n' "$expected" "$said"
    fi
}

# record RESULT WHAT BEGAN
record() {
    local spent=$(((${EPOCHREALTIME/./} - ${3/./}) / 1000))
    if [[ $1 == ok ]]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
    printf '%-6s %s (%d ms)\n' "$1" "$2" "$spent"
}

# tally RESULT: the last line. RESULT is the exit status so far: when it is not
# 0 the walk stopped half-way, which is a failure too. To be called on exit.
tally() {
    (($1 == 0)) || failed=$((failed + 1))
    echo "$passed passed, $failed failed" >&3
    ((failed == 0)) || exit 1
}

# What a container could leave in the host's network, without what changes by itself:
# counters, ages, interface numbers, link-local addresses still being made.
host_state() {
    ip -oneline link | sed 's/^[0-9]*: //; s/@if[0-9]*//; s/ state [A-Z]* / /; s/<[^>]*>//; s/link-netnsid [0-9]*//' | sort
    ip -oneline address show scope global | sed 's/^[0-9]*: //' | sort
    ip -oneline route show table all | sed 's/ linkdown//; /fe80:/d; /ff00:/d' | sort
    bridge fdb show | sed '/33:33:/d; /01:00:5e/d' | sort
    # It warns of rules that iptables made; iptables-save shows those.
    nft list ruleset 2>/dev/null | sed 's/counter packets [0-9]* bytes [0-9]*/counter/'
    iptables-save | sed '/^#/d; s/\[[0-9:]*\]//' | sort
}

# soon COMMAND...: within 2 s. Ours deletes a container's link after it has
# answered, 20 ms later when it has nothing else to do.
soon() {
    local tries
    for ((tries = 0; tries < 40; tries++)); do
        if "$@" >/dev/null 2>&1; then return 0; fi
        sleep 0.05
    done
    "$@"
}

# Is the host as it was when host_state was written to /run/before?
as_before() {
    host_state >/run/after
    diff /run/before /run/after
}

# IPv6 addresses are of no use, and look different, until the kernel has made
# sure that nobody else has them. That takes two seconds at most.
wait_for_addresses() {
    local tries
    for ((tries = 0; tries < 60; tries++)); do
        [[ $(ip -6 address show tentative) ]] || return 0
        sleep 0.05
    done
}

usage() {
    sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "$0" >&2
    exit 2
}
