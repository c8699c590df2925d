#!/usr/bin/env escript
%% -*- erlang -*-
%% One process appends terms to a disk_log and flushes it after each; the log is read back to count them.
-mode(compile).

main(["disk-log" | _]) ->
    io:format("ready version=~s~n", [erlang:system_info(otp_release)]),
    serve().

serve() ->
    case io:get_line("") of
        "run " ++ Text -> run(size_of("increments", Text)), serve();
        eof -> halt(0);
        _ -> serve()
    end.

run(Count) ->
    Path = string:trim(os:cmd("mktemp -d")),
    File = filename:join(Path, "log"),
    {ok, Log} = disk_log:open([{name, events}, {file, File}]),
    Start = erlang:monotonic_time(microsecond),
    append(Log, Count),
    Took = erlang:monotonic_time(microsecond) - Start,
    Written = count(Log, start, 0),
    ok = disk_log:close(Log),
    ok = file:del_dir_r(Path),
    io:format("done ms=~.3f operations=~b~n", [Took / 1000, Written]).

size_of(Name, Text) ->
    [Value] = [V || Word <- string:lexemes(Text, " \n"), [N, V] <- [string:split(Word, "=")], N =:= Name],
    list_to_integer(Value).

append(_Log, 0) -> ok;
append(Log, Count) ->
    ok = disk_log:log(Log, {added, 1}),
    ok = disk_log:sync(Log),
    append(Log, Count - 1).

count(Log, At, Sum) ->
    case disk_log:chunk(Log, At) of
        eof -> Sum;
        {Next, Terms} -> count(Log, Next, Sum + length(Terms))
    end.
