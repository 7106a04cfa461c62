"""Reads /metrics with the parser of Prometheus' own client for Python, and holds it against the format, the conventions,
the dashboard and the documentation.

metrics.py URL ADMIN_KEY
"""

import json
import re
import sys
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

from server import FOLDER, Claims, Server, put

ROOT = FOLDER.parent.parent
claims = Claims()


class Metrics:
    def __init__(self, url):
        with urllib.request.urlopen(f"{url}/metrics", timeout=30) as answer:
            self.text = answer.read().decode()
        self.families = list(text_string_to_metric_families(self.text))
        # The parser leaves the end of a counter's name out.
        self.names = {family.name + ("_total" if family.type == "counter" else "") for family in self.families}

    def samples(self):
        return [sample for family in self.families for sample in family.samples]


@claims.claim("every family is there once, with its type and a sentence of help")
def families(metrics):
    for word in ("HELP", "TYPE"):
        told = [line.split()[2] for line in metrics.text.splitlines() if line.startswith(f"# {word} ")]
        assert sorted(told) == sorted(metrics.names), word
    for family in metrics.families:
        assert family.type in ("counter", "gauge", "histogram"), family.name
        assert family.documentation.endswith("."), family.name


@claims.claim("names begin with what they are of, and only what counts ends like a count")
def names(metrics):
    for family in metrics.families:
        assert family.name.startswith(("alcove_", "process_")), family.name
        if family.type != "counter":
            assert not family.name.endswith(("_total", "_count", "_sum", "_bucket")), family.name
        if "duration" in family.name:
            assert family.name.endswith("_seconds"), family.name


@claims.claim("no sample is there twice, and no label is a path that was asked for")
def samples(metrics):
    seen = set()
    for sample in metrics.samples():
        key = (sample.name, *sorted(sample.labels.items()))
        assert key not in seen, key
        seen.add(key)
        assert "acme" not in str(sample.labels), key


@claims.claim("histograms rise, and their last bucket holds all")
def histograms(metrics):
    for family in metrics.families:
        if family.type != "histogram":
            continue
        series = {}
        for sample in family.samples:
            labels = tuple(sorted((name, value) for name, value in sample.labels.items() if name != "le"))
            series.setdefault(labels, []).append(sample)
        assert series or family.name.startswith("alcove_http"), family.name
        for labels, parts in series.items():
            buckets = [(float(part.labels["le"]), part.value) for part in parts if part.name.endswith("_bucket")]
            count = next(part.value for part in parts if part.name.endswith("_count"))
            assert buckets == sorted(buckets), (family.name, labels)
            assert [held for _, held in buckets] == sorted(held for _, held in buckets), (family.name, labels)
            assert buckets[-1] == (float("inf"), count), (family.name, labels)


def expressions(value):
    """Every query of the dashboard, however deep it stands."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in ("expr", "definition") and isinstance(inner, str):
                yield inner
            else:
                yield from expressions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from expressions(inner)


@claims.claim("the dashboard asks for nothing that is not there, and shows all there is")
def dashboard(metrics):
    queries = list(expressions(json.loads((ROOT / "docs/grafana.json").read_text())))
    used = {name for query in queries for name in re.findall(r"\b(?:alcove|process)_\w+", query)}
    known = {sample.name for sample in metrics.samples()}
    assert used <= known, used - known
    families_used = {re.sub("_(bucket|sum|count)$", "", name) if name not in metrics.names else name for name in used}
    assert metrics.names - families_used == {"process_virtual_memory_bytes"}, metrics.names - families_used


@claims.claim("the dashboard has panels that do not overlap, with numbers of their own")
def panels(_):
    all_panels = json.loads((ROOT / "docs/grafana.json").read_text())["panels"]
    assert len({panel["id"] for panel in all_panels}) == len(all_panels)
    taken = set()
    for panel in all_panels:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24, panel["title"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not taken & cells, panel["title"]
        taken |= cells


@claims.claim("the documentation names every metric, and no other")
def documentation(metrics):
    text = (ROOT / "docs/operations.md").read_text()
    named = set(re.findall(r"`((?:alcove|process)_\w+)[`{]", text))
    assert named == metrics.names, named ^ metrics.names


def main():
    url, key = sys.argv[1:]
    server = Server(url, key)
    server.call("POST", "/workspaces", {"name": "A", "slug": "acme"})
    for i in range(100):
        server.write("/workspaces/acme", put("a", i))
    return claims.hold_against(Metrics(url))


if __name__ == "__main__":
    sys.exit(main())
