#!/usr/bin/env escript
%% -*- erlang -*-
%%! +P 4000000
%% The peer of bench/programs/actors-sweep.ts: processes in a ring, ten tokens, and a census of what was handled.
-mode(compile).
-define(TOKENS, 10).

main([_Work, Size]) ->
    Pids = start(value("actors", Size)),
    First = hd(Pids),
    lists:foldl(fun(Pid, Next) -> Pid ! {follow, Next}, Pid end, First, lists:reverse(Pids)),
    io:format("ready version=~s~n", [erlang:system_info(otp_release)]),
    serve(list_to_tuple(Pids)).

serve(Ring) ->
    case io:get_line("") of
        "run " ++ Size ->
            Operations = value("messages", Size),
            Start = erlang:monotonic_time(microsecond),
            [element(1 + Token * tuple_size(Ring) div ?TOKENS, Ring) ! {pass, Operations div ?TOKENS, self()}
             || Token <- lists:seq(0, ?TOKENS - 1)],
            [receive arrived -> ok end || _ <- lists:seq(1, ?TOKENS)],
            Took = erlang:monotonic_time(microsecond) - Start,
            element(1, Ring) ! {census, tuple_size(Ring), 0, self()},
            Handled = receive {counted, Sum} -> Sum end,
            io:format("done operations=~b ms=~.3f~n", [Handled, Took / 1000]),
            serve(Ring);
        eof -> halt(0);
        _ -> serve(Ring)
    end.

start(Count) -> [spawn(fun() -> receive {follow, Next} -> member(Next, 0) end end) || _ <- lists:seq(1, Count)].

member(Next, Handled) ->
    receive
        {pass, 1, Driver} -> Driver ! arrived, member(Next, Handled + 1);
        {pass, Left, Driver} -> Next ! {pass, Left - 1, Driver}, member(Next, Handled + 1);
        {census, 1, Sum, Driver} -> Driver ! {counted, Sum + Handled}, member(Next, 0);
        {census, Left, Sum, Driver} -> Next ! {census, Left - 1, Sum + Handled, Driver}, member(Next, 0)
    end.

value(Name, Size) ->
    [Value] = [V || Word <- string:lexemes(string:trim(Size), " "), [N, V] <- [string:split(Word, "=")], N =:= Name],
    list_to_integer(Value).
