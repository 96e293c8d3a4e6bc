// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <set>
#include <string>

#include "common/base/json_scan.h"
#include "common/portkey/header_table.h"
#include "daemon/portkey/answer_fields.h"
#include "daemon/portkey/header_counts.h"
#include "daemon/portkey/header_uses.h"
#include "daemon/portkey/header_values.h"
#include "daemon/portkey/request_headers.h"

using namespace llmgw;

namespace {

RequestHead head_with(std::initializer_list<HeaderView> headers) {
    RequestHead head;
    head.headers = headers;
    return head;
}

}  // namespace

TEST_CASE("portkey headers: the table") {
    std::set<PortkeyField> fields;
    for (const PortkeyHeader& header : portkey_headers()) {
        CAPTURE(header.name);
        CHECK(find_portkey_header(header.name) == &header);
        CHECK((header.use == PortkeyUse::honoured) == (header.field != PortkeyField::none));
        CHECK_FALSE(portkey_use_name(header.use).empty());
        fields.insert(header.field);
    }
    CHECK(fields.size() == static_cast<std::size_t>(PortkeyField::virtual_key) + 1);
    CHECK(find_portkey_header("Virtual-Key")->field == PortkeyField::virtual_key);
    CHECK(find_portkey_header("virtual") == nullptr);
    CHECK(find_portkey_header("") == nullptr);
}

TEST_CASE("portkey headers: which names are Portkey's") {
    CHECK(is_portkey_header("x-portkey-config"));
    CHECK(is_portkey_header("X-PORTKEY-Config"));
    CHECK_FALSE(is_portkey_header("x-portkey-"));
    CHECK_FALSE(is_portkey_header("x-portkex-config"));
    CHECK_FALSE(is_portkey_header("x-p"));
    RequestHead head;
    REQUIRE_FALSE(parse_request_head("GET / HTTP/1.1\r\nHost: x\r\n\r\n", head));
    CHECK_FALSE(head.portkey);
    REQUIRE_FALSE(parse_request_head("GET / HTTP/1.1\r\nX-Portkey-A: 1\r\nHost: x\r\n\r\n", head));
    CHECK(head.portkey);
}

TEST_CASE("portkey headers: quotes around a value") {
    CHECK(unquoted(" 'pc-1' ") == "pc-1");
    CHECK(unquoted("\"pc-1\"") == "pc-1");
    CHECK(unquoted("''pc-1''") == "'pc-1'");
    CHECK(unquoted("'pc-1") == "'pc-1");
    CHECK(unquoted("'") == "'");
    CHECK(unquoted("''").empty());
}

TEST_CASE("portkey headers: metadata") {
    CHECK(metadata_object(R"({"_user":"ada"})") == R"({"_user":"ada"})");
    CHECK(metadata_object(R"('{"a":"b"}')") == R"({"a":"b"})");
    CHECK(metadata_object("{\"n\":\"J\xc3\xbcrgen\"}") == "{\"n\":\"J\xc3\xbcrgen\"}");
    CHECK(metadata_object("{\"n\":\"J\xfcrgen\"}") == "{\"n\":\"J\xc3\xbcrgen\"}");
    CHECK(metadata_object("{'_user': 'ada', 'beta': True}") == R"({"_user":"ada","beta":true})");
    CHECK(metadata_object("{_user: 'ada',}") == R"({"_user":"ada"})");
    for (const char* const none : {"", "{'a': 'b'} more", "{'a': b}", "[]", "ada", "\"ada\"", "1",
                                   "{", "{\"a\":}", "'{'", "'"}) {
        CAPTURE(none);
        CHECK(metadata_object(none).empty());
    }
}

TEST_CASE("portkey headers: baggage adds to metadata") {
    CHECK(with_baggage("", "").empty());
    CHECK(with_baggage("", "a=1") == R"({"a":"1"})");
    CHECK(with_baggage(R"({"a":"x"})", "a=1, b = J%C3%BCrgen;p=1,c") ==
          "{\"b\":\"J\xc3\xbcrgen\",\"a\":\"x\"}");
    CHECK(with_baggage("{}", "k=%zz%4") == R"({"k":"%zz%4"})");
    CHECK(with_baggage("", "=1,,;").empty());
    CHECK(scan_object(with_baggage("", "\"=\\\xff")));
}

TEST_CASE("portkey headers: names to forward") {
    using Names = std::vector<std::string>;
    CHECK(header_names("X-A, x-b") == Names{"x-a", "x-b"});
    CHECK(header_names("['X-A', 'x-b']") == Names{"x-a", "x-b"});
    CHECK(header_names(R"(["x-a","x-a"])") == Names{"x-a"});
    CHECK(header_names("[]").empty());
    CHECK(header_names(" , ").empty());
}

TEST_CASE("portkey headers: the trace of a traceparent") {
    const std::string id = "0af7651916cd43dd8448eb211c80319c";
    CHECK(trace_of("00-" + id + "-b7ad6b7169203331-01") == id);
    CHECK(trace_of("01-" + id + "-b7ad6b7169203331-01-more") == id);
    for (const std::string& bad :
         {std::string(), id, "00-" + id, "00_" + id + "-b7ad6b7169203331-01",
          "00-" + std::string(32, '0') + "-b7ad6b7169203331-01",
          "00-" + std::string(32, 'x') + "-b7ad6b7169203331-01"}) {
        CAPTURE(bad);
        CHECK(trace_of(bad).empty());
    }
}

TEST_CASE("portkey headers: numbers and flags") {
    CHECK(header_number("300") == 300);
    CHECK(header_number("'300'") == 300);
    for (const char* const bad : {"", "-1", "1.5", "3 ms", "99999999999999999999"}) {
        CAPTURE(bad);
        CHECK_FALSE(header_number(bad));
    }
    CHECK(header_flag("TRUE") == true);
    CHECK(header_flag("0") == false);
    CHECK_FALSE(header_flag("simple"));
}

TEST_CASE("portkey headers: a time limit of 0 is none") {
    const PortkeyRequest request =
        read_portkey_headers(head_with({{"x-portkey-request-timeout", "0"}}));
    CHECK_FALSE(request.timeout_ms);
    CHECK_FALSE(request.problem);
}

TEST_CASE("portkey headers: what a request asks for") {
    const RequestHead head = head_with({{"X-Portkey-Config", "'pc-1'"},
                                        {"x-portkey-config", "pc-2"},
                                        {"x-portkey-virtual-key", "main"},
                                        {"x-portkey-provider", "@p"},
                                        {"x-portkey-request-timeout", "1500"},
                                        {"x-portkey-retry-count", "2"},
                                        {"x-portkey-forward-headers", "['X-A']"},
                                        {"x-portkey-cache", "semantic"},
                                        {"x-portkey-cache-force-refresh", "true"},
                                        {"x-portkey-cache-namespace", "ns"},
                                        {"x-portkey-debug", "false"},
                                        {"x-portkey-openai-beta", "b"},
                                        {"x-portkey-AWS-Access-Key-Id", "id"},
                                        {"x-portkey-trace-id", ""},
                                        {"traceparent",
                                         "00-0af7651916cd43dd8448eb211c80319c-"
                                         "b7ad6b7169203331-01"},
                                        {"baggage", "b=2"},
                                        {"x-portkey-metadata", "{\"a\":\"1\"}"},
                                        {"x-portkey-unheard-of", "1"}});
    const PortkeyRequest request = read_portkey_headers(head);
    CHECK_FALSE(request.problem);
    CHECK(request.config == "pc-1");
    CHECK(request.virtual_key == "main");
    CHECK(request.provider == "@p");
    CHECK(request.timeout_ms == 1500);
    CHECK(request.retries == 2);
    CHECK(request.forward_headers == std::vector<std::string>{"x-a"});
    CHECK(request.cache == true);
    CHECK(request.refresh);
    CHECK(request.unstored);
    CHECK(request.cache_namespace == "ns");
    REQUIRE(request.provider_headers.size() == 1);
    CHECK(request.provider_headers[0].first == "openai-beta");
    REQUIRE(request.details.size() == 1);
    CHECK(request.details[0].first == "aws_access_key_id");
    CHECK(request.trace_id == "0af7651916cd43dd8448eb211c80319c");
    CHECK(request.metadata == R"({"b":"2","a":"1"})");
}

TEST_CASE("portkey headers: a value that means nothing is a problem") {
    for (const HeaderView& bad :
         {HeaderView{"x-portkey-request-timeout", "soon"},
          HeaderView{"x-portkey-retry-count", "-1"}, HeaderView{"x-portkey-retry", "101"},
          HeaderView{"x-portkey-forward-headers", "x-a, x-portkey-config"}}) {
        CAPTURE(bad.name);
        const PortkeyRequest request = read_portkey_headers(head_with({bad}));
        REQUIRE(request.problem);
        CHECK(request.problem->param == bad.name);
    }
}

TEST_CASE("portkey headers: an answer's") {
    PortkeyAnswer answer;
    answer.trace_id = "a\tb";
    answer.retries = -1;
    answer.cache = "MISS";
    answer.option = "config.targets[1]";
    answer.provider = "openai";
    CHECK(portkey_answer_fields(answer) ==
          "x-portkey-trace-id: a?b\r\nx-portkey-retry-attempt-count: -1\r\n"
          "x-portkey-cache-status: MISS\r\nx-portkey-last-used-option-index: config.targets[1]\r\n"
          "x-portkey-provider: openai\r\n");
    const std::pair<std::string_view, std::string_view> names[] = {
        {"groq-custom", "groq"},
        {"together-ai-custom-2", "together-ai"},
        {"xai", "x-ai"},
        {"lab", "lab"},
        {"my-custom-lab", "my-custom-lab"}};
    for (const auto& [ours, portkeys] : names) {
        answer.provider = ours;
        CHECK(portkey_answer_fields(answer).ends_with(
            "x-portkey-provider: " + std::string(portkeys) + "\r\n"));
    }
    Error error;
    error.message = "a \"config\"";
    error.hint = "do this";
    const std::string text = portkey_error_document(error);
    const auto document = scan_object(text);
    REQUIRE(document);
    CHECK(find_field(*document, "status")->value == "\"failure\"");
    CHECK(json_text(find_field(*document, "message")->value) == "a \"config\" (do this)");
}

TEST_CASE("portkey headers: counts add up, for so many senders") {
    PortkeyHeaderCounts counts;
    CHECK(counts.empty());
    counts.add({"k", "app", "config", 1, 10});
    counts.add({"k", "app", "config", 2, 5});
    counts.add({"k", "app", "trace-id", 1, 10});
    const auto all = counts.all();
    REQUIRE(all.size() == 2);
    CHECK(all[0].requests == 3);
    CHECK(all[0].last_seen == 10);
    for (int i = 0; i < 5000; i++) {
        counts.add({"k", "app" + std::to_string(i), "config", 1, 10});
    }
    CHECK(counts.all().size() == 1000);
    PortkeyHeaderCounts sum;
    sum.add(counts);
    CHECK(sum.all().size() == 1000);
    counts.clear();
    CHECK(counts.empty());
}

TEST_CASE("portkey headers: what a request has of them") {
    const std::string long_name = "x-portkey-" + std::string(1000, 'Y');
    const std::string agent(1000, 'a');
    const RequestHead head = head_with(
        {{"User-Agent", agent}, {"Host", "x"}, {"X-Portkey-Config", "{}"}, {long_name, "1"}});
    const auto uses = portkey_header_uses(head, "k1");
    REQUIRE(uses.size() == 2);
    CHECK(uses[0].key == "k1");
    CHECK(uses[0].header == "config");
    CHECK(uses[0].client.size() == 120);
    CHECK(uses[1].header == std::string(64, 'y'));
}
