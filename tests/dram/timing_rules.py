"""An independent checker of command logs, written from table 2.2 of the specification.

It shares nothing with the simulator but the meaning of the log: for every command it searches all
earlier ones for the rules that bind it.
"""

from collections import defaultdict
from itertools import pairwise

CODES = ["NOP", "RD", "RDA", "WR", "WRA", "ACT", "PRE", "PREA", "REFA", "PDEA", "PDXA", "PDEP",
         "PDXP", "SREFEN", "SREFEX"]  # fmt: skip
WHOLE_RANK = {"PREA", "REFA", "PDEA", "PDXA", "PDEP", "PDXP", "SREFEN", "SREFEX"}
READS, WRITES = ("RD", "RDA"), ("WR", "WRA")


class Rules:
    """Minimum distances; scope is "bank", "group" (bank group) or "rank"."""

    def __init__(self, timing, burst):
        t = dict(timing)
        self.table = defaultdict(list)
        read_end, write_end = t["RL"] + burst, t["WL"] + burst
        write_recovery = write_end + t["WR"]
        short = {k: t[f"{k}_S"] for k in ("CCD", "RRD", "WTR")}
        long = {k: t[f"{k}_L"] for k in ("CCD", "RRD", "WTR")}
        add = self.add
        for read in READS:
            add(read, "bank", t["RCD"] - t["AL"], "ACT")
            add(read, "rank", short["CCD"], *READS)
            add(read, "group", long["CCD"], *READS)
            add(read, "rank", write_end + short["WTR"], *WRITES)
            add(read, "group", write_end + long["WTR"], *WRITES)
            add(read, "rank", t["XP"], "PDXA")
            add(read, "rank", t["XSDLL"], "SREFEX")
        add("RDA", "bank", write_recovery - t["RTP"], "WR")
        for write in WRITES:
            add(write, "bank", t["RCD"] - t["AL"], "ACT")
            add(write, "rank", short["CCD"], *WRITES)
            add(write, "group", long["CCD"], *WRITES)
            add(write, "rank", t["RTW"], *READS)
            add(write, "rank", t["XP"], "PDXA")
            add(write, "rank", t["XSDLL"], "SREFEX")
        add("ACT", "bank", t["RC"], "ACT")
        add("ACT", "rank", short["RRD"], "ACT")
        add("ACT", "group", long["RRD"], "ACT")
        add("ACT", "bank", t["AL"] + t["RTP"] + t["RP"], "RDA")
        add("ACT", "bank", write_recovery + t["RP"], "WRA")
        add("ACT", "bank", t["RP"], "PRE")
        add("ACT", "rank", t["RP"], "PREA")
        add("ACT", "rank", t["RFC"], "REFA")
        add("ACT", "rank", t["XP"], "PDXA", "PDXP")
        add("ACT", "rank", t["XS"], "SREFEX")
        for close, scope, reads, writes in (
            ("PRE", "bank", ("RD",), ("WR",)),
            ("PREA", "rank", READS, WRITES),
        ):
            add(close, scope, t["RAS"], "ACT")
            add(close, scope, t["AL"] + t["RTP"], *reads)
            add(close, scope, write_recovery, *writes)
            add(close, "rank", t["XP"], "PDXA")
        for rest in ("REFA", "SREFEN"):
            add(rest, "rank", t["RC"], "ACT")
            add(rest, "rank", t["AL"] + t["RTP"] + t["RP"], "RDA")
            add(rest, "rank", write_recovery + t["RP"], "WRA")
            add(rest, "rank", t["RP"], "PRE", "PREA")
            add(rest, "rank", t["RFC"], "REFA")
            add(rest, "rank", t["XP"], "PDXP")
            add(rest, "rank", t["XS"], "SREFEX")
        add("SREFEN", "rank", read_end + 1, "RDA")
        add("SREFEN", "rank", write_recovery + 1, "WRA")
        add("PDEA", "rank", t["ACTPDEN"], "ACT")
        add("PDEA", "rank", write_recovery, "WR")
        add("PDEA", "rank", t["PRPDEN"], "PRE")
        add("PDEA", "rank", t["CKE"], "PDXA")
        add("PDEP", "rank", t["PRPDEN"], "PRE", "PREA")
        add("PDEP", "rank", t["CKE"], "PDXP")
        add("PDEP", "rank", t["REFPDEN"], "REFA")
        add("PDEP", "rank", t["XS"], "SREFEX")
        for enter in ("PDEA", "PDEP"):
            add(enter, "rank", read_end + 1, *READS)
            add(enter, "rank", write_recovery + 1, "WRA")
        add("PDXA", "rank", t["PD"], "PDEA")
        add("PDXP", "rank", t["PD"], "PDEP")
        add("SREFEX", "rank", t["CKESR"], "SREFEN")
        self.other_ranks = [
            (READS, READS, burst + t["RTRS"]),
            (READS, WRITES, write_end + t["RTRS"] - t["RL"]),
            (WRITES, WRITES, burst + t["RTRS"]),
            (WRITES, READS, read_end + t["RTRS"] - t["WL"]),
        ]
        self.four_activates = t["FAW"]

    def add(self, command, scope, distance, *earlier):
        self.table[command] += [(name, scope, distance) for name in earlier]


def violations(log, memory):
    """Every broken rule of a command log, as text."""
    rules = Rules(memory.timing, memory.geometry["burst_length"] // 2)
    banks_per_rank = memory.geometry["banks"]
    banks_per_group = banks_per_rank // memory.geometry["bank_groups"]
    found = [f"{a} and {b} share a cycle" for a, b in pairwise(log[:, 0].tolist()) if b <= a]
    last = {}  # (command, scope, place) -> its last time
    activates = defaultdict(list)
    for time, code, place in log.tolist():
        command = CODES[code]
        whole = command in WHOLE_RANK
        rank = place if whole else place // banks_per_rank
        places = {"rank": rank}
        if not whole:
            places |= {"bank": place, "group": place // banks_per_group}
        for earlier, scope, distance in rules.table[command]:
            before = last.get((earlier, scope, places[scope]))
            if before is not None and time < before + distance:
                found.append(f"{command} at {time}: {earlier} at {before} ({scope}, {distance})")
        for later, earlier_kind, distance in rules.other_ranks:
            if command in later:
                for (name, scope, other), before in last.items():
                    is_other = scope == "rank" and other != rank and name in earlier_kind
                    if is_other and time < before + distance:
                        found.append(f"{command} at {time}: {name} at {before} of rank {other}")
        if command == "ACT":
            recent = activates[rank]
            if len(recent) >= 4 and time < recent[-4] + rules.four_activates:
                found.append(f"ACT at {time}: five within tFAW")
            recent.append(time)
        for scope, where in places.items():
            last[command, scope, where] = time
    return found + _wrong_states(log, banks_per_rank)


def _wrong_states(log, banks_per_rank):
    """Commands to banks that are not in the state they need."""
    found, is_open, asleep = [], defaultdict(bool), {}
    for time, code, place in log.tolist():
        command = CODES[code]
        rank = place if command in WHOLE_RANK else place // banks_per_rank
        banks = range(rank * banks_per_rank, (rank + 1) * banks_per_rank)
        leaves = {"PDEA": "PDXA", "PDEP": "PDXP", "SREFEN": "SREFEX"}
        if rank in asleep and command != leaves[asleep[rank]]:
            found.append(f"{command} at {time} while in {asleep[rank]}")
        if command in leaves:
            asleep[rank] = command
        elif command in leaves.values():
            asleep.pop(rank, None)
        elif command == "ACT":
            if is_open[place]:
                found.append(f"ACT at {time}: bank {place} is open")
            is_open[place] = True
        elif command == "PREA":
            is_open.update(dict.fromkeys(banks, False))
        elif command == "REFA":
            if any(is_open[bank] for bank in banks):
                found.append(f"REFA at {time}: a bank is open")
        else:
            if not is_open[place]:
                found.append(f"{command} at {time}: bank {place} is closed")
            is_open[place] = command in ("RD", "WR")
    return found
