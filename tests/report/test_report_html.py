"""The HTML report: complete, self-contained, and safe whatever the names are."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from report_samples import (
    AREA,
    ENERGY,
    LATENCY,
    THROUGHPUT,
    curve,
    front,
    realistic,
    report,
    training,
    two_objectives,
)

from dse.report.data import AxisInfo, FrontTable, RunSummary
from dse.report.html import render_report

SECTIONS = {"front", "parallel", "convergence", "runs", "designs", "job", "environment"}
LEARNED = SECTIONS | {"training"}
VOID = {"meta", "link", "br", "img", "input", "hr"}
HOSTILE = (
    "</script><script>alert('x')</script><img src=http://evil.example onerror=alert(1)>&amp;\"'"
)


class Page(HTMLParser):
    """What a browser would see: tags, attributes and text outside of scripts."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.open, self.text = [], [], ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("script", "style"):
            self.text += data

    def ids(self, tag):
        return {attributes.get("id") for name, attributes in self.tags if name == tag}

    def count(self, tag):
        return sum(name == tag for name, _ in self.tags)


def traces(html, div_id):
    """The traces of one figure, as plotly will read them."""
    start = re.search(rf'Plotly\.newPlot\(\s*"{div_id}",\s*', html).end()
    return json.JSONDecoder().raw_decode(html[start:])[0]


@pytest.fixture(scope="module")
def html():
    return render_report(realistic(n_cloud=300, n_front=60))


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def test_every_section_is_there(page):
    assert page.ids("section") == LEARNED
    assert not page.open


def test_header_shows_title_subtitle_and_key_figures(page):
    assert "bert-64k" in page.text
    assert "attention/fusemax on bert" in page.text
    assert re.search(r"evaluations in all searches\s*1,156,800", page.text)
    assert re.search(r"lowest latency\s*\d+\.?\d* m?s", page.text)


def test_notes_job_and_versions_are_shown(page):
    assert "17 of 1,156,800 evaluations failed" in page.text
    assert 'constraints: ["area_mm2 <= 5000"]' in page.text
    assert "3.11.9" in page.text


def test_nothing_is_loaded_from_elsewhere(page, html):
    loads = [
        v for _, attributes in page.tags for k, v in attributes.items() if k in ("src", "href")
    ]
    assert loads == []
    assert "@import" not in html[: html.index("<script>")]
    assert "url(" not in html[: html.index("<script>")]


def test_plotly_is_inlined_once(html):
    assert html.count("* plotly.js v") == 1


def test_three_objectives_make_three_panels(html):
    panels = {(t.get("xaxis"), t.get("yaxis")) for t in traces(html, "figure-front")}
    assert panels == {("x", "y"), ("x2", "y2"), ("x3", "y3")}


def test_front_is_coloured_by_the_categorical(html):
    named = [t["name"] for t in traces(html, "figure-front") if t["showlegend"]]
    assert named[:2] == ["violates a constraint", "evaluated designs"]
    assert set(named[2:]) <= {"architecture", "binding", "cascade", "flat", "unfused"}


def test_axes_are_logarithmic_and_titled(html):
    assert '"latency [s]"' in html
    assert '"type":"log"' in html


def test_one_line_per_run_and_one_bold_median_per_searcher(html):
    lines = traces(html, "figure-convergence")
    assert [t["name"] for t in lines if t["showlegend"]] == [
        "nsga2 (median of 3)",
        "random (median of 3)",
        "exhaustive",
    ]
    assert sum(not t["showlegend"] for t in lines) == 6
    assert {t["line"]["width"] for t in lines if t["showlegend"]} == {3}


def test_learning_is_one_panel_per_quantity_and_one_line_per_run(html):
    lines = traces(html, "figure-training")
    assert len({t["xaxis"] for t in lines}) == 3
    assert len(lines) == 3 * 6
    assert [t["name"] for t in lines if t["showlegend"]] == ["ppo", "mappo"]


def test_learning_is_left_out_where_nobody_learns():
    assert "figure-training" not in render_report(report(two_objectives()))


def test_a_searcher_may_leave_quantities_out():
    told = (
        training("a", evaluations=[1, 2], loss=[3, 4]),
        training("b", evaluations=[5], gain=[6]),
    )
    lines = traces(render_report(report(two_objectives(), diagnostics=told)), "figure-training")
    assert [t["name"] for t in lines] == ["a", "b"]
    assert len({t["xaxis"] for t in lines}) == 2


def test_same_data_gives_the_same_page():
    data = report(two_objectives())
    assert render_report(data) == render_report(data)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7])
def test_any_number_of_objectives(n):
    axes = [LATENCY, ENERGY, AREA, THROUGHPUT, *(AxisInfo(f"m{i}", "", "max") for i in range(3))][
        :n
    ]
    table = front(*axes, **{axis.name: [1.0, 2.0, 40.0] for axis in axes})
    page = Page(render_report(report(table)))
    assert page.ids("section") == SECTIONS
    assert ("figure-front" in page.ids("div")) is (n > 1)


def test_one_objective_is_explained():
    page = Page(render_report(report(front(LATENCY, latency_s=[0.25]))))
    assert "With one objective the front is the best design" in page.text
    assert re.search(r"lowest latency\s*250 ms", page.text)


def test_designs_that_violate_a_constraint_stretch_no_axis():
    violating = {"latency_s": np.array([1e-6]), "energy_j": np.array([1e-6])}
    html = render_report(report(two_objectives(), violating=violating))
    # admissible: 0.1 s to 3 x 50 s, and a margin of 5 % of these 3.2 decades
    low, high = json.loads(re.search(r'"xaxis":\{.*?"range":(\[.*?\])', html).group(1))
    assert low == pytest.approx(-1 - 0.05 * np.log10(1500))
    assert high == pytest.approx(np.log10(150) + 0.05 * np.log10(1500))
    assert "The axes span the admissible designs" in Page(html).text
    assert "The axes span" not in Page(render_report(report(two_objectives()))).text


def test_violating_designs_are_hidden_together_from_the_legend(html):
    groups = {
        t["legendgroup"]
        for t in traces(html, "figure-front")
        if t["name"] == "violates a constraint"
    }
    assert groups == {"violates a constraint"}


def test_no_admissible_design_has_no_progress_to_draw():
    table = front(LATENCY, ENERGY, latency_s=[], energy_j=[])
    html = render_report(report(table, curves=(), reference_point={}))
    assert "No admissible design has been found" in Page(html).text
    assert "Reference point" not in Page(html).text


def test_empty_front_says_so():
    table = FrontTable(
        {"mode": []}, {"latency_s": np.empty(0), "energy_j": np.empty(0)}, (LATENCY, ENERGY)
    )
    page = Page(render_report(report(table, curves=(), summaries=(), cloud={}, cloud_searcher=[])))
    assert "The front is empty" in page.text
    assert "No run has recorded its progress" in page.text
    assert "No run has started" in page.text
    assert page.ids("section") == SECTIONS - {"parallel", "designs"}


def test_one_design_has_nothing_to_compare():
    table = front(LATENCY, ENERGY, latency_s=[1.0], energy_j=[2.0])
    page = Page(render_report(report(table)))
    assert page.ids("section") == SECTIONS - {"parallel"}


def test_constant_objectives_zero_and_missing_values():
    table = front(LATENCY, ENERGY, latency_s=[0.0, 0.0], energy_j=[5.0, 5.0])
    cloud = {"latency_s": np.array([np.nan, 1.0]), "energy_j": np.array([1.0, np.inf])}
    page = Page(render_report(report(table, cloud=cloud, categorical=None)))
    assert page.ids("section") == SECTIONS


def test_maximised_objectives_show_the_highest_value():
    table = front(THROUGHPUT, AREA, throughput_per_s=[10.0, 20.0], area_mm2=[1.0, 2.0])
    page = Page(render_report(report(table)))
    assert re.search(r"highest throughput\s*20 1/s", page.text)
    assert "Lower is better for area; higher for throughput." in page.text


def test_border_of_a_two_objective_front_steps_away_from_better():
    minimised = traces(render_report(report(two_objectives())), "figure-front")
    table = front(THROUGHPUT, AREA, throughput_per_s=[10.0, 20.0], area_mm2=[1.0, 2.0])
    maximised = traces(render_report(report(table)), "figure-front")
    assert [t["line"]["shape"] for t in minimised if t["mode"] == "lines"] == ["hv"]
    assert [t["line"]["shape"] for t in maximised if t["mode"] == "lines"] == ["vh"]


def test_constant_parameters_are_named_once_and_not_drawn():
    html = render_report(report(two_objectives()))
    labels = [d["label"] for d in traces(html, "figure-parallel")[0]["dimensions"]]
    assert labels == ["mode", "latency", "energy"]
    assert "The same in all of them: depth = 4." in Page(html).text


def test_long_fronts_are_cut_and_the_page_says_so():
    n = 3200
    table = front(LATENCY, ENERGY, latency_s=np.arange(1, n + 1), energy_j=np.arange(n, 0, -1))
    page = Page(render_report(report(table)))
    assert page.count("tr") == 1 + 1000 + 1 + 1
    assert "The first 1,000 of 3,200 designs" in page.text
    assert "Drawn: the first 3,000 of 3,200 designs" in page.text


def test_many_levels_are_labelled_sparsely():
    table = front(
        LATENCY, ENERGY, latency_s=np.arange(1.0, 101.0), energy_j=np.arange(100.0, 0, -1)
    )
    table.parameters["depth"] = [str(i) for i in range(100)]
    dimensions = traces(render_report(report(table)), "figure-parallel")[0]["dimensions"]
    depth = next(d for d in dimensions if d["label"] == "depth")
    assert depth["ticktext"] == [str(i) for i in range(0, 100, 7)]


def test_table_cells_carry_sort_keys():
    page = Page(render_report(report(front(LATENCY, latency_s=[0.0025, 1.5]))))
    keys = [attributes["data-key"] for tag, attributes in page.tags if tag == "td"]
    assert "0.0025" in keys
    headings = [attributes for tag, attributes in page.tags if tag == "span"]
    assert len([h for h in headings if h.get("role") == "button"]) == page.count("th")


def test_hostile_text_stays_text():
    axes = (LATENCY, replace(ENERGY, name=HOSTILE))
    metrics = {"latency_s": np.array([1.0, 2.0]), HOSTILE: np.array([2.0, 1.0])}
    table = FrontTable({HOSTILE: [HOSTILE, "b"]}, metrics, axes)
    data = report(
        table,
        title=HOSTILE,
        subtitle=HOSTILE,
        categorical=HOSTILE,
        cloud_searcher=[HOSTILE, "b"],
        curves=(curve(HOSTILE),),
        diagnostics=(training(HOSTILE, **{"evaluations": [1], HOSTILE: [1]}),),
        summaries=(RunSummary(HOSTILE, 0, 1, 0, 0, 1, 1, 1.0, 1.0),),
        reference_point={HOSTILE: 1.0},
        notes=(HOSTILE,),
        job_yaml=HOSTILE,
        environment={HOSTILE: HOSTILE},
    )
    html = render_report(data)
    told = (training("a", evaluations=[1], loss=[1]),)
    harmless = render_report(report(two_objectives(), notes=("note",), diagnostics=told))
    page = Page(html)
    assert page.count("script") == Page(harmless).count("script")
    assert page.count("img") == 0
    assert "onerror=alert" in page.text
    assert "<img" not in json.dumps(traces(html, "figure-front"))
    assert "<img" not in json.dumps(traces(html, "figure-convergence"))
    assert "<img" not in json.dumps(traces(html, "figure-training"))
