# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_rpcreplay_global_optspecs
    string join \n h/help V/version
end

function __fish_rpcreplay_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_rpcreplay_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_rpcreplay_using_subcommand
    set -l cmd (__fish_rpcreplay_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c rpcreplay -n "__fish_rpcreplay_needs_command" -s h -l help -d 'Print help'
complete -c rpcreplay -n "__fish_rpcreplay_needs_command" -s V -l version -d 'Print version'
complete -c rpcreplay -n "__fish_rpcreplay_needs_command" -f -a "print" -d 'Show what recordings hold'
complete -c rpcreplay -n "__fish_rpcreplay_needs_command" -f -a "list" -d 'List the calls of recordings, a line each'
complete -c rpcreplay -n "__fish_rpcreplay_needs_command" -f -a "ls" -d 'List the calls of recordings, a line each'
complete -c rpcreplay -n "__fish_rpcreplay_needs_command" -f -a "stats" -d 'Count calls, messages and bytes of recordings, by method and in total'
complete -c rpcreplay -n "__fish_rpcreplay_needs_command" -f -a "convert" -d 'Write recordings in another format, without losing a byte'
complete -c rpcreplay -n "__fish_rpcreplay_needs_command" -f -a "diff" -d 'Show what changed between recordings: calls, matched by what they say, with noise folded'
complete -c rpcreplay -n "__fish_rpcreplay_needs_command" -f -a "filter" -d 'Keep the calls of recordings that you want, and write them as recordings that replay'
complete -c rpcreplay -n "__fish_rpcreplay_needs_command" -f -a "merge" -d 'Join recordings: the calls of the first, then those of the second, and so on'
complete -c rpcreplay -n "__fish_rpcreplay_needs_command" -f -a "split" -d 'Cut a recording into parts: by method, by service, or so many calls each'
complete -c rpcreplay -n "__fish_rpcreplay_needs_command" -f -a "repair" -d 'Save what can be saved of a damaged recording, as one that replays'
complete -c rpcreplay -n "__fish_rpcreplay_needs_command" -f -a "redact" -d 'Take secrets out of recordings, so that they still replay, and prove that none are left'
complete -c rpcreplay -n "__fish_rpcreplay_needs_command" -f -a "check" -d 'Check recordings: will Go\'s replayer take them, and are they good ones?'
complete -c rpcreplay -n "__fish_rpcreplay_needs_command" -f -a "match" -d 'Say which recorded call answers a request, or why none does'
complete -c rpcreplay -n "__fish_rpcreplay_needs_command" -f -a "edit" -d 'Edit a recording in your editor'
complete -c rpcreplay -n "__fish_rpcreplay_needs_command" -f -a "serve" -d 'Answer gRPC calls from recordings'
complete -c rpcreplay -n "__fish_rpcreplay_needs_command" -f -a "record" -d 'Record gRPC calls on their way to a server'
complete -c rpcreplay -n "__fish_rpcreplay_needs_command" -f -a "schema" -d 'Say which message types are known, from where, and which ones recordings use, and name them there'
complete -c rpcreplay -n "__fish_rpcreplay_needs_command" -f -a "git" -d 'Have git show what changed in recordings'
complete -c rpcreplay -n "__fish_rpcreplay_needs_command" -f -a "completions" -d 'Write the completions of a shell to standard output'
complete -c rpcreplay -n "__fish_rpcreplay_needs_command" -f -a "man" -d 'Write the manual pages into a directory'
complete -c rpcreplay -n "__fish_rpcreplay_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand print" -l max-record-size -d 'Refuse records, entries and header lines of more bytes than this' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand print" -l threads -d 'Work on this many threads [default: one per core]' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand print" -l to -d 'Print in this format' -r -f -a "text\t'For people'
fprint\t'As Fprint of go-replayers, byte for byte'
prototext\t'Every entry in the protobuf text format'
json\t'One JSON document'
jsonl\t'JSON Lines: a header, then an object per entry'
raw\t'For people, with every payload as a guess at its bytes'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand print" -l group -d 'Group entries of text like this' -r -f -a "call\t'The entries of a call'
entry\t'Every entry by itself, in the order of the file'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand print" -l max-bytes -d 'Shorten strings and bytes in text to this many bytes, or `all` to show them whole' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand print" -l bytes -d 'Show `bytes` in text in this form' -r -f -a "text\t'In quotes, with everything unprintable escaped'
hex\t'In hexadecimal'
base64\t'In base64'
len\t'Only how many they are'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand print" -l initial -d 'Write the exact bytes of the initial state to this file, or `-` for standard output, and nothing else' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand print" -l color -d 'Use colours in text; auto heeds NO_COLOR, CLICOLOR, CLICOLOR_FORCE and FORCE_COLOR' -r -f -a "auto\t'On a terminal that has colours, unless the environment says otherwise'
always\t'Always, whatever the environment says'
never\t'Never'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand print" -l protoset -l descriptor-set-in -d 'Look message types up in this descriptor set before the built-in ones (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand print" -l proto -d 'Look message types up in this `.proto` file (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand print" -s I -l proto-path -d 'Look for imports of .proto files below this folder (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand print" -l go-binary -d 'Look message types up in this compiled Go program or test binary (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand print" -l config -d 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand print" -s m -l method -d 'Keep calls whose method matches (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand print" -l kind -d 'Keep entries of this kind (can be repeated)' -r -f -a "REQUEST\t'The request of a unary call'
RESPONSE\t'The response, or the error, of a unary call'
CREATE_STREAM\t'A stream was opened, or failed to'
SEND\t'A message was sent on a stream'
RECV\t'A message was received from a stream, or its end'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand print" -l code -d 'Keep calls that ended with this code, or with `!` not with it (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand print" -l index -d 'Keep entries with these numbers, from..to inclusive (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand print" -l has -d 'Keep entries that have a field which this selects (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand print" -l match -d 'Keep entries in which what a selector selects is this value, or matches a regular expression (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand print" -l where -d 'Keep calls for which this expression holds, in CEL (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand print" -l verbose -d 'In text, show what was noted beside entries, too: metadata, and the time'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand print" -l emit-defaults -d 'In JSON, write fields that have their default value'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand print" -l proto-names -d 'In JSON, name fields as the .proto file does'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand print" -l enum-numbers -d 'In JSON, write enums as numbers'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand print" -l no-pager -d 'Write to a terminal directly, and not through the pager that PAGER names'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand print" -l no-builtin-protos -d 'Do without the built-in types: well-known ones, googleapis, Bazel\'s remote execution API'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand print" -l no-config -d 'Read no project file'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand print" -l invert-match -d 'Keep what the other flags leave out, and leave out what they keep'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand print" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand list" -l max-record-size -d 'Refuse records, entries and header lines of more bytes than this' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand list" -l threads -d 'Work on this many threads [default: one per core]' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand list" -l format -d 'List in this format' -r -f -a "table\t'A table on a terminal, fields apart by tabs elsewhere'
json\t'One JSON document'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand list" -l color -d 'Use colours on a terminal; auto heeds NO_COLOR, CLICOLOR, CLICOLOR_FORCE and FORCE_COLOR' -r -f -a "auto\t'On a terminal that has colours, unless the environment says otherwise'
always\t'Always, whatever the environment says'
never\t'Never'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand list" -l protoset -l descriptor-set-in -d 'Look message types up in this descriptor set before the built-in ones (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand list" -l proto -d 'Look message types up in this `.proto` file (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand list" -s I -l proto-path -d 'Look for imports of .proto files below this folder (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand list" -l go-binary -d 'Look message types up in this compiled Go program or test binary (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand list" -l config -d 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand list" -s m -l method -d 'Keep calls whose method matches (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand list" -l kind -d 'Keep entries of this kind (can be repeated)' -r -f -a "REQUEST\t'The request of a unary call'
RESPONSE\t'The response, or the error, of a unary call'
CREATE_STREAM\t'A stream was opened, or failed to'
SEND\t'A message was sent on a stream'
RECV\t'A message was received from a stream, or its end'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand list" -l code -d 'Keep calls that ended with this code, or with `!` not with it (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand list" -l index -d 'Keep entries with these numbers, from..to inclusive (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand list" -l has -d 'Keep entries that have a field which this selects (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand list" -l match -d 'Keep entries in which what a selector selects is this value, or matches a regular expression (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand list" -l where -d 'Keep calls for which this expression holds, in CEL (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand list" -l no-builtin-protos -d 'Do without the built-in types: well-known ones, googleapis, Bazel\'s remote execution API'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand list" -l no-config -d 'Read no project file'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand list" -l invert-match -d 'Keep what the other flags leave out, and leave out what they keep'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand ls" -l max-record-size -d 'Refuse records, entries and header lines of more bytes than this' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand ls" -l threads -d 'Work on this many threads [default: one per core]' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand ls" -l format -d 'List in this format' -r -f -a "table\t'A table on a terminal, fields apart by tabs elsewhere'
json\t'One JSON document'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand ls" -l color -d 'Use colours on a terminal; auto heeds NO_COLOR, CLICOLOR, CLICOLOR_FORCE and FORCE_COLOR' -r -f -a "auto\t'On a terminal that has colours, unless the environment says otherwise'
always\t'Always, whatever the environment says'
never\t'Never'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand ls" -l protoset -l descriptor-set-in -d 'Look message types up in this descriptor set before the built-in ones (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand ls" -l proto -d 'Look message types up in this `.proto` file (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand ls" -s I -l proto-path -d 'Look for imports of .proto files below this folder (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand ls" -l go-binary -d 'Look message types up in this compiled Go program or test binary (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand ls" -l config -d 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand ls" -s m -l method -d 'Keep calls whose method matches (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand ls" -l kind -d 'Keep entries of this kind (can be repeated)' -r -f -a "REQUEST\t'The request of a unary call'
RESPONSE\t'The response, or the error, of a unary call'
CREATE_STREAM\t'A stream was opened, or failed to'
SEND\t'A message was sent on a stream'
RECV\t'A message was received from a stream, or its end'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand ls" -l code -d 'Keep calls that ended with this code, or with `!` not with it (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand ls" -l index -d 'Keep entries with these numbers, from..to inclusive (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand ls" -l has -d 'Keep entries that have a field which this selects (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand ls" -l match -d 'Keep entries in which what a selector selects is this value, or matches a regular expression (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand ls" -l where -d 'Keep calls for which this expression holds, in CEL (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand ls" -l no-builtin-protos -d 'Do without the built-in types: well-known ones, googleapis, Bazel\'s remote execution API'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand ls" -l no-config -d 'Read no project file'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand ls" -l invert-match -d 'Keep what the other flags leave out, and leave out what they keep'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand stats" -l max-record-size -d 'Refuse records, entries and header lines of more bytes than this' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand stats" -l threads -d 'Work on this many threads [default: one per core]' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand stats" -l max-calls -d 'Fail if there are more calls than N, or more than N to methods that match (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand stats" -l by -d 'What a row is of' -r -f -a "method\t'A method'
service\t'The methods of a service'
file\t'A recording'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand stats" -l sort -d 'Sort rows by this: by name, or by a number, the greatest first' -r -f -a "method\t'The name of the method, service or file'
calls\t'How many calls there are'
streams\t'How many of them are streams'
failed\t'How many calls ended with another code than OK'
messages\t'How many messages were sent and received'
bytes\t'How many bytes these have'
largest\t'How many bytes the largest message has'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand stats" -l format -d 'Write the counts in this format' -r -f -a "table\t'A table on a terminal, fields apart by tabs elsewhere'
json\t'One JSON document'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand stats" -l color -d 'Use colours on a terminal; auto heeds NO_COLOR, CLICOLOR, CLICOLOR_FORCE and FORCE_COLOR' -r -f -a "auto\t'On a terminal that has colours, unless the environment says otherwise'
always\t'Always, whatever the environment says'
never\t'Never'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand stats" -l protoset -l descriptor-set-in -d 'Look message types up in this descriptor set before the built-in ones (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand stats" -l proto -d 'Look message types up in this `.proto` file (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand stats" -s I -l proto-path -d 'Look for imports of .proto files below this folder (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand stats" -l go-binary -d 'Look message types up in this compiled Go program or test binary (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand stats" -l config -d 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand stats" -s m -l method -d 'Keep calls whose method matches (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand stats" -l kind -d 'Keep entries of this kind (can be repeated)' -r -f -a "REQUEST\t'The request of a unary call'
RESPONSE\t'The response, or the error, of a unary call'
CREATE_STREAM\t'A stream was opened, or failed to'
SEND\t'A message was sent on a stream'
RECV\t'A message was received from a stream, or its end'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand stats" -l code -d 'Keep calls that ended with this code, or with `!` not with it (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand stats" -l index -d 'Keep entries with these numbers, from..to inclusive (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand stats" -l has -d 'Keep entries that have a field which this selects (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand stats" -l match -d 'Keep entries in which what a selector selects is this value, or matches a regular expression (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand stats" -l where -d 'Keep calls for which this expression holds, in CEL (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand stats" -l compare -d 'Compare the counts of two recordings or folders, OLD and NEW; exit with 1 if calls, streams, messages, how calls ended, or entries of no call differ'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand stats" -l no-builtin-protos -d 'Do without the built-in types: well-known ones, googleapis, Bazel\'s remote execution API'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand stats" -l no-config -d 'Read no project file'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand stats" -l invert-match -d 'Keep what the other flags leave out, and leave out what they keep'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand stats" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand convert" -l max-record-size -d 'Refuse records, entries and header lines of more bytes than this' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand convert" -l threads -d 'Work on this many threads [default: one per core]' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand convert" -s o -l output -d 'Write to this file, or into this folder [default: standard output]' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand convert" -l to -d 'Write in this format [default: by the ending of OUT; with --in-place, the recording\'s own]' -r -f -a "binary\t'RPCReplay, which all versions of Go\'s rpcreplay read'
text\t'RPCReTxt1, the text format of go-replayers'
json\t'One JSON document, a line for each value'
jsonl\t'JSON Lines: a header, then an object per entry'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand convert" -l compress -d 'Compress what is written like this' -r -f -a "gzip\t''
zstd\t''
none\t''"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand convert" -l protoset -l descriptor-set-in -d 'Look message types up in this descriptor set before the built-in ones (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand convert" -l proto -d 'Look message types up in this `.proto` file (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand convert" -s I -l proto-path -d 'Look for imports of .proto files below this folder (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand convert" -l go-binary -d 'Look message types up in this compiled Go program or test binary (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand convert" -l config -d 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand convert" -l schema -d 'Print the JSON Schema of recordings as JSON, and nothing else'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand convert" -s i -l in-place -d 'Write each recording over itself'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand convert" -l canonical -d 'In JSON, write nothing but ProtoJSON, sorted; fail on what that can\'t carry'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand convert" -l allow-loss -d 'Leave out fields that the descriptor does not know where the format has no place for them, and say so'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand convert" -l verify -d 'Read back what was written, and compare it, before it takes its place; this is the default'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand convert" -l no-verify -d 'Do not read back what was written'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand convert" -l no-builtin-protos -d 'Do without the built-in types: well-known ones, googleapis, Bazel\'s remote execution API'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand convert" -l no-config -d 'Read no project file'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand convert" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -l rev -d 'Compare the recordings that git knows: REV with the working tree, or REV..REV, or REV...REV from where they parted' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -l max-record-size -d 'Refuse records, entries and header lines of more bytes than this' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -l threads -d 'Work on this many threads: with 1 the two recordings are read one after the other [default: one per core]' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -l profile -d 'Fold by this profile: `volatile`, `none`, or a file like that of --show-profile (can be repeated) [default: volatile]' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -l ignore -d 'Ignore what this selects, also if it comes or goes (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -l only -d 'Show changes of what this selects, and count all others as noise (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -l unordered -d 'Take the list that this selects for a set (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -l key -d 'Tell the elements of the list that this selects by this field, whatever their order (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -l format -d 'Write the result in this format' -r -f -a "text\t'For people'
json\t'One JSON document'
markdown\t'For a comment on a pull request: what is long is left out, and nothing of the recordings is taken for Markdown'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -s U -l context -d 'Show this many unchanged calls around those that changed' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -l max-bytes -d 'Shorten strings and bytes in text to this many bytes, or `all` to show them whole' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -l color -d 'Use colours in text; auto heeds NO_COLOR, CLICOLOR, CLICOLOR_FORCE and FORCE_COLOR' -r -f -a "auto\t'On a terminal that has colours, unless the environment says otherwise'
always\t'Always, whatever the environment says'
never\t'Never'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -l protoset -l descriptor-set-in -d 'Look message types up in this descriptor set before the built-in ones (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -l proto -d 'Look message types up in this `.proto` file (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -s I -l proto-path -d 'Look for imports of .proto files below this folder (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -l go-binary -d 'Look message types up in this compiled Go program or test binary (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -l config -d 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -s m -l method -d 'Keep calls whose method matches (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -l kind -d 'Keep entries of this kind (can be repeated)' -r -f -a "REQUEST\t'The request of a unary call'
RESPONSE\t'The response, or the error, of a unary call'
CREATE_STREAM\t'A stream was opened, or failed to'
SEND\t'A message was sent on a stream'
RECV\t'A message was received from a stream, or its end'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -l code -d 'Keep calls that ended with this code, or with `!` not with it (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -l index -d 'Keep entries with these numbers, from..to inclusive (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -l has -d 'Keep entries that have a field which this selects (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -l match -d 'Keep entries in which what a selector selects is this value, or matches a regular expression (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -l where -d 'Keep calls for which this expression holds, in CEL (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -s r -l recursive -d 'Compare all recordings below two folders: by their paths, then those that are left by what they say'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -l show-profile -d 'Write the rules of the profile `volatile`, with the evidence for each, and nothing else'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -l show-noise -d 'Show what is folded, too'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -l stat -d 'Write a line per recording that says how many calls changed, and no more'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -l brief -d 'Write nothing but the names of recordings that differ'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -l no-pager -d 'Write to a terminal directly, and not through the pager that PAGER names'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -l exit-on-noise -d 'Fail with 1 if anything differs, noise included'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -l no-exit-code -d 'End with 0 whether recordings differ or not'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -l no-builtin-protos -d 'Do without the built-in types: well-known ones, googleapis, Bazel\'s remote execution API'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -l no-config -d 'Read no project file'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -l invert-match -d 'Keep what the other flags leave out, and leave out what they keep'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand filter" -l max-record-size -d 'Refuse records, entries and header lines of more bytes than this' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand filter" -l threads -d 'Work on this many threads [default: one per core]' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand filter" -s o -l output -d 'Write to this file, or into this folder, where recordings keep their names [default: standard output]' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand filter" -l protoset -l descriptor-set-in -d 'Look message types up in this descriptor set before the built-in ones (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand filter" -l proto -d 'Look message types up in this `.proto` file (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand filter" -s I -l proto-path -d 'Look for imports of .proto files below this folder (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand filter" -l go-binary -d 'Look message types up in this compiled Go program or test binary (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand filter" -l config -d 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand filter" -s m -l method -d 'Keep calls whose method matches (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand filter" -l kind -d 'Keep entries of this kind (can be repeated)' -r -f -a "REQUEST\t'The request of a unary call'
RESPONSE\t'The response, or the error, of a unary call'
CREATE_STREAM\t'A stream was opened, or failed to'
SEND\t'A message was sent on a stream'
RECV\t'A message was received from a stream, or its end'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand filter" -l code -d 'Keep calls that ended with this code, or with `!` not with it (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand filter" -l index -d 'Keep entries with these numbers, from..to inclusive (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand filter" -l has -d 'Keep entries that have a field which this selects (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand filter" -l match -d 'Keep entries in which what a selector selects is this value, or matches a regular expression (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand filter" -l where -d 'Keep calls for which this expression holds, in CEL (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand filter" -l entries -d 'Keep single entries rather than whole calls: those that all conditions hold for'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand filter" -l unique -d 'Leave out calls that are equal to an earlier one, the answer included'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand filter" -l count -d 'Write how many calls are kept, and nothing else; with --entries, how many entries'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand filter" -l dry-run -d 'Write nothing, and say what would be kept'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand filter" -l verify -d 'Read back what was written, and compare it, before it takes its place; this is the default'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand filter" -l no-verify -d 'Do not read back what was written'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand filter" -l no-builtin-protos -d 'Do without the built-in types: well-known ones, googleapis, Bazel\'s remote execution API'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand filter" -l no-config -d 'Read no project file'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand filter" -l invert-match -d 'Keep what the other flags leave out, and leave out what they keep'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand filter" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand merge" -l max-record-size -d 'Refuse records, entries and header lines of more bytes than this' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand merge" -l threads -d 'Work on this many threads [default: one per core]' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand merge" -s o -l output -d 'Write to this file [default: standard output]' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand merge" -l initial-from -d 'Take the initial state from this recording' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand merge" -l protoset -l descriptor-set-in -d 'Look message types up in this descriptor set before the built-in ones (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand merge" -l proto -d 'Look message types up in this `.proto` file (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand merge" -s I -l proto-path -d 'Look for imports of .proto files below this folder (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand merge" -l go-binary -d 'Look message types up in this compiled Go program or test binary (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand merge" -l config -d 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand merge" -l unique -d 'Leave out calls that are equal to an earlier one, of the same recording or one before it, the answer included'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand merge" -l verify -d 'Read back what was written, and compare it, before it takes its place; this is the default'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand merge" -l no-verify -d 'Do not read back what was written'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand merge" -l no-builtin-protos -d 'Do without the built-in types: well-known ones, googleapis, Bazel\'s remote execution API'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand merge" -l no-config -d 'Read no project file'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand merge" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand split" -l by -d 'What a part is: the calls of a method, of a service, or N calls in the order in which they begin' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand split" -s o -l output -d 'Write the parts into this folder, which is made if need be' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand split" -l max-record-size -d 'Refuse records, entries and header lines of more bytes than this' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand split" -l protoset -l descriptor-set-in -d 'Look message types up in this descriptor set before the built-in ones (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand split" -l proto -d 'Look message types up in this `.proto` file (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand split" -s I -l proto-path -d 'Look for imports of .proto files below this folder (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand split" -l go-binary -d 'Look message types up in this compiled Go program or test binary (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand split" -l config -d 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand split" -l verify -d 'Read back what was written, and compare it, before it takes its place; this is the default'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand split" -l no-verify -d 'Do not read back what was written'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand split" -l no-builtin-protos -d 'Do without the built-in types: well-known ones, googleapis, Bazel\'s remote execution API'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand split" -l no-config -d 'Read no project file'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand split" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand repair" -s o -l output -d 'Write to this file [default: standard output]' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand repair" -l max-record-size -d 'Refuse records, entries and header lines of more bytes than this' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand repair" -l protoset -l descriptor-set-in -d 'Look message types up in this descriptor set before the built-in ones (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand repair" -l proto -d 'Look message types up in this `.proto` file (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand repair" -s I -l proto-path -d 'Look for imports of .proto files below this folder (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand repair" -l go-binary -d 'Look message types up in this compiled Go program or test binary (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand repair" -l config -d 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand repair" -s i -l in-place -d 'Write the recording over itself'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand repair" -l keep-unanswered -d 'Keep requests that were never answered, though Go\'s replayer refuses a recording with one, and streams of which only the beginning is left'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand repair" -l dry-run -d 'Write nothing, and say what would be kept'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand repair" -l no-builtin-protos -d 'Do without the built-in types: well-known ones, googleapis, Bazel\'s remote execution API'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand repair" -l no-config -d 'Read no project file'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand repair" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand redact" -l max-record-size -d 'Refuse records, entries and header lines of more bytes than this' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand redact" -l threads -d 'Read back what was written on this many threads [default: one per core]' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand redact" -l redact -d 'Redact what this selects (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand redact" -l detect -d 'Redact what this detector finds, `all` for all that are built in; it becomes REDACTED unless an action is named (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand redact" -l debug-redact -d 'Redact fields whose authors gave them the option debug_redact: clear them, unless another action is named' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand redact" -l rules -d 'Read rules from this file: `[[redact]]`, `[[detector]]` and `[[checksum]]`, as rpcreplay.toml may have them (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand redact" -l allow -d 'Leave values alone that are this text, or that a regular expression matches (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand redact" -l allow-uninspected -d 'Pass on messages of these types without a look into them, where that is not possible (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand redact" -l key-env -d 'Make pseudonyms with the key in this variable of the environment' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand redact" -l key-file -d 'Make pseudonyms with the key in this file, rather than that of the environment; a line break at its end does not count' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand redact" -s o -l output -d 'Write to this file, or into this folder, where recordings keep their names [default: standard output]' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand redact" -l format -d 'Write what --check finds in this format' -r -f -a "text\t'A line for each, as compilers write them, and how many there are'
json\t'One JSON document'
github\t'Commands for GitHub Actions, which shows them beside the files'
sarif\t'SARIF 2.1.0, for code scanning and editors'
junit\t'JUnit XML, for CI systems that show tests: each recording is one'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand redact" -l report -d 'Write what was replaced to this file, as JSON: entries, selectors, rules, actions and counts, and never a value' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand redact" -l map -d 'Keep the original values in this file, which nobody else may read, for --restore; read it, if it is there, to know them again' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand redact" -l restore -d 'Put the original values back that this map holds' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand redact" -l protoset -l descriptor-set-in -d 'Look message types up in this descriptor set before the built-in ones (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand redact" -l proto -d 'Look message types up in this `.proto` file (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand redact" -s I -l proto-path -d 'Look for imports of .proto files below this folder (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand redact" -l go-binary -d 'Look message types up in this compiled Go program or test binary (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand redact" -l config -d 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand redact" -s i -l in-place -d 'Write each recording to where it was read from'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand redact" -l dry-run -d 'Write nothing, and show what would be replaced; of values only what they would become'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand redact" -l check -d 'Write nothing but what is left to be redacted; the exit code is 1 if there is something'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand redact" -l init -d 'Write rules to begin with, for what is found in the recordings'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand redact" -l detectors -d 'List the detectors, and what each finds'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand redact" -l verify -d 'Read back what was written, and compare it, before it takes its place; this is the default'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand redact" -l no-verify -d 'Do not read back what was written'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand redact" -l no-builtin-protos -d 'Do without the built-in types: well-known ones, googleapis, Bazel\'s remote execution API'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand redact" -l no-config -d 'Read no project file'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand redact" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand check" -l max-record-size -d 'Refuse records, entries and header lines of more bytes than this' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand check" -l threads -d 'Work on this many threads [default: one per core]' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand check" -l disable -d 'Do not look for what this rule or detector finds; `secrets` is every detector (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand check" -l fail-on -d 'Exit with code 1 for findings as bad as this [default: error]' -r -f -a "error\t'What Go\'s replayer refuses, or does not notice'
warning\t'Also what a reviewer would question'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand check" -l allow -d 'A secret as a detector finds it that is none, or an expression behind `~` that matches somewhere in such ones (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand check" -l against -d 'Also look for what these descriptor sets do not have any more: types, fields and methods of the recordings (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand check" -l baseline -d 'Leave out what was found before, as `--format json` wrote it to this file' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand check" -l explain -d 'Tell what a rule looks for, why, and what to do about it; without ID list all rules' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand check" -l format -d 'Write findings in this format' -r -f -a "text\t'A line for each, as compilers write them, and how many there are'
json\t'One JSON document'
github\t'Commands for GitHub Actions, which shows them beside the files'
sarif\t'SARIF 2.1.0, for code scanning and editors'
junit\t'JUnit XML, for CI systems that show tests: each recording is one'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand check" -l color -d 'Use colours on a terminal; auto heeds NO_COLOR, CLICOLOR, CLICOLOR_FORCE and FORCE_COLOR' -r -f -a "auto\t'On a terminal that has colours, unless the environment says otherwise'
always\t'Always, whatever the environment says'
never\t'Never'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand check" -l protoset -l descriptor-set-in -d 'Look message types up in this descriptor set before the built-in ones (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand check" -l proto -d 'Look message types up in this `.proto` file (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand check" -s I -l proto-path -d 'Look for imports of .proto files below this folder (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand check" -l go-binary -d 'Look message types up in this compiled Go program or test binary (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand check" -l config -d 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand check" -s m -l method -d 'Keep calls whose method matches (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand check" -l kind -d 'Keep entries of this kind (can be repeated)' -r -f -a "REQUEST\t'The request of a unary call'
RESPONSE\t'The response, or the error, of a unary call'
CREATE_STREAM\t'A stream was opened, or failed to'
SEND\t'A message was sent on a stream'
RECV\t'A message was received from a stream, or its end'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand check" -l code -d 'Keep calls that ended with this code, or with `!` not with it (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand check" -l index -d 'Keep entries with these numbers, from..to inclusive (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand check" -l has -d 'Keep entries that have a field which this selects (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand check" -l match -d 'Keep entries in which what a selector selects is this value, or matches a regular expression (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand check" -l where -d 'Keep calls for which this expression holds, in CEL (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand check" -l no-builtin-protos -d 'Do without the built-in types: well-known ones, googleapis, Bazel\'s remote execution API'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand check" -l no-config -d 'Read no project file'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand check" -l invert-match -d 'Keep what the other flags leave out, and leave out what they keep'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand match" -l max-record-size -d 'Refuse records, entries and header lines of more bytes than this' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand match" -s m -l method -d 'The method that is called, by its full name, or a pattern that only one recorded method matches' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand match" -l data -d 'The request, or the first message that is sent on a stream, as JSON, from @FILE, or from standard input with - (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand match" -l color -d 'Use colours on a terminal; auto heeds NO_COLOR, CLICOLOR, CLICOLOR_FORCE and FORCE_COLOR' -r -f -a "auto\t'On a terminal that has colours, unless the environment says otherwise'
always\t'Always, whatever the environment says'
never\t'Never'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand match" -l ignore -d 'Do not compare what this selects (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand match" -l redact -d 'Redact what this selects (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand match" -l detect -d 'Redact what this detector finds, `all` for all that are built in; it becomes REDACTED unless an action is named (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand match" -l debug-redact -d 'Redact fields whose authors gave them the option debug_redact: clear them, unless another action is named' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand match" -l rules -d 'Read rules from this file: `[[redact]]`, `[[detector]]` and `[[checksum]]`, as rpcreplay.toml may have them (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand match" -l allow -d 'Leave values alone that are this text, or that a regular expression matches (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand match" -l allow-uninspected -d 'Pass on messages of these types without a look into them, where that is not possible (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand match" -l key-env -d 'Make pseudonyms with the key in this variable of the environment' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand match" -l key-file -d 'Make pseudonyms with the key in this file, rather than that of the environment; a line break at its end does not count' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand match" -l protoset -l descriptor-set-in -d 'Look message types up in this descriptor set before the built-in ones (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand match" -l proto -d 'Look message types up in this `.proto` file (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand match" -s I -l proto-path -d 'Look for imports of .proto files below this folder (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand match" -l go-binary -d 'Look message types up in this compiled Go program or test binary (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand match" -l config -d 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand match" -l no-builtin-protos -d 'Do without the built-in types: well-known ones, googleapis, Bazel\'s remote execution API'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand match" -l no-config -d 'Read no project file'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand match" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand edit" -l max-record-size -d 'Refuse records, entries and header lines of more bytes than this' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand edit" -l threads -d 'Work on this many threads [default: one per core]' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand edit" -l to -d 'Edit the recording in this format' -r -f -a "json\t'One JSON document, a line for each value'
jsonl\t'JSON Lines: a header, then an object per entry'
text\t'RPCReTxt1, the text format of go-replayers'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand edit" -l protoset -l descriptor-set-in -d 'Look message types up in this descriptor set before the built-in ones (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand edit" -l proto -d 'Look message types up in this `.proto` file (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand edit" -s I -l proto-path -d 'Look for imports of .proto files below this folder (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand edit" -l go-binary -d 'Look message types up in this compiled Go program or test binary (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand edit" -l config -d 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand edit" -l no-builtin-protos -d 'Do without the built-in types: well-known ones, googleapis, Bazel\'s remote execution API'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand edit" -l no-config -d 'Read no project file'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand edit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand serve" -l max-record-size -d 'Refuse records, entries and header lines of more bytes than this' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand serve" -l log -d 'What a line of the log looks like' -r -f -a "text\t'A line for people'
json\t'A line of JSON'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand serve" -l on-miss -d 'What becomes of calls that no recorded one answers: `error`, or forward=ADDR, which passes them on to another server' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand serve" -l order -d 'In which order recorded calls answer' -r -f -a "any\t'The first that fits and has not answered, as with Go\'s replayer'
per-method\t'Those of a method in the order of the recording'
recorded\t'All in the order of the recording'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand serve" -l repeat -d 'What becomes of calls that have answered' -r -f -a "never\t'Each answers once, as with Go\'s replayer'
last\t'When all that fit have answered, the last of them answers again'
always\t'When all that fit have answered, they begin anew'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand serve" -l listen -d 'Listen at HOST:PORT, port 0 for any that is free, or at a Unix socket, unix:PATH' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand serve" -l addr-file -d 'Write the real address to this file as soon as calls are taken; the file is removed when the server stops' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand serve" -l tls-cert -d 'Prove who the server is with this certificate, in PEM, those that vouch for it behind it' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand serve" -l tls-key -d 'The private key of the certificate, in PEM' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand serve" -l tls-self-signed -d 'Make a certificate for localhost and the host that is listened at, and write it to this file, so that clients can trust it' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand serve" -l max-message -d 'Refuse messages of more bytes than this' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand serve" -l max-connections -d 'Take no more connections than this at the same time' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand serve" -l max-streams -d 'Take no more calls than this on a connection at the same time' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand serve" -l max-headers -d 'Refuse calls whose headers have more bytes than this' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand serve" -l ignore -d 'Do not compare what this selects (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand serve" -l redact -d 'Redact what this selects (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand serve" -l detect -d 'Redact what this detector finds, `all` for all that are built in; it becomes REDACTED unless an action is named (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand serve" -l debug-redact -d 'Redact fields whose authors gave them the option debug_redact: clear them, unless another action is named' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand serve" -l rules -d 'Read rules from this file: `[[redact]]`, `[[detector]]` and `[[checksum]]`, as rpcreplay.toml may have them (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand serve" -l allow -d 'Leave values alone that are this text, or that a regular expression matches (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand serve" -l allow-uninspected -d 'Pass on messages of these types without a look into them, where that is not possible (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand serve" -l key-env -d 'Make pseudonyms with the key in this variable of the environment' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand serve" -l key-file -d 'Make pseudonyms with the key in this file, rather than that of the environment; a line break at its end does not count' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand serve" -l protoset -l descriptor-set-in -d 'Look message types up in this descriptor set before the built-in ones (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand serve" -l proto -d 'Look message types up in this `.proto` file (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand serve" -s I -l proto-path -d 'Look for imports of .proto files below this folder (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand serve" -l go-binary -d 'Look message types up in this compiled Go program or test binary (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand serve" -l config -d 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand serve" -l require-all -d 'Fail if a recorded call has answered nobody until the server stops; such calls are named'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand serve" -l timing -d 'Wait before each answer as long as the recorded server did, where the recording has the times of entries'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand serve" -l no-builtin-protos -d 'Do without the built-in types: well-known ones, googleapis, Bazel\'s remote execution API'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand serve" -l no-config -d 'Read no project file'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -l upstream -d 'The server that is called: HOST:PORT, or a Unix socket, unix:PATH' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -l upstream-ca -d 'Speak TLS with the server, and trust these certificates alone, in PEM' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -s o -l output -d 'Write the recording to this file; what is there is replaced as soon as there is a first call' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -l to -d 'Write in this format [default: by the ending of OUT, or else binary]' -r -f -a "binary\t'Go\'s binary format'
text\t'Go\'s text format'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -l initial -d 'Begin the recording with this initial state, or with what is in a file' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -l protoset-out -d 'Write the descriptors that the server told of by reflection to this file, for --protoset of other commands' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -l unary -d 'Methods that are unary, of those that no descriptor has (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -l listen -d 'Listen at HOST:PORT, port 0 for any that is free, or at a Unix socket, unix:PATH' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -l addr-file -d 'Write the real address to this file as soon as calls are taken; the file is removed when the server stops' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -l tls-cert -d 'Prove who the server is with this certificate, in PEM, those that vouch for it behind it' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -l tls-key -d 'The private key of the certificate, in PEM' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -l tls-self-signed -d 'Make a certificate for localhost and the host that is listened at, and write it to this file, so that clients can trust it' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -l max-message -d 'Refuse messages of more bytes than this' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -l max-connections -d 'Take no more connections than this at the same time' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -l max-streams -d 'Take no more calls than this on a connection at the same time' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -l max-headers -d 'Refuse calls whose headers have more bytes than this' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -l redact -d 'Redact what this selects (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -l detect -d 'Redact what this detector finds, `all` for all that are built in; it becomes REDACTED unless an action is named (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -l debug-redact -d 'Redact fields whose authors gave them the option debug_redact: clear them, unless another action is named' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -l rules -d 'Read rules from this file: `[[redact]]`, `[[detector]]` and `[[checksum]]`, as rpcreplay.toml may have them (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -l allow -d 'Leave values alone that are this text, or that a regular expression matches (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -l allow-uninspected -d 'Pass on messages of these types without a look into them, where that is not possible (can be repeated)' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -l key-env -d 'Make pseudonyms with the key in this variable of the environment' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -l key-file -d 'Make pseudonyms with the key in this file, rather than that of the environment; a line break at its end does not count' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -l protoset -l descriptor-set-in -d 'Look message types up in this descriptor set before the built-in ones (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -l proto -d 'Look message types up in this `.proto` file (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -s I -l proto-path -d 'Look for imports of .proto files below this folder (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -l go-binary -d 'Look message types up in this compiled Go program or test binary (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -l config -d 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -l upstream-tls -d 'Speak TLS with the server, which must prove itself by the certificates that the system trusts'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -l append -d 'Continue the recording that is in the file, in its format'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -l extensions -d 'Note metadata, trailers and times beside entries, which only a binary recording can carry; keys that look like secrets are left out'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -l no-builtin-protos -d 'Do without the built-in types: well-known ones, googleapis, Bazel\'s remote execution API'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -l no-config -d 'Read no project file'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand record" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and not __fish_seen_subcommand_from list find show used retype help" -s h -l help -d 'Print help'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and not __fish_seen_subcommand_from list find show used retype help" -f -a "list" -d 'List the sources of message types, in the order in which they are asked'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and not __fish_seen_subcommand_from list find show used retype help" -f -a "find" -d 'Find messages, enums, services, methods and extensions by their names'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and not __fish_seen_subcommand_from list find show used retype help" -f -a "show" -d 'Show how a message, enum, service, method or extension is defined'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and not __fish_seen_subcommand_from list find show used retype help" -f -a "used" -d 'Say which message types and methods recordings use, and which source knows each'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and not __fish_seen_subcommand_from list find show used retype help" -f -a "retype" -d 'Name the types of messages that were recorded without descriptors'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and not __fish_seen_subcommand_from list find show used retype help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from list" -l format -d 'Write the list in this format' -r -f -a "table\t'A table on a terminal, fields apart by tabs elsewhere'
json\t'One JSON document'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from list" -l protoset -l descriptor-set-in -d 'Look message types up in this descriptor set before the built-in ones (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from list" -l proto -d 'Look message types up in this `.proto` file (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from list" -s I -l proto-path -d 'Look for imports of .proto files below this folder (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from list" -l go-binary -d 'Look message types up in this compiled Go program or test binary (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from list" -l config -d 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from list" -l no-builtin-protos -d 'Do without the built-in types: well-known ones, googleapis, Bazel\'s remote execution API'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from list" -l no-config -d 'Read no project file'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from find" -l protoset -l descriptor-set-in -d 'Look message types up in this descriptor set before the built-in ones (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from find" -l proto -d 'Look message types up in this `.proto` file (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from find" -s I -l proto-path -d 'Look for imports of .proto files below this folder (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from find" -l go-binary -d 'Look message types up in this compiled Go program or test binary (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from find" -l config -d 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from find" -l no-builtin-protos -d 'Do without the built-in types: well-known ones, googleapis, Bazel\'s remote execution API'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from find" -l no-config -d 'Read no project file'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from find" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from show" -l color -d 'Use colours; auto heeds NO_COLOR, CLICOLOR, CLICOLOR_FORCE and FORCE_COLOR' -r -f -a "auto\t'On a terminal that has colours, unless the environment says otherwise'
always\t'Always, whatever the environment says'
never\t'Never'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from show" -l protoset -l descriptor-set-in -d 'Look message types up in this descriptor set before the built-in ones (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from show" -l proto -d 'Look message types up in this `.proto` file (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from show" -s I -l proto-path -d 'Look for imports of .proto files below this folder (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from show" -l go-binary -d 'Look message types up in this compiled Go program or test binary (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from show" -l config -d 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from show" -l no-builtin-protos -d 'Do without the built-in types: well-known ones, googleapis, Bazel\'s remote execution API'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from show" -l no-config -d 'Read no project file'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from used" -l max-record-size -d 'Refuse records, entries and header lines of more bytes than this' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from used" -l threads -d 'Work on this many threads [default: one per core]' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from used" -l format -d 'Write the list in this format' -r -f -a "table\t'A table on a terminal, fields apart by tabs elsewhere'
json\t'One JSON document'"
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from used" -l protoset -l descriptor-set-in -d 'Look message types up in this descriptor set before the built-in ones (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from used" -l proto -d 'Look message types up in this `.proto` file (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from used" -s I -l proto-path -d 'Look for imports of .proto files below this folder (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from used" -l go-binary -d 'Look message types up in this compiled Go program or test binary (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from used" -l config -d 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from used" -l no-builtin-protos -d 'Do without the built-in types: well-known ones, googleapis, Bazel\'s remote execution API'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from used" -l no-config -d 'Read no project file'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from used" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from retype" -l max-record-size -d 'Refuse records, entries and header lines of more bytes than this' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from retype" -l threads -d 'Work on this many threads [default: one per core]' -r
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from retype" -s o -l output -d 'Write to this file, or into this folder, where recordings keep their names [default: standard output]' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from retype" -l protoset -l descriptor-set-in -d 'Look message types up in this descriptor set before the built-in ones (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from retype" -l proto -d 'Look message types up in this `.proto` file (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from retype" -s I -l proto-path -d 'Look for imports of .proto files below this folder (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from retype" -l go-binary -d 'Look message types up in this compiled Go program or test binary (can be repeated)' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from retype" -l config -d 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above' -r -F
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from retype" -s i -l in-place -d 'Write each recording to where it was read from'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from retype" -l dry-run -d 'Write nothing, and say what would be named'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from retype" -l verify -d 'Read back what was written, and compare it, before it takes its place; this is the default'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from retype" -l no-verify -d 'Do not read back what was written'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from retype" -l no-builtin-protos -d 'Do without the built-in types: well-known ones, googleapis, Bazel\'s remote execution API'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from retype" -l no-config -d 'Read no project file'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from retype" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the sources of message types, in the order in which they are asked'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from help" -f -a "find" -d 'Find messages, enums, services, methods and extensions by their names'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show how a message, enum, service, method or extension is defined'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from help" -f -a "used" -d 'Say which message types and methods recordings use, and which source knows each'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from help" -f -a "retype" -d 'Name the types of messages that were recorded without descriptors'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand schema; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand git; and not __fish_seen_subcommand_from install uninstall status textconv diff-driver help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand git; and not __fish_seen_subcommand_from install uninstall status textconv diff-driver help" -f -a "install" -d 'Have git show recordings as text and compare them call by call'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand git; and not __fish_seen_subcommand_from install uninstall status textconv diff-driver help" -f -a "uninstall" -d 'Undo what install did'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand git; and not __fish_seen_subcommand_from install uninstall status textconv diff-driver help" -f -a "status" -d 'Say what is installed, and which recordings it covers'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand git; and not __fish_seen_subcommand_from install uninstall status textconv diff-driver help" -f -a "textconv" -d 'Write a recording as text that can be compared line by line (git calls it)'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand git; and not __fish_seen_subcommand_from install uninstall status textconv diff-driver help" -f -a "diff-driver" -d 'Show how two versions of a recording differ (git calls it)'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand git; and not __fish_seen_subcommand_from install uninstall status textconv diff-driver help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand git; and __fish_seen_subcommand_from install" -l global -d 'Do it for all repositories of this user: in the global configuration, and in core.attributesFile'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand git; and __fish_seen_subcommand_from install" -l trust-exit-code -d 'Have `git diff --exit-code` and `--quiet` take recordings for equal that say the same; needs git 2.46'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand git; and __fish_seen_subcommand_from install" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand git; and __fish_seen_subcommand_from uninstall" -l global -d 'Do it for all repositories of this user: in the global configuration, and in core.attributesFile'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand git; and __fish_seen_subcommand_from uninstall" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand git; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand git; and __fish_seen_subcommand_from textconv" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand git; and __fish_seen_subcommand_from diff-driver" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand git; and __fish_seen_subcommand_from help" -f -a "install" -d 'Have git show recordings as text and compare them call by call'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand git; and __fish_seen_subcommand_from help" -f -a "uninstall" -d 'Undo what install did'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand git; and __fish_seen_subcommand_from help" -f -a "status" -d 'Say what is installed, and which recordings it covers'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand git; and __fish_seen_subcommand_from help" -f -a "textconv" -d 'Write a recording as text that can be compared line by line (git calls it)'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand git; and __fish_seen_subcommand_from help" -f -a "diff-driver" -d 'Show how two versions of a recording differ (git calls it)'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand git; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand completions" -s h -l help -d 'Print help'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand man" -s h -l help -d 'Print help'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand help; and not __fish_seen_subcommand_from print list stats convert diff filter merge split repair redact check match edit serve record schema git completions man help" -f -a "print" -d 'Show what recordings hold'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand help; and not __fish_seen_subcommand_from print list stats convert diff filter merge split repair redact check match edit serve record schema git completions man help" -f -a "list" -d 'List the calls of recordings, a line each'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand help; and not __fish_seen_subcommand_from print list stats convert diff filter merge split repair redact check match edit serve record schema git completions man help" -f -a "stats" -d 'Count calls, messages and bytes of recordings, by method and in total'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand help; and not __fish_seen_subcommand_from print list stats convert diff filter merge split repair redact check match edit serve record schema git completions man help" -f -a "convert" -d 'Write recordings in another format, without losing a byte'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand help; and not __fish_seen_subcommand_from print list stats convert diff filter merge split repair redact check match edit serve record schema git completions man help" -f -a "diff" -d 'Show what changed between recordings: calls, matched by what they say, with noise folded'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand help; and not __fish_seen_subcommand_from print list stats convert diff filter merge split repair redact check match edit serve record schema git completions man help" -f -a "filter" -d 'Keep the calls of recordings that you want, and write them as recordings that replay'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand help; and not __fish_seen_subcommand_from print list stats convert diff filter merge split repair redact check match edit serve record schema git completions man help" -f -a "merge" -d 'Join recordings: the calls of the first, then those of the second, and so on'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand help; and not __fish_seen_subcommand_from print list stats convert diff filter merge split repair redact check match edit serve record schema git completions man help" -f -a "split" -d 'Cut a recording into parts: by method, by service, or so many calls each'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand help; and not __fish_seen_subcommand_from print list stats convert diff filter merge split repair redact check match edit serve record schema git completions man help" -f -a "repair" -d 'Save what can be saved of a damaged recording, as one that replays'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand help; and not __fish_seen_subcommand_from print list stats convert diff filter merge split repair redact check match edit serve record schema git completions man help" -f -a "redact" -d 'Take secrets out of recordings, so that they still replay, and prove that none are left'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand help; and not __fish_seen_subcommand_from print list stats convert diff filter merge split repair redact check match edit serve record schema git completions man help" -f -a "check" -d 'Check recordings: will Go\'s replayer take them, and are they good ones?'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand help; and not __fish_seen_subcommand_from print list stats convert diff filter merge split repair redact check match edit serve record schema git completions man help" -f -a "match" -d 'Say which recorded call answers a request, or why none does'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand help; and not __fish_seen_subcommand_from print list stats convert diff filter merge split repair redact check match edit serve record schema git completions man help" -f -a "edit" -d 'Edit a recording in your editor'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand help; and not __fish_seen_subcommand_from print list stats convert diff filter merge split repair redact check match edit serve record schema git completions man help" -f -a "serve" -d 'Answer gRPC calls from recordings'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand help; and not __fish_seen_subcommand_from print list stats convert diff filter merge split repair redact check match edit serve record schema git completions man help" -f -a "record" -d 'Record gRPC calls on their way to a server'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand help; and not __fish_seen_subcommand_from print list stats convert diff filter merge split repair redact check match edit serve record schema git completions man help" -f -a "schema" -d 'Say which message types are known, from where, and which ones recordings use, and name them there'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand help; and not __fish_seen_subcommand_from print list stats convert diff filter merge split repair redact check match edit serve record schema git completions man help" -f -a "git" -d 'Have git show what changed in recordings'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand help; and not __fish_seen_subcommand_from print list stats convert diff filter merge split repair redact check match edit serve record schema git completions man help" -f -a "completions" -d 'Write the completions of a shell to standard output'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand help; and not __fish_seen_subcommand_from print list stats convert diff filter merge split repair redact check match edit serve record schema git completions man help" -f -a "man" -d 'Write the manual pages into a directory'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand help; and not __fish_seen_subcommand_from print list stats convert diff filter merge split repair redact check match edit serve record schema git completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand help; and __fish_seen_subcommand_from schema" -f -a "list" -d 'List the sources of message types, in the order in which they are asked'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand help; and __fish_seen_subcommand_from schema" -f -a "find" -d 'Find messages, enums, services, methods and extensions by their names'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand help; and __fish_seen_subcommand_from schema" -f -a "show" -d 'Show how a message, enum, service, method or extension is defined'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand help; and __fish_seen_subcommand_from schema" -f -a "used" -d 'Say which message types and methods recordings use, and which source knows each'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand help; and __fish_seen_subcommand_from schema" -f -a "retype" -d 'Name the types of messages that were recorded without descriptors'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand help; and __fish_seen_subcommand_from git" -f -a "install" -d 'Have git show recordings as text and compare them call by call'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand help; and __fish_seen_subcommand_from git" -f -a "uninstall" -d 'Undo what install did'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand help; and __fish_seen_subcommand_from git" -f -a "status" -d 'Say what is installed, and which recordings it covers'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand help; and __fish_seen_subcommand_from git" -f -a "textconv" -d 'Write a recording as text that can be compared line by line (git calls it)'
complete -c rpcreplay -n "__fish_rpcreplay_using_subcommand help; and __fish_seen_subcommand_from git" -f -a "diff-driver" -d 'Show how two versions of a recording differ (git calls it)'
