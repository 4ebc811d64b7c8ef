# SPDX-License-Identifier: MIT
# Completion of `quell` in bash (zsh: autoload bashcompinit). Commands, options and names are asked of
# the command itself: --help prints the table that parses them, `quell list` the others.

# The words that a help text lists: options with their letters, or names at the start of a line.
_quell_options() {
    "${COMP_WORDS[0]}" "$@" --help 2>/dev/null |
        sed -nE 's/^  (-.), (--[a-z-]+).*/\1\n\2/p; s/^      (--[a-z-]+).*/\1/p'
}
_quell_commands() { "${COMP_WORDS[0]}" --help 2>/dev/null | grep -oE '^  [a-z]+ ' | tr -d ' '; }
_quell_names() { "${COMP_WORDS[0]}" list "$1" 2>/dev/null | awk '$1 != "name" {print $1}'; }

_quell() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words
    # bash parts words at colons; what stands before one is not to be written again.
    local prefix=
    [[ $word == : ]] && word=
    if [[ $before == : && $COMP_CWORD -gt 2 ]]; then
        prefix=${COMP_WORDS[COMP_CWORD - 2]}: before=${COMP_WORDS[COMP_CWORD - 3]}
    elif [[ ${COMP_WORDS[COMP_CWORD]} == : ]]; then
        prefix=$before: before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    if [[ $COMP_CWORD == 1 ]]; then
        words="$(_quell_commands) help version --help --version"
    elif [[ $word == -* ]]; then
        words=$(_quell_options "${COMP_WORDS[1]}")
    else
        case $before in
            -m | --model | --guide) words=$(_quell_names models) ;;
            --sampler | --samplers) words=$(_quell_names samplers) ;;
            --schedule) words=$(_quell_names schedules) ;;
            --grid) words=$(_quell_names grids) ;;
            --isa) words=$(_quell_names isas) ;;
            --log) words="text json none" ;;
            list) words="samplers schedules grids models isas" ;;
            help) words=$(_quell_commands) ;;
            info) words=$(_quell_names models) ;;
        esac
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$prefix$word")
    COMPREPLY=("${COMPREPLY[@]#"$prefix"}")
    if [[ -z $prefix && $before == -* && $word != -* ]]; then
        mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$word")
    fi
}
complete -o filenames -F _quell quell
