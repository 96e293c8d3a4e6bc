# SPDX-License-Identifier: Apache-2.0
"""The build's catalog generator names every mistake of the data files and then refuses them."""
import copy
import json
import os
import subprocess

import pytest

GENERATOR = os.environ["LLMGW_CATALOG_GENERATOR"]
DATA = os.path.join(os.path.dirname(__file__), "../../common/catalog/data")

PROVIDERS = [
    {
        "id": "openai",
        "name": "OpenAI",
        "wire": "openai",
        "base_url": "https://api.openai.com/v1",
        "service_tiers": [{"id": "flex", "multiplier": 0.5}],
        "default_region": "eu",
        "regions": {"eu": "https://eu.api.openai.com"},
    }
]
MODELS = [
    {
        "id": "gpt-4o",
        "name": "GPT-4o",
        "aliases": ["omni"],
        "released": "2024-05-13",
        "output": ["text"],
        "mappings": [
            {
                "provider": "openai",
                "upstream_id": "gpt-4o",
                "usd_per_million": {"input": "2.5", "output": "10"},
                "tiers": [
                    {"up_to_tokens": 1000, "usd_per_million": {"input": "2.5", "output": "10"}},
                    {"usd_per_million": {"input": "5", "output": "20"}},
                ],
                "usd_per_unit": {"web_search": "0.01"},
                "context": 128000,
                "streaming": True,
                "regions": ["eu"],
                "service_tiers": ["flex"],
            }
        ],
    }
]


def write(folder, providers=PROVIDERS, **families):
    """Writes a data folder; a text is written as it is, anything else as JSON."""
    (folder / "models").mkdir()
    files = {"providers.json": providers}
    files.update({f"models/{name}.json": models for name, models in families.items()})
    for name, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / name).write_text(text)
    return folder


def run(folder, out):
    return subprocess.run([GENERATOR, str(folder), str(out)], capture_output=True, text=True,
                          timeout=60)


def problems(tmp_path, **files):
    """The lines of a refusal."""
    data = tmp_path / "data"
    data.mkdir()
    done = run(write(data, **files), tmp_path / "out.cc")
    assert done.returncode == 1, done.stderr
    assert not (tmp_path / "out.cc").exists()
    return done.stderr.splitlines()


def changed(entries, path, value):
    """A copy of entries with the value at a path replaced, or removed when it is None."""
    result = copy.deepcopy(entries)
    at = result
    for step in path[:-1]:
        at = at[step]
    if value is None:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return result


def test_accepts_the_projects_own_data(tmp_path):
    done = run(DATA, tmp_path / "out.cc")
    assert (done.returncode, done.stderr) == (0, "")
    assert '"gpt-4o-mini"sv' in (tmp_path / "out.cc").read_text()


def test_accepts_the_sample_that_the_refusals_start_from(tmp_path):
    done = run(write(tmp_path, openai=MODELS), tmp_path / "out.cc")
    assert (done.returncode, done.stderr) == (0, "")


PRICE = (
    " is not a price: write dollars as a plain decimal in quotes, such as \"0.15\","
    " with at most nine digits behind the point"
)
MAPPING = (0, "mappings", 0)
WHERE = 'models/openai.json: model "gpt-4o": '


@pytest.mark.parametrize(
    "path, value, message",
    [
        (MAPPING + ("contex",), 1, WHERE + 'mapping 1: unknown field "contex"'),
        ((0, "colour"), 1, WHERE + 'unknown field "colour"'),
        ((0, "name"), None, WHERE + 'field "name" is missing'),
        ((0, "id"), None, 'models/openai.json: model 1: field "id" is missing'),
        ((0, "id"), "GPT 4", 'models/openai.json: model "GPT 4": id: '
                             'must be lower-case letters, digits, ".-_"'),
        ((0, "name"), "", WHERE + "name: must be a text"),
        ((0, "released"), "2024-02-30", WHERE + 'released: must be a date such as "2026-11-23"'),
        ((0, "released"), "2024-5-13", WHERE + 'released: must be a date such as "2026-11-23"'),
        ((0, "released"), "+024-05-13", WHERE + 'released: must be a date such as "2026-11-23"'),
        ((0, "output"), [], WHERE + "output: must be a list of texts"),
        ((0, "output"), ["text", "text"], WHERE + 'output: "text" is there twice'),
        ((0, "free"), "yes", WHERE + "free: must be true or false"),
        ((0, "aliases"), ["gpt-4o"], WHERE + 'aliases: "gpt-4o" is an id or an alias already, '
                                             'of models/openai.json: model "gpt-4o"'),
        ((0, "mappings"), [], WHERE + "mappings must be a list, and not empty"),
        ((0, "mappings"), [7], WHERE + "mapping 1: must be an object"),
        (MAPPING + ("provider",), "opnai", WHERE + 'mapping 1: unknown provider "opnai"'),
        (MAPPING + ("provider",), None, WHERE + 'mapping 1: field "provider" is missing'),
        (MAPPING + ("context",), -1, WHERE + "mapping 1: context: must be a whole number over 0"),
        (MAPPING + ("context",), 0, WHERE + "mapping 1: context: must be a whole number over 0"),
        (MAPPING + ("context",), 1.5, WHERE + "mapping 1: context: must be a whole number over 0"),
        (MAPPING + ("streaming",), 1, WHERE + "mapping 1: streaming: must be true or false"),
        (MAPPING + ("max_temperature",), 0.0005, WHERE + "mapping 1: max_temperature: must be a "
         "number over 0 with at most three digits behind the point"),
        (MAPPING + ("regions",), ["mars"], WHERE + 'mapping 1: regions: the provider has no "mars"'),
        (MAPPING + ("service_tiers",), ["turbo"],
         WHERE + 'mapping 1: service_tiers: the provider has no "turbo"'),
        (MAPPING + ("usd_per_million", "inputs"), "1",
         WHERE + 'mapping 1: usd_per_million: unknown price "inputs"'),
        (MAPPING + ("usd_per_million",), {},
         WHERE + "mapping 1: usd_per_million: must be an object of prices"),
        (MAPPING + ("tiers", 0, "up_to_tokens"), None,
         WHERE + "mapping 1: tiers: only the last tier may have no up_to_tokens"),
        (MAPPING + ("tiers", 1, "up_to_tokens"), 1000,
         WHERE + "mapping 1: tiers: up_to_tokens must rise"),
        (MAPPING + ("tiers", 1, "usd_per_million", "output"), None,
         WHERE + 'mapping 1: tiers: tier 2 has no price "output"'),
        (MAPPING + ("tiers",), [], WHERE + "mapping 1: tiers: tiers must be a list, and not empty"),
        (MAPPING + ("tiers", 1, "usd_per_million"), None,
         WHERE + 'mapping 1: tiers: tier 2: field "usd_per_million" is missing'),
        (MAPPING + ("usd_per_unit", "web_search"), "9001",
         WHERE + 'mapping 1: usd_per_unit: web_search: "9001"' + PRICE),
    ],
)
def test_refuses_a_model(tmp_path, path, value, message):
    assert problems(tmp_path, openai=changed(MODELS, path, value)) == [message]


@pytest.mark.parametrize(
    "price", [1, 2.5, "", "-1", "1e-6", "1,5", "1.", ".5", "0.0000000001", "1000000", None, "$1"]
)
def test_refuses_a_price(tmp_path, price):
    models = copy.deepcopy(MODELS)
    models[0]["mappings"][0]["usd_per_million"]["input"] = price
    where = WHERE + "mapping 1: usd_per_million: input: "
    assert problems(tmp_path, openai=models) == [where + json.dumps(price) + PRICE]


@pytest.mark.parametrize(
    "path, value, message",
    [
        ((0, "wire"), "opneai", "wire: must be one of openai, anthropic, gemini, vertex, "
         "vertex-anthropic, bedrock, azure, azure-anthropic, cohere, media, unknown, mock"),
        ((0, "wire"), None, 'field "wire" is missing'),
        ((0, "keys"), ["A"], 'unknown field "keys"'),
        ((0, "base_url"), "http://api.openai.com/v1",
         "base_url: must be https://… without a slash at the end"),
        ((0, "base_url"), "https://api.openai.com/v1/",
         "base_url: must be https://… without a slash at the end"),
        ((0, "env"), "OPENAI_API_KEY", "env: must be a list of texts"),
        ((0, "default_region"), "us", 'default_region: "us" is not one of its regions'),
        ((0, "service_tiers", 0, "multiplier"), None,
         'service_tiers: tier 1: field "multiplier" is missing'),
        ((0, "service_tiers", 0, "multiplier"), -1, "service_tiers: tier 1: multiplier: must be a "
         "number over 0 with at most three digits behind the point"),
    ],
)
def test_refuses_a_provider(tmp_path, path, value, message):
    providers = changed(PROVIDERS, path, value)
    assert problems(tmp_path, providers=providers, openai=MODELS) == [
        'providers.json: provider "openai": ' + message
    ]


def test_refuses_what_is_there_twice(tmp_path):
    second = changed(MODELS, (0, "id"), "omni")[0]
    del second["aliases"]
    second["mappings"] *= 2
    assert problems(tmp_path, providers=PROVIDERS * 2, openai=MODELS, other=[second]) == [
        'providers.json: provider "openai": there is a provider of that id already',
        'models/other.json: model "omni": "omni" is an id or an alias already, of '
        'models/openai.json: model "gpt-4o": aliases',
        'models/other.json: model "omni": mapping 2: there is a mapping of that provider already',
    ]


def test_refuses_a_field_that_appears_twice(tmp_path):
    text = json.dumps(MODELS).replace('"context": 128000', '"context": 1, "context": 2')
    assert problems(tmp_path, openai=text) == [
        'models/openai.json: field "context" appears twice in one object'
    ]


def test_names_all_problems_at_once(tmp_path):
    models = changed(changed(MODELS, (0, "colour"), 1), MAPPING + ("context",), "many")
    providers = changed(PROVIDERS, (0, "wire"), "smoke")
    assert len(problems(tmp_path, providers=providers, openai=models)) == 3


@pytest.mark.parametrize("text", ["", "[", '[{"id": }]', "[]]", '["\\ud800"]'])
def test_refuses_what_is_not_json(tmp_path, text):
    lines = problems(tmp_path, openai=text)
    assert len(lines) == 1
    assert lines[0].startswith("models/openai.json: ") and "parse error" in lines[0]


@pytest.mark.parametrize("text", ["{}", "null", "7"])
def test_refuses_what_is_not_a_list(tmp_path, text):
    assert problems(tmp_path, openai=text)[0] == "models/openai.json: must be a list of models"


def test_refuses_a_folder_without_data(tmp_path):
    done = run(tmp_path, tmp_path / "out.cc")
    assert done.returncode == 1
    assert "providers.json: cannot be read" in done.stderr


def test_refuses_an_empty_catalog(tmp_path):
    assert problems(tmp_path, openai=[]) == ["there must be a provider and a model at least"]


def test_says_when_the_output_cannot_be_written(tmp_path):
    done = run(DATA, tmp_path / "missing" / "out.cc")
    assert done.returncode == 1
    assert done.stderr.endswith("out.cc: cannot be written\n")


def test_says_how_it_is_called():
    done = subprocess.run([GENERATOR], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: ")
