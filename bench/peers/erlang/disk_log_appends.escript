#!/usr/bin/env escript
%% -*- erlang -*-
%% A peer of bench/durable-increments.ts: appends terms to a disk_log and flushes it after each.
-mode(compile).

main([Path, Text]) ->
    Count = list_to_integer(Text),
    {ok, Log} = disk_log:open([{name, events}, {file, Path}]),
    Start = erlang:monotonic_time(microsecond),
    append(Log, Count),
    Took = erlang:monotonic_time(microsecond) - Start,
    ok = disk_log:close(Log),
    io:format("{\"ms\": ~.3f}~n", [Took / 1000]),
    halt(0).

append(_Log, 0) -> ok;
append(Log, Count) ->
    ok = disk_log:log(Log, {added, 1}),
    ok = disk_log:sync(Log),
    append(Log, Count - 1).
