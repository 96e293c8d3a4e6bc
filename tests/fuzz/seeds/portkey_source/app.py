# SPDX-License-Identifier: Apache-2.0
"""Answers questions."""
from __future__ import annotations

import logging
import os

from portkey_ai import PORTKEY_GATEWAY_URL, Portkey, createHeaders
from openai import OpenAI

log = logging.getLogger(__name__)
MODEL = "gpt-4o"


class Answers:
    def __init__(self, team):
        self._client = Portkey(
            api_key=os.environ["PORTKEY_API_KEY"],
            config="pc-main-1a2b3c",
            metadata={"team": team},
        )

    def ask(self, question):
        log.info("asking")
        answer = self._client.chat.completions.create(
            messages=[{"role": "user", "content": question}],
            model=MODEL,
        )
        return answer.choices[0].message.content


def embed(text):
    client = OpenAI(
        api_key="unused",
        base_url=PORTKEY_GATEWAY_URL,
        default_headers=createHeaders(
            api_key=os.environ["PORTKEY_API_KEY"],
            virtual_key="openai-prod",
        ),
    )
    return client.embeddings.create(model="text-embedding-3-small", input=text)
