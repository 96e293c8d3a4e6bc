// SPDX-License-Identifier: Apache-2.0
#include "cli/chat_conversation.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "cli/chat_commands.h"
#include "cli/chat_history.h"

using namespace llmgw;  // NOLINT: a test of this namespace

namespace {

// A home in a folder of its own, removed at the end.
class TemporaryHome {
  public:
    TemporaryHome() {
        std::string pattern = (std::filesystem::temp_directory_path() / "chat-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        root_ = pattern;
        home = {root_ + "/data", root_ + "/state", root_ + "/cache", root_ + "/run"};
    }
    ~TemporaryHome() { std::filesystem::remove_all(root_); }
    TemporaryHome(const TemporaryHome&) = delete;
    TemporaryHome& operator=(const TemporaryHome&) = delete;

    [[nodiscard]] const std::string& root() const { return root_; }
    Home home;

  private:
    std::string root_;
};

unsigned mode_of(const std::string& path) {
    struct stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    return info.st_mode & 07777U;
}

const Conversation kTalk = {
    .model = "mock/echo",
    .system = "be brief",
    .messages = {{"user", R"([{"type":"text","text":"look"},{"type":"x"}])"},
                 {"assistant", R"("grün")"}}};

}  // namespace

TEST_CASE("chat_conversation: kept privately and read back") {
    const TemporaryHome temporary;
    CHECK_FALSE(load_conversation(temporary.home)->has_value());
    REQUIRE(save_conversation(temporary.home, kTalk));
    CHECK(mode_of(conversation_file(temporary.home)) == 0600);
    const auto back = load_conversation(temporary.home);
    REQUIRE(back);
    REQUIRE(*back);
    CHECK((*back)->model == kTalk.model);
    CHECK((*back)->system == kTalk.system);
    REQUIRE((*back)->messages.size() == 2);
    CHECK((*back)->messages[0].role == "user");
    CHECK((*back)->messages[0].content == kTalk.messages[0].content);
    CHECK((*back)->messages[1].content == kTalk.messages[1].content);
}

TEST_CASE("chat_conversation: a damaged file is an error, not a crash") {
    const TemporaryHome temporary;
    REQUIRE(make_home(temporary.home));
    for (const std::string text :
         {"", "{", "[]", R"({"version":2,"model":"m","system":"","messages":[]})",
          R"({"version":1,"model":7,"system":"","messages":[]})",
          R"({"version":1,"model":"m","system":"","messages":{}})",
          R"({"version":1,"model":"m","system":"","messages":[7]})",
          R"({"version":1,"model":"m","system":"","messages":[{"role":"user"}]})"}) {
        CAPTURE(text);
        REQUIRE(write_private_file(conversation_file(temporary.home), text));
        const auto refused = load_conversation(temporary.home);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().kind == Errc::invalid_file);
    }
}

TEST_CASE("chat_history: private, bounded, and off when asked") {
    const TemporaryHome temporary;
    const std::string path = temporary.home.state_dir + "/history";
    ::unsetenv("LLMGW_NO_HISTORY");
    {
        ChatHistory history(temporary.home);
        CHECK(history.load()->empty());
        for (int i = 0; i < 2001; i++) {
            REQUIRE(history.add("line " + std::to_string(i)));
        }
        REQUIRE(history.add("  "));
        CHECK(mode_of(path) == 0600);
        const auto lines = history.load();
        REQUIRE(lines->size() == 1000);
        CHECK(lines->back() == "line 2000");
        CHECK(lines->front() == "line 1001");
        CHECK(mode_of(path) == 0600);
        CHECK(*history.load() == *lines);
    }
    ::setenv("LLMGW_NO_HISTORY", "1", 1);
    ChatHistory off(temporary.home);
    CHECK(off.load()->empty());
    std::filesystem::remove(path);
    REQUIRE(off.add("secret plan"));
    CHECK_FALSE(std::filesystem::exists(path));
    ::unsetenv("LLMGW_NO_HISTORY");
}

TEST_CASE("chat_commands: what is a command") {
    CHECK(is_command("/help"));
    CHECK(is_command("  /model mock/echo"));
    CHECK_FALSE(is_command("/etc/passwd is what?"));
    CHECK_FALSE(is_command("/"));
    CHECK_FALSE(is_command("//"));
    CHECK_FALSE(is_command("say /help"));
    CHECK_FALSE(is_command(""));
}

TEST_CASE("chat_commands: they show and change the conversation") {
    const TemporaryHome temporary;
    ChatTotals totals;
    Conversation talk = kTalk;
    const auto run = [&](const std::string& line) { return run_command(line, talk, totals).text; };
    CHECK(run("/model") == "model: mock/echo");
    CHECK(run("/model gpt-4o") == "model: gpt-4o");
    CHECK(talk.model == "gpt-4o");
    CHECK(run("/system") == "system: be brief");
    CHECK(run("/system be long") == "system: be long");
    CHECK(run("/system -") == "no system message");
    CHECK(talk.system.empty());
    CHECK(run("/modle") == "there is no /modle; did you mean /model?");
    CHECK(run("/xyzzyplugh") == "there is no /xyzzyplugh; /help shows the commands");
    CHECK(run("/help").find("/save FILE") != std::string::npos);
    CHECK(run_command("/quit", talk, totals).quit);

    const std::string file = temporary.root() + "/talk.md";
    CHECK(run("/save " + file) == "saved to " + file);
    CHECK(*read_file(file) ==
          "# Conversation with gpt-4o\n\n## You\n\nlook\n\n*(an attachment)*\n\n## Answer\n\n"
          "grün\n");
    CHECK(run("/save " + file).find("exists already") != std::string::npos);
    CHECK(run("/save").find("needs") != std::string::npos);
    run("/clear");
    CHECK(talk.messages.empty());
}

TEST_CASE("chat_commands: totals never take an unknown cost for zero") {
    ChatTotals totals;
    CHECK(totals.text() == "0 answers · 0→0 tok · $0");
    Answer unknown;
    unknown.input_tokens = 3;
    unknown.output_tokens = 4;
    totals.add(unknown);
    CHECK(totals.text() == "1 answer · 3→4 tok · cost unknown");
    Answer known;
    known.cost = Money{4'100'000};
    totals.add(known);
    CHECK(totals.text() == "2 answers · 3→4 tok · $0.0041 (cost of 1 unknown)");
}
