// SPDX-License-Identifier: Apache-2.0
import { Portkey } from 'portkey-ai'

const portkey = new Portkey({
  apiKey: process.env.PORTKEY_API_KEY,
  config: {
    strategy: { mode: 'fallback' },
    targets: [{ virtual_key: 'openai-prod', override_params: { model: 'gpt-4o' } }, { virtual_key: 'spare' }],
  },
})

const stream = await portkey.chat.completions.create(
  { messages: [{ role: 'user', content: "it's me" }], stream: true },
  { traceID: `run-${process.pid}` },
)
for await (const chunk of stream) {
  process.stdout.write(chunk.choices[0]?.delta?.content ?? '')
}
