
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
            [CompletionResult]::new('convert', 'convert', [CompletionResultType]::ParameterValue, 'Write recordings in another format, without losing a byte')
            [CompletionResult]::new('edit', 'edit', [CompletionResultType]::ParameterValue, 'Edit a recording in your editor')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Say which message types are known, from where, and which ones recordings use')
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
            [CompletionResult]::new('--emit-defaults', '--emit-defaults', [CompletionResultType]::ParameterName, 'In JSON, write fields that have their default value')
            [CompletionResult]::new('--proto-names', '--proto-names', [CompletionResultType]::ParameterName, 'In JSON, name fields as the .proto file does')
            [CompletionResult]::new('--enum-numbers', '--enum-numbers', [CompletionResultType]::ParameterName, 'In JSON, write enums as numbers')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Write to a terminal directly, and not through the pager that PAGER names')
            [CompletionResult]::new('--no-builtin-protos', '--no-builtin-protos', [CompletionResultType]::ParameterName, 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no project file')
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
            [CompletionResult]::new('--no-builtin-protos', '--no-builtin-protos', [CompletionResultType]::ParameterName, 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no project file')
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
            [CompletionResult]::new('--no-builtin-protos', '--no-builtin-protos', [CompletionResultType]::ParameterName, 'Do without the built-in types: well-known ones, googleapis, Bazel''s remote execution API')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no project file')
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
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'Write each recording over itself')
            [CompletionResult]::new('--in-place', '--in-place', [CompletionResultType]::ParameterName, 'Write each recording over itself')
            [CompletionResult]::new('--canonical', '--canonical', [CompletionResultType]::ParameterName, 'In JSON, write nothing but ProtoJSON, sorted; fail on what that can''t carry')
            [CompletionResult]::new('--allow-loss', '--allow-loss', [CompletionResultType]::ParameterName, 'Leave out fields that the descriptor does not know where the format has no place for them, and say so')
            [CompletionResult]::new('--verify', '--verify', [CompletionResultType]::ParameterName, 'Read back what was written, and compare it, before it takes its place; this is the default')
            [CompletionResult]::new('--no-verify', '--no-verify', [CompletionResultType]::ParameterName, 'Do not read back what was written')
            [CompletionResult]::new('--schema', '--schema', [CompletionResultType]::ParameterName, 'Print the JSON Schema of recordings as JSON, and nothing else')
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
        'rpcreplay;schema' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the sources of message types, in the order in which they are asked')
            [CompletionResult]::new('find', 'find', [CompletionResultType]::ParameterValue, 'Find messages, enums, services, methods and extensions by their names')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show how a message, enum, service, method or extension is defined')
            [CompletionResult]::new('used', 'used', [CompletionResultType]::ParameterValue, 'Say which message types and methods recordings use, and which source knows each')
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
        'rpcreplay;schema;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the sources of message types, in the order in which they are asked')
            [CompletionResult]::new('find', 'find', [CompletionResultType]::ParameterValue, 'Find messages, enums, services, methods and extensions by their names')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show how a message, enum, service, method or extension is defined')
            [CompletionResult]::new('used', 'used', [CompletionResultType]::ParameterValue, 'Say which message types and methods recordings use, and which source knows each')
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
        'rpcreplay;schema;help;help' {
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
            [CompletionResult]::new('convert', 'convert', [CompletionResultType]::ParameterValue, 'Write recordings in another format, without losing a byte')
            [CompletionResult]::new('edit', 'edit', [CompletionResultType]::ParameterValue, 'Edit a recording in your editor')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Say which message types are known, from where, and which ones recordings use')
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
        'rpcreplay;help;convert' {
            break
        }
        'rpcreplay;help;edit' {
            break
        }
        'rpcreplay;help;schema' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the sources of message types, in the order in which they are asked')
            [CompletionResult]::new('find', 'find', [CompletionResultType]::ParameterValue, 'Find messages, enums, services, methods and extensions by their names')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show how a message, enum, service, method or extension is defined')
            [CompletionResult]::new('used', 'used', [CompletionResultType]::ParameterValue, 'Say which message types and methods recordings use, and which source knows each')
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
