#!/usr/bin/env escript
%% -*- erlang -*-
%% Starts a BEAM of its own and takes the time until a process of it has answered another.
-mode(compile).

main(["node", _Size]) ->
    io:format("ready version=~s~n", [erlang:system_info(otp_release)]),
    serve(os:find_executable("erl")).

serve(Erl) ->
    case io:get_line("") of
        eof -> ok;
        "run " ++ _ ->
            Start = erlang:monotonic_time(microsecond),
            Port = open_port({spawn_executable, Erl}, [{args, ["-noshell", "-eval", program()]}, {line, 80}, exit_status]),
            receive {Port, {data, {eol, "answered"}}} -> ok end,
            Took = erlang:monotonic_time(microsecond) - Start,
            receive {Port, {exit_status, 0}} -> ok end,
            io:format("done operations=1 ms=~w~n", [Took / 1000]),
            serve(Erl);
        _ -> serve(Erl)
    end.

%% The answering process, a call to it, and the end.
program() ->
    "P = spawn(fun() -> receive {From, Text} -> From ! {reply, Text} end end), P ! {self(), \"answered\"},"
    "receive {reply, Text} -> io:put_chars([Text, 10]) end, init:stop().".
