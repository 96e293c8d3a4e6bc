// SPDX-License-Identifier: Apache-2.0
#include "common/base/home.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "tests/unit/processes.h"
#include "tests/unit/scratch.h"

using namespace llmgw;
using llmgw::test::file_content;
using llmgw::test::mode_of;
using llmgw::test::put_file;
using llmgw::test::Scratch;
using llmgw::test::Variable;

namespace {

// No variable that decides about folders, except HOME.
struct Bare {
    explicit Bare(const std::string& home) : home_folder("HOME", home) {}
    Variable all{"LLMGW_HOME", std::nullopt};
    Variable data{"XDG_DATA_HOME", std::nullopt};
    Variable state{"XDG_STATE_HOME", std::nullopt};
    Variable cache{"XDG_CACHE_HOME", std::nullopt};
    Variable runtime{"XDG_RUNTIME_DIR", std::nullopt};
    Variable home_folder;
};

}  // namespace

TEST_CASE("home: LLMGW_HOME holds everything") {
    const Scratch scratch;
    const Bare bare(scratch.path());
    const Variable all("LLMGW_HOME", scratch / "all//");
    const auto home = find_home();
    REQUIRE(home);
    for (const auto& folder : {home->data_dir, home->state_dir, home->cache_dir, home->run_dir}) {
        CHECK(folder == scratch / "all");
    }
    CHECK(home->database() == scratch / "all/llmgw.db");
    CHECK_FALSE(std::filesystem::exists(scratch / "all"));
}

TEST_CASE("home: a relative LLMGW_HOME is made absolute") {
    const Variable all("LLMGW_HOME", "some/../place");
    CHECK(find_home().value().data_dir == std::filesystem::current_path().string() + "/place");
}

TEST_CASE("home: the XDG folders and their defaults") {
    const Scratch scratch;
    const Bare bare(scratch.path());
    SUBCASE("defaults") {
        const auto home = find_home();
        REQUIRE(home);
        CHECK(home->data_dir == scratch / ".local/share/llmgw");
        CHECK(home->state_dir == scratch / ".local/state/llmgw");
        CHECK(home->cache_dir == scratch / ".cache/llmgw");
        CHECK(home->run_dir == home->state_dir);
    }
    SUBCASE("given") {
        const Variable data("XDG_DATA_HOME", "/d");
        const Variable state("XDG_STATE_HOME", "/s/");
        const Variable cache("XDG_CACHE_HOME", "/c");
        const Variable runtime("XDG_RUNTIME_DIR", scratch.path());
        const auto home = find_home();
        REQUIRE(home);
        CHECK(home->data_dir == "/d/llmgw");
        CHECK(home->state_dir == "/s/llmgw");
        CHECK(home->cache_dir == "/c/llmgw");
        CHECK(home->run_dir == scratch / "llmgw");
    }
    SUBCASE("relative ones and missing runtime folders do not count") {
        const Variable data("XDG_DATA_HOME", "d");
        const Variable runtime("XDG_RUNTIME_DIR", scratch / "nowhere");
        const auto home = find_home();
        REQUIRE(home);
        CHECK(home->data_dir == scratch / ".local/share/llmgw");
        CHECK(home->run_dir == home->state_dir);
    }
    SUBCASE("without HOME") {
        const Variable none("HOME", std::nullopt);
        const auto home = find_home();
        REQUIRE_FALSE(home);
        CHECK(home.error().message.find("HOME is not set") != std::string::npos);
        CHECK(home.error().hint.find("LLMGW_HOME") != std::string::npos);
    }
}

TEST_CASE("home: folders are made private, whatever the umask") {
    const Scratch scratch;
    const mode_t before = ::umask(0);
    const auto made =
        make_home({scratch / "a/b/data", scratch / "a/state", scratch / "c", scratch / "a/state"});
    ::umask(before);
    REQUIRE(made);
    for (const auto* name : {"a", "a/b", "a/b/data", "a/state", "c"}) {
        CHECK(mode_of(scratch / name) == 0700);
    }
}

TEST_CASE("home: folders of others are refused") {
    const Scratch scratch;
    const std::string folder = scratch / "my home";
    const Home home{folder, folder, folder, folder};
    REQUIRE(make_home(home));
    SUBCASE("writable by the group") {
        ::chmod(folder.c_str(), 0770);
        const auto again = make_home(home);
        REQUIRE_FALSE(again);
        CHECK(again.error().message.find("mode 0770") != std::string::npos);
        CHECK(again.error().hint == "chmod 700 '" + folder + "'");
    }
    SUBCASE("readable is fine") {
        ::chmod(folder.c_str(), 0755);
        CHECK(make_home(home));
    }
    SUBCASE("another owner") {
        if (::geteuid() == 0) {
            REQUIRE(::chown(folder.c_str(), 12345, 12345) == 0);
            const auto again = make_home(home);
            REQUIRE_FALSE(again);
            CHECK(again.error().message.find("another user") != std::string::npos);
        }
    }
    SUBCASE("a file in the way") {
        put_file(scratch / "file", "", 0600);
        const std::string path = scratch / "file";
        CHECK_FALSE(make_home({path, path, path, path}));
        CHECK_FALSE(make_home({path + "/x", path, path, path}));
    }
}

TEST_CASE("home: private files replace each other whole") {
    const Scratch scratch;
    const std::string path = scratch / "state.json";
    const mode_t before = ::umask(0);
    REQUIRE(write_private_file(path, "one"));
    ::umask(before);
    CHECK(mode_of(path) == 0600);
    put_file(path, "loose", 0644);
    const std::string big(300'000, 'x');
    REQUIRE(write_private_file(path, big));
    CHECK(mode_of(path) == 0600);
    CHECK(read_file(path).value() == big);
    // The temporary file is gone.
    CHECK(std::distance(std::filesystem::directory_iterator(scratch.path()), {}) == 1);
}

TEST_CASE("home: a private file replaces a symbolic link, not what it points to") {
    const Scratch scratch;
    put_file(scratch / "target", "precious", 0600);
    std::filesystem::create_symlink(scratch / "target", scratch / "link");
    REQUIRE(write_private_file(scratch / "link", "new"));
    CHECK(file_content(scratch / "target") == "precious");
    CHECK_FALSE(std::filesystem::is_symlink(scratch / "link"));
}

TEST_CASE("home: failures name the file") {
    const Scratch scratch;
    const auto written = write_private_file(scratch / "no/such", "x");
    REQUIRE_FALSE(written);
    CHECK(written.error().message.find("no/such") != std::string::npos);
    CHECK(read_file(scratch / "none").error().kind == Errc::not_found);
    CHECK(read_file(scratch.path()).error().kind == Errc::failed);
}

TEST_CASE("home: exactly one of many processes creates a file") {
    for (int round = 0; round < 10; round++) {
        const Scratch scratch;
        const std::string path = scratch / "once";
        const auto said = test::run_processes(6, [&](int index, int out) {
            const auto made =
                create_private_file(path, std::string(5000, static_cast<char>('a' + index)));
            test::say(out, !made ? "failed" : *made ? "made" : "late");
        });
        CHECK(std::count(said.begin(), said.end(), "made") == 1);
        CHECK(std::count(said.begin(), said.end(), "late") == 5);
        const std::string content = file_content(path);
        CHECK(content == std::string(5000, content[0]));
        CHECK(std::distance(std::filesystem::directory_iterator(scratch.path()), {}) == 1);
    }
}

TEST_CASE("home: paths are quoted for a shell where they must be") {
    CHECK(shell_quoted("/home/a/b-c_1.db") == "/home/a/b-c_1.db");
    CHECK(shell_quoted("/my home") == "'/my home'");
    CHECK(shell_quoted("it's") == "'it'\\''s'");
    CHECK(shell_quoted("") == "''");
}
