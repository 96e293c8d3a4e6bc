// SPDX-License-Identifier: Apache-2.0
#include "cli/chat_editor.h"

#include <histedit.h>
#include <langinfo.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstring>
#include <cwchar>

#include "common/base/error.h"

namespace llmgw {

namespace {

// libedit edits characters of the locale; ours are UTF-8 even where no locale is set.
void use_utf8_locale() {
    std::setlocale(LC_CTYPE, "");
    if (std::strcmp(::nl_langinfo(CODESET), "UTF-8") != 0) {
        std::setlocale(LC_CTYPE, "C.UTF-8");
    }
}

constexpr int kHistorySize = 1000;

}  // namespace

class LineEditor::Impl {
  public:
    explicit Impl(const Cancel& cancel) : cancel_(cancel) {
        use_utf8_locale();
        // Answers alone may go to a file: the line being edited is then shown on stderr.
        FILE* screen = ::isatty(STDOUT_FILENO) == 1 ? stdout : stderr;
        edit_ = ::el_init("llmgw", stdin, screen, stderr);
        history_ = ::history_init();
        LLMGW_ASSERT(edit_ != nullptr && history_ != nullptr);
        HistEvent event;
        ::history(history_, &event, H_SETSIZE, kHistorySize);
        ::history(history_, &event, H_SETUNIQUE, 1);
        ::el_set(edit_, EL_CLIENTDATA, this);
        ::el_set(edit_, EL_PROMPT, &Impl::show_prompt);
        ::el_set(edit_, EL_HIST, ::history, history_);
        ::el_set(edit_, EL_EDITOR, "emacs");
        ::el_set(edit_, EL_BIND, "^R", "em-inc-search-prev", nullptr);
        ::el_set(edit_, EL_GETCFN, &Impl::read_character);
        ::el_source(edit_, nullptr);
    }

    ~Impl() {
        ::el_end(edit_);
        ::history_end(history_);
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    void remember(const std::string& line) {
        HistEvent event;
        ::history(history_, &event, H_ENTER, line.c_str());
    }

    EditedLine read(const std::string& prompt) {
        prompt_ = prompt;
        ::el_resize(edit_);
        int length = 0;
        const char* text = ::el_gets(edit_, &length);
        EditedLine line;
        if (cancel_.fired()) {
            line.kind = EditedLine::Kind::interrupted;
            // el_gets() gives nothing back for an abandoned line, but still holds it.
            const LineInfo* typed = ::el_line(edit_);
            line.text.assign(typed->buffer, typed->lastchar);
            ::el_reset(edit_);
            return line;
        }
        if (text == nullptr || length <= 0) {
            return line;
        }
        line.kind = EditedLine::Kind::line;
        line.text.assign(text, static_cast<std::size_t>(length));
        while (line.text.ends_with('\n') || line.text.ends_with('\r')) {
            line.text.pop_back();
        }
        return line;
    }

  private:
    static Impl& of(EditLine* edit) {
        void* self = nullptr;
        ::el_get(edit, EL_CLIENTDATA, &self);
        return *static_cast<Impl*>(self);
    }

    static char* show_prompt(EditLine* edit) { return of(edit).prompt_.data(); }

    // In place of libedit's own reader, which a signal does not reliably wake.
    static int read_character(EditLine* edit, wchar_t* character) {
        const Cancel& cancel = of(edit).cancel_;
        std::mbstate_t state{};
        while (true) {
            std::array<pollfd, 2> waiting{{{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0},
                                           {.fd = cancel.fd(), .events = POLLIN, .revents = 0}}};
            const int ready = ::poll(waiting.data(), waiting.size(), -1);
            if (cancel.fired()) {
                return -1;
            }
            if (ready < 0) {
                continue;
            }
            char byte = 0;
            const ssize_t count = ::read(STDIN_FILENO, &byte, 1);
            if (count < 0 && (errno == EINTR || errno == EAGAIN)) {
                continue;
            }
            if (count <= 0) {
                return static_cast<int>(count);
            }
            constexpr auto kIncomplete = static_cast<std::size_t>(-2);
            constexpr auto kInvalid = static_cast<std::size_t>(-1);
            const std::size_t used = std::mbrtowc(character, &byte, 1, &state);
            if (used == kInvalid) {
                *character = L'\uFFFD';
                return 1;
            }
            if (used != kIncomplete) {
                return 1;
            }
        }
    }

    const Cancel& cancel_;
    EditLine* edit_ = nullptr;
    ::History* history_ = nullptr;
    std::string prompt_;
};

LineEditor::LineEditor(const Cancel& cancel) : impl_(std::make_unique<Impl>(cancel)) {}
LineEditor::~LineEditor() = default;

void LineEditor::remember(const std::string& line) {
    impl_->remember(line);
}

EditedLine LineEditor::read(const std::string& prompt) {
    return impl_->read(prompt);
}

}  // namespace llmgw
