#!/usr/bin/env escript
%% -*- erlang -*-
%%! +P 4000000
%% Savina's benchmarks in Erlang: the module `savina/<work>.erl` has two functions, `prepare(Size)`, which starts the
%% processes, and `once(Prepared)`, which does what the definition says and gives the operations that were seen to end.
%% Processes talk by plain messages, which is the fastest that Erlang has, and use all schedulers of the machine, which is
%% what Erlang does when it is told nothing. More processes than the usual limit are allowed because Skynet has a million.
-mode(compile).

main([Work, Text]) ->
    Folder = filename:join(filename:dirname(escript:script_name()), "savina"),
    _ = [load(Folder, Name) || Name <- ["chance", "latch"]],
    Module = load(Folder, lists:flatten(string:replace(Work, "-", "_", all))),
    Prepared = Module:prepare(read_size(Text)),
    io:format("ready version=~s~n", [erlang:system_info(otp_release)]),
    serve(Module, Prepared).

load(Folder, Name) ->
    {ok, Module, Code} = compile:file(filename:join(Folder, Name), [binary, report_errors]),
    {module, Module} = code:load_binary(Module, Name, Code),
    Module.

serve(Module, Prepared) ->
    case io:get_line("") of
        "run " ++ Text ->
            Repeats = maps:get("repeats", read_size(Text), 1),
            Start = erlang:monotonic_time(microsecond),
            Operations = repeat(Repeats, Module, Prepared, 0),
            Took = erlang:monotonic_time(microsecond) - Start,
            io:format("done operations=~b ms=~.3f~n", [Operations, Took / 1000]),
            serve(Module, Prepared);
        eof -> halt(0);
        _ -> serve(Module, Prepared)
    end.

repeat(0, _Module, _Prepared, Operations) -> Operations;
repeat(Left, Module, Prepared, Operations) ->
    repeat(Left - 1, Module, Prepared, Operations + Module:once(Prepared)).

read_size(Text) ->
    Pairs = [string:split(Word, "=") || Word <- string:lexemes(Text, " \n")],
    maps:from_list([{Name, list_to_integer(Value)} || [Name, Value] <- Pairs]).
