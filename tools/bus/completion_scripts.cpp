// The completion scripts.
#include "completion_scripts.hpp"

namespace bus::tool {
namespace {

// bash cuts the line at '=' too: what stands before it is not part of the word it wants back.
constexpr std::string_view kBash = R"sh(# shellcheck shell=bash
# bash completion for bus. The command itself knows what fits: it answers a line each, the word and what it is.
_bus_completion() {
    local line=${COMP_LINE:0:COMP_POINT} words=() current word cut quoted=
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    [[ ${words[-1]} == [\'\"]* ]] && quoted=yes
    words=("${words[@]//[\'\"\\]/}") # as the shell will hand them over: names have none of these
    current=${words[-1]}
    cut=
    [[ $current == *=* && $COMP_WORDBREAKS == *=* ]] && cut=${current%%=*}=
    COMPREPLY=()
    while IFS=$'\t' read -r word _; do
        case $word in
            :files)
                compopt -o filenames
                mapfile -t COMPREPLY < <(compgen -f -- "$current")
                ;;
            :commands) mapfile -t COMPREPLY < <(compgen -c -- "$current") ;;
            *)
                [[ $quoted ]] || printf -v word '%q' "$word"
                COMPREPLY+=("${word#"$cut"}")
                ;;
        esac
    done < <("${words[0]}" completion --words -- "${words[@]:1}" 2>/dev/null)
}
complete -F _bus_completion bus
)sh";

constexpr std::string_view kZsh = R"sh(#compdef bus
# zsh completion for bus. The command itself knows what fits: it answers a line each, the word and what it is.
_bus() {
    local word about
    local -a found
    while IFS=$'\t' read -r word about; do
        case $word in
            (:files) _files ;;
            (:commands) _command_names -e ;;
            (*) found+=("${${word//\\/\\\\}//:/\\:}:$about") ;;
        esac
    done < <(${words[1]} completion --words -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)
    (( $#found )) && _describe -V 'bus' found
}
if [[ $funcstack[1] == _bus ]]; then
    _bus "$@"
else
    compdef _bus bus
fi
)sh";

constexpr std::string_view kFish =
    R"sh(# fish completion for bus. The command itself knows what fits: it answers a line each, the word and what it is.
function __bus_candidates
    set -l typed (commandline -opc)
    set -l current (commandline -ct)
    set -l command $typed[1]
    set -e typed[1]
    for line in ($command completion --words -- $typed "$current" 2>/dev/null)
        switch $line
            case ':files*'
                __fish_complete_path "$current"
            case ':commands*'
                __fish_complete_command
            case '*'
                echo $line
        end
    end
end
complete -c bus -f -k -a '(__bus_candidates)'
)sh";

}  // namespace

std::string_view completion_script(std::string_view shell) {
    if (shell == "bash") return kBash;
    if (shell == "zsh") return kZsh;
    if (shell == "fish") return kFish;
    return {};
}

}  // namespace bus::tool
