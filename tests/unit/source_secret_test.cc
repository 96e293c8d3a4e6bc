// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/source_secret.h"

#include <doctest/doctest.h>

#include <string>

using namespace llmgw;

TEST_CASE("source secret: lines that show one") {
    for (const std::string line : {
             "api_key = \"9f8e7d6c5b4a\"",
             "apiKey: 'k3y-0f-m1ne-99',",
             "PORTKEY_API_KEY=pk_live_0123456789abcdef",
             "OPENAI_KEY=sk-proj-0123456789abcdefgh",
             "x = f('sk-0123456789abcdef0123')",
             "-H \"Authorization: Bearer a1b2c3d4e5f6\"",
             "\"x-portkey-api-key\": \"a1b2c3d4e5f6\"",
             "aws_secret_access_key: wJalrXUtnFEMI7K7MDENGbPxRfiCY",
             "id = 'AKIA0123456789ABCDEF'",
             "-d '{\\\"api_key\\\": \\\"a1b2c3d4e5f6\\\"}'",
         }) {
        CAPTURE(line);
        CHECK(shows_secret(line));
        CHECK_FALSE(shows_secret(without_secrets(line)));
    }
}

TEST_CASE("source secret: lines that show none") {
    for (const std::string line : {
             "api_key=os.environ[\"PORTKEY_API_KEY\"],",
             "apiKey: process.env.PORTKEY_API_KEY,",
             "api_key=settings.portkey_key2,",
             "api_key = get_secret2(name)",
             "PORTKEY_API_KEY=YOUR_PORTKEY_API_KEY",
             "PORTKEY_API_KEY=",
             "PORTKEY_API_KEY=${KEY_FROM_CI2}",
             "virtual_key=\"openai-prod-1a2b3c\"",
             "env_key = \"PORTKEY_API_KEY2\"",
             "api_key=\"X\"",
             "max_tokens: 12345678",
             "task-0123456789abcdef0123",
             "-H \"Authorization: Bearer $TOKEN_1\"",
         }) {
        CAPTURE(line);
        CHECK_FALSE(shows_secret(line));
        CHECK(without_secrets(line) == line);
    }
}
