%% The Erlang side of the harness, as bench/peers/serve.mjs is that of Node: says `ready`, does the work that the command
%% line names once for every line `run name=number ...`, and answers `done operations=N ms=T ...` or `failed TEXT`.
%% The scripts compile and load it as they start.
-module(serve).
-export([main/2, timed/1, percentiles/1]).

%% Works: by name, a fun of the size that prepares and gives a fun of the size that does the work once and gives
%% `[{Name, Number}]` with `operations` and `ms`.
main([Name, Text], Works) ->
    %% Reports of crashes that are part of the work would be measured with it.
    logger:set_primary_config(level, none),
    case Works of
        #{Name := Prepare} ->
            Run = Prepare(read_size(Text)),
            io:format("ready version=~s~n", [erlang:system_info(otp_release)]),
            loop(Run);
        #{} ->
            io:format("failed no work named ~s~n", [Name]),
            halt(1)
    end.

loop(Run) ->
    case io:get_line("") of
        "run " ++ Text ->
            try Run(read_size(Text)) of
                Measures -> io:format("done ~s~n", [lists:join($\s, [pair(Each) || Each <- Measures])])
            catch
                Class:Reason -> io:format("failed ~0p~n", [{Class, Reason}])
            end,
            loop(Run);
        Line when is_list(Line) -> loop(Run);
        eof -> halt(0)
    end.

%% Milliseconds that a fun takes, and what it gives.
timed(Fun) ->
    Start = erlang:monotonic_time(),
    Result = Fun(),
    {ms(erlang:monotonic_time() - Start), Result}.

%% Median and 99th percentile, in microseconds, of native units of time.
percentiles(Times) ->
    Sorted = lists:sort(Times),
    Count = length(Sorted),
    At = fun(Share) -> 1000 * ms(lists:nth(min(Count, trunc(Count * Share) + 1), Sorted)) end,
    [{p50_us, At(0.5)}, {p99_us, At(0.99)}].

ms(Native) -> erlang:convert_time_unit(Native, native, nanosecond) / 1.0e6.

read_size(Text) ->
    Pairs = [string:split(Word, "=") || Word <- string:lexemes(Text, " \n")],
    maps:from_list([{list_to_atom(Name), list_to_integer(Value)} || [Name, Value] <- Pairs]).

pair({Name, Value}) when is_integer(Value) -> io_lib:format("~s=~b", [Name, Value]);
pair({Name, Value}) -> io_lib:format("~s=~.4f", [Name, Value]).
