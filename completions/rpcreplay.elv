
use builtin;
use str;

set edit:completion:arg-completer[rpcreplay] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'rpcreplay'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'rpcreplay'= {
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand print 'Show what recordings hold'
            cand list 'List the calls of recordings, a line each'
            cand ls 'List the calls of recordings, a line each'
            cand stats 'Count calls, messages and bytes of recordings, by method and in total'
            cand convert 'Write recordings in another format, without losing a byte'
            cand diff 'Show what changed between recordings: calls, matched by what they say, with noise folded'
            cand filter 'Keep the calls of recordings that you want, and write them as recordings that replay'
            cand merge 'Join recordings: the calls of the first, then those of the second, and so on'
            cand split 'Cut a recording into parts: by method, by service, or so many calls each'
            cand repair 'Save what can be saved of a damaged recording, as one that replays'
            cand redact 'Take secrets out of recordings, so that they still replay, and prove that none are left'
            cand check 'Check recordings: will Go''s replayer take them, and are they good ones?'
            cand match 'Say which recorded call answers a request, or why none does'
            cand edit 'Edit a recording in your editor'
            cand serve 'Answer gRPC calls from recordings'
            cand record 'Record gRPC calls on their way to a server'
            cand schema 'Say which message types are known, from where, and which ones recordings use, and name them there'
            cand git 'Have git show what changed in recordings'
            cand completions 'Write the completions of a shell to standard output'
            cand man 'Write the manual pages into a directory'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'rpcreplay;print'= {
            cand --max-record-size 'Refuse records, entries and header lines of more bytes than this'
            cand --threads 'Work on this many threads [default: one per core]'
            cand --to 'Print in this format'
            cand --group 'Group entries of text like this'
            cand --max-bytes 'Shorten strings and bytes in text to this many bytes, or `all` to show them whole'
            cand --bytes 'Show `bytes` in text in this form'
            cand --initial 'Write the exact bytes of the initial state to this file, or `-` for standard output, and nothing else'
            cand --color 'Use colours in text; auto heeds NO_COLOR, CLICOLOR, CLICOLOR_FORCE and FORCE_COLOR'
            cand --protoset 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --descriptor-set-in 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --proto 'Look message types up in this `.proto` file (can be repeated)'
            cand -I 'Look for imports of .proto files below this folder (can be repeated)'
            cand --proto-path 'Look for imports of .proto files below this folder (can be repeated)'
            cand --go-binary 'Look message types up in this compiled Go program or test binary (can be repeated)'
            cand --config 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above'
            cand -m 'Keep calls whose method matches (can be repeated)'
            cand --method 'Keep calls whose method matches (can be repeated)'
            cand --kind 'Keep entries of this kind (can be repeated)'
            cand --code 'Keep calls that ended with this code, or with `!` not with it (can be repeated)'
            cand --index 'Keep entries with these numbers, from..to inclusive (can be repeated)'
            cand --has 'Keep entries that have a field which this selects (can be repeated)'
            cand --match 'Keep entries in which what a selector selects is this value, or matches a regular expression (can be repeated)'
            cand --where 'Keep calls for which this expression holds, in CEL (can be repeated)'
            cand --verbose 'In text, show what was noted beside entries, too: metadata, and the time'
            cand --emit-defaults 'In JSON, write fields that have their default value'
            cand --proto-names 'In JSON, name fields as the .proto file does'
            cand --enum-numbers 'In JSON, write enums as numbers'
            cand --no-pager 'Write to a terminal directly, and not through the pager that PAGER names'
            cand --no-builtin-protos 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API'
            cand --no-config 'Read no project file'
            cand --invert-match 'Keep what the other flags leave out, and leave out what they keep'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'rpcreplay;list'= {
            cand --max-record-size 'Refuse records, entries and header lines of more bytes than this'
            cand --threads 'Work on this many threads [default: one per core]'
            cand --format 'List in this format'
            cand --color 'Use colours on a terminal; auto heeds NO_COLOR, CLICOLOR, CLICOLOR_FORCE and FORCE_COLOR'
            cand --protoset 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --descriptor-set-in 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --proto 'Look message types up in this `.proto` file (can be repeated)'
            cand -I 'Look for imports of .proto files below this folder (can be repeated)'
            cand --proto-path 'Look for imports of .proto files below this folder (can be repeated)'
            cand --go-binary 'Look message types up in this compiled Go program or test binary (can be repeated)'
            cand --config 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above'
            cand -m 'Keep calls whose method matches (can be repeated)'
            cand --method 'Keep calls whose method matches (can be repeated)'
            cand --kind 'Keep entries of this kind (can be repeated)'
            cand --code 'Keep calls that ended with this code, or with `!` not with it (can be repeated)'
            cand --index 'Keep entries with these numbers, from..to inclusive (can be repeated)'
            cand --has 'Keep entries that have a field which this selects (can be repeated)'
            cand --match 'Keep entries in which what a selector selects is this value, or matches a regular expression (can be repeated)'
            cand --where 'Keep calls for which this expression holds, in CEL (can be repeated)'
            cand --no-builtin-protos 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API'
            cand --no-config 'Read no project file'
            cand --invert-match 'Keep what the other flags leave out, and leave out what they keep'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'rpcreplay;ls'= {
            cand --max-record-size 'Refuse records, entries and header lines of more bytes than this'
            cand --threads 'Work on this many threads [default: one per core]'
            cand --format 'List in this format'
            cand --color 'Use colours on a terminal; auto heeds NO_COLOR, CLICOLOR, CLICOLOR_FORCE and FORCE_COLOR'
            cand --protoset 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --descriptor-set-in 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --proto 'Look message types up in this `.proto` file (can be repeated)'
            cand -I 'Look for imports of .proto files below this folder (can be repeated)'
            cand --proto-path 'Look for imports of .proto files below this folder (can be repeated)'
            cand --go-binary 'Look message types up in this compiled Go program or test binary (can be repeated)'
            cand --config 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above'
            cand -m 'Keep calls whose method matches (can be repeated)'
            cand --method 'Keep calls whose method matches (can be repeated)'
            cand --kind 'Keep entries of this kind (can be repeated)'
            cand --code 'Keep calls that ended with this code, or with `!` not with it (can be repeated)'
            cand --index 'Keep entries with these numbers, from..to inclusive (can be repeated)'
            cand --has 'Keep entries that have a field which this selects (can be repeated)'
            cand --match 'Keep entries in which what a selector selects is this value, or matches a regular expression (can be repeated)'
            cand --where 'Keep calls for which this expression holds, in CEL (can be repeated)'
            cand --no-builtin-protos 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API'
            cand --no-config 'Read no project file'
            cand --invert-match 'Keep what the other flags leave out, and leave out what they keep'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'rpcreplay;stats'= {
            cand --max-record-size 'Refuse records, entries and header lines of more bytes than this'
            cand --threads 'Work on this many threads [default: one per core]'
            cand --max-calls 'Fail if there are more calls than N, or more than N to methods that match (can be repeated)'
            cand --by 'What a row is of'
            cand --sort 'Sort rows by this: by name, or by a number, the greatest first'
            cand --format 'Write the counts in this format'
            cand --color 'Use colours on a terminal; auto heeds NO_COLOR, CLICOLOR, CLICOLOR_FORCE and FORCE_COLOR'
            cand --protoset 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --descriptor-set-in 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --proto 'Look message types up in this `.proto` file (can be repeated)'
            cand -I 'Look for imports of .proto files below this folder (can be repeated)'
            cand --proto-path 'Look for imports of .proto files below this folder (can be repeated)'
            cand --go-binary 'Look message types up in this compiled Go program or test binary (can be repeated)'
            cand --config 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above'
            cand -m 'Keep calls whose method matches (can be repeated)'
            cand --method 'Keep calls whose method matches (can be repeated)'
            cand --kind 'Keep entries of this kind (can be repeated)'
            cand --code 'Keep calls that ended with this code, or with `!` not with it (can be repeated)'
            cand --index 'Keep entries with these numbers, from..to inclusive (can be repeated)'
            cand --has 'Keep entries that have a field which this selects (can be repeated)'
            cand --match 'Keep entries in which what a selector selects is this value, or matches a regular expression (can be repeated)'
            cand --where 'Keep calls for which this expression holds, in CEL (can be repeated)'
            cand --compare 'Compare the counts of two recordings or folders, OLD and NEW; exit with 1 if calls, streams, messages, how calls ended, or entries of no call differ'
            cand --no-builtin-protos 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API'
            cand --no-config 'Read no project file'
            cand --invert-match 'Keep what the other flags leave out, and leave out what they keep'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'rpcreplay;convert'= {
            cand --max-record-size 'Refuse records, entries and header lines of more bytes than this'
            cand --threads 'Work on this many threads [default: one per core]'
            cand -o 'Write to this file, or into this folder [default: standard output]'
            cand --output 'Write to this file, or into this folder [default: standard output]'
            cand --to 'Write in this format [default: by the ending of OUT; with --in-place, the recording''s own]'
            cand --compress 'Compress what is written like this'
            cand --protoset 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --descriptor-set-in 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --proto 'Look message types up in this `.proto` file (can be repeated)'
            cand -I 'Look for imports of .proto files below this folder (can be repeated)'
            cand --proto-path 'Look for imports of .proto files below this folder (can be repeated)'
            cand --go-binary 'Look message types up in this compiled Go program or test binary (can be repeated)'
            cand --config 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above'
            cand --schema 'Print the JSON Schema of recordings as JSON, and nothing else'
            cand -i 'Write each recording over itself'
            cand --in-place 'Write each recording over itself'
            cand --canonical 'In JSON, write nothing but ProtoJSON, sorted; fail on what that can''t carry'
            cand --allow-loss 'Leave out fields that the descriptor does not know where the format has no place for them, and say so'
            cand --verify 'Read back what was written, and compare it, before it takes its place; this is the default'
            cand --no-verify 'Do not read back what was written'
            cand --no-builtin-protos 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API'
            cand --no-config 'Read no project file'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'rpcreplay;diff'= {
            cand --rev 'Compare the recordings that git knows: REV with the working tree, or REV..REV, or REV...REV from where they parted'
            cand --max-record-size 'Refuse records, entries and header lines of more bytes than this'
            cand --threads 'Work on this many threads: with 1 the two recordings are read one after the other [default: one per core]'
            cand --profile 'Fold by this profile: `volatile`, `none`, or a file like that of --show-profile (can be repeated) [default: volatile]'
            cand --ignore 'Ignore what this selects, also if it comes or goes (can be repeated)'
            cand --only 'Show changes of what this selects, and count all others as noise (can be repeated)'
            cand --unordered 'Take the list that this selects for a set (can be repeated)'
            cand --key 'Tell the elements of the list that this selects by this field, whatever their order (can be repeated)'
            cand --format 'Write the result in this format'
            cand -U 'Show this many unchanged calls around those that changed'
            cand --context 'Show this many unchanged calls around those that changed'
            cand --max-bytes 'Shorten strings and bytes in text to this many bytes, or `all` to show them whole'
            cand --color 'Use colours in text; auto heeds NO_COLOR, CLICOLOR, CLICOLOR_FORCE and FORCE_COLOR'
            cand --protoset 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --descriptor-set-in 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --proto 'Look message types up in this `.proto` file (can be repeated)'
            cand -I 'Look for imports of .proto files below this folder (can be repeated)'
            cand --proto-path 'Look for imports of .proto files below this folder (can be repeated)'
            cand --go-binary 'Look message types up in this compiled Go program or test binary (can be repeated)'
            cand --config 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above'
            cand -m 'Keep calls whose method matches (can be repeated)'
            cand --method 'Keep calls whose method matches (can be repeated)'
            cand --kind 'Keep entries of this kind (can be repeated)'
            cand --code 'Keep calls that ended with this code, or with `!` not with it (can be repeated)'
            cand --index 'Keep entries with these numbers, from..to inclusive (can be repeated)'
            cand --has 'Keep entries that have a field which this selects (can be repeated)'
            cand --match 'Keep entries in which what a selector selects is this value, or matches a regular expression (can be repeated)'
            cand --where 'Keep calls for which this expression holds, in CEL (can be repeated)'
            cand -r 'Compare all recordings below two folders: by their paths, then those that are left by what they say'
            cand --recursive 'Compare all recordings below two folders: by their paths, then those that are left by what they say'
            cand --show-profile 'Write the rules of the profile `volatile`, with the evidence for each, and nothing else'
            cand --show-noise 'Show what is folded, too'
            cand --stat 'Write a line per recording that says how many calls changed, and no more'
            cand --brief 'Write nothing but the names of recordings that differ'
            cand --no-pager 'Write to a terminal directly, and not through the pager that PAGER names'
            cand --exit-on-noise 'Fail with 1 if anything differs, noise included'
            cand --no-exit-code 'End with 0 whether recordings differ or not'
            cand --no-builtin-protos 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API'
            cand --no-config 'Read no project file'
            cand --invert-match 'Keep what the other flags leave out, and leave out what they keep'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'rpcreplay;filter'= {
            cand --max-record-size 'Refuse records, entries and header lines of more bytes than this'
            cand --threads 'Work on this many threads [default: one per core]'
            cand -o 'Write to this file, or into this folder, where recordings keep their names [default: standard output]'
            cand --output 'Write to this file, or into this folder, where recordings keep their names [default: standard output]'
            cand --protoset 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --descriptor-set-in 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --proto 'Look message types up in this `.proto` file (can be repeated)'
            cand -I 'Look for imports of .proto files below this folder (can be repeated)'
            cand --proto-path 'Look for imports of .proto files below this folder (can be repeated)'
            cand --go-binary 'Look message types up in this compiled Go program or test binary (can be repeated)'
            cand --config 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above'
            cand -m 'Keep calls whose method matches (can be repeated)'
            cand --method 'Keep calls whose method matches (can be repeated)'
            cand --kind 'Keep entries of this kind (can be repeated)'
            cand --code 'Keep calls that ended with this code, or with `!` not with it (can be repeated)'
            cand --index 'Keep entries with these numbers, from..to inclusive (can be repeated)'
            cand --has 'Keep entries that have a field which this selects (can be repeated)'
            cand --match 'Keep entries in which what a selector selects is this value, or matches a regular expression (can be repeated)'
            cand --where 'Keep calls for which this expression holds, in CEL (can be repeated)'
            cand --entries 'Keep single entries rather than whole calls: those that all conditions hold for'
            cand --unique 'Leave out calls that are equal to an earlier one, the answer included'
            cand --count 'Write how many calls are kept, and nothing else; with --entries, how many entries'
            cand --dry-run 'Write nothing, and say what would be kept'
            cand --verify 'Read back what was written, and compare it, before it takes its place; this is the default'
            cand --no-verify 'Do not read back what was written'
            cand --no-builtin-protos 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API'
            cand --no-config 'Read no project file'
            cand --invert-match 'Keep what the other flags leave out, and leave out what they keep'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'rpcreplay;merge'= {
            cand --max-record-size 'Refuse records, entries and header lines of more bytes than this'
            cand --threads 'Work on this many threads [default: one per core]'
            cand -o 'Write to this file [default: standard output]'
            cand --output 'Write to this file [default: standard output]'
            cand --initial-from 'Take the initial state from this recording'
            cand --protoset 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --descriptor-set-in 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --proto 'Look message types up in this `.proto` file (can be repeated)'
            cand -I 'Look for imports of .proto files below this folder (can be repeated)'
            cand --proto-path 'Look for imports of .proto files below this folder (can be repeated)'
            cand --go-binary 'Look message types up in this compiled Go program or test binary (can be repeated)'
            cand --config 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above'
            cand --unique 'Leave out calls that are equal to an earlier one, of the same recording or one before it, the answer included'
            cand --verify 'Read back what was written, and compare it, before it takes its place; this is the default'
            cand --no-verify 'Do not read back what was written'
            cand --no-builtin-protos 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API'
            cand --no-config 'Read no project file'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'rpcreplay;split'= {
            cand --by 'What a part is: the calls of a method, of a service, or N calls in the order in which they begin'
            cand -o 'Write the parts into this folder, which is made if need be'
            cand --output 'Write the parts into this folder, which is made if need be'
            cand --max-record-size 'Refuse records, entries and header lines of more bytes than this'
            cand --protoset 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --descriptor-set-in 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --proto 'Look message types up in this `.proto` file (can be repeated)'
            cand -I 'Look for imports of .proto files below this folder (can be repeated)'
            cand --proto-path 'Look for imports of .proto files below this folder (can be repeated)'
            cand --go-binary 'Look message types up in this compiled Go program or test binary (can be repeated)'
            cand --config 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above'
            cand --verify 'Read back what was written, and compare it, before it takes its place; this is the default'
            cand --no-verify 'Do not read back what was written'
            cand --no-builtin-protos 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API'
            cand --no-config 'Read no project file'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'rpcreplay;repair'= {
            cand -o 'Write to this file [default: standard output]'
            cand --output 'Write to this file [default: standard output]'
            cand --max-record-size 'Refuse records, entries and header lines of more bytes than this'
            cand --protoset 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --descriptor-set-in 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --proto 'Look message types up in this `.proto` file (can be repeated)'
            cand -I 'Look for imports of .proto files below this folder (can be repeated)'
            cand --proto-path 'Look for imports of .proto files below this folder (can be repeated)'
            cand --go-binary 'Look message types up in this compiled Go program or test binary (can be repeated)'
            cand --config 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above'
            cand -i 'Write the recording over itself'
            cand --in-place 'Write the recording over itself'
            cand --keep-unanswered 'Keep requests that were never answered, though Go''s replayer refuses a recording with one, and streams of which only the beginning is left'
            cand --dry-run 'Write nothing, and say what would be kept'
            cand --no-builtin-protos 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API'
            cand --no-config 'Read no project file'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'rpcreplay;redact'= {
            cand --max-record-size 'Refuse records, entries and header lines of more bytes than this'
            cand --threads 'Read back what was written on this many threads [default: one per core]'
            cand --redact 'Redact what this selects (can be repeated)'
            cand --detect 'Redact what this detector finds, `all` for all that are built in; it becomes REDACTED unless an action is named (can be repeated)'
            cand --debug-redact 'Redact fields whose authors gave them the option debug_redact: clear them, unless another action is named'
            cand --rules 'Read rules from this file: `[[redact]]`, `[[detector]]` and `[[checksum]]`, as rpcreplay.toml may have them (can be repeated)'
            cand --allow 'Leave values alone that are this text, or that a regular expression matches (can be repeated)'
            cand --allow-uninspected 'Pass on messages of these types without a look into them, where that is not possible (can be repeated)'
            cand --key-env 'Make pseudonyms with the key in this variable of the environment'
            cand --key-file 'Make pseudonyms with the key in this file, rather than that of the environment; a line break at its end does not count'
            cand -o 'Write to this file, or into this folder, where recordings keep their names [default: standard output]'
            cand --output 'Write to this file, or into this folder, where recordings keep their names [default: standard output]'
            cand --format 'Write what --check finds in this format'
            cand --report 'Write what was replaced to this file, as JSON: entries, selectors, rules, actions and counts, and never a value'
            cand --map 'Keep the original values in this file, which nobody else may read, for --restore; read it, if it is there, to know them again'
            cand --restore 'Put the original values back that this map holds'
            cand --protoset 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --descriptor-set-in 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --proto 'Look message types up in this `.proto` file (can be repeated)'
            cand -I 'Look for imports of .proto files below this folder (can be repeated)'
            cand --proto-path 'Look for imports of .proto files below this folder (can be repeated)'
            cand --go-binary 'Look message types up in this compiled Go program or test binary (can be repeated)'
            cand --config 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above'
            cand -i 'Write each recording to where it was read from'
            cand --in-place 'Write each recording to where it was read from'
            cand --dry-run 'Write nothing, and show what would be replaced; of values only what they would become'
            cand --check 'Write nothing but what is left to be redacted; the exit code is 1 if there is something'
            cand --init 'Write rules to begin with, for what is found in the recordings'
            cand --detectors 'List the detectors, and what each finds'
            cand --verify 'Read back what was written, and compare it, before it takes its place; this is the default'
            cand --no-verify 'Do not read back what was written'
            cand --no-builtin-protos 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API'
            cand --no-config 'Read no project file'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'rpcreplay;check'= {
            cand --max-record-size 'Refuse records, entries and header lines of more bytes than this'
            cand --threads 'Work on this many threads [default: one per core]'
            cand --disable 'Do not look for what this rule or detector finds; `secrets` is every detector (can be repeated)'
            cand --fail-on 'Exit with code 1 for findings as bad as this [default: error]'
            cand --allow 'A secret as a detector finds it that is none, or an expression behind `~` that matches somewhere in such ones (can be repeated)'
            cand --against 'Also look for what these descriptor sets do not have any more: types, fields and methods of the recordings (can be repeated)'
            cand --baseline 'Leave out what was found before, as `--format json` wrote it to this file'
            cand --explain 'Tell what a rule looks for, why, and what to do about it; without ID list all rules'
            cand --format 'Write findings in this format'
            cand --color 'Use colours on a terminal; auto heeds NO_COLOR, CLICOLOR, CLICOLOR_FORCE and FORCE_COLOR'
            cand --protoset 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --descriptor-set-in 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --proto 'Look message types up in this `.proto` file (can be repeated)'
            cand -I 'Look for imports of .proto files below this folder (can be repeated)'
            cand --proto-path 'Look for imports of .proto files below this folder (can be repeated)'
            cand --go-binary 'Look message types up in this compiled Go program or test binary (can be repeated)'
            cand --config 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above'
            cand -m 'Keep calls whose method matches (can be repeated)'
            cand --method 'Keep calls whose method matches (can be repeated)'
            cand --kind 'Keep entries of this kind (can be repeated)'
            cand --code 'Keep calls that ended with this code, or with `!` not with it (can be repeated)'
            cand --index 'Keep entries with these numbers, from..to inclusive (can be repeated)'
            cand --has 'Keep entries that have a field which this selects (can be repeated)'
            cand --match 'Keep entries in which what a selector selects is this value, or matches a regular expression (can be repeated)'
            cand --where 'Keep calls for which this expression holds, in CEL (can be repeated)'
            cand --no-builtin-protos 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API'
            cand --no-config 'Read no project file'
            cand --invert-match 'Keep what the other flags leave out, and leave out what they keep'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'rpcreplay;match'= {
            cand --max-record-size 'Refuse records, entries and header lines of more bytes than this'
            cand -m 'The method that is called, by its full name, or a pattern that only one recorded method matches'
            cand --method 'The method that is called, by its full name, or a pattern that only one recorded method matches'
            cand --data 'The request, or the first message that is sent on a stream, as JSON, from @FILE, or from standard input with - (can be repeated)'
            cand --color 'Use colours on a terminal; auto heeds NO_COLOR, CLICOLOR, CLICOLOR_FORCE and FORCE_COLOR'
            cand --ignore 'Do not compare what this selects (can be repeated)'
            cand --redact 'Redact what this selects (can be repeated)'
            cand --detect 'Redact what this detector finds, `all` for all that are built in; it becomes REDACTED unless an action is named (can be repeated)'
            cand --debug-redact 'Redact fields whose authors gave them the option debug_redact: clear them, unless another action is named'
            cand --rules 'Read rules from this file: `[[redact]]`, `[[detector]]` and `[[checksum]]`, as rpcreplay.toml may have them (can be repeated)'
            cand --allow 'Leave values alone that are this text, or that a regular expression matches (can be repeated)'
            cand --allow-uninspected 'Pass on messages of these types without a look into them, where that is not possible (can be repeated)'
            cand --key-env 'Make pseudonyms with the key in this variable of the environment'
            cand --key-file 'Make pseudonyms with the key in this file, rather than that of the environment; a line break at its end does not count'
            cand --protoset 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --descriptor-set-in 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --proto 'Look message types up in this `.proto` file (can be repeated)'
            cand -I 'Look for imports of .proto files below this folder (can be repeated)'
            cand --proto-path 'Look for imports of .proto files below this folder (can be repeated)'
            cand --go-binary 'Look message types up in this compiled Go program or test binary (can be repeated)'
            cand --config 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above'
            cand --no-builtin-protos 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API'
            cand --no-config 'Read no project file'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'rpcreplay;edit'= {
            cand --max-record-size 'Refuse records, entries and header lines of more bytes than this'
            cand --threads 'Work on this many threads [default: one per core]'
            cand --to 'Edit the recording in this format'
            cand --protoset 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --descriptor-set-in 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --proto 'Look message types up in this `.proto` file (can be repeated)'
            cand -I 'Look for imports of .proto files below this folder (can be repeated)'
            cand --proto-path 'Look for imports of .proto files below this folder (can be repeated)'
            cand --go-binary 'Look message types up in this compiled Go program or test binary (can be repeated)'
            cand --config 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above'
            cand --no-builtin-protos 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API'
            cand --no-config 'Read no project file'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'rpcreplay;serve'= {
            cand --max-record-size 'Refuse records, entries and header lines of more bytes than this'
            cand --log 'What a line of the log looks like'
            cand --on-miss 'What becomes of calls that no recorded one answers: `error`, or forward=ADDR, which passes them on to another server'
            cand --order 'In which order recorded calls answer'
            cand --repeat 'What becomes of calls that have answered'
            cand --listen 'Listen at HOST:PORT, port 0 for any that is free, or at a Unix socket, unix:PATH'
            cand --addr-file 'Write the real address to this file as soon as calls are taken; the file is removed when the server stops'
            cand --tls-cert 'Prove who the server is with this certificate, in PEM, those that vouch for it behind it'
            cand --tls-key 'The private key of the certificate, in PEM'
            cand --tls-self-signed 'Make a certificate for localhost and the host that is listened at, and write it to this file, so that clients can trust it'
            cand --max-message 'Refuse messages of more bytes than this'
            cand --max-connections 'Take no more connections than this at the same time'
            cand --max-streams 'Take no more calls than this on a connection at the same time'
            cand --max-headers 'Refuse calls whose headers have more bytes than this'
            cand --ignore 'Do not compare what this selects (can be repeated)'
            cand --redact 'Redact what this selects (can be repeated)'
            cand --detect 'Redact what this detector finds, `all` for all that are built in; it becomes REDACTED unless an action is named (can be repeated)'
            cand --debug-redact 'Redact fields whose authors gave them the option debug_redact: clear them, unless another action is named'
            cand --rules 'Read rules from this file: `[[redact]]`, `[[detector]]` and `[[checksum]]`, as rpcreplay.toml may have them (can be repeated)'
            cand --allow 'Leave values alone that are this text, or that a regular expression matches (can be repeated)'
            cand --allow-uninspected 'Pass on messages of these types without a look into them, where that is not possible (can be repeated)'
            cand --key-env 'Make pseudonyms with the key in this variable of the environment'
            cand --key-file 'Make pseudonyms with the key in this file, rather than that of the environment; a line break at its end does not count'
            cand --protoset 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --descriptor-set-in 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --proto 'Look message types up in this `.proto` file (can be repeated)'
            cand -I 'Look for imports of .proto files below this folder (can be repeated)'
            cand --proto-path 'Look for imports of .proto files below this folder (can be repeated)'
            cand --go-binary 'Look message types up in this compiled Go program or test binary (can be repeated)'
            cand --config 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above'
            cand --require-all 'Fail if a recorded call has answered nobody until the server stops; such calls are named'
            cand --timing 'Wait before each answer as long as the recorded server did, where the recording has the times of entries'
            cand --no-builtin-protos 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API'
            cand --no-config 'Read no project file'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'rpcreplay;record'= {
            cand --upstream 'The server that is called: HOST:PORT, or a Unix socket, unix:PATH'
            cand --upstream-ca 'Speak TLS with the server, and trust these certificates alone, in PEM'
            cand -o 'Write the recording to this file; what is there is replaced as soon as there is a first call'
            cand --output 'Write the recording to this file; what is there is replaced as soon as there is a first call'
            cand --to 'Write in this format [default: by the ending of OUT, or else binary]'
            cand --initial 'Begin the recording with this initial state, or with what is in a file'
            cand --protoset-out 'Write the descriptors that the server told of by reflection to this file, for --protoset of other commands'
            cand --unary 'Methods that are unary, of those that no descriptor has (can be repeated)'
            cand --listen 'Listen at HOST:PORT, port 0 for any that is free, or at a Unix socket, unix:PATH'
            cand --addr-file 'Write the real address to this file as soon as calls are taken; the file is removed when the server stops'
            cand --tls-cert 'Prove who the server is with this certificate, in PEM, those that vouch for it behind it'
            cand --tls-key 'The private key of the certificate, in PEM'
            cand --tls-self-signed 'Make a certificate for localhost and the host that is listened at, and write it to this file, so that clients can trust it'
            cand --max-message 'Refuse messages of more bytes than this'
            cand --max-connections 'Take no more connections than this at the same time'
            cand --max-streams 'Take no more calls than this on a connection at the same time'
            cand --max-headers 'Refuse calls whose headers have more bytes than this'
            cand --redact 'Redact what this selects (can be repeated)'
            cand --detect 'Redact what this detector finds, `all` for all that are built in; it becomes REDACTED unless an action is named (can be repeated)'
            cand --debug-redact 'Redact fields whose authors gave them the option debug_redact: clear them, unless another action is named'
            cand --rules 'Read rules from this file: `[[redact]]`, `[[detector]]` and `[[checksum]]`, as rpcreplay.toml may have them (can be repeated)'
            cand --allow 'Leave values alone that are this text, or that a regular expression matches (can be repeated)'
            cand --allow-uninspected 'Pass on messages of these types without a look into them, where that is not possible (can be repeated)'
            cand --key-env 'Make pseudonyms with the key in this variable of the environment'
            cand --key-file 'Make pseudonyms with the key in this file, rather than that of the environment; a line break at its end does not count'
            cand --protoset 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --descriptor-set-in 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --proto 'Look message types up in this `.proto` file (can be repeated)'
            cand -I 'Look for imports of .proto files below this folder (can be repeated)'
            cand --proto-path 'Look for imports of .proto files below this folder (can be repeated)'
            cand --go-binary 'Look message types up in this compiled Go program or test binary (can be repeated)'
            cand --config 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above'
            cand --upstream-tls 'Speak TLS with the server, which must prove itself by the certificates that the system trusts'
            cand --append 'Continue the recording that is in the file, in its format'
            cand --extensions 'Note metadata, trailers and times beside entries, which only a binary recording can carry; keys that look like secrets are left out'
            cand --no-builtin-protos 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API'
            cand --no-config 'Read no project file'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'rpcreplay;schema'= {
            cand -h 'Print help'
            cand --help 'Print help'
            cand list 'List the sources of message types, in the order in which they are asked'
            cand find 'Find messages, enums, services, methods and extensions by their names'
            cand show 'Show how a message, enum, service, method or extension is defined'
            cand used 'Say which message types and methods recordings use, and which source knows each'
            cand retype 'Name the types of messages that were recorded without descriptors'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'rpcreplay;schema;list'= {
            cand --format 'Write the list in this format'
            cand --protoset 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --descriptor-set-in 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --proto 'Look message types up in this `.proto` file (can be repeated)'
            cand -I 'Look for imports of .proto files below this folder (can be repeated)'
            cand --proto-path 'Look for imports of .proto files below this folder (can be repeated)'
            cand --go-binary 'Look message types up in this compiled Go program or test binary (can be repeated)'
            cand --config 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above'
            cand --no-builtin-protos 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API'
            cand --no-config 'Read no project file'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'rpcreplay;schema;find'= {
            cand --protoset 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --descriptor-set-in 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --proto 'Look message types up in this `.proto` file (can be repeated)'
            cand -I 'Look for imports of .proto files below this folder (can be repeated)'
            cand --proto-path 'Look for imports of .proto files below this folder (can be repeated)'
            cand --go-binary 'Look message types up in this compiled Go program or test binary (can be repeated)'
            cand --config 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above'
            cand --no-builtin-protos 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API'
            cand --no-config 'Read no project file'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'rpcreplay;schema;show'= {
            cand --color 'Use colours; auto heeds NO_COLOR, CLICOLOR, CLICOLOR_FORCE and FORCE_COLOR'
            cand --protoset 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --descriptor-set-in 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --proto 'Look message types up in this `.proto` file (can be repeated)'
            cand -I 'Look for imports of .proto files below this folder (can be repeated)'
            cand --proto-path 'Look for imports of .proto files below this folder (can be repeated)'
            cand --go-binary 'Look message types up in this compiled Go program or test binary (can be repeated)'
            cand --config 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above'
            cand --no-builtin-protos 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API'
            cand --no-config 'Read no project file'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'rpcreplay;schema;used'= {
            cand --max-record-size 'Refuse records, entries and header lines of more bytes than this'
            cand --threads 'Work on this many threads [default: one per core]'
            cand --format 'Write the list in this format'
            cand --protoset 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --descriptor-set-in 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --proto 'Look message types up in this `.proto` file (can be repeated)'
            cand -I 'Look for imports of .proto files below this folder (can be repeated)'
            cand --proto-path 'Look for imports of .proto files below this folder (can be repeated)'
            cand --go-binary 'Look message types up in this compiled Go program or test binary (can be repeated)'
            cand --config 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above'
            cand --no-builtin-protos 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API'
            cand --no-config 'Read no project file'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'rpcreplay;schema;retype'= {
            cand --max-record-size 'Refuse records, entries and header lines of more bytes than this'
            cand --threads 'Work on this many threads [default: one per core]'
            cand -o 'Write to this file, or into this folder, where recordings keep their names [default: standard output]'
            cand --output 'Write to this file, or into this folder, where recordings keep their names [default: standard output]'
            cand --protoset 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --descriptor-set-in 'Look message types up in this descriptor set before the built-in ones (can be repeated)'
            cand --proto 'Look message types up in this `.proto` file (can be repeated)'
            cand -I 'Look for imports of .proto files below this folder (can be repeated)'
            cand --proto-path 'Look for imports of .proto files below this folder (can be repeated)'
            cand --go-binary 'Look message types up in this compiled Go program or test binary (can be repeated)'
            cand --config 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above'
            cand -i 'Write each recording to where it was read from'
            cand --in-place 'Write each recording to where it was read from'
            cand --dry-run 'Write nothing, and say what would be named'
            cand --verify 'Read back what was written, and compare it, before it takes its place; this is the default'
            cand --no-verify 'Do not read back what was written'
            cand --no-builtin-protos 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API'
            cand --no-config 'Read no project file'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'rpcreplay;schema;help'= {
            cand list 'List the sources of message types, in the order in which they are asked'
            cand find 'Find messages, enums, services, methods and extensions by their names'
            cand show 'Show how a message, enum, service, method or extension is defined'
            cand used 'Say which message types and methods recordings use, and which source knows each'
            cand retype 'Name the types of messages that were recorded without descriptors'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'rpcreplay;schema;help;list'= {
        }
        &'rpcreplay;schema;help;find'= {
        }
        &'rpcreplay;schema;help;show'= {
        }
        &'rpcreplay;schema;help;used'= {
        }
        &'rpcreplay;schema;help;retype'= {
        }
        &'rpcreplay;schema;help;help'= {
        }
        &'rpcreplay;git'= {
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand install 'Have git show recordings as text and compare them call by call'
            cand uninstall 'Undo what install did'
            cand status 'Say what is installed, and which recordings it covers'
            cand textconv 'Write a recording as text that can be compared line by line (git calls it)'
            cand diff-driver 'Show how two versions of a recording differ (git calls it)'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'rpcreplay;git;install'= {
            cand --global 'Do it for all repositories of this user: in the global configuration, and in core.attributesFile'
            cand --trust-exit-code 'Have `git diff --exit-code` and `--quiet` take recordings for equal that say the same; needs git 2.46'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'rpcreplay;git;uninstall'= {
            cand --global 'Do it for all repositories of this user: in the global configuration, and in core.attributesFile'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'rpcreplay;git;status'= {
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'rpcreplay;git;textconv'= {
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'rpcreplay;git;diff-driver'= {
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'rpcreplay;git;help'= {
            cand install 'Have git show recordings as text and compare them call by call'
            cand uninstall 'Undo what install did'
            cand status 'Say what is installed, and which recordings it covers'
            cand textconv 'Write a recording as text that can be compared line by line (git calls it)'
            cand diff-driver 'Show how two versions of a recording differ (git calls it)'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'rpcreplay;git;help;install'= {
        }
        &'rpcreplay;git;help;uninstall'= {
        }
        &'rpcreplay;git;help;status'= {
        }
        &'rpcreplay;git;help;textconv'= {
        }
        &'rpcreplay;git;help;diff-driver'= {
        }
        &'rpcreplay;git;help;help'= {
        }
        &'rpcreplay;completions'= {
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'rpcreplay;man'= {
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'rpcreplay;help'= {
            cand print 'Show what recordings hold'
            cand list 'List the calls of recordings, a line each'
            cand stats 'Count calls, messages and bytes of recordings, by method and in total'
            cand convert 'Write recordings in another format, without losing a byte'
            cand diff 'Show what changed between recordings: calls, matched by what they say, with noise folded'
            cand filter 'Keep the calls of recordings that you want, and write them as recordings that replay'
            cand merge 'Join recordings: the calls of the first, then those of the second, and so on'
            cand split 'Cut a recording into parts: by method, by service, or so many calls each'
            cand repair 'Save what can be saved of a damaged recording, as one that replays'
            cand redact 'Take secrets out of recordings, so that they still replay, and prove that none are left'
            cand check 'Check recordings: will Go''s replayer take them, and are they good ones?'
            cand match 'Say which recorded call answers a request, or why none does'
            cand edit 'Edit a recording in your editor'
            cand serve 'Answer gRPC calls from recordings'
            cand record 'Record gRPC calls on their way to a server'
            cand schema 'Say which message types are known, from where, and which ones recordings use, and name them there'
            cand git 'Have git show what changed in recordings'
            cand completions 'Write the completions of a shell to standard output'
            cand man 'Write the manual pages into a directory'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'rpcreplay;help;print'= {
        }
        &'rpcreplay;help;list'= {
        }
        &'rpcreplay;help;stats'= {
        }
        &'rpcreplay;help;convert'= {
        }
        &'rpcreplay;help;diff'= {
        }
        &'rpcreplay;help;filter'= {
        }
        &'rpcreplay;help;merge'= {
        }
        &'rpcreplay;help;split'= {
        }
        &'rpcreplay;help;repair'= {
        }
        &'rpcreplay;help;redact'= {
        }
        &'rpcreplay;help;check'= {
        }
        &'rpcreplay;help;match'= {
        }
        &'rpcreplay;help;edit'= {
        }
        &'rpcreplay;help;serve'= {
        }
        &'rpcreplay;help;record'= {
        }
        &'rpcreplay;help;schema'= {
            cand list 'List the sources of message types, in the order in which they are asked'
            cand find 'Find messages, enums, services, methods and extensions by their names'
            cand show 'Show how a message, enum, service, method or extension is defined'
            cand used 'Say which message types and methods recordings use, and which source knows each'
            cand retype 'Name the types of messages that were recorded without descriptors'
        }
        &'rpcreplay;help;schema;list'= {
        }
        &'rpcreplay;help;schema;find'= {
        }
        &'rpcreplay;help;schema;show'= {
        }
        &'rpcreplay;help;schema;used'= {
        }
        &'rpcreplay;help;schema;retype'= {
        }
        &'rpcreplay;help;git'= {
            cand install 'Have git show recordings as text and compare them call by call'
            cand uninstall 'Undo what install did'
            cand status 'Say what is installed, and which recordings it covers'
            cand textconv 'Write a recording as text that can be compared line by line (git calls it)'
            cand diff-driver 'Show how two versions of a recording differ (git calls it)'
        }
        &'rpcreplay;help;git;install'= {
        }
        &'rpcreplay;help;git;uninstall'= {
        }
        &'rpcreplay;help;git;status'= {
        }
        &'rpcreplay;help;git;textconv'= {
        }
        &'rpcreplay;help;git;diff-driver'= {
        }
        &'rpcreplay;help;completions'= {
        }
        &'rpcreplay;help;man'= {
        }
        &'rpcreplay;help;help'= {
        }
    ]
    $completions[$command]
}
