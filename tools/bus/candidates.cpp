// What can stand next on a command line.
#include "candidates.hpp"

#include <algorithm>
#include <set>

#include "help.hpp"
#include "help_pages.hpp"
#include "live_names.hpp"
#include "option_list.hpp"

namespace bus::tool {
namespace {

using Candidates = std::vector<Candidate>;

/// The line as far as it was typed, understood.
struct Typed {
    std::vector<std::string> words;  // without options: noun, verb, arguments
    VerbEntry const* verb = nullptr;
    std::vector<OptionEntry> options;          // the verb's, where it is known, and those everywhere
    OptionEntry const* wants_value = nullptr;  // the option just before the word that is being typed
    bool only_arguments = false;               // behind --
};

VerbEntry const* verb_of(std::vector<std::string> const& words) {
    for (auto const* entry : verbs()) {
        bool const lone = entry->noun.empty();
        if (entry->name.empty() || words.empty()) continue;
        if (lone ? words[0] == entry->name : words.size() > 1 && words[0] == entry->noun && words[1] == entry->name) return entry;
    }
    return nullptr;
}

OptionEntry const* find_option(std::vector<OptionEntry> const& options, std::string const& name) {
    auto const found = std::ranges::find_if(options, [&](auto const& option) {
        auto const names = option.names_apart();
        return !option.is_argument() && std::ranges::find(names, name) != names.end();
    });
    return found == options.end() ? nullptr : &*found;
}

Typed understand(std::vector<std::string> const& words, ConnectionOptions& to) {
    Typed typed;
    typed.options = options_everywhere();
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
        auto const& word = words[i];
        if (typed.only_arguments || word.size() < 2 || word[0] != '-') {
            typed.words.push_back(word);
            if (typed.verb != nullptr) continue;
            typed.verb = verb_of(typed.words);
            if (typed.verb != nullptr) std::ranges::copy(options_of(*typed.verb), std::back_inserter(typed.options));
            continue;
        }
        if (word == "--") typed.only_arguments = true;
        auto const* const option = find_option(typed.options, word);
        if (option == nullptr || option->kind != OptionEntry::Kind::value) continue;
        if (i + 2 == words.size()) typed.wants_value = option;
        if (i + 2 < words.size() && word == "--bus") to.bus = words[i + 1];
        ++i;  // its value
    }
    return typed;
}

void add_options(Typed const& typed, Candidates& found) {
    for (auto const& option : typed.options) {
        if (option.is_argument()) continue;
        for (auto const& name : option.names_apart()) {
            if (name.size() > 2) found.push_back({name, option.help});
            auto const with_choice = name + "=";
            for (auto const& choice : option.choices) found.push_back({std::string(with_choice).append(choice), option.help});
        }
    }
}

void add_first_words(Candidates& found, bool with_pages) {
    std::set<std::string_view> nouns;
    for (auto const* entry : verbs()) {
        if (entry->noun.empty() && !entry->name.empty()) found.push_back({std::string(entry->name), std::string(entry->summary)});
        if (!entry->noun.empty() && nouns.insert(entry->noun).second)
            found.push_back({std::string(entry->noun), std::string(noun_summary(entry->noun))});
    }
    if (!with_pages) found.push_back({"help", "What there is, and pages on what verbs have in common"});
    if (with_pages)
        for (auto const& page : help_pages()) found.push_back({std::string(page.name), std::string(page.title)});
}

void add_verbs(std::string const& noun, Candidates& found) {
    for (auto const* entry : verbs())
        if (entry->noun == noun) found.push_back({std::string(entry->name), std::string(entry->summary)});
}

/// The argument that the word being typed is.
OptionEntry const* next_argument(Typed const& typed) {
    auto const before = typed.words.size() - (typed.verb->noun.empty() ? 1 : 2);
    std::size_t number = 0;
    for (auto const& option : typed.options) {
        if (!option.is_argument()) continue;
        if (number == before || option.many) return &option;
        ++number;
    }
    return nullptr;
}

Candidates all_candidates(Typed const& typed, std::string const& current, ConnectionOptions const& options) {
    Candidates found;
    auto const topic = typed.verb != nullptr && typed.words.size() > 2 ? typed.words[2] : std::string();
    if (typed.wants_value != nullptr) {
        add_live_names(typed.wants_value->type, topic, options, found);
    } else if (current.starts_with('-') && !typed.only_arguments) {
        add_options(typed, found);
    } else if (typed.words.empty()) {
        add_first_words(found, false);
    } else if (typed.words[0] == "help") {
        typed.words.size() == 1 ? add_first_words(found, true) : add_verbs(typed.words[1], found);
    } else if (typed.verb == nullptr) {
        if (typed.words.size() == 1) add_verbs(typed.words[0], found);
    } else if (auto const* const argument = next_argument(typed)) {
        add_live_names(argument->type, topic, options, found);
    }
    return found;
}

}  // namespace

std::vector<Candidate> candidates(std::vector<std::string> const& words, ConnectionOptions options) {
    if (words.empty()) return {};
    auto const typed = understand(words, options);
    auto found = all_candidates(typed, words.back(), options);
    std::erase_if(found, [&](auto const& one) { return !one.word.starts_with(words.back()) && !one.word.starts_with(':'); });
    return found;
}

}  // namespace bus::tool
