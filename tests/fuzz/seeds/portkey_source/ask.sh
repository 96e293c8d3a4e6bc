# SPDX-License-Identifier: Apache-2.0
curl "https://api.portkey.ai/v1/chat/completions" \
  -H "x-portkey-api-key: $PORTKEY_API_KEY" \
  -H "x-portkey-provider: @openai-prod" \
  -d '{"model": "gpt-4o", "messages": []}'
