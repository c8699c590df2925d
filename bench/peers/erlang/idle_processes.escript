#!/usr/bin/env escript
%% -*- erlang -*-
%%! +P 4000000
%% The peer of bench/idle-actors.ts: starts processes that hold a counter, takes the memory while they are idle, then
%% asks each one. Memory is what the operating system counts, as it is for the other side.
-mode(compile).

main([Text]) ->
    Count = list_to_integer(Text),
    erlang:garbage_collect(),
    Before = resident(),
    Start = erlang:monotonic_time(microsecond),
    Pids = spawn_all(Count, []),
    Took = erlang:monotonic_time(microsecond) - Start,
    erlang:garbage_collect(),
    Bytes = resident() - Before,
    Answered = ask_all(Pids, 0),
    io:format("{\"ms\": ~.3f, \"bytes\": ~b, \"answered\": ~b}~n", [Took / 1000, Bytes, Answered]),
    halt(0).

spawn_all(0, Pids) -> Pids;
spawn_all(Count, Pids) -> spawn_all(Count - 1, [spawn(fun() -> idle(0) end) | Pids]).

idle(Count) ->
    receive
        {touch, From} -> From ! {touched, Count + 1}, idle(Count + 1)
    end.

ask_all([], Sum) -> Sum;
ask_all([Pid | Rest], Sum) ->
    Pid ! {touch, self()},
    receive {touched, Count} -> ask_all(Rest, Sum + Count) after 10000 -> Sum end.

resident() ->
    {ok, Text} = file:read_file("/proc/self/statm"),
    [_, Pages | _] = string:lexemes(binary_to_list(Text), " "),
    list_to_integer(Pages) * 4096.
