// Who may do what, how that becomes a mode, and which rules no mode can say.
#include <gtest/gtest.h>

#include <fstream>

#include "config.hpp"
#include "rules.hpp"
#include "schema_check.hpp"
#include "support/temporary_directory.hpp"
#include "sys/process.hpp"

namespace bus::broker {
namespace {

constexpr std::uint32_t kOwn = 100, kAlice = 200, kBob = 300, kGroup = 5000, kOtherGroup = 5001;
std::vector<std::uint32_t> const kNone;
Subject const kOwner{kOwn, kNone}, kAliceOfGroup{kAlice, std::vector{kGroup}}, kBobAlone{kBob, kNone};

Rule for_groups(std::vector<std::uint32_t> groups, std::vector<std::string> publish, std::vector<std::string> subscribe) {
    Rule rule;
    rule.groups = std::move(groups);
    rule.publish = std::move(publish);
    rule.subscribe = std::move(subscribe);
    rule.place = "test";
    return rule;
}
Rule for_users(std::vector<std::uint32_t> users, std::vector<std::string> publish, std::vector<std::string> subscribe) {
    auto rule = for_groups({}, std::move(publish), std::move(subscribe));
    rule.users = std::move(users);
    return rule;
}

TEST(Rules, WithoutAnyOnlyTheOwnUidMayDoAnything) {
    Rules const rules({}, kOwn, kOwn);
    for (auto const verb : {Verb::publish, Verb::subscribe, Verb::reliable, Verb::operate}) {
        EXPECT_TRUE(rules.allows(kOwner, verb, "a/b"));
        EXPECT_FALSE(rules.allows(kAliceOfGroup, verb, "a/b"));
    }
    EXPECT_FALSE(rules.admits(kAliceOfGroup));
    EXPECT_EQ(rules.ring_access("a/b", kOwn).mode, 0600u);
}

TEST(Rules, AGroupReadsByMode0640) {
    Rules const rules({for_groups({kGroup}, {"robot/**"}, {"robot/**"})}, kOwn, kOwn);
    EXPECT_TRUE(rules.allows(kAliceOfGroup, Verb::publish, "robot/pose"));
    EXPECT_FALSE(rules.allows(kAliceOfGroup, Verb::publish, "weather"));
    EXPECT_FALSE(rules.allows(kAliceOfGroup, Verb::reliable, "robot/pose"));
    EXPECT_FALSE(rules.allows(kBobAlone, Verb::subscribe, "robot/pose"));
    auto const access = rules.ring_access("robot/pose", kAlice);
    EXPECT_EQ(access.mode, 0640u);
    EXPECT_EQ(access.gid, kGroup);
    EXPECT_EQ(access.uid, kAlice);
    EXPECT_TRUE(rules.can_read(kAliceOfGroup, access));
    EXPECT_FALSE(rules.can_read(kBobAlone, access));
    EXPECT_TRUE(rules.can_read(kOwner, access));
}

TEST(Rules, EverybodyReadsByMode0644EvenWhereAGroupMayToo) {
    Rules const rules({for_groups({kGroup}, {}, {"weather"}), for_groups({}, {}, {"weather"})}, kOwn, kOwn);
    EXPECT_EQ(rules.ring_access("weather", kOwn).mode, 0644u);
    EXPECT_EQ(rules.ring_access("robot", kOwn).mode, 0600u);
}

TEST(Rules, WhoMaySubscribeReliablyMaySubscribe) {
    Rule rule = for_groups({kGroup}, {}, {});
    rule.reliable = {"a"};
    Rules const rules({rule}, kOwn, kOwn);
    EXPECT_TRUE(rules.allows(kAliceOfGroup, Verb::subscribe, "a"));
    EXPECT_TRUE(rules.allows_some(kAliceOfGroup, Verb::subscribe));
    EXPECT_EQ(rules.ring_access("a", kOwn).mode, 0640u);
}

TEST(Rules, PatternsThatMayMeanOneNameOverlap) {
    EXPECT_TRUE(patterns_overlap("a/b", "a/b"));
    EXPECT_TRUE(patterns_overlap("a/*", "*/b"));
    EXPECT_TRUE(patterns_overlap("**", "a/b/c"));
    EXPECT_TRUE(patterns_overlap("a/**/z", "a/b/*"));
    EXPECT_TRUE(patterns_overlap("**/z", "a/**"));
    EXPECT_FALSE(patterns_overlap("a/b", "a/c"));
    EXPECT_FALSE(patterns_overlap("a/*", "a/b/c"));
    EXPECT_FALSE(patterns_overlap("a/**", "b/**"));
}

TEST(Rules, PatternsOfManyStarsAreComparedInShortTime) {
    std::string one, other;
    for (int i = 0; i < 40; ++i) {
        one += "**/a/";
        other += "**/b/";
    }
    EXPECT_FALSE(patterns_overlap(one + "x", other + "y"));
    EXPECT_TRUE(patterns_overlap(one + "**/x", other + "**/x"));
}

TEST(Rules, RefusesTwoGroupsThatReadTheSameNames) {
    EXPECT_EQ(check_rules({for_groups({kGroup, kOtherGroup}, {}, {"a"})}, kOwn).error(), Errc::invalid);
    EXPECT_EQ(check_rules({for_groups({kGroup}, {}, {"a/**"}), for_groups({kOtherGroup}, {}, {"a/b"})}, kOwn).error(), Errc::invalid);
    EXPECT_TRUE(check_rules({for_groups({kGroup}, {}, {"a/**"}), for_groups({kOtherGroup}, {}, {"b/**"})}, kOwn));
}

TEST(Rules, RefusesAUserWhoReadsWhatOthersPublish) {
    EXPECT_EQ(check_rules({for_users({kAlice}, {}, {"a"}), for_users({kBob}, {"a"}, {})}, kOwn).error(), Errc::invalid);
    EXPECT_EQ(check_rules({for_users({kAlice}, {}, {"a"})}, kOwn).error(), Errc::invalid);
    EXPECT_EQ(check_rules({for_users({kAlice, kBob}, {"a"}, {"a"})}, kOwn).error(), Errc::invalid);
    EXPECT_TRUE(check_rules({for_users({kAlice}, {"a"}, {"a"})}, kOwn));
    EXPECT_TRUE(check_rules({for_users({kOwn}, {}, {"a"}), for_users({kBob}, {"a"}, {})}, kOwn));
    EXPECT_TRUE(check_rules({for_users({kAlice, kBob}, {"a"}, {})}, kOwn));  // to publish needs no mode
}

class ConfigFile : public testing::Test {
protected:
    Result<Config> load(std::string const& text) {
        std::ofstream(path) << text;
        return load_config(path);
    }
    void expect_refused(std::string const& text, std::string const& said) {
        auto const config = load(text);
        ASSERT_FALSE(config) << text;
        EXPECT_EQ(config.error(), Errc::invalid);
        EXPECT_NE(config.error().what().find(said), std::string::npos) << config.error().what();
        EXPECT_NE(config.error().what().find(path + ", line "), std::string::npos) << config.error().what();
    }
    test::TemporaryDirectory folder;
    std::string path = folder.path_of("busd.toml");
};

TEST_F(ConfigFile, IsEmptyByDefault) {
    auto const config = load("").value();
    EXPECT_TRUE(config.rules.empty());
    EXPECT_EQ(config.limits.cursors, Limits().cursors);
}

TEST_F(ConfigFile, SaysWhatItCanSay) {
    auto const config = load(
                            "[tables]\nsessions = 12\n[limits]\ncursors = 7\narena_bytes = 1048576\n"
                            "[[allow]]\ngroups = [0]\npublish = [\"a/**\"]\nsubscribe = [\"a/*\"]\n")
                            .value();
    EXPECT_EQ(config.tables.sessions, 12u);
    EXPECT_EQ(config.limits.cursors, 7u);
    EXPECT_EQ(config.limits.arena_bytes, 1u << 20);
    ASSERT_EQ(config.rules.size(), 1u);
    EXPECT_EQ(config.rules[0].publish, std::vector<std::string>{"a/**"});
}

TEST_F(ConfigFile, NamesFileAndLineOfWhatIsWrong) {
    expect_refused("[limits]\ncursors = 7\nbells = 3\n", "line 3: unknown key 'bells'");
    expect_refused("colour = 1\n", "unknown key 'colour'");
    expect_refused("[limits]\ncursors = 0\n", "from 1 to");
    expect_refused("[limits]\ncursors = \"many\"\n", "from 1 to");
    expect_refused("limits = 3\n", "must be a section");
    expect_refused("[allow]\npublish = [\"a\"]\n", "[[allow]]");
    expect_refused("[[allow]]\npublish = [\"a//b\"]\n", "line 2");
    expect_refused("[[allow]]\npublish = \"a\"\n", "list of patterns");
    expect_refused("[[allow]]\nusers = [\"no-such-user-here\"]\n", "no-such-user-here");
    expect_refused("[[allow]]\ngroups = [4242, 4243]\nsubscribe = [\"a\"]\n", "more than the mode");
}

TEST_F(ConfigFile, ATruncatedFileIsAnErrorAtItsEnd) {
    expect_refused("[limits]\ncursors = 7\n[[allow]]\npublish = [\"a", "line 4");
    expect_refused("[limits", "line 1");
}

TEST_F(ConfigFile, AMissingFileIsNotFound) { EXPECT_EQ(load_config(folder.path_of("none.toml")).error(), Errc::not_found); }

}  // namespace
}  // namespace bus::broker
