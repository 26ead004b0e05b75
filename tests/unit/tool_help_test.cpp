// Help, manual pages and completion come from one description of each verb.
#include <gtest/gtest.h>

#include <algorithm>

#include "candidates.hpp"
#include "help.hpp"
#include "help_text.hpp"
#include "man_page.hpp"
#include "option_list.hpp"
#include "table.hpp"

namespace bus::tool {
namespace {

std::size_t widest_line(std::string_view text) {
    std::size_t widest = 0;
    while (!text.empty()) {
        auto const end = std::min(text.find('\n'), text.size());
        widest = std::max(widest, columns_of(text.substr(0, end)));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return widest;
}

std::vector<std::string> words_after(std::vector<std::string> const& typed) {
    std::vector<std::string> words;
    for (auto const& candidate : candidates(typed, {.runtime_dir = "/nowhere"})) words.push_back(candidate.word);
    return words;
}

bool has(std::vector<std::string> const& words, std::string const& word) { return std::ranges::find(words, word) != words.end(); }

TEST(FilledText, BreaksParagraphsAtBlanksAndLeavesIndentedLinesAlone) {
    EXPECT_EQ(filled("one two three four", 9), "one two\nthree\nfour\n");
    EXPECT_EQ(filled("one two", 20, 2), "  one two\n");
    EXPECT_EQ(filled("  kept   as it is\nfilled", 6), "  kept   as it is\nfilled\n");
    EXPECT_EQ(filled("averyveryverylongword x", 5), "averyveryverylongword\nx\n");
}

TEST(Help, OfEachVerbFitsEightyColumnsWhereThereIsNoTerminal) {
    for (auto const* verb : verbs()) EXPECT_LE(widest_line(verb_help(*verb)), 80U) << command_name(*verb);
    EXPECT_LE(widest_line(overview()), 80U);
}

TEST(Help, AndTheManualPageNameEachOption) {
    for (auto const* verb : verbs()) {
        auto const help = verb_help(*verb);
        auto const page = man_page(*verb);
        for (auto const& option : options_of(*verb)) {
            EXPECT_NE(help.find(option.shown()), std::string::npos) << command_name(*verb) << " " << option.shown();
            auto escaped = option.shown();
            for (std::size_t at = 0; (at = escaped.find('-', at)) != std::string::npos; at += 2) escaped.insert(at, 1, '\\');
            EXPECT_NE(page.find(escaped), std::string::npos) << command_name(*verb) << " " << escaped;
            EXPECT_FALSE(option.help.empty()) << command_name(*verb) << " " << option.shown();
        }
    }
}

TEST(Candidates, AreNounsAndVerbsFirst) {
    auto const first = words_after({""});
    for (auto const* word : {"topic", "client", "schema", "doctor", "lost", "help"}) EXPECT_TRUE(has(first, word)) << word;
    EXPECT_EQ(words_after({"clie"}), std::vector<std::string>{"client"});
    EXPECT_TRUE(has(words_after({"topic", ""}), "echo"));
    EXPECT_EQ(words_after({"topic", "ec"}), std::vector<std::string>{"echo"});
    EXPECT_TRUE(has(words_after({"--bus", "other", "topic", ""}), "echo"));
    EXPECT_TRUE(words_after({"nonsense", ""}).empty());
}

TEST(Candidates, AreOptionsOfTheVerbAndThoseEverywhere) {
    auto const options = words_after({"topic", "echo", "robot", "--"});
    for (auto const* word : {"--where", "--raw", "--raw=delimited", "--json", "--timeout"}) EXPECT_TRUE(has(options, word)) << word;
    EXPECT_FALSE(has(options, "--clean"));
    EXPECT_EQ(words_after({"doctor", "--cl"}), std::vector<std::string>{"--clean"});
    EXPECT_FALSE(has(words_after({"topic", "echo", "--", "-"}), "--where")) << "behind -- there are no options";
}

TEST(Candidates, LeaveFilesAndCommandsToTheShell) {
    EXPECT_EQ(words_after({"topic", "pub", "t", "--proto", ""}), std::vector<std::string>{":files"});
    EXPECT_EQ(words_after({"session", "--", ""}), std::vector<std::string>{":commands"});
    EXPECT_TRUE(words_after({"topic", "hz", "-n", ""}).empty()) << "a count";
}

TEST(Candidates, OfHelpArePagesAndVerbs) {
    auto const words = words_after({"help", ""});
    EXPECT_TRUE(has(words, "conditions"));
    EXPECT_TRUE(has(words, "topic"));
    EXPECT_TRUE(has(words_after({"help", "topic", ""}), "echo"));
}

}  // namespace
}  // namespace bus::tool
