"""The tables: what was measured, and whether it is what was asked for."""

import math
from dataclasses import dataclass, field

from measure import median, ratio

# What rpcreplay does: layouts that it prints, and formats that it converts to the binary one.
LAYOUTS = {"jsonl": "JSON Lines", "fprint": "Fprint's layout", "text": "calls for people"}
CONVERSIONS = {"from-jsonl": "JSON Lines to binary", "from-text": "text to binary"}
FORMS = LAYOUTS | CONVERSIONS

# The settings in which rpcreplay is measured; the first two have their output thrown away.
ONE, TWO, PIPE = "one thread", "two threads", "one thread, pipe"

# The mix that no mean contains.
REAL = "real"

# What is asked of the geometric mean over the mixes.
CPU_GOALS = {
    "Go protojson": 20,
    "Go Fprint": 20,
    "prost-reflect JSON": 10,
    "prost-reflect text": 10,
    "Go protojson.Unmarshal": 15,
    "Go prototext.Unmarshal": 15,
    "prost-reflect from JSON": 8,
    "prost-reflect from text": 8,
}
TWO_THREADS_GOAL = 1.8
PIPE_GOAL = 1.3

# What a conversion may need, also for a gigabyte.
CONVERSION_MEMORY_GOAL = 64 * 2**20


def memory_goal(recording):
    """For printing: whatever the size of a recording, its largest record in a few stages between file and output."""
    return 16e6 + 8 * max(map(len, recording.entries()))


@dataclass
class Report:
    """Costs and memory by mix and then by name; rpcreplay's names are pairs of a form and a setting."""

    peers: list
    mixes: dict
    forms: list
    costs: dict = field(default_factory=dict)
    tenth_costs: dict = field(default_factory=dict)
    memory: dict = field(default_factory=dict)
    start_up: dict = field(default_factory=dict)

    def print(self):
        self.print_summary()
        for what in ["cpu", "wall"]:
            if self.peers:
                rows = {peer.name: self.ratios(peer, what) for peer in self.peers}
                self.print_by_mix(f"{what} time / rpcreplay's", rows, 1)
        for what in ["cpu", "wall"]:
            rows = {f"{FORMS[key[0]]}, {key[1]}": self.speeds(*key, what) for key in self.own()}
            self.print_by_mix(f"MB of input per second of {what} time", rows, 0)
        for what in ["cpu", "wall"]:
            rows = {FORMS[form]: self.own_ratios(form, PIPE, ONE, what) for form in self.forms}
            self.print_by_mix(f"{what} time into a pipe / into /dev/null", rows, 2)
        for what, title in [("wall", "wall time, one thread / two"), ("cpu", "CPU time, one thread / two")]:
            rows = {FORMS[form]: self.own_ratios(form, ONE, TWO, what) for form in self.forms}
            self.print_by_mix(title, rows, 2)
        self.print_memory()
        self.print_start_up()
        self.print_goals()

    def own(self):
        return [(form, setting) for form in self.forms for setting in (ONE, TWO, PIPE)]

    def ratios(self, peer, what):
        """Mix to a peer's time / rpcreplay's on one thread."""
        costs = self.tenth_costs if peer.slow else self.costs
        return {mix: ratio(costs[mix][peer.name], costs[mix][peer.form, ONE], what) for mix in self.mixes}

    def own_ratios(self, form, setting, base, what):
        """Mix to rpcreplay's time in a setting / in another."""
        return {mix: ratio(costs[form, setting], costs[form, base], what) for mix, costs in self.costs.items()}

    def speeds(self, form, setting, what):
        """Mix to megabytes of what is read per second."""
        return {
            mix: recording.input(form).stat().st_size / 1e6 / median(self.costs[mix][form, setting], what)
            for mix, recording in self.mixes.items()
        }

    def print_summary(self):
        rows = []
        for form in (form for form in self.forms if form != "text"):
            speed = self.speeds(form, ONE, "cpu")
            own = [f"1 ({mean(speed):.0f} MB/s)", f"1 ({speed[REAL]:.0f} MB/s)" if REAL in speed else "", "1"]
            rows.append([f"**rpcreplay, {FORMS[form]}**", *own, *self.memory_and_start_up((form, ONE))])
            for peer in (peer for peer in self.peers if peer.form == form):
                cpu, wall = self.ratios(peer, "cpu"), self.ratios(peer, "wall")
                real = f"{cpu[REAL]:.1f}" if REAL in cpu else ""
                times = [f"{mean(cpu):.1f} ({spread(cpu)})", real, f"{mean(wall):.1f}"]
                rows.append([peer.name, *times, *self.memory_and_start_up(peer.name)])
        head = ["", "CPU time", "of real recordings", "wall time", "memory, MB", "start-up, ms"]
        print_table(head, rows)

    def memory_and_start_up(self, name):
        memory = {mix: peaks[name] / 1e6 for mix, peaks in self.memory.items()}
        return [spread(memory), f"{1000 * median(self.start_up[name], 'cpu'):.1f}"]

    def print_by_mix(self, title, rows, digits):
        cells = [
            [name, *(f"{row[mix]:.{digits}f}" for mix in self.mixes), f"{mean(row):.{digits}f}"]
            for name, row in rows.items()
        ]
        print_table([title, *self.mixes, "mean"], cells)

    def print_memory(self):
        names = [(form, setting) for form in self.forms for setting in (ONE, TWO)]
        rows = [(f"{FORMS[form]}, {setting}", (form, setting)) for form, setting in names]
        rows += [(peer.name + (", of a tenth" if peer.slow else ""), peer.name) for peer in self.peers]
        rows = [[title, *(f"{peaks[name] / 1e6:.1f}" for peaks in self.memory.values())] for title, name in rows]
        limits = ["limit for printing", *(f"{memory_goal(recording) / 1e6:.1f}" for recording in self.mixes.values())]
        print_table(["peak memory, MB", *self.mixes], [*rows, limits])

    def print_start_up(self):
        rows = []
        for name, costs in self.start_up.items():
            title = name if isinstance(name, str) else f"rpcreplay, {FORMS[name[0]]}"
            least = min(cost.cpu for cost in costs)
            rows.append([title, *(f"{1000 * s:.2f}" for s in (median(costs, "cpu"), least, median(costs, "wall")))])
        print_table(["a recording of 2.6 KB", "CPU ms", "least", "wall ms"], rows)

    def print_goals(self):
        rows = []

        def judge(what, value, goal, reached):
            rows.append([what, value, goal, "reached" if reached else "MISSED"])

        def judge_memory(mix, what, forms, limit):
            most = max(self.memory[mix][form, setting] for form in forms for setting in (ONE, TWO))
            judge(f"memory: {mix}{what}", f"{most / 1e6:.1f} MB", f"≤ {limit / 1e6:.1f} MB", most <= limit)

        for peer in self.peers:
            if goal := CPU_GOALS.get(peer.name):
                value = mean(self.ratios(peer, "cpu"))
                judge(f"CPU time of {peer.name} / rpcreplay's", f"{value:.1f}", f"≥ {goal}", value >= goal)
        layouts = {form: name for form, name in LAYOUTS.items() if form in self.forms}
        for layout, name in layouts.items():
            value = mean(self.own_ratios(layout, ONE, TWO, "wall"))
            reached = value >= TWO_THREADS_GOAL
            judge(f"wall time, one thread / two: {name}", f"{value:.2f}", f"≥ {TWO_THREADS_GOAL}", reached)
        for layout, name in layouts.items():
            for what in ["cpu", "wall"]:
                value = mean(self.own_ratios(layout, PIPE, ONE, what))
                judge(f"{what} time, pipe / null: {name}", f"{value:.2f}", f"≤ {PIPE_GOAL}", value <= PIPE_GOAL)
        for mix, recording in self.mixes.items():
            if layouts:
                judge_memory(mix, "", layouts, memory_goal(recording))
            for form in (form for form in self.forms if form in CONVERSIONS):
                judge_memory(mix, f", {CONVERSIONS[form]}", [form], CONVERSION_MEMORY_GOAL)
        print_table(["", "measured", "goal", ""], rows)


def mean(row):
    """The geometric mean over the generated mixes."""
    values = [value for mix, value in row.items() if mix != REAL]
    return math.exp(sum(map(math.log, values)) / len(values))


def spread(row):
    """The least and the most of the generated mixes."""
    values = [value for mix, value in row.items() if mix != REAL]
    digits = 0 if max(values) >= 10 else 1
    least, most = f"{min(values):.{digits}f}", f"{max(values):.{digits}f}"
    return least if least == most else f"{least}–{most}"


def print_table(head, rows):
    """A table in Markdown, its columns in line."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    print()
    for row in [head, rule, *rows]:
        first, *others = map(str.rjust, row, widths)
        print(f"| {' | '.join([row[0].ljust(len(first)), *others])} |")
