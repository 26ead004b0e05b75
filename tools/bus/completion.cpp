// bus completion: the scripts for the shells, and what they ask while a line is typed.
#include "candidates.hpp"
#include "completion_scripts.hpp"
#include "connect.hpp"
#include "errors.hpp"
#include "json_writer.hpp"
#include "verbs.hpp"

namespace bus::tool {
namespace {

class Completion final : public Verb {
public:
    void declare(OptionSet& options) override {
        options.texts("SHELL", words_, "bash, zsh or fish", Need::optional, "SHELL");
        options.flag("--words", words_given_, "For the scripts: what can stand last in the words behind --, a line each");
    }

    Result<ExitStatus> run(Context& context) override {
        auto const text = words_given_ ? Result<std::string>(candidate_lines(context)) : script(context);
        if (!text) return text.error();
        if (auto written = context.out.write(*text); !written) return written.error();
        return ExitStatus::done;
    }

private:
    Result<std::string> script(Context const& context) const {
        auto const found = words_.size() == 1 ? completion_script(words_.front()) : std::string_view();
        if (!found.empty()) {
            JsonWriter json;
            json.object().member("shell", words_.front()).member("script", found).end_object();
            return context.json ? json.take() + "\n" : std::string(found);
        }
        return usage_error(words_.empty() ? "bus completion wants a shell" : "there is no completion for '" + words_.front() + "'",
                           "bus completion bash, zsh or fish");
    }

    std::string candidate_lines(Context const& context) const {
        auto const found = candidates(words_, connection_options(context));
        JsonWriter json;
        json.object().key("candidates").array();
        std::string lines;
        for (auto const& candidate : found) {
            lines += printable(candidate.word) + "\t" + printable(candidate.about) + "\n";
            json.object().member("word", candidate.word).member("about", candidate.about).end_object();
        }
        return context.json ? json.end_array().end_object().take() + "\n" : lines;
    }

    std::vector<std::string> words_;
    bool words_given_ = false;
};

}  // namespace

VerbEntry const kCompletion{"", "completion", "Completion for bash, zsh or fish, with the names that are on the bus",
                            "Writes the script. `meson install` puts it where the shells look; by hand:\n"
                            "\n"
                            "  source <(bus completion bash)                      in ~/.bashrc\n"
                            "  bus completion zsh > ~/.zfunc/_bus                 a folder of $fpath\n"
                            "  bus completion fish > ~/.config/fish/completions/bus.fish",
                            make_verb<Completion>};

}  // namespace bus::tool
