// The output of objdump -d: "ADDRESS <name>:" begins a function, "  ADDRESS:\tinstruction" is one of it.
#include "support/machine_code.hpp"

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>

namespace bus::test {

namespace {

struct Close {
    void operator()(std::FILE* pipe) const { ::pclose(pipe); }
};

/// What stands between two functions, or in front of a loop: no instruction that anybody executes on purpose.
bool is_filling(std::string_view text) {
    return text.starts_with("nop") || text.starts_with("xchg   %ax,%ax") || text.starts_with("cs nop") || text.starts_with("data16");
}

}  // namespace

bool for_each_function(std::string const& file, std::function<void(CodeFunction const& function)> const& each) {
    std::string const command = "objdump -d -C -w --no-show-raw-insn '" + file + "' 2>/dev/null";
    std::unique_ptr<std::FILE, Close> const pipe(::popen(command.c_str(), "re"));
    if (!pipe) return false;
    CodeFunction function;
    bool found = false;
    auto const finish = [&] {
        if (!function.instructions.empty()) each(function);
        found = found || !function.instructions.empty();
        function.instructions.clear();
    };
    char* line = nullptr;
    std::size_t room = 0;
    for (::ssize_t size = 0; (size = ::getline(&line, &room, pipe.get())) >= 0;) {
        std::string_view text(line, static_cast<std::size_t>(size));
        while (text.ends_with('\n')) text.remove_suffix(1);
        if (text.starts_with(' ')) {
            auto const tab = text.find('\t');
            if (tab == std::string_view::npos || is_filling(text.substr(tab + 1))) continue;
            function.instructions.push_back(std::strtoull(line, nullptr, 16));
        } else if (text.ends_with(">:")) {
            finish();
            auto const begin = text.find('<');
            function.name = text.substr(begin + 1, text.size() - begin - 3);
        }
    }
    std::free(line);
    finish();
    return found;
}

}  // namespace bus::test
