# SPDX-License-Identifier: Apache-2.0
# bash completion for llmgw. Candidates come from `llmgw __complete WORDS…`, one a line, as
# "value<tab>description"; where it has none, bash completes file names.

_llmgw() {
    # bash splits words at : and =, which model names and --flag=value contain: join them again.
    local -a words=()
    local part rest=$COMP_LINE
    for part in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
        if [[ ${#words[@]} -eq 0 || $rest == [[:space:]]* ]]; then
            words+=("$part")
        else
            words[${#words[@]} - 1]+=$part
        fi
        rest=${rest#*"$part"}
    done

    local current=${words[${#words[@]} - 1]} prefix=
    unset 'words[${#words[@]}-1]'
    if [[ $current == --*=* ]]; then
        prefix=${current%%=*}=
        words+=("${current%%=*}")
        current=${current#*=}
    fi

    local value program=${words[0]/#\~\//$HOME/}
    COMPREPLY=()
    while IFS=$'\t' read -r value _; do
        [[ $value == "$current"* ]] && COMPREPLY+=("$prefix$value")
    done < <("$program" __complete "${words[@]:1}" "$current" 2>/dev/null)

    # What readline replaces starts after the last : or = of the word.
    local typed=$prefix$current
    local kept=${typed%"${typed##*[:=]}"}
    COMPREPLY=("${COMPREPLY[@]#"$kept"}")
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[./] ]] && compopt -o nospace 2>/dev/null
    return 0
}

complete -o bashdefault -o default -F _llmgw llmgw
