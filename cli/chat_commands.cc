// SPDX-License-Identifier: Apache-2.0
#include "cli/chat_commands.h"

#include <algorithm>
#include <array>
#include <vector>

#include "common/base/home.h"
#include "common/base/text.h"

namespace llmgw {

namespace {

using Handler = CommandOutcome (*)(std::string_view argument, Conversation&, const ChatTotals&);

struct Command {
    std::string_view name;
    std::string_view help;
    Handler run;
};

CommandOutcome show_help(std::string_view, Conversation&, const ChatTotals&);

CommandOutcome set_model(std::string_view argument, Conversation& conversation, const ChatTotals&) {
    if (!argument.empty()) {
        conversation.model = argument;
    }
    return {"model: " + printable(conversation.model)};
}

CommandOutcome set_system(std::string_view argument, Conversation& conversation,
                          const ChatTotals&) {
    if (argument == "-") {
        conversation.system.clear();
    } else if (!argument.empty()) {
        conversation.system = argument;
    }
    return {conversation.system.empty() ? "no system message"
                                        : "system: " + printable(conversation.system, true)};
}

CommandOutcome clear(std::string_view, Conversation& conversation, const ChatTotals&) {
    conversation.messages.clear();
    return {"the conversation starts anew"};
}

CommandOutcome save(std::string_view argument, Conversation& conversation, const ChatTotals&) {
    if (argument.empty()) {
        return {"/save needs the name of a file"};
    }
    const std::string path(argument);
    if (const auto there = read_file(path); there || there.error().kind != Errc::not_found) {
        return {path + " exists already; choose another name"};
    }
    if (const auto written = write_private_file(path, transcript(conversation)); !written) {
        return {written.error().message};
    }
    return {"saved to " + path};
}

CommandOutcome show_usage(std::string_view, Conversation&, const ChatTotals& totals) {
    return {totals.text()};
}

CommandOutcome quit(std::string_view, Conversation&, const ChatTotals&) {
    return {{}, true};
}

constexpr std::array<Command, 7> kCommands = {{
    {"/help", "show this", show_help},
    {"/model", "[NAME]  show or change the model", set_model},
    {"/system", "[TEXT|-]  show, change or remove the instructions for the model", set_system},
    {"/clear", "forget the conversation so far", clear},
    {"/save", "FILE  write the conversation to a file", save},
    {"/usage", "show the tokens and the cost so far", show_usage},
    {"/quit", "leave, as ^D does", quit},
}};

CommandOutcome show_help(std::string_view, Conversation&, const ChatTotals&) {
    std::string text;
    for (const Command& command : kCommands) {
        text.append(command.name).append(" ").append(command.help).append("\n");
    }
    return {text +
            "A line that ends with \\ goes on in the next; \"\"\" begins and ends several lines.\n"
            "^C stops an answer."};
}

}  // namespace

void ChatTotals::add(const Answer& answer) {
    answers_++;
    input_tokens_ += answer.input_tokens.value_or(0);
    output_tokens_ += answer.output_tokens.value_or(0);
    if (answer.cost) {
        cost_ += *answer.cost;
    } else {
        unknown_costs_++;
    }
}

std::string ChatTotals::text() const {
    std::string text = std::to_string(answers_) + (answers_ == 1 ? " answer · " : " answers · ") +
                       std::to_string(input_tokens_) + "→" + std::to_string(output_tokens_) +
                       " tok · ";
    if (unknown_costs_ == answers_ && answers_ > 0) {
        return text + "cost unknown";
    }
    text += "$" + to_decimal(cost_);
    if (unknown_costs_ > 0) {
        text += " (cost of " + std::to_string(unknown_costs_) + " unknown)";
    }
    return text;
}

bool is_command(std::string_view line) {
    line = trim(line);
    const std::string_view word = line.substr(0, line.find_first_of(" \t"));
    return word.size() > 1 && word.front() == '/' &&
           std::all_of(word.begin() + 1, word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

CommandOutcome run_command(std::string_view line, Conversation& conversation,
                           const ChatTotals& totals) {
    line = trim(line);
    const std::size_t space = line.find_first_of(" \t");
    const std::string_view name = line.substr(0, space);
    const std::string_view argument =
        space == std::string_view::npos ? std::string_view() : trim(line.substr(space));
    std::vector<std::string_view> names;
    for (const Command& command : kCommands) {
        if (command.name == name) {
            return command.run(argument, conversation, totals);
        }
        names.push_back(command.name);
    }
    const auto near = nearest(name, names, 1);
    return {"there is no " + std::string(name) + "; " +
            (near.empty() ? "/help shows the commands" : "did you mean " + near.front() + "?")};
}

}  // namespace llmgw
