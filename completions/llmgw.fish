# SPDX-License-Identifier: Apache-2.0
# fish completion for llmgw. Candidates come from `llmgw __complete WORDS…`, one a line, as
# "value<tab>description"; where it has none, fish completes file names.

function __fish_llmgw_complete
    set -l words (commandline -opc)
    type -q $words[1]; or return
    set -l current (commandline -ct)
    set -l prefix ''
    if string match -q -- '--*=*' $current
        set -l parts (string split -m 1 = -- $current)
        set words $words $parts[1]
        set prefix $parts[1]=
        set current $parts[2]
    end
    set -l candidates ($words[1] __complete $words[2..] "$current" 2>/dev/null)
    if set -q candidates[1]
        string replace -r '^' -- $prefix $candidates
    else
        __fish_complete_path "$prefix$current"
    end
end

complete -c llmgw -f -a '(__fish_llmgw_complete)'
