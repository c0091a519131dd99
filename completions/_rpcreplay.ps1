
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'rpcreplay' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'rpcreplay'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'rpcreplay' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('print', 'print', [CompletionResultType]::ParameterValue, 'Show what recordings hold')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the calls of recordings, a line each')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List the calls of recordings, a line each')
            [CompletionResult]::new('stats', 'stats', [CompletionResultType]::ParameterValue, 'Count calls, messages and bytes of recordings, by method and in total')
            [CompletionResult]::new('convert', 'convert', [CompletionResultType]::ParameterValue, 'Write recordings in another format, without losing a byte')
            [CompletionResult]::new('diff', 'diff', [CompletionResultType]::ParameterValue, 'Show what changed between recordings: calls, matched by what they say, with noise folded')
            [CompletionResult]::new('filter', 'filter', [CompletionResultType]::ParameterValue, 'Keep the calls of recordings that you want, and write them as recordings that replay')
            [CompletionResult]::new('merge', 'merge', [CompletionResultType]::ParameterValue, 'Join recordings: the calls of the first, then those of the second, and so on')
            [CompletionResult]::new('split', 'split', [CompletionResultType]::ParameterValue, 'Cut a recording into parts: by method, by service, or so many calls each')
            [CompletionResult]::new('repair', 'repair', [CompletionResultType]::ParameterValue, 'Save what can be saved of a damaged recording, as one that replays')
            [CompletionResult]::new('redact', 'redact', [CompletionResultType]::ParameterValue, 'Take secrets out of recordings, so that they still replay, and prove that none are left')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check recordings: will Go''s replayer take them, and are they good ones?')
            [CompletionResult]::new('match', 'match', [CompletionResultType]::ParameterValue, 'Say which recorded call answers a request, or why none does')
            [CompletionResult]::new('edit', 'edit', [CompletionResultType]::ParameterValue, 'Edit a recording in your editor')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Answer gRPC calls from recordings')
            [CompletionResult]::new('record', 'record', [CompletionResultType]::ParameterValue, 'Record gRPC calls on their way to a server')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Say which message types are known, from where, and which ones recordings use, and name them there')
            [CompletionResult]::new('git', 'git', [CompletionResultType]::ParameterValue, 'Have git show what changed in recordings')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Write the completions of a shell to standard output')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Write the manual pages into a directory')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'rpcreplay;print' {
            [CompletionResult]::new('--max-record-size', '--max-record-size', [CompletionResultType]::ParameterName, 'Refuse records, entries and header lines of more bytes than this')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Work on this many threads [default: one per core]')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'Print in this format')
            [CompletionResult]::new('--group', '--group', [CompletionResultType]::ParameterName, 'Group entries of text like this')
            [CompletionResult]::new('--max-bytes', '--max-bytes', [CompletionResultType]::ParameterName, 'Shorten strings and bytes in text to this many bytes, or `all` to show them whole')
            [CompletionResult]::new('--bytes', '--bytes', [CompletionResultType]::ParameterName, 'Show `bytes` in text in this form')
            [CompletionResult]::new('--initial', '--initial', [CompletionResultType]::ParameterName, 'Write the exact bytes of the initial state to this file, or `-` for standard output, and nothing else')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colours in text; auto heeds NO_COLOR, CLICOLOR, CLICOLOR_FORCE and FORCE_COLOR')
            [CompletionResult]::new('--protoset', '--protoset', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--descriptor-set-in', '--descriptor-set-in', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--proto', '--proto', [CompletionResultType]::ParameterName, 'Look message types up in this `.proto` file (can be repeated)')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--proto-path', '--proto-path', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--go-binary', '--go-binary', [CompletionResultType]::ParameterName, 'Look message types up in this compiled Go program or test binary (can be repeated)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Keep calls whose method matches (can be repeated)')
            [CompletionResult]::new('--method', '--method', [CompletionResultType]::ParameterName, 'Keep calls whose method matches (can be repeated)')
            [CompletionResult]::new('--kind', '--kind', [CompletionResultType]::ParameterName, 'Keep entries of this kind (can be repeated)')
            [CompletionResult]::new('--code', '--code', [CompletionResultType]::ParameterName, 'Keep calls that ended with this code, or with `!` not with it (can be repeated)')
            [CompletionResult]::new('--index', '--index', [CompletionResultType]::ParameterName, 'Keep entries with these numbers, from..to inclusive (can be repeated)')
            [CompletionResult]::new('--has', '--has', [CompletionResultType]::ParameterName, 'Keep entries that have a field which this selects (can be repeated)')
            [CompletionResult]::new('--match', '--match', [CompletionResultType]::ParameterName, 'Keep entries in which what a selector selects is this value, or matches a regular expression (can be repeated)')
            [CompletionResult]::new('--where', '--where', [CompletionResultType]::ParameterName, 'Keep calls for which this expression holds, in CEL (can be repeated)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'In text, show what was noted beside entries, too: metadata, and the time')
            [CompletionResult]::new('--emit-defaults', '--emit-defaults', [CompletionResultType]::ParameterName, 'In JSON, write fields that have their default value')
            [CompletionResult]::new('--proto-names', '--proto-names', [CompletionResultType]::ParameterName, 'In JSON, name fields as the .proto file does')
            [CompletionResult]::new('--enum-numbers', '--enum-numbers', [CompletionResultType]::ParameterName, 'In JSON, write enums as numbers')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Write to a terminal directly, and not through the pager that PAGER names')
            [CompletionResult]::new('--no-builtin-protos', '--no-builtin-protos', [CompletionResultType]::ParameterName, 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no project file')
            [CompletionResult]::new('--invert-match', '--invert-match', [CompletionResultType]::ParameterName, 'Keep what the other flags leave out, and leave out what they keep')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'rpcreplay;list' {
            [CompletionResult]::new('--max-record-size', '--max-record-size', [CompletionResultType]::ParameterName, 'Refuse records, entries and header lines of more bytes than this')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Work on this many threads [default: one per core]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'List in this format')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colours on a terminal; auto heeds NO_COLOR, CLICOLOR, CLICOLOR_FORCE and FORCE_COLOR')
            [CompletionResult]::new('--protoset', '--protoset', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--descriptor-set-in', '--descriptor-set-in', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--proto', '--proto', [CompletionResultType]::ParameterName, 'Look message types up in this `.proto` file (can be repeated)')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--proto-path', '--proto-path', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--go-binary', '--go-binary', [CompletionResultType]::ParameterName, 'Look message types up in this compiled Go program or test binary (can be repeated)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Keep calls whose method matches (can be repeated)')
            [CompletionResult]::new('--method', '--method', [CompletionResultType]::ParameterName, 'Keep calls whose method matches (can be repeated)')
            [CompletionResult]::new('--kind', '--kind', [CompletionResultType]::ParameterName, 'Keep entries of this kind (can be repeated)')
            [CompletionResult]::new('--code', '--code', [CompletionResultType]::ParameterName, 'Keep calls that ended with this code, or with `!` not with it (can be repeated)')
            [CompletionResult]::new('--index', '--index', [CompletionResultType]::ParameterName, 'Keep entries with these numbers, from..to inclusive (can be repeated)')
            [CompletionResult]::new('--has', '--has', [CompletionResultType]::ParameterName, 'Keep entries that have a field which this selects (can be repeated)')
            [CompletionResult]::new('--match', '--match', [CompletionResultType]::ParameterName, 'Keep entries in which what a selector selects is this value, or matches a regular expression (can be repeated)')
            [CompletionResult]::new('--where', '--where', [CompletionResultType]::ParameterName, 'Keep calls for which this expression holds, in CEL (can be repeated)')
            [CompletionResult]::new('--no-builtin-protos', '--no-builtin-protos', [CompletionResultType]::ParameterName, 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no project file')
            [CompletionResult]::new('--invert-match', '--invert-match', [CompletionResultType]::ParameterName, 'Keep what the other flags leave out, and leave out what they keep')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'rpcreplay;ls' {
            [CompletionResult]::new('--max-record-size', '--max-record-size', [CompletionResultType]::ParameterName, 'Refuse records, entries and header lines of more bytes than this')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Work on this many threads [default: one per core]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'List in this format')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colours on a terminal; auto heeds NO_COLOR, CLICOLOR, CLICOLOR_FORCE and FORCE_COLOR')
            [CompletionResult]::new('--protoset', '--protoset', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--descriptor-set-in', '--descriptor-set-in', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--proto', '--proto', [CompletionResultType]::ParameterName, 'Look message types up in this `.proto` file (can be repeated)')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--proto-path', '--proto-path', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--go-binary', '--go-binary', [CompletionResultType]::ParameterName, 'Look message types up in this compiled Go program or test binary (can be repeated)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Keep calls whose method matches (can be repeated)')
            [CompletionResult]::new('--method', '--method', [CompletionResultType]::ParameterName, 'Keep calls whose method matches (can be repeated)')
            [CompletionResult]::new('--kind', '--kind', [CompletionResultType]::ParameterName, 'Keep entries of this kind (can be repeated)')
            [CompletionResult]::new('--code', '--code', [CompletionResultType]::ParameterName, 'Keep calls that ended with this code, or with `!` not with it (can be repeated)')
            [CompletionResult]::new('--index', '--index', [CompletionResultType]::ParameterName, 'Keep entries with these numbers, from..to inclusive (can be repeated)')
            [CompletionResult]::new('--has', '--has', [CompletionResultType]::ParameterName, 'Keep entries that have a field which this selects (can be repeated)')
            [CompletionResult]::new('--match', '--match', [CompletionResultType]::ParameterName, 'Keep entries in which what a selector selects is this value, or matches a regular expression (can be repeated)')
            [CompletionResult]::new('--where', '--where', [CompletionResultType]::ParameterName, 'Keep calls for which this expression holds, in CEL (can be repeated)')
            [CompletionResult]::new('--no-builtin-protos', '--no-builtin-protos', [CompletionResultType]::ParameterName, 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no project file')
            [CompletionResult]::new('--invert-match', '--invert-match', [CompletionResultType]::ParameterName, 'Keep what the other flags leave out, and leave out what they keep')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'rpcreplay;stats' {
            [CompletionResult]::new('--max-record-size', '--max-record-size', [CompletionResultType]::ParameterName, 'Refuse records, entries and header lines of more bytes than this')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Work on this many threads [default: one per core]')
            [CompletionResult]::new('--max-calls', '--max-calls', [CompletionResultType]::ParameterName, 'Fail if there are more calls than N, or more than N to methods that match (can be repeated)')
            [CompletionResult]::new('--by', '--by', [CompletionResultType]::ParameterName, 'What a row is of')
            [CompletionResult]::new('--sort', '--sort', [CompletionResultType]::ParameterName, 'Sort rows by this: by name, or by a number, the greatest first')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Write the counts in this format')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colours on a terminal; auto heeds NO_COLOR, CLICOLOR, CLICOLOR_FORCE and FORCE_COLOR')
            [CompletionResult]::new('--protoset', '--protoset', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--descriptor-set-in', '--descriptor-set-in', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--proto', '--proto', [CompletionResultType]::ParameterName, 'Look message types up in this `.proto` file (can be repeated)')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--proto-path', '--proto-path', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--go-binary', '--go-binary', [CompletionResultType]::ParameterName, 'Look message types up in this compiled Go program or test binary (can be repeated)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Keep calls whose method matches (can be repeated)')
            [CompletionResult]::new('--method', '--method', [CompletionResultType]::ParameterName, 'Keep calls whose method matches (can be repeated)')
            [CompletionResult]::new('--kind', '--kind', [CompletionResultType]::ParameterName, 'Keep entries of this kind (can be repeated)')
            [CompletionResult]::new('--code', '--code', [CompletionResultType]::ParameterName, 'Keep calls that ended with this code, or with `!` not with it (can be repeated)')
            [CompletionResult]::new('--index', '--index', [CompletionResultType]::ParameterName, 'Keep entries with these numbers, from..to inclusive (can be repeated)')
            [CompletionResult]::new('--has', '--has', [CompletionResultType]::ParameterName, 'Keep entries that have a field which this selects (can be repeated)')
            [CompletionResult]::new('--match', '--match', [CompletionResultType]::ParameterName, 'Keep entries in which what a selector selects is this value, or matches a regular expression (can be repeated)')
            [CompletionResult]::new('--where', '--where', [CompletionResultType]::ParameterName, 'Keep calls for which this expression holds, in CEL (can be repeated)')
            [CompletionResult]::new('--compare', '--compare', [CompletionResultType]::ParameterName, 'Compare the counts of two recordings or folders, OLD and NEW; exit with 1 if calls, streams, messages, how calls ended, or entries of no call differ')
            [CompletionResult]::new('--no-builtin-protos', '--no-builtin-protos', [CompletionResultType]::ParameterName, 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no project file')
            [CompletionResult]::new('--invert-match', '--invert-match', [CompletionResultType]::ParameterName, 'Keep what the other flags leave out, and leave out what they keep')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'rpcreplay;convert' {
            [CompletionResult]::new('--max-record-size', '--max-record-size', [CompletionResultType]::ParameterName, 'Refuse records, entries and header lines of more bytes than this')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Work on this many threads [default: one per core]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to this file, or into this folder [default: standard output]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write to this file, or into this folder [default: standard output]')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'Write in this format [default: by the ending of OUT; with --in-place, the recording''s own]')
            [CompletionResult]::new('--compress', '--compress', [CompletionResultType]::ParameterName, 'Compress what is written like this')
            [CompletionResult]::new('--protoset', '--protoset', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--descriptor-set-in', '--descriptor-set-in', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--proto', '--proto', [CompletionResultType]::ParameterName, 'Look message types up in this `.proto` file (can be repeated)')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--proto-path', '--proto-path', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--go-binary', '--go-binary', [CompletionResultType]::ParameterName, 'Look message types up in this compiled Go program or test binary (can be repeated)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above')
            [CompletionResult]::new('--schema', '--schema', [CompletionResultType]::ParameterName, 'Print the JSON Schema of recordings as JSON, and nothing else')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'Write each recording over itself')
            [CompletionResult]::new('--in-place', '--in-place', [CompletionResultType]::ParameterName, 'Write each recording over itself')
            [CompletionResult]::new('--canonical', '--canonical', [CompletionResultType]::ParameterName, 'In JSON, write nothing but ProtoJSON, sorted; fail on what that can''t carry')
            [CompletionResult]::new('--allow-loss', '--allow-loss', [CompletionResultType]::ParameterName, 'Leave out fields that the descriptor does not know where the format has no place for them, and say so')
            [CompletionResult]::new('--verify', '--verify', [CompletionResultType]::ParameterName, 'Read back what was written, and compare it, before it takes its place; this is the default')
            [CompletionResult]::new('--no-verify', '--no-verify', [CompletionResultType]::ParameterName, 'Do not read back what was written')
            [CompletionResult]::new('--no-builtin-protos', '--no-builtin-protos', [CompletionResultType]::ParameterName, 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no project file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'rpcreplay;diff' {
            [CompletionResult]::new('--rev', '--rev', [CompletionResultType]::ParameterName, 'Compare the recordings that git knows: REV with the working tree, or REV..REV, or REV...REV from where they parted')
            [CompletionResult]::new('--max-record-size', '--max-record-size', [CompletionResultType]::ParameterName, 'Refuse records, entries and header lines of more bytes than this')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Work on this many threads: with 1 the two recordings are read one after the other [default: one per core]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Fold by this profile: `volatile`, `none`, or a file like that of --show-profile (can be repeated) [default: volatile]')
            [CompletionResult]::new('--ignore', '--ignore', [CompletionResultType]::ParameterName, 'Ignore what this selects, also if it comes or goes (can be repeated)')
            [CompletionResult]::new('--only', '--only', [CompletionResultType]::ParameterName, 'Show changes of what this selects, and count all others as noise (can be repeated)')
            [CompletionResult]::new('--unordered', '--unordered', [CompletionResultType]::ParameterName, 'Take the list that this selects for a set (can be repeated)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Tell the elements of the list that this selects by this field, whatever their order (can be repeated)')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Write the result in this format')
            [CompletionResult]::new('-U', '-U ', [CompletionResultType]::ParameterName, 'Show this many unchanged calls around those that changed')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Show this many unchanged calls around those that changed')
            [CompletionResult]::new('--max-bytes', '--max-bytes', [CompletionResultType]::ParameterName, 'Shorten strings and bytes in text to this many bytes, or `all` to show them whole')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colours in text; auto heeds NO_COLOR, CLICOLOR, CLICOLOR_FORCE and FORCE_COLOR')
            [CompletionResult]::new('--protoset', '--protoset', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--descriptor-set-in', '--descriptor-set-in', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--proto', '--proto', [CompletionResultType]::ParameterName, 'Look message types up in this `.proto` file (can be repeated)')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--proto-path', '--proto-path', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--go-binary', '--go-binary', [CompletionResultType]::ParameterName, 'Look message types up in this compiled Go program or test binary (can be repeated)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Keep calls whose method matches (can be repeated)')
            [CompletionResult]::new('--method', '--method', [CompletionResultType]::ParameterName, 'Keep calls whose method matches (can be repeated)')
            [CompletionResult]::new('--kind', '--kind', [CompletionResultType]::ParameterName, 'Keep entries of this kind (can be repeated)')
            [CompletionResult]::new('--code', '--code', [CompletionResultType]::ParameterName, 'Keep calls that ended with this code, or with `!` not with it (can be repeated)')
            [CompletionResult]::new('--index', '--index', [CompletionResultType]::ParameterName, 'Keep entries with these numbers, from..to inclusive (can be repeated)')
            [CompletionResult]::new('--has', '--has', [CompletionResultType]::ParameterName, 'Keep entries that have a field which this selects (can be repeated)')
            [CompletionResult]::new('--match', '--match', [CompletionResultType]::ParameterName, 'Keep entries in which what a selector selects is this value, or matches a regular expression (can be repeated)')
            [CompletionResult]::new('--where', '--where', [CompletionResultType]::ParameterName, 'Keep calls for which this expression holds, in CEL (can be repeated)')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'Compare all recordings below two folders: by their paths, then those that are left by what they say')
            [CompletionResult]::new('--recursive', '--recursive', [CompletionResultType]::ParameterName, 'Compare all recordings below two folders: by their paths, then those that are left by what they say')
            [CompletionResult]::new('--show-profile', '--show-profile', [CompletionResultType]::ParameterName, 'Write the rules of the profile `volatile`, with the evidence for each, and nothing else')
            [CompletionResult]::new('--show-noise', '--show-noise', [CompletionResultType]::ParameterName, 'Show what is folded, too')
            [CompletionResult]::new('--stat', '--stat', [CompletionResultType]::ParameterName, 'Write a line per recording that says how many calls changed, and no more')
            [CompletionResult]::new('--brief', '--brief', [CompletionResultType]::ParameterName, 'Write nothing but the names of recordings that differ')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Write to a terminal directly, and not through the pager that PAGER names')
            [CompletionResult]::new('--exit-on-noise', '--exit-on-noise', [CompletionResultType]::ParameterName, 'Fail with 1 if anything differs, noise included')
            [CompletionResult]::new('--no-exit-code', '--no-exit-code', [CompletionResultType]::ParameterName, 'End with 0 whether recordings differ or not')
            [CompletionResult]::new('--no-builtin-protos', '--no-builtin-protos', [CompletionResultType]::ParameterName, 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no project file')
            [CompletionResult]::new('--invert-match', '--invert-match', [CompletionResultType]::ParameterName, 'Keep what the other flags leave out, and leave out what they keep')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'rpcreplay;filter' {
            [CompletionResult]::new('--max-record-size', '--max-record-size', [CompletionResultType]::ParameterName, 'Refuse records, entries and header lines of more bytes than this')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Work on this many threads [default: one per core]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to this file, or into this folder, where recordings keep their names [default: standard output]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write to this file, or into this folder, where recordings keep their names [default: standard output]')
            [CompletionResult]::new('--protoset', '--protoset', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--descriptor-set-in', '--descriptor-set-in', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--proto', '--proto', [CompletionResultType]::ParameterName, 'Look message types up in this `.proto` file (can be repeated)')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--proto-path', '--proto-path', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--go-binary', '--go-binary', [CompletionResultType]::ParameterName, 'Look message types up in this compiled Go program or test binary (can be repeated)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Keep calls whose method matches (can be repeated)')
            [CompletionResult]::new('--method', '--method', [CompletionResultType]::ParameterName, 'Keep calls whose method matches (can be repeated)')
            [CompletionResult]::new('--kind', '--kind', [CompletionResultType]::ParameterName, 'Keep entries of this kind (can be repeated)')
            [CompletionResult]::new('--code', '--code', [CompletionResultType]::ParameterName, 'Keep calls that ended with this code, or with `!` not with it (can be repeated)')
            [CompletionResult]::new('--index', '--index', [CompletionResultType]::ParameterName, 'Keep entries with these numbers, from..to inclusive (can be repeated)')
            [CompletionResult]::new('--has', '--has', [CompletionResultType]::ParameterName, 'Keep entries that have a field which this selects (can be repeated)')
            [CompletionResult]::new('--match', '--match', [CompletionResultType]::ParameterName, 'Keep entries in which what a selector selects is this value, or matches a regular expression (can be repeated)')
            [CompletionResult]::new('--where', '--where', [CompletionResultType]::ParameterName, 'Keep calls for which this expression holds, in CEL (can be repeated)')
            [CompletionResult]::new('--entries', '--entries', [CompletionResultType]::ParameterName, 'Keep single entries rather than whole calls: those that all conditions hold for')
            [CompletionResult]::new('--unique', '--unique', [CompletionResultType]::ParameterName, 'Leave out calls that are equal to an earlier one, the answer included')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'Write how many calls are kept, and nothing else; with --entries, how many entries')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Write nothing, and say what would be kept')
            [CompletionResult]::new('--verify', '--verify', [CompletionResultType]::ParameterName, 'Read back what was written, and compare it, before it takes its place; this is the default')
            [CompletionResult]::new('--no-verify', '--no-verify', [CompletionResultType]::ParameterName, 'Do not read back what was written')
            [CompletionResult]::new('--no-builtin-protos', '--no-builtin-protos', [CompletionResultType]::ParameterName, 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no project file')
            [CompletionResult]::new('--invert-match', '--invert-match', [CompletionResultType]::ParameterName, 'Keep what the other flags leave out, and leave out what they keep')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'rpcreplay;merge' {
            [CompletionResult]::new('--max-record-size', '--max-record-size', [CompletionResultType]::ParameterName, 'Refuse records, entries and header lines of more bytes than this')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Work on this many threads [default: one per core]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to this file [default: standard output]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write to this file [default: standard output]')
            [CompletionResult]::new('--initial-from', '--initial-from', [CompletionResultType]::ParameterName, 'Take the initial state from this recording')
            [CompletionResult]::new('--protoset', '--protoset', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--descriptor-set-in', '--descriptor-set-in', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--proto', '--proto', [CompletionResultType]::ParameterName, 'Look message types up in this `.proto` file (can be repeated)')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--proto-path', '--proto-path', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--go-binary', '--go-binary', [CompletionResultType]::ParameterName, 'Look message types up in this compiled Go program or test binary (can be repeated)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above')
            [CompletionResult]::new('--unique', '--unique', [CompletionResultType]::ParameterName, 'Leave out calls that are equal to an earlier one, of the same recording or one before it, the answer included')
            [CompletionResult]::new('--verify', '--verify', [CompletionResultType]::ParameterName, 'Read back what was written, and compare it, before it takes its place; this is the default')
            [CompletionResult]::new('--no-verify', '--no-verify', [CompletionResultType]::ParameterName, 'Do not read back what was written')
            [CompletionResult]::new('--no-builtin-protos', '--no-builtin-protos', [CompletionResultType]::ParameterName, 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no project file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'rpcreplay;split' {
            [CompletionResult]::new('--by', '--by', [CompletionResultType]::ParameterName, 'What a part is: the calls of a method, of a service, or N calls in the order in which they begin')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write the parts into this folder, which is made if need be')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write the parts into this folder, which is made if need be')
            [CompletionResult]::new('--max-record-size', '--max-record-size', [CompletionResultType]::ParameterName, 'Refuse records, entries and header lines of more bytes than this')
            [CompletionResult]::new('--protoset', '--protoset', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--descriptor-set-in', '--descriptor-set-in', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--proto', '--proto', [CompletionResultType]::ParameterName, 'Look message types up in this `.proto` file (can be repeated)')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--proto-path', '--proto-path', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--go-binary', '--go-binary', [CompletionResultType]::ParameterName, 'Look message types up in this compiled Go program or test binary (can be repeated)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above')
            [CompletionResult]::new('--verify', '--verify', [CompletionResultType]::ParameterName, 'Read back what was written, and compare it, before it takes its place; this is the default')
            [CompletionResult]::new('--no-verify', '--no-verify', [CompletionResultType]::ParameterName, 'Do not read back what was written')
            [CompletionResult]::new('--no-builtin-protos', '--no-builtin-protos', [CompletionResultType]::ParameterName, 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no project file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'rpcreplay;repair' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to this file [default: standard output]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write to this file [default: standard output]')
            [CompletionResult]::new('--max-record-size', '--max-record-size', [CompletionResultType]::ParameterName, 'Refuse records, entries and header lines of more bytes than this')
            [CompletionResult]::new('--protoset', '--protoset', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--descriptor-set-in', '--descriptor-set-in', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--proto', '--proto', [CompletionResultType]::ParameterName, 'Look message types up in this `.proto` file (can be repeated)')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--proto-path', '--proto-path', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--go-binary', '--go-binary', [CompletionResultType]::ParameterName, 'Look message types up in this compiled Go program or test binary (can be repeated)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'Write the recording over itself')
            [CompletionResult]::new('--in-place', '--in-place', [CompletionResultType]::ParameterName, 'Write the recording over itself')
            [CompletionResult]::new('--keep-unanswered', '--keep-unanswered', [CompletionResultType]::ParameterName, 'Keep requests that were never answered, though Go''s replayer refuses a recording with one, and streams of which only the beginning is left')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Write nothing, and say what would be kept')
            [CompletionResult]::new('--no-builtin-protos', '--no-builtin-protos', [CompletionResultType]::ParameterName, 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no project file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'rpcreplay;redact' {
            [CompletionResult]::new('--max-record-size', '--max-record-size', [CompletionResultType]::ParameterName, 'Refuse records, entries and header lines of more bytes than this')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Read back what was written on this many threads [default: one per core]')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'Redact what this selects (can be repeated)')
            [CompletionResult]::new('--detect', '--detect', [CompletionResultType]::ParameterName, 'Redact what this detector finds, `all` for all that are built in; it becomes REDACTED unless an action is named (can be repeated)')
            [CompletionResult]::new('--debug-redact', '--debug-redact', [CompletionResultType]::ParameterName, 'Redact fields whose authors gave them the option debug_redact: clear them, unless another action is named')
            [CompletionResult]::new('--rules', '--rules', [CompletionResultType]::ParameterName, 'Read rules from this file: `[[redact]]`, `[[detector]]` and `[[checksum]]`, as rpcreplay.toml may have them (can be repeated)')
            [CompletionResult]::new('--allow', '--allow', [CompletionResultType]::ParameterName, 'Leave values alone that are this text, or that a regular expression matches (can be repeated)')
            [CompletionResult]::new('--allow-uninspected', '--allow-uninspected', [CompletionResultType]::ParameterName, 'Pass on messages of these types without a look into them, where that is not possible (can be repeated)')
            [CompletionResult]::new('--key-env', '--key-env', [CompletionResultType]::ParameterName, 'Make pseudonyms with the key in this variable of the environment')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'Make pseudonyms with the key in this file, rather than that of the environment; a line break at its end does not count')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to this file, or into this folder, where recordings keep their names [default: standard output]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write to this file, or into this folder, where recordings keep their names [default: standard output]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Write what --check finds in this format')
            [CompletionResult]::new('--report', '--report', [CompletionResultType]::ParameterName, 'Write what was replaced to this file, as JSON: entries, selectors, rules, actions and counts, and never a value')
            [CompletionResult]::new('--map', '--map', [CompletionResultType]::ParameterName, 'Keep the original values in this file, which nobody else may read, for --restore; read it, if it is there, to know them again')
            [CompletionResult]::new('--restore', '--restore', [CompletionResultType]::ParameterName, 'Put the original values back that this map holds')
            [CompletionResult]::new('--protoset', '--protoset', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--descriptor-set-in', '--descriptor-set-in', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--proto', '--proto', [CompletionResultType]::ParameterName, 'Look message types up in this `.proto` file (can be repeated)')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--proto-path', '--proto-path', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--go-binary', '--go-binary', [CompletionResultType]::ParameterName, 'Look message types up in this compiled Go program or test binary (can be repeated)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'Write each recording to where it was read from')
            [CompletionResult]::new('--in-place', '--in-place', [CompletionResultType]::ParameterName, 'Write each recording to where it was read from')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Write nothing, and show what would be replaced; of values only what they would become')
            [CompletionResult]::new('--check', '--check', [CompletionResultType]::ParameterName, 'Write nothing but what is left to be redacted; the exit code is 1 if there is something')
            [CompletionResult]::new('--init', '--init', [CompletionResultType]::ParameterName, 'Write rules to begin with, for what is found in the recordings')
            [CompletionResult]::new('--detectors', '--detectors', [CompletionResultType]::ParameterName, 'List the detectors, and what each finds')
            [CompletionResult]::new('--verify', '--verify', [CompletionResultType]::ParameterName, 'Read back what was written, and compare it, before it takes its place; this is the default')
            [CompletionResult]::new('--no-verify', '--no-verify', [CompletionResultType]::ParameterName, 'Do not read back what was written')
            [CompletionResult]::new('--no-builtin-protos', '--no-builtin-protos', [CompletionResultType]::ParameterName, 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no project file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'rpcreplay;check' {
            [CompletionResult]::new('--max-record-size', '--max-record-size', [CompletionResultType]::ParameterName, 'Refuse records, entries and header lines of more bytes than this')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Work on this many threads [default: one per core]')
            [CompletionResult]::new('--disable', '--disable', [CompletionResultType]::ParameterName, 'Do not look for what this rule or detector finds; `secrets` is every detector (can be repeated)')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'Exit with code 1 for findings as bad as this [default: error]')
            [CompletionResult]::new('--allow', '--allow', [CompletionResultType]::ParameterName, 'A secret as a detector finds it that is none, or an expression behind `~` that matches somewhere in such ones (can be repeated)')
            [CompletionResult]::new('--against', '--against', [CompletionResultType]::ParameterName, 'Also look for what these descriptor sets do not have any more: types, fields and methods of the recordings (can be repeated)')
            [CompletionResult]::new('--baseline', '--baseline', [CompletionResultType]::ParameterName, 'Leave out what was found before, as `--format json` wrote it to this file')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'Tell what a rule looks for, why, and what to do about it; without ID list all rules')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Write findings in this format')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colours on a terminal; auto heeds NO_COLOR, CLICOLOR, CLICOLOR_FORCE and FORCE_COLOR')
            [CompletionResult]::new('--protoset', '--protoset', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--descriptor-set-in', '--descriptor-set-in', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--proto', '--proto', [CompletionResultType]::ParameterName, 'Look message types up in this `.proto` file (can be repeated)')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--proto-path', '--proto-path', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--go-binary', '--go-binary', [CompletionResultType]::ParameterName, 'Look message types up in this compiled Go program or test binary (can be repeated)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Keep calls whose method matches (can be repeated)')
            [CompletionResult]::new('--method', '--method', [CompletionResultType]::ParameterName, 'Keep calls whose method matches (can be repeated)')
            [CompletionResult]::new('--kind', '--kind', [CompletionResultType]::ParameterName, 'Keep entries of this kind (can be repeated)')
            [CompletionResult]::new('--code', '--code', [CompletionResultType]::ParameterName, 'Keep calls that ended with this code, or with `!` not with it (can be repeated)')
            [CompletionResult]::new('--index', '--index', [CompletionResultType]::ParameterName, 'Keep entries with these numbers, from..to inclusive (can be repeated)')
            [CompletionResult]::new('--has', '--has', [CompletionResultType]::ParameterName, 'Keep entries that have a field which this selects (can be repeated)')
            [CompletionResult]::new('--match', '--match', [CompletionResultType]::ParameterName, 'Keep entries in which what a selector selects is this value, or matches a regular expression (can be repeated)')
            [CompletionResult]::new('--where', '--where', [CompletionResultType]::ParameterName, 'Keep calls for which this expression holds, in CEL (can be repeated)')
            [CompletionResult]::new('--no-builtin-protos', '--no-builtin-protos', [CompletionResultType]::ParameterName, 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no project file')
            [CompletionResult]::new('--invert-match', '--invert-match', [CompletionResultType]::ParameterName, 'Keep what the other flags leave out, and leave out what they keep')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'rpcreplay;match' {
            [CompletionResult]::new('--max-record-size', '--max-record-size', [CompletionResultType]::ParameterName, 'Refuse records, entries and header lines of more bytes than this')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'The method that is called, by its full name, or a pattern that only one recorded method matches')
            [CompletionResult]::new('--method', '--method', [CompletionResultType]::ParameterName, 'The method that is called, by its full name, or a pattern that only one recorded method matches')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The request, or the first message that is sent on a stream, as JSON, from @FILE, or from standard input with - (can be repeated)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colours on a terminal; auto heeds NO_COLOR, CLICOLOR, CLICOLOR_FORCE and FORCE_COLOR')
            [CompletionResult]::new('--ignore', '--ignore', [CompletionResultType]::ParameterName, 'Do not compare what this selects (can be repeated)')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'Redact what this selects (can be repeated)')
            [CompletionResult]::new('--detect', '--detect', [CompletionResultType]::ParameterName, 'Redact what this detector finds, `all` for all that are built in; it becomes REDACTED unless an action is named (can be repeated)')
            [CompletionResult]::new('--debug-redact', '--debug-redact', [CompletionResultType]::ParameterName, 'Redact fields whose authors gave them the option debug_redact: clear them, unless another action is named')
            [CompletionResult]::new('--rules', '--rules', [CompletionResultType]::ParameterName, 'Read rules from this file: `[[redact]]`, `[[detector]]` and `[[checksum]]`, as rpcreplay.toml may have them (can be repeated)')
            [CompletionResult]::new('--allow', '--allow', [CompletionResultType]::ParameterName, 'Leave values alone that are this text, or that a regular expression matches (can be repeated)')
            [CompletionResult]::new('--allow-uninspected', '--allow-uninspected', [CompletionResultType]::ParameterName, 'Pass on messages of these types without a look into them, where that is not possible (can be repeated)')
            [CompletionResult]::new('--key-env', '--key-env', [CompletionResultType]::ParameterName, 'Make pseudonyms with the key in this variable of the environment')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'Make pseudonyms with the key in this file, rather than that of the environment; a line break at its end does not count')
            [CompletionResult]::new('--protoset', '--protoset', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--descriptor-set-in', '--descriptor-set-in', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--proto', '--proto', [CompletionResultType]::ParameterName, 'Look message types up in this `.proto` file (can be repeated)')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--proto-path', '--proto-path', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--go-binary', '--go-binary', [CompletionResultType]::ParameterName, 'Look message types up in this compiled Go program or test binary (can be repeated)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above')
            [CompletionResult]::new('--no-builtin-protos', '--no-builtin-protos', [CompletionResultType]::ParameterName, 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no project file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'rpcreplay;edit' {
            [CompletionResult]::new('--max-record-size', '--max-record-size', [CompletionResultType]::ParameterName, 'Refuse records, entries and header lines of more bytes than this')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Work on this many threads [default: one per core]')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'Edit the recording in this format')
            [CompletionResult]::new('--protoset', '--protoset', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--descriptor-set-in', '--descriptor-set-in', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--proto', '--proto', [CompletionResultType]::ParameterName, 'Look message types up in this `.proto` file (can be repeated)')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--proto-path', '--proto-path', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--go-binary', '--go-binary', [CompletionResultType]::ParameterName, 'Look message types up in this compiled Go program or test binary (can be repeated)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above')
            [CompletionResult]::new('--no-builtin-protos', '--no-builtin-protos', [CompletionResultType]::ParameterName, 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no project file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'rpcreplay;serve' {
            [CompletionResult]::new('--max-record-size', '--max-record-size', [CompletionResultType]::ParameterName, 'Refuse records, entries and header lines of more bytes than this')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'What a line of the log looks like')
            [CompletionResult]::new('--on-miss', '--on-miss', [CompletionResultType]::ParameterName, 'What becomes of calls that no recorded one answers: `error`, or forward=ADDR, which passes them on to another server')
            [CompletionResult]::new('--order', '--order', [CompletionResultType]::ParameterName, 'In which order recorded calls answer')
            [CompletionResult]::new('--repeat', '--repeat', [CompletionResultType]::ParameterName, 'What becomes of calls that have answered')
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Listen at HOST:PORT, port 0 for any that is free, or at a Unix socket, unix:PATH')
            [CompletionResult]::new('--addr-file', '--addr-file', [CompletionResultType]::ParameterName, 'Write the real address to this file as soon as calls are taken; the file is removed when the server stops')
            [CompletionResult]::new('--tls-cert', '--tls-cert', [CompletionResultType]::ParameterName, 'Prove who the server is with this certificate, in PEM, those that vouch for it behind it')
            [CompletionResult]::new('--tls-key', '--tls-key', [CompletionResultType]::ParameterName, 'The private key of the certificate, in PEM')
            [CompletionResult]::new('--tls-self-signed', '--tls-self-signed', [CompletionResultType]::ParameterName, 'Make a certificate for localhost and the host that is listened at, and write it to this file, so that clients can trust it')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'Refuse messages of more bytes than this')
            [CompletionResult]::new('--max-connections', '--max-connections', [CompletionResultType]::ParameterName, 'Take no more connections than this at the same time')
            [CompletionResult]::new('--max-streams', '--max-streams', [CompletionResultType]::ParameterName, 'Take no more calls than this on a connection at the same time')
            [CompletionResult]::new('--max-headers', '--max-headers', [CompletionResultType]::ParameterName, 'Refuse calls whose headers have more bytes than this')
            [CompletionResult]::new('--ignore', '--ignore', [CompletionResultType]::ParameterName, 'Do not compare what this selects (can be repeated)')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'Redact what this selects (can be repeated)')
            [CompletionResult]::new('--detect', '--detect', [CompletionResultType]::ParameterName, 'Redact what this detector finds, `all` for all that are built in; it becomes REDACTED unless an action is named (can be repeated)')
            [CompletionResult]::new('--debug-redact', '--debug-redact', [CompletionResultType]::ParameterName, 'Redact fields whose authors gave them the option debug_redact: clear them, unless another action is named')
            [CompletionResult]::new('--rules', '--rules', [CompletionResultType]::ParameterName, 'Read rules from this file: `[[redact]]`, `[[detector]]` and `[[checksum]]`, as rpcreplay.toml may have them (can be repeated)')
            [CompletionResult]::new('--allow', '--allow', [CompletionResultType]::ParameterName, 'Leave values alone that are this text, or that a regular expression matches (can be repeated)')
            [CompletionResult]::new('--allow-uninspected', '--allow-uninspected', [CompletionResultType]::ParameterName, 'Pass on messages of these types without a look into them, where that is not possible (can be repeated)')
            [CompletionResult]::new('--key-env', '--key-env', [CompletionResultType]::ParameterName, 'Make pseudonyms with the key in this variable of the environment')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'Make pseudonyms with the key in this file, rather than that of the environment; a line break at its end does not count')
            [CompletionResult]::new('--protoset', '--protoset', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--descriptor-set-in', '--descriptor-set-in', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--proto', '--proto', [CompletionResultType]::ParameterName, 'Look message types up in this `.proto` file (can be repeated)')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--proto-path', '--proto-path', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--go-binary', '--go-binary', [CompletionResultType]::ParameterName, 'Look message types up in this compiled Go program or test binary (can be repeated)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above')
            [CompletionResult]::new('--require-all', '--require-all', [CompletionResultType]::ParameterName, 'Fail if a recorded call has answered nobody until the server stops; such calls are named')
            [CompletionResult]::new('--timing', '--timing', [CompletionResultType]::ParameterName, 'Wait before each answer as long as the recorded server did, where the recording has the times of entries')
            [CompletionResult]::new('--no-builtin-protos', '--no-builtin-protos', [CompletionResultType]::ParameterName, 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no project file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'rpcreplay;record' {
            [CompletionResult]::new('--upstream', '--upstream', [CompletionResultType]::ParameterName, 'The server that is called: HOST:PORT, or a Unix socket, unix:PATH')
            [CompletionResult]::new('--upstream-ca', '--upstream-ca', [CompletionResultType]::ParameterName, 'Speak TLS with the server, and trust these certificates alone, in PEM')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write the recording to this file; what is there is replaced as soon as there is a first call')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write the recording to this file; what is there is replaced as soon as there is a first call')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'Write in this format [default: by the ending of OUT, or else binary]')
            [CompletionResult]::new('--initial', '--initial', [CompletionResultType]::ParameterName, 'Begin the recording with this initial state, or with what is in a file')
            [CompletionResult]::new('--protoset-out', '--protoset-out', [CompletionResultType]::ParameterName, 'Write the descriptors that the server told of by reflection to this file, for --protoset of other commands')
            [CompletionResult]::new('--unary', '--unary', [CompletionResultType]::ParameterName, 'Methods that are unary, of those that no descriptor has (can be repeated)')
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Listen at HOST:PORT, port 0 for any that is free, or at a Unix socket, unix:PATH')
            [CompletionResult]::new('--addr-file', '--addr-file', [CompletionResultType]::ParameterName, 'Write the real address to this file as soon as calls are taken; the file is removed when the server stops')
            [CompletionResult]::new('--tls-cert', '--tls-cert', [CompletionResultType]::ParameterName, 'Prove who the server is with this certificate, in PEM, those that vouch for it behind it')
            [CompletionResult]::new('--tls-key', '--tls-key', [CompletionResultType]::ParameterName, 'The private key of the certificate, in PEM')
            [CompletionResult]::new('--tls-self-signed', '--tls-self-signed', [CompletionResultType]::ParameterName, 'Make a certificate for localhost and the host that is listened at, and write it to this file, so that clients can trust it')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'Refuse messages of more bytes than this')
            [CompletionResult]::new('--max-connections', '--max-connections', [CompletionResultType]::ParameterName, 'Take no more connections than this at the same time')
            [CompletionResult]::new('--max-streams', '--max-streams', [CompletionResultType]::ParameterName, 'Take no more calls than this on a connection at the same time')
            [CompletionResult]::new('--max-headers', '--max-headers', [CompletionResultType]::ParameterName, 'Refuse calls whose headers have more bytes than this')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'Redact what this selects (can be repeated)')
            [CompletionResult]::new('--detect', '--detect', [CompletionResultType]::ParameterName, 'Redact what this detector finds, `all` for all that are built in; it becomes REDACTED unless an action is named (can be repeated)')
            [CompletionResult]::new('--debug-redact', '--debug-redact', [CompletionResultType]::ParameterName, 'Redact fields whose authors gave them the option debug_redact: clear them, unless another action is named')
            [CompletionResult]::new('--rules', '--rules', [CompletionResultType]::ParameterName, 'Read rules from this file: `[[redact]]`, `[[detector]]` and `[[checksum]]`, as rpcreplay.toml may have them (can be repeated)')
            [CompletionResult]::new('--allow', '--allow', [CompletionResultType]::ParameterName, 'Leave values alone that are this text, or that a regular expression matches (can be repeated)')
            [CompletionResult]::new('--allow-uninspected', '--allow-uninspected', [CompletionResultType]::ParameterName, 'Pass on messages of these types without a look into them, where that is not possible (can be repeated)')
            [CompletionResult]::new('--key-env', '--key-env', [CompletionResultType]::ParameterName, 'Make pseudonyms with the key in this variable of the environment')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'Make pseudonyms with the key in this file, rather than that of the environment; a line break at its end does not count')
            [CompletionResult]::new('--protoset', '--protoset', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--descriptor-set-in', '--descriptor-set-in', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--proto', '--proto', [CompletionResultType]::ParameterName, 'Look message types up in this `.proto` file (can be repeated)')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--proto-path', '--proto-path', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--go-binary', '--go-binary', [CompletionResultType]::ParameterName, 'Look message types up in this compiled Go program or test binary (can be repeated)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above')
            [CompletionResult]::new('--upstream-tls', '--upstream-tls', [CompletionResultType]::ParameterName, 'Speak TLS with the server, which must prove itself by the certificates that the system trusts')
            [CompletionResult]::new('--append', '--append', [CompletionResultType]::ParameterName, 'Continue the recording that is in the file, in its format')
            [CompletionResult]::new('--extensions', '--extensions', [CompletionResultType]::ParameterName, 'Note metadata, trailers and times beside entries, which only a binary recording can carry; keys that look like secrets are left out')
            [CompletionResult]::new('--no-builtin-protos', '--no-builtin-protos', [CompletionResultType]::ParameterName, 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no project file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'rpcreplay;schema' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the sources of message types, in the order in which they are asked')
            [CompletionResult]::new('find', 'find', [CompletionResultType]::ParameterValue, 'Find messages, enums, services, methods and extensions by their names')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show how a message, enum, service, method or extension is defined')
            [CompletionResult]::new('used', 'used', [CompletionResultType]::ParameterValue, 'Say which message types and methods recordings use, and which source knows each')
            [CompletionResult]::new('retype', 'retype', [CompletionResultType]::ParameterValue, 'Name the types of messages that were recorded without descriptors')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'rpcreplay;schema;list' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Write the list in this format')
            [CompletionResult]::new('--protoset', '--protoset', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--descriptor-set-in', '--descriptor-set-in', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--proto', '--proto', [CompletionResultType]::ParameterName, 'Look message types up in this `.proto` file (can be repeated)')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--proto-path', '--proto-path', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--go-binary', '--go-binary', [CompletionResultType]::ParameterName, 'Look message types up in this compiled Go program or test binary (can be repeated)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above')
            [CompletionResult]::new('--no-builtin-protos', '--no-builtin-protos', [CompletionResultType]::ParameterName, 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no project file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'rpcreplay;schema;find' {
            [CompletionResult]::new('--protoset', '--protoset', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--descriptor-set-in', '--descriptor-set-in', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--proto', '--proto', [CompletionResultType]::ParameterName, 'Look message types up in this `.proto` file (can be repeated)')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--proto-path', '--proto-path', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--go-binary', '--go-binary', [CompletionResultType]::ParameterName, 'Look message types up in this compiled Go program or test binary (can be repeated)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above')
            [CompletionResult]::new('--no-builtin-protos', '--no-builtin-protos', [CompletionResultType]::ParameterName, 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no project file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'rpcreplay;schema;show' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colours; auto heeds NO_COLOR, CLICOLOR, CLICOLOR_FORCE and FORCE_COLOR')
            [CompletionResult]::new('--protoset', '--protoset', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--descriptor-set-in', '--descriptor-set-in', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--proto', '--proto', [CompletionResultType]::ParameterName, 'Look message types up in this `.proto` file (can be repeated)')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--proto-path', '--proto-path', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--go-binary', '--go-binary', [CompletionResultType]::ParameterName, 'Look message types up in this compiled Go program or test binary (can be repeated)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above')
            [CompletionResult]::new('--no-builtin-protos', '--no-builtin-protos', [CompletionResultType]::ParameterName, 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no project file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'rpcreplay;schema;used' {
            [CompletionResult]::new('--max-record-size', '--max-record-size', [CompletionResultType]::ParameterName, 'Refuse records, entries and header lines of more bytes than this')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Work on this many threads [default: one per core]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Write the list in this format')
            [CompletionResult]::new('--protoset', '--protoset', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--descriptor-set-in', '--descriptor-set-in', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--proto', '--proto', [CompletionResultType]::ParameterName, 'Look message types up in this `.proto` file (can be repeated)')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--proto-path', '--proto-path', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--go-binary', '--go-binary', [CompletionResultType]::ParameterName, 'Look message types up in this compiled Go program or test binary (can be repeated)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above')
            [CompletionResult]::new('--no-builtin-protos', '--no-builtin-protos', [CompletionResultType]::ParameterName, 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no project file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'rpcreplay;schema;retype' {
            [CompletionResult]::new('--max-record-size', '--max-record-size', [CompletionResultType]::ParameterName, 'Refuse records, entries and header lines of more bytes than this')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Work on this many threads [default: one per core]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to this file, or into this folder, where recordings keep their names [default: standard output]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write to this file, or into this folder, where recordings keep their names [default: standard output]')
            [CompletionResult]::new('--protoset', '--protoset', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--descriptor-set-in', '--descriptor-set-in', [CompletionResultType]::ParameterName, 'Look message types up in this descriptor set before the built-in ones (can be repeated)')
            [CompletionResult]::new('--proto', '--proto', [CompletionResultType]::ParameterName, 'Look message types up in this `.proto` file (can be repeated)')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--proto-path', '--proto-path', [CompletionResultType]::ParameterName, 'Look for imports of .proto files below this folder (can be repeated)')
            [CompletionResult]::new('--go-binary', '--go-binary', [CompletionResultType]::ParameterName, 'Look message types up in this compiled Go program or test binary (can be repeated)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this project file instead of the nearest rpcreplay.toml in the working directory or above')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'Write each recording to where it was read from')
            [CompletionResult]::new('--in-place', '--in-place', [CompletionResultType]::ParameterName, 'Write each recording to where it was read from')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Write nothing, and say what would be named')
            [CompletionResult]::new('--verify', '--verify', [CompletionResultType]::ParameterName, 'Read back what was written, and compare it, before it takes its place; this is the default')
            [CompletionResult]::new('--no-verify', '--no-verify', [CompletionResultType]::ParameterName, 'Do not read back what was written')
            [CompletionResult]::new('--no-builtin-protos', '--no-builtin-protos', [CompletionResultType]::ParameterName, 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no project file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'rpcreplay;schema;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the sources of message types, in the order in which they are asked')
            [CompletionResult]::new('find', 'find', [CompletionResultType]::ParameterValue, 'Find messages, enums, services, methods and extensions by their names')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show how a message, enum, service, method or extension is defined')
            [CompletionResult]::new('used', 'used', [CompletionResultType]::ParameterValue, 'Say which message types and methods recordings use, and which source knows each')
            [CompletionResult]::new('retype', 'retype', [CompletionResultType]::ParameterValue, 'Name the types of messages that were recorded without descriptors')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'rpcreplay;schema;help;list' {
            break
        }
        'rpcreplay;schema;help;find' {
            break
        }
        'rpcreplay;schema;help;show' {
            break
        }
        'rpcreplay;schema;help;used' {
            break
        }
        'rpcreplay;schema;help;retype' {
            break
        }
        'rpcreplay;schema;help;help' {
            break
        }
        'rpcreplay;git' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('install', 'install', [CompletionResultType]::ParameterValue, 'Have git show recordings as text and compare them call by call')
            [CompletionResult]::new('uninstall', 'uninstall', [CompletionResultType]::ParameterValue, 'Undo what install did')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Say what is installed, and which recordings it covers')
            [CompletionResult]::new('textconv', 'textconv', [CompletionResultType]::ParameterValue, 'Write a recording as text that can be compared line by line (git calls it)')
            [CompletionResult]::new('diff-driver', 'diff-driver', [CompletionResultType]::ParameterValue, 'Show how two versions of a recording differ (git calls it)')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'rpcreplay;git;install' {
            [CompletionResult]::new('--global', '--global', [CompletionResultType]::ParameterName, 'Do it for all repositories of this user: in the global configuration, and in core.attributesFile')
            [CompletionResult]::new('--trust-exit-code', '--trust-exit-code', [CompletionResultType]::ParameterName, 'Have `git diff --exit-code` and `--quiet` take recordings for equal that say the same; needs git 2.46')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'rpcreplay;git;uninstall' {
            [CompletionResult]::new('--global', '--global', [CompletionResultType]::ParameterName, 'Do it for all repositories of this user: in the global configuration, and in core.attributesFile')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'rpcreplay;git;status' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'rpcreplay;git;textconv' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'rpcreplay;git;diff-driver' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'rpcreplay;git;help' {
            [CompletionResult]::new('install', 'install', [CompletionResultType]::ParameterValue, 'Have git show recordings as text and compare them call by call')
            [CompletionResult]::new('uninstall', 'uninstall', [CompletionResultType]::ParameterValue, 'Undo what install did')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Say what is installed, and which recordings it covers')
            [CompletionResult]::new('textconv', 'textconv', [CompletionResultType]::ParameterValue, 'Write a recording as text that can be compared line by line (git calls it)')
            [CompletionResult]::new('diff-driver', 'diff-driver', [CompletionResultType]::ParameterValue, 'Show how two versions of a recording differ (git calls it)')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'rpcreplay;git;help;install' {
            break
        }
        'rpcreplay;git;help;uninstall' {
            break
        }
        'rpcreplay;git;help;status' {
            break
        }
        'rpcreplay;git;help;textconv' {
            break
        }
        'rpcreplay;git;help;diff-driver' {
            break
        }
        'rpcreplay;git;help;help' {
            break
        }
        'rpcreplay;completions' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'rpcreplay;man' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'rpcreplay;help' {
            [CompletionResult]::new('print', 'print', [CompletionResultType]::ParameterValue, 'Show what recordings hold')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the calls of recordings, a line each')
            [CompletionResult]::new('stats', 'stats', [CompletionResultType]::ParameterValue, 'Count calls, messages and bytes of recordings, by method and in total')
            [CompletionResult]::new('convert', 'convert', [CompletionResultType]::ParameterValue, 'Write recordings in another format, without losing a byte')
            [CompletionResult]::new('diff', 'diff', [CompletionResultType]::ParameterValue, 'Show what changed between recordings: calls, matched by what they say, with noise folded')
            [CompletionResult]::new('filter', 'filter', [CompletionResultType]::ParameterValue, 'Keep the calls of recordings that you want, and write them as recordings that replay')
            [CompletionResult]::new('merge', 'merge', [CompletionResultType]::ParameterValue, 'Join recordings: the calls of the first, then those of the second, and so on')
            [CompletionResult]::new('split', 'split', [CompletionResultType]::ParameterValue, 'Cut a recording into parts: by method, by service, or so many calls each')
            [CompletionResult]::new('repair', 'repair', [CompletionResultType]::ParameterValue, 'Save what can be saved of a damaged recording, as one that replays')
            [CompletionResult]::new('redact', 'redact', [CompletionResultType]::ParameterValue, 'Take secrets out of recordings, so that they still replay, and prove that none are left')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check recordings: will Go''s replayer take them, and are they good ones?')
            [CompletionResult]::new('match', 'match', [CompletionResultType]::ParameterValue, 'Say which recorded call answers a request, or why none does')
            [CompletionResult]::new('edit', 'edit', [CompletionResultType]::ParameterValue, 'Edit a recording in your editor')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Answer gRPC calls from recordings')
            [CompletionResult]::new('record', 'record', [CompletionResultType]::ParameterValue, 'Record gRPC calls on their way to a server')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Say which message types are known, from where, and which ones recordings use, and name them there')
            [CompletionResult]::new('git', 'git', [CompletionResultType]::ParameterValue, 'Have git show what changed in recordings')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Write the completions of a shell to standard output')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Write the manual pages into a directory')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'rpcreplay;help;print' {
            break
        }
        'rpcreplay;help;list' {
            break
        }
        'rpcreplay;help;stats' {
            break
        }
        'rpcreplay;help;convert' {
            break
        }
        'rpcreplay;help;diff' {
            break
        }
        'rpcreplay;help;filter' {
            break
        }
        'rpcreplay;help;merge' {
            break
        }
        'rpcreplay;help;split' {
            break
        }
        'rpcreplay;help;repair' {
            break
        }
        'rpcreplay;help;redact' {
            break
        }
        'rpcreplay;help;check' {
            break
        }
        'rpcreplay;help;match' {
            break
        }
        'rpcreplay;help;edit' {
            break
        }
        'rpcreplay;help;serve' {
            break
        }
        'rpcreplay;help;record' {
            break
        }
        'rpcreplay;help;schema' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the sources of message types, in the order in which they are asked')
            [CompletionResult]::new('find', 'find', [CompletionResultType]::ParameterValue, 'Find messages, enums, services, methods and extensions by their names')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show how a message, enum, service, method or extension is defined')
            [CompletionResult]::new('used', 'used', [CompletionResultType]::ParameterValue, 'Say which message types and methods recordings use, and which source knows each')
            [CompletionResult]::new('retype', 'retype', [CompletionResultType]::ParameterValue, 'Name the types of messages that were recorded without descriptors')
            break
        }
        'rpcreplay;help;schema;list' {
            break
        }
        'rpcreplay;help;schema;find' {
            break
        }
        'rpcreplay;help;schema;show' {
            break
        }
        'rpcreplay;help;schema;used' {
            break
        }
        'rpcreplay;help;schema;retype' {
            break
        }
        'rpcreplay;help;git' {
            [CompletionResult]::new('install', 'install', [CompletionResultType]::ParameterValue, 'Have git show recordings as text and compare them call by call')
            [CompletionResult]::new('uninstall', 'uninstall', [CompletionResultType]::ParameterValue, 'Undo what install did')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Say what is installed, and which recordings it covers')
            [CompletionResult]::new('textconv', 'textconv', [CompletionResultType]::ParameterValue, 'Write a recording as text that can be compared line by line (git calls it)')
            [CompletionResult]::new('diff-driver', 'diff-driver', [CompletionResultType]::ParameterValue, 'Show how two versions of a recording differ (git calls it)')
            break
        }
        'rpcreplay;help;git;install' {
            break
        }
        'rpcreplay;help;git;uninstall' {
            break
        }
        'rpcreplay;help;git;status' {
            break
        }
        'rpcreplay;help;git;textconv' {
            break
        }
        'rpcreplay;help;git;diff-driver' {
            break
        }
        'rpcreplay;help;completions' {
            break
        }
        'rpcreplay;help;man' {
            break
        }
        'rpcreplay;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
