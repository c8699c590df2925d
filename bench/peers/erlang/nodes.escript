#!/usr/bin/env escript
%% -*- erlang -*-
%%! -epmd_module bench_nodes
%% Two BEAM nodes: this one and a far one, by Erlang distribution. The work itself is in bench_nodes.erl, because the far
%% node has to load it as well.
-mode(compile).

main([Work, _Size]) ->
    Source = filename:join(filename:dirname(escript:script_name()), "bench_nodes.erl"),
    {ok, Module, Code} = compile:file(Source, [binary, report]),
    {module, Module} = code:load_binary(Module, Source, Code),
    ok = Module:distribute('near@127.0.0.1'),
    Far = Module:start_far(Code, Source),
    io:format("ready version=~s~n", [erlang:system_info(otp_release)]),
    serve(Module, Work),
    peer:stop(Far).

serve(Module, Work) ->
    case io:get_line("") of
        eof -> ok;
        "run " ++ Size ->
            {Ms, Operations, Others} = Module:run(Work, read_size(Size)),
            More = [io_lib:format(" ~s=~w", [Name, Value]) || {Name, Value} <- maps:to_list(Others)],
            io:format("done operations=~w ms=~w~s~n", [Operations, Ms, More]),
            serve(Module, Work);
        _ -> serve(Module, Work)
    end.

read_size(Text) ->
    maps:from_list([
        {Name, list_to_integer(Value)}
     || Word <- string:lexemes(Text, " \n"), [Name, Value] <- [string:split(Word, "=")]
    ]).
