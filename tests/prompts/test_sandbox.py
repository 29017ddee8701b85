"""Hostile templates: each ends as one `TemplateError`, after little time and memory."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from jinja2 import DictLoader
from jinja2.sandbox import ImmutableSandboxedEnvironment

from self_instruct.prompts import sandbox
from self_instruct.prompts.template_files import Templates
from self_instruct.records.errors import TemplateError

BIG = "{% set big = 'a' * 4000000 %}"


def rendered(template: str, **others: str) -> str:
    sources = {"t": template, **others}
    return Templates(sources, folder="theirs").render("t", {"instruction": "Name a river.", "numbers": [3, 1, 2]})


def refused(template: str, **others: str) -> str:
    with pytest.raises(TemplateError) as error:
        rendered(template, **others)
    assert str(error.value).startswith("theirs/")
    return str(error.value)


@pytest.mark.parametrize(
    "template",
    [
        "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
        "{% for i in range(100000) %}{% for j in range(100000) %}x{% endfor %}{% endfor %}",
        "{% for i in range(10000) %}{% for j in range(100000) if false %}{% endfor %}{% endfor %}",
        "{% macro m() %}{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}{% endmacro %}{{ m() }}",
        "{% macro m(n) %}{% if n %}{% set a = m(n - 1) ~ m(n - 1) %}{% endif %}{% endmacro %}{{ m(60) }}",
        "{% for i in [40] recursive %}{% if i %}{{ loop([i - 1, i - 1]) }}{% endif %}{% endfor %}",
        "{% set n = (n if n is defined else 60) - 1 %}{% if n %}{% include 't' %}{% include 't' %}{% endif %}",
        "{% set c = cycler(1, 2) %}{% for i in range(999) %}{% for j in range(99999) %}{{ c.next() }}{% endfor %}{% endfor %}",
    ],
)
def test_work_without_end_is_counted(template: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "MOST_STEPS", 20_000)
    assert "it takes more than 20,000 steps" in refused(template)


def test_work_that_is_slow_in_each_step_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "MOST_SECONDS", 0.05)
    words = refused("{% set big = range(100000) | list %}{% for i in range(100000) %}{% set x = big | sort %}{% endfor %}")
    assert words == "theirs/t:1: it takes more than 0.05 seconds."


@pytest.mark.parametrize(
    "template",
    [
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% include 't' %}",
        "{% extends 't' %}",
        "{% import 't' as t %}",
        "{% block a %}{{ self.a() }}{% endblock %}",
        "{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}",
        "{{ 1" + " | abs" * 50_000 + " }}",
    ],
)
def test_recursion_without_end_is_an_error_like_any_other(template: str) -> None:
    assert "maximum recursion depth exceeded" in refused(template)


@pytest.mark.parametrize(
    "template",
    [
        BIG + "{% for i in range(100000) %}{{ big }}{% endfor %}",
        BIG + "{% macro m() %}{% for i in range(100000) %}{{ big }}{% endfor %}{% endmacro %}{{ m() }}",
        BIG + "{% set x %}{% for i in range(100000) %}{{ big }}{% endfor %}{% endset %}",
        BIG + "{% filter upper %}{{ big }}{{ big }}{% endfilter %}",
        "{% autoescape true %}{{ '<' * 4000000 }}{% endautoescape %}",
    ],
)
def test_what_is_rendered_is_bounded(template: str) -> None:
    assert "it renders more than 4,000,000 characters" in refused(template)


@pytest.mark.parametrize(
    "template",
    [
        "{{ 'a' * 10 ** 10 }}", "{{ 10000000000 * [1] }}", "{{ 2 ** 10000000000 }}", "{{ 10 ** -10000000000 }}",
        "{% set n = namespace(a=7) %}{% for i in range(60) %}{% set n.a = n.a * n.a %}{% endfor %}",
        "{% set n = namespace(a='ab') %}{% for i in range(60) %}{% set n.a = n.a + n.a %}{% endfor %}",
        "{% set n = namespace(a='ab') %}{% for i in range(60) %}{% set n.a = n.a ~ n.a %}{% endfor %}",
        "{% set n = namespace(a=['ab' * 9999]) %}{% for i in range(60) %}{% set n.a = [n.a, n.a] %}{% endfor %}",
        "{% set n = namespace(a=['ab' * 9999]) %}{% for i in range(60) %}{% set n.a = (n.a, n.a) %}{% endfor %}",
        "{% set n = namespace(a=['ab' * 9999]) %}{% for i in range(60) %}{% set n.a = {1: n.a, 2: n.a} %}{% endfor %}",
        "{% set n = namespace(a=['ab' * 9999]) %}{% for i in range(60) %}{% set n.a = dict(a=n.a, b=n.a) %}{% endfor %}",
        "{{ 'a' | center(10000000000) }}", "{{ 'a' | center(width=10000000000) }}", "{{ 'a'.ljust(10000000000) }}",
        "{{ '\\t'.expandtabs(10000000000) }}", "{{ [1] | batch(10000000000, 0) | list }}", "{{ 1.5 | round(10000000000) }}",
        "{{ (1).to_bytes(10000000000, 'big') }}", "{{ [1] | slice(10000000000) | list }}", "{{ [1] | tojson(10000000000) }}",
        BIG + "{{ big.replace('a', big) }}", BIG + "{{ big | replace('a', big) }}", BIG + "{{ big | join(big) }}",
        BIG + "{{ big.join(big) }}", BIG + "{{ big | indent(big) }}", BIG + "{{ big.translate({97: big}) }}",
        BIG + "{{ ('{0}' * 99999).format(big) }}", BIG + "{{ ('%(a)s' * 99999) % {'a': big} }}",
        "{{ '%1000000000d' % 5 }}", "{{ '%.1000000000f' % 5 }}", "{{ '%*d' % (1000000000, 5) }}",
        "{{ '%1000000000d' | format(5) }}", "{{ '{:1000000000}'.format(5) }}", "{{ '{:{w}}'.format(5, w=1000000000) }}",
        "{{ '{a:1000000000}'.format_map({'a': 5}) }}", "{{ '%1000000000d'.encode() % 5 }}", "{{ lipsum(100000) }}",
        "{% for i in range(10 ** 12) %}{% endfor %}", "{{ ([[1]] * 99999) | sum(start=[]) }}",
    ],
)  # fmt: skip
def test_no_expression_makes_a_value_without_end(template: str) -> None:
    words = refused(template)
    reasons = (
        "would make too large a value", "a number is too large", "a value has more than 4,000,000", "a format's width",
        "not bytes", "'lipsum' is undefined", "Range too big",
    )  # fmt: skip
    assert any(reason in words for reason in reasons), words


def test_a_namespace_does_not_show_what_is_in_it() -> None:
    template = "{% set n = namespace(a=1) %}{% for i in range(60) %}{% set n.a = namespace(a=n.a, b=n.a) %}{% endfor %}{{ n }}"
    assert len(rendered(template)) < 100


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ numbers | sort | join(', ') }} {{ numbers | sum }} {{ numbers | length + 1 }}", "1, 2, 3 6 4"),
        ("{% for n in numbers if n > 1 %}{{ loop.index }}:{{ n }}{{ ' ' if not loop.last }}{% endfor %}", "1:3 2:2"),
        ("{% for a, b in [(1, 2), (3, 4)] %}{{ a * b }} {% else %}none{% endfor %}", "2 12 "),
        ("{% macro m(a, b='x') %}{{ a }}{{ b }}{{ caller() }}{% endmacro %}{% call m(1) %}!{% endcall %}", "1x!"),
        ("{% set n = namespace(a=0) %}{% for i in range(5) %}{% set n.a = n.a + i %}{% endfor %}{{ n.a }}", "10"),
        ("{{ 'Task: {0} {1:>5}'.format(instruction, 7) }} {{ '%s: 100%%, %5d' | format('5%*3', 7) }}", None),
        ("{{ {'items': 1, 'b': 2}.b }} {{ {'items': 1}['items'] }} {{ {'a': 1}.items() | list }}", "2 1 [('a', 1)]"),
        ("{% import 'part' as p %}{{ p.m('x') }}{% include 'part' %}", "<x>shown"),
        ("{{ instruction | replace('river', 'sea') | upper | truncate(12) | wordwrap(5) }} {{ 2 ** 10 % 100 }}", None),
    ],
)
def test_what_templates_are_for_is_as_in_any_sandbox(template: str, text: str | None) -> None:
    part = "{% macro m(a) %}<{{ a }}>{% endmacro %}shown"
    plain = ImmutableSandboxedEnvironment(loader=DictLoader({"t": template, "part": part}), keep_trailing_newline=True)
    expected = plain.get_template("t").render(instruction="Name a river.", numbers=[3, 1, 2])
    assert rendered(template, part=part) == expected
    assert text is None or expected == text


def test_each_rendering_has_its_own_count_whatever_thread_it_is_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "MOST_STEPS", 10_000)
    templates = Templates({"t": "{% for i in range(9000) %}{% endfor %}x"})
    together = threading.Barrier(4)

    def render(_: int) -> str:
        together.wait()
        return templates.render("t", {})

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(render, range(4))) == ["x"] * 4
