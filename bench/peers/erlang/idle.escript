#!/usr/bin/env escript
%% -*- erlang -*-
%%! +P 4000000
%% Starts processes that hold a counter, takes the memory while they are idle, then asks each one. Memory is what the
%% operating system counts, as it is for the other side.
-mode(compile).

main([Work | _]) ->
    io:format("ready version=~s~n", [erlang:system_info(otp_release)]),
    serve(Work).

serve(Work) ->
    case io:get_line("") of
        "run " ++ Text -> run(Work, size_of("actors", Text)), serve(Work);
        eof -> halt(0);
        _ -> serve(Work)
    end.

%% Starts processes, asks each, and ends them all before the next run.
run("spawn", Count) ->
    AtRest = erlang:system_info(process_count),
    Start = erlang:monotonic_time(microsecond),
    Pids = spawn_all(Count, []),
    Took = erlang:monotonic_time(microsecond) - Start,
    Answered = ask_all(Pids, 0),
    [exit(Pid, kill) || Pid <- Pids],
    wait_for_rest(AtRest),
    io:format("done ms=~.3f operations=~b~n", [Took / 1000, Answered]);
run("idle", Count) ->
    erlang:garbage_collect(),
    Before = resident(),
    Start = erlang:monotonic_time(microsecond),
    Pids = spawn_all(Count, []),
    Took = erlang:monotonic_time(microsecond) - Start,
    erlang:garbage_collect(),
    Bytes = resident() - Before,
    Answered = ask_all(Pids, 0),
    io:format("done ms=~.3f operations=~b bytes_each=~.1f~n", [Took / 1000, Answered, Bytes / Count]).

wait_for_rest(AtRest) ->
    case erlang:system_info(process_count) > AtRest of
        true -> timer:sleep(1), wait_for_rest(AtRest);
        false -> ok
    end.

size_of(Name, Text) ->
    [Value] = [V || Word <- string:lexemes(Text, " \n"), [N, V] <- [string:split(Word, "=")], N =:= Name],
    list_to_integer(Value).

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
