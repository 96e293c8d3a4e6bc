# SPDX-License-Identifier: Apache-2.0
"""`llmgw models`: filters, prices, aliases."""

import json

import pytest


def ids(llmgw, *args, env=None):
    return [each["id"] for each in llmgw("models", "list", *args, "--json", env=env).json()]


def test_list(llmgw):
    listed = llmgw("models", "--json").json()
    assert len(listed) > 150
    names = [each["id"] for each in listed]
    assert names == sorted(names)
    mini = next(each for each in listed if each["id"] == "gpt-4o-mini")
    assert mini["input_usd_per_million"] == 0.15 and mini["output_usd_per_million"] == 0.6
    assert mini["context"] == 128000 and "openai" in mini["providers"]
    assert "vision" in mini["capabilities"] and mini["available"] is False
    row = next(line for line in llmgw("models").out.splitlines()
               if line.startswith("gpt-4o-mini\t")).split("\t")
    assert row[2:5] == ["128000", "0.15", "0.6"]


def test_words_are_all_needed(llmgw):
    assert "gpt-4o-mini" in ids(llmgw, "GPT", "mini")
    assert all("mini" in name for name in ids(llmgw, "gpt-4o", "mini"))
    nothing = llmgw("models", "list", "no-such-model-anywhere")
    assert nothing.code == 0 and nothing.out == "" and nothing.err != ""


def test_filters(llmgw):
    everything = llmgw("models", "--json").json()
    vision = llmgw("models", "--capability", "vision", "--capability", "tools", "--json").json()
    assert 0 < len(vision) < len(everything)
    assert all({"vision", "tools"} <= set(each["capabilities"]) for each in vision)
    groq = llmgw("models", "-p", "groq", "--json").json()
    assert groq and all(each["providers"] == ["groq"] for each in groq)
    embeddings = llmgw("models", "--output", "embedding", "--json").json()
    assert embeddings and all("embedding" in each["output"] for each in embeddings)
    assert set(ids(llmgw)) <= set(ids(llmgw, "--all"))


def test_available_means_a_key_exists(llmgw):
    before = ids(llmgw, "--available")
    assert "gpt-4o-mini" not in before
    assert "gpt-4o-mini" in ids(llmgw, "--available", env={"OPENAI_API_KEY": "sk-x"})
    llmgw("providers", "add", "openai", "--no-key")
    assert "gpt-4o-mini" in ids(llmgw, "--available")
    llmgw("providers", "disable", "openai")
    assert ids(llmgw, "--available") == before


def test_sorting(llmgw):
    def price(each):
        values = (each["input_usd_per_million"], each["output_usd_per_million"])
        return None if None in values else sum(values)

    prices = [price(each) for each in llmgw("models", "--sort", "price", "--json").json()]
    known = [each for each in prices if each is not None]
    assert known == sorted(known)
    assert prices[: len(known)] == known, "unknown prices come last"
    contexts = [each["context"] or 0
                for each in llmgw("models", "--sort", "context", "--json").json()]
    assert contexts == sorted(contexts, reverse=True)
    dates = [each["released"] or ""
             for each in llmgw("models", "--sort", "released", "--json").json()]
    assert dates == sorted(dates, reverse=True)


def test_an_unknown_price_is_null_and_a_question_mark(llmgw):
    unknown = [each["id"] for each in llmgw("models", "--json").json()
               if each["input_usd_per_million"] is None]
    assert unknown
    rows = {line.split("\t")[0]: line.split("\t") for line in llmgw("models").out.splitlines()}
    assert all(rows[name][3] == "?" for name in unknown)


@pytest.mark.parametrize(
    "args, code, words",
    [
        (["-p", "grok"], 3, "did you mean groq"),
        (["--output", "smell"], 2, "text"),
        (["--capability", "flying"], 2, "vision"),
    ],
)
def test_wrong_filters(llmgw, args, code, words):
    done = llmgw("models", "list", *args)
    assert done.code == code and words in done.err and done.out == ""


def test_show(llmgw):
    text = llmgw("models", "show", "gpt-4o-mini").out
    assert "openai/gpt-4o-mini" in text and "in 0.15, out 0.6 $/M" in text
    document = llmgw("models", "show", "gpt-4o-mini", "--json").json()
    mapping = next(each for each in document["mappings"] if each["provider"] == "openai")
    assert mapping["usd_per_million"]["input"] == 0.15
    assert mapping["usd_per_million"]["audio_input"] is None
    assert mapping["capabilities"]["vision"] is True
    assert llmgw("models", "show", "openai/gpt-4o-mini").out == text
    missing = llmgw("models", "show", "gpt-4o-mni")
    assert missing.code == 3 and "did you mean gpt-4o-mini" in missing.err


def test_show_tells_what_a_call_costs(llmgw):
    text = llmgw("models", "show", "gpt-5.6-sol").out
    first = text.split("\n\n")[1]
    assert first.startswith("openai/gpt-5.6-sol\n") and first.splitlines()[1:6] == [
        "  price     in 4, out 20 $/M, cached 0.4, cache write 5, prompts up to 272000 tokens",
        "            in 8, out 30 $/M, cached 0.8, cache write 10, longer prompts",
        "  each      web_search $0.01",
        "  tiers     flex 0.5x, priority 2.5x",
        "  example   1,000 in + 500 out tokens: $0.014",
    ]
    document = llmgw("models", "show", "gpt-5.6-sol", "--json").json()
    mapping = next(each for each in document["mappings"] if each["provider"] == "openai")
    assert mapping["example"] == {"input_tokens": 1000, "output_tokens": 500, "cost_usd": 0.014}
    assert mapping["service_tier_multipliers"] == {"flex": 0.5, "priority": 2.5}
    assert mapping["usd_per_million_units"] == {"web_search": 10000}
    assert [tier["usd_per_million"]["cache_write"] for tier in mapping["tiers"]] == [5, 10]
    sonar = llmgw("models", "show", "sonar").out  # 0.0015 of tokens and half a cent a request
    assert "  each      request $0.005\n" in sonar
    assert "  example   1,000 in + 500 out tokens: $0.0065\n" in sonar


def test_show_does_not_call_speech_or_video_free(llmgw):
    assert "  each      character $0.000015\n  example   1,000 in + 500 out tokens: ?\n" in \
        llmgw("models", "show", "tts-1").out
    mapping = llmgw("models", "show", "seedance-2-0", "--json").json()["mappings"][0]
    assert mapping["example"]["cost_usd"] is None


def test_prices_print_exactly(llmgw):
    """JSON numbers and the text show the same decimals, with no binary noise."""
    text = llmgw("models", "--json").out
    for each in json.loads(text, parse_float=str):
        for name in ("input_usd_per_million", "output_usd_per_million"):
            digits = str(each[name]).partition(".")[2]
            assert len(digits) <= 9, each


def test_aliases(llmgw):
    assert llmgw("models", "alias", "fast", "gpt-4o-mini").code == 0
    assert llmgw("models", "--aliases").out == "fast\tgpt-4o-mini\n"
    assert llmgw("models", "--aliases", "--json").json() == [
        {"name": "fast", "target": "gpt-4o-mini"}]
    assert llmgw("models", "show", "fast").out.startswith("gpt-4o-mini ")
    assert llmgw("models", "alias", "fast", "openai/gpt-4o", "--json").json() == {
        "name": "fast", "target": "openai/gpt-4o"}
    assert llmgw("models", "unalias", "fast").code == 0
    again = llmgw("models", "unalias", "fast")
    assert again.code == 3


def test_alias_targets_must_exist(llmgw):
    done = llmgw("models", "alias", "fast", "gpt-4o-mni")
    assert done.code == 3 and "did you mean gpt-4o-mini" in done.err
    assert llmgw("models", "alias", "gpt-4o", "gpt-4o-mini").code == 2
    assert llmgw("models", "alias", "a/b", "gpt-4o-mini").code == 2
    assert llmgw("models", "alias", "x", "lab/own-model").code == 3
    llmgw("providers", "add", "custom", "--name", "lab", "--no-key", "--base-url",
          "http://127.0.0.1:9/v1")
    assert llmgw("models", "alias", "x", "lab/own-model").code == 0
    circle = llmgw("models", "alias", "y", "x")
    assert circle.code == 2 and "lab/own-model" in circle.err
    assert llmgw("models", "alias", "m", "mock/echo").code == 0
