"""Judges the samples of a soak and writes them down."""

import dataclasses
import statistics

# Flat is what has grown from the second quarter to the last by no more than this part of itself, and this much.
GROWTH_MAX = 0.05
SLACK = {
    "anonymous": (2, "MiB", "Resident memory that no file is behind"),
    "descriptors": (8, "", "Open descriptors"),
    "index": (4, "MiB", "The index on the disk"),
}


@dataclasses.dataclass
class Verdict:
    claim: str
    holds: bool
    figures: str


def line(sample):
    return (f"{sample['seconds']:6.0f} s: {sample['requests'] / 10:6.0f} requests/s, p99 {sample['p99_ms']:5.1f} ms, "
            f"{sample['errors']} errors, {sample['anonymous']:.1f} MiB anonymous, {sample['descriptors']} descriptors, "
            f"index {sample['index']:.1f} MiB")


def quarter(samples, number):
    """Counted from 1."""
    begin, end = (len(samples) * at // 4 for at in (number - 1, number))
    return samples[begin:end]


def judge(samples, error):
    verdicts = []
    for name, (slack, unit, text) in SLACK.items():
        second, last = (statistics.mean(sample[name] for sample in quarter(samples, at)) for at in (2, 4))
        figures = f"{second:.1f} {unit} in the second quarter, {last:.1f} {unit} in the last".replace("  ", " ")
        verdicts.append(Verdict(f"{text} is flat", last <= second * (1 + GROWTH_MAX) + slack, figures))
    errors = sum(sample["errors"] for sample in samples)
    verdicts.append(Verdict("every request is answered as it should be", errors == 0,
                            f"{errors} errors" + (f", the first: {error}" if error else "")))
    return verdicts


def minutes_of(samples):
    """The samples of each minute, as one."""
    grouped = {}
    for sample in samples:
        grouped.setdefault(int((sample["seconds"] - 1) // 60) + 1, []).append(sample)
    for minute, group in grouped.items():
        mean = {name: statistics.mean(sample[name] for sample in group) for name in group[0]}
        yield minute, {**mean, "errors": sum(sample["errors"] for sample in group),
                       "p99_ms": max(sample["p99_ms"] for sample in group)}


def document(described, minutes, samples, verdicts):
    passed = all(verdict.holds for verdict in verdicts)
    total = {name: sum(sample[name] for sample in samples) for name in ("requests", "watch_events", "webhook_messages")}
    rows = [
        "# Soak", "",
        f"Written by `scripts/soak {minutes:g}`: {minutes:g} minutes of everything at once over a bounded number of keys and"
        " files, from one load process.", "",
        f"**{'Passed' if passed else 'FAILED'}**", "",
        "| | | |", "|---|---|---|",
        *(f"| {verdict.claim} | {verdict.figures} | {'holds' if verdict.holds else 'FAILS'} |" for verdict in verdicts), "",
        f"Flat: the mean of the last quarter is at most {GROWTH_MAX:.0%} above that of the second, and a little"
        f" ({', '.join(f'{slack} {unit}'.strip() for slack, unit, _ in SLACK.values())}) for what jitters.", "",
        f"{total['requests']:,} requests; {total['watch_events']:,} events told to 30 watches and"
        f" {total['webhook_messages']:,} messages to webhooks.", "",
        "## Machine", "", "| | |", "|---|---|", *(f"| {name} | {text} |" for name, text in described), "",
        "## Figures", "",
        "Means of each minute, but for the errors, which are all of them, and the 99th percentile, which is that of the worst"
        " ten seconds; it is the load process's as much as the server's.", "",
        "| minute | requests/s | p99 ms | errors | anonymous MiB | resident MiB | descriptors | index MiB | log MiB |"
        " blobs MiB |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
        *(f"| {minute} | {row['requests'] / 10:,.0f} | {row['p99_ms']:.1f} | {row['errors']} | {row['anonymous']:.1f} |"
          f" {row['resident']:.1f} | {row['descriptors']:.0f} | {row['index']:.1f} | {row['log']:.1f} | {row['blobs']:.1f} |"
          for minute, row in minutes_of(samples)), "",
    ]
    return "\n".join(rows)
